// Records finished jobs while the run continues.
//
// The problem: a row of the state may be committed only after the files of its job are on disk, but a sync
// for each job would take longer than the migration itself.
//
// The idea: a thread of its own syncs the whole target every few seconds and then commits the rows of all
// jobs that were finished before the sync began. If there is no thread, the run makes the checkpoints itself
// when they are due.
//
// The cost: after an interruption, the jobs of the last few seconds are done again. At most one batch of
// rows, about 10 MB, waits in memory; when it is full, the run waits for the sync.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/state.h"
#include "io/files.h"

namespace jobferry {

class Checkpoints {
 public:
  Checkpoints(Files& files, State& state, std::string target, std::chrono::milliseconds interval);
  ~Checkpoints();

  // Waits while a whole batch is to be committed.
  void add(JobRecord record);
  // A sync or a commit has failed: the run must end.
  bool failed() const;
  // Commits the remaining records and ends the thread. Returns the first failure, if there was one.
  Result<void> finish();

 private:
  void work(const std::stop_token& stop);
  void checkpoint();
  void fail(Error error);
  bool has_failed() const REQUIRES(mutex_) { return failure_ || thrown_; }

  Files& files_;
  State& state_;
  const std::string target_;
  const std::chrono::milliseconds interval_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<JobRecord> done_ GUARDED_BY(mutex_);  // and not committed
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  std::exception_ptr thrown_ GUARDED_BY(mutex_);  // what ended the thread
  // When the next checkpoint is due, if there is no thread that waits for that moment.
  std::optional<std::chrono::steady_clock::time_point> due_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace jobferry
