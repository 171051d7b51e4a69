// Records what is done behind the run: every few seconds the target is synced, then the rows of the jobs that
// were finished before are committed. The run goes on meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/state.h"
#include "io/files.h"

namespace jobferry {

class Checkpoints {
 public:
  Checkpoints(Files& files, State& state, std::string target, std::chrono::milliseconds interval);
  ~Checkpoints();

  // Waits while more than a batch is waiting to be committed: memory stays constant.
  void add(JobRecord record);
  // A sync or a commit failed: the run must end.
  bool failed() const;
  // Commits what is left and ends. The first failure, if there was one.
  Result<void> finish();

 private:
  void work(std::stop_token stop);
  void checkpoint();
  void fail(Error error);
  bool has_failed() const { return failure_ || broken_; }

  Files& files_;
  State& state_;
  const std::string target_;
  const std::chrono::milliseconds interval_;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable_any changed_;
  std::vector<JobRecord> done_;  // and not committed
  std::optional<Error> failure_;
  std::exception_ptr broken_;                                 // what ended the thread
  std::optional<std::chrono::steady_clock::time_point> due_;  // the next one, where there is no thread for it
  std::jthread thread_;                                       // last: it ends before what it uses
};

}  // namespace jobferry
