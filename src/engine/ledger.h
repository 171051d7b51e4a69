// Counts the jobs by their outcome, and records those that are done.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "engine/checkpoints.h"
#include "engine/stages.h"
#include "jobferry/migrate.h"

namespace jobferry {

// Called for one job at a time, in any order. The result does not depend on the order.
class Ledger {
 public:
  Ledger(Summary& summary, const Listener& listener) : summary_(summary), listener_(listener) {}

  // From here on every job that is done is recorded; null: no longer.
  void record_in(Checkpoints* checkpoints) { checkpoints_ = checkpoints; }

  // From here on `look` is called with every job that is done, before it is counted.
  void observe_with(std::function<void(const Slot&)> look) { look_ = std::move(look); }

  void retire(Slot& slot);
  // A directory that cannot be listed hides an unknown number of jobs.
  void add_unlisted(const Error& directory);
  void add_notes(const std::string& subject, const Notes& notes);

  // The target can no longer be written, or the user stops the run: no further job is begun.
  bool must_stop() const {
    return failed_ || (listener_.stop && *listener_.stop) || (checkpoints_ && checkpoints_->failed());
  }
  // Which of Options::jobs were found, from 1.
  const std::set<std::size_t>& names_found() const { return names_found_; }
  // How many jobs of the source are recorded from earlier runs.
  std::uint64_t seen_again() const { return seen_again_; }

 private:
  void count(const Slot& slot);
  void add_to_timeline(const Slot& slot);
  void record(const Slot& slot);

  Summary& summary_;
  const Listener& listener_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Checkpoints* checkpoints_ = nullptr;
  std::function<void(const Slot&)> look_;
  std::uint64_t seen_again_ = 0;
  std::set<std::size_t> names_found_;
  std::atomic<bool> failed_{false};  // set by the thread that retires jobs, read by all
};

}  // namespace jobferry
