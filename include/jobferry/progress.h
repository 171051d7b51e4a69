// How a command reports its progress to its caller.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/types.h"

namespace jobferry {

// The progress of a running command. No counter ever decreases.
struct Progress {
  bool counts_ahead = true;  // count the jobs ahead of the run, with one more walk over the directories
  std::atomic<std::uint64_t> jobs{0};  // done, with any outcome; includes directories that are no jobs (X8)
  std::atomic<std::uint64_t> skipped{0}, bad{0}, bytes_in{0}, bytes_out{0};
  std::atomic<std::uint64_t> jobs_known{0};  // counted ahead of the run so far
  std::atomic<bool> all_known{false};        // jobs_known is final

  // `plan` has counted the jobs and now tries some of them, until all are tried or the time is up.
  std::atomic<std::uint64_t> tried{0}, to_try{0};
  std::atomic<std::int64_t> seconds_to_try{0};  // 0: no limit

  // The job that was done last, as CLUSTER/FIRST/SECOND/START, for a user who asks where the command is.
  void done(const std::string& job) {
    const std::lock_guard lock(mutex_);
    last_ = job;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
};

// What a command reports to, and what stops it. Every member may be left empty.
struct Listener {
  Progress* progress = nullptr;
  const std::atomic<bool>* stop = nullptr;       // true: finish the jobs in flight, then end
  std::function<void(const JobPath& path)> job;  // --debug: before a job is read
  std::function<void(const std::string& cluster, const std::vector<AggregationRow>&)> aggregations;
  // Called as they occur, from any thread but never at the same time.
  std::function<void(const Error& error)> bad;
  std::function<void(const Error& directory)> unlisted;
  std::function<void(const std::string& subject, const Note& note)> note;
};

}  // namespace jobferry
