// What a command says while it runs.
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

// What a running migration tells. All counters only grow.
struct Progress {
  bool counts_ahead = true;            // count the jobs ahead of the run: one more walk over the directories
  std::atomic<std::uint64_t> jobs{0};  // done, whatever became of them; with directories that are none (X8)
  std::atomic<std::uint64_t> skipped{0}, bad{0}, bytes_in{0}, bytes_out{0};
  std::atomic<std::uint64_t> jobs_known{0};  // counted so far ahead of the run
  std::atomic<bool> all_known{false};        // jobs_known is final

  // A plan has counted and now tries these jobs, until all are tried or the time is up.
  std::atomic<std::uint64_t> tried{0}, to_try{0};
  std::atomic<std::int64_t> seconds_to_try{0};  // 0: however long it takes

  // The job that was done last, as CLUSTER/FIRST/SECOND/START: what a person asks who wonders where it is.
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

// What the caller lends a run; all of it may be left empty.
struct Listener {
  Progress* progress = nullptr;
  const std::atomic<bool>* stop = nullptr;       // true: finish what is in flight, then end
  std::function<void(const JobPath& path)> job;  // --debug: before a job is touched
  std::function<void(const std::string& cluster, const std::vector<AggregationRow>&)> aggregations;
  // As they come, from whatever thread but one at a time.
  std::function<void(const Error& error)> bad;
  std::function<void(const Error& directory)> unlisted;
  std::function<void(const std::string& subject, const Note& note)> note;
};

}  // namespace jobferry
