// Counts what became of the jobs.
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

// Called for one job at a time, in any order: what it keeps does not depend on it.
class Ledger {
 public:
  Ledger(Summary& summary, const Listener& listener) : summary_(summary), listener_(listener) {}

  // From here on every job that is done is recorded.
  void record_in(Checkpoints& checkpoints) { checkpoints_ = &checkpoints; }

  // From here on `look` sees every job that is done, before it is counted.
  void show_to(std::function<void(const Slot&)> look) { look_ = std::move(look); }

  void retire(Slot& slot);
  // A directory that cannot be listed hides an unknown number of jobs.
  void add_unlisted(const Error& directory);
  void add_notes(const std::string& subject, const Notes& notes);

  // The target cannot be written any more, or the user wants to end: no further job is begun.
  bool ended() const {
    return failed_ || (listener_.stop && *listener_.stop) || (checkpoints_ && checkpoints_->failed());
  }
  // Those of Options::jobs that were found, counted from 1.
  const std::set<std::size_t>& names_found() const { return names_found_; }
  // Jobs that the state of earlier runs knows and that are still there.
  std::uint64_t seen_again() const { return seen_again_; }

 private:
  void count(const Slot& slot);
  void plot(const Slot& slot);
  void record(const Slot& slot);

  Summary& summary_;
  const Listener& listener_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Checkpoints* checkpoints_ = nullptr;
  std::function<void(const Slot&)> look_;
  std::uint64_t seen_again_ = 0;
  std::set<std::size_t> names_found_;
  std::atomic<bool> failed_{false};  // set by the gate, asked by discover
};

}  // namespace jobferry
