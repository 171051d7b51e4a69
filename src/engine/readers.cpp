#include "engine/readers.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <utility>

namespace jobferry {

namespace {

// With as many jobs as threads in work no thread waits; below that reading begins. It goes on until there are
// some for each, so that a reader that was woken does not sleep again after a single job.
constexpr std::size_t enough_per_thread = 2;

}  // namespace

bool Gate::may_enter(Ticket ticket, std::uint64_t bytes) const {
  const bool fits = bytes <= budget_ && in_flight_ <= budget_ - bytes;
  return ticket == next_ && (jobs_ == 0 || fits);
}

std::uint64_t Gate::enter(std::uint64_t bytes) {
  const bool alone = bytes > budget_;
  ++next_;
  ++jobs_;
  in_flight_ += alone ? budget_ : bytes;
  return alone ? 0 : bytes;
}

void Gate::leave(std::uint64_t granted) {
  in_flight_ -= granted == 0 ? budget_ : granted;
  --jobs_;
}

Readers::Readers(const Run& run, std::function<void(Slot*)> hand_over)
    : run_(run),
      hand_over_(std::move(hand_over)),
      enough_(run.threads * enough_per_thread),
      little_(run.threads + 1),
      gate_(run.memory) {
  // Each reader holds one job while there are enough.
  for (std::size_t i = 0; i < enough_ + run.io_depth; ++i)
    free_.push_back(slots_.emplace_back(std::make_unique<Slot>()).get());
}

bool Readers::start(std::function<void()> ended, std::function<bool()> broken) {
  ended_ = std::move(ended);
  broken_ = std::move(broken);
  // Each waits for the lock, so none has begun before all are counted.
  const std::lock_guard lock(mutex_);
  try {
    threads_.reserve(run_.io_depth);
    for (unsigned i = 0; i < run_.io_depth; ++i) {
      threads_.emplace_back([this] { read_jobs(); });
      ++running_;
    }
  } catch (const std::exception&) {
    // No more threads, or no memory for them: those that there are do all of it.
  }
  return running_ > 0;
}

void Readers::join() {
  for (std::jthread& thread : threads_) thread.join();
  threads_.clear();
  if (reason_) std::rethrow_exception(reason_);
}

void Readers::read_jobs() {
  Found found;
  try {
    while (Slot* slot = next(found)) {
      read(*slot);
      hand_over(slot);
    }
  } catch (...) {
    give_up(std::current_exception());
  }
  const std::lock_guard lock(mutex_);
  try {
    run_.jobs.add_left_behind(found.left_behind);
  } catch (...) {
    if (!reason_) reason_ = std::current_exception();
  }
  if (--running_ == 0) ended_();
}

void Readers::read(Slot& slot) {
  try {
    // One that was starved is alone before it is touched again.
    const bool alone = slot.alone;
    if (alone) admit(slot);
    if (!slot.listed) run_.stages.run(&Stages::list, slot);
    slot.listed = true;
    if (!alone) admit(slot);
    run_.stages.run(&Stages::read, slot);
  } catch (...) {
    slot.fate = Fate::failed;
    give_up(std::current_exception());
  }
}

void Readers::hand_over(Slot* slot) {
  {
    const std::lock_guard lock(mutex_);
    ++ready_;
  }
  try {
    hand_over_(slot);
  } catch (...) {
    give_up(std::current_exception());  // this job goes no further
  }
}

// Woken by whoever changes something, and ten times a second to see whether the user or the graph has ended
// it: a signal handler cannot wake anybody.
template <class Condition>
void Readers::wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                   Condition&& condition) {
  constexpr auto pause = std::chrono::milliseconds(100);
  while (!given_up_ && !changed.wait_for(lock, pause, condition)) {
    if (broken_()) given_up_ = true;
    if (run_.ledger.ended() && !walked_) walked_ = true, wanted_.notify_all();
  }
}

// Waits until a job is wanted. Null: there is no other, and all that were begun are retired.
Slot* Readers::next(Found& found) {
  std::unique_lock lock(mutex_);
  while (true) {
    wait(wanted_, lock, [&] {
      const bool nothing_to_begin = walked_ && found.jobs.empty();
      return !again_.empty() || (nothing_to_begin ? in_flight_ == 0 : ready_ < enough_);
    });
    if (given_up_) {
      cut_short_ = true;
      wanted_.notify_all();
      return nullptr;
    }
    if (!again_.empty()) {
      Slot* slot = again_.front();
      again_.pop_front();
      return slot;
    }
    if (walked_ && found.jobs.empty()) return nullptr;
    Slot* slot = free_.back();
    free_.pop_back();
    ++in_flight_;
    lock.unlock();
    if (find_jobs(found)) {
      slot->reset(std::move(found.jobs.back()));
      found.jobs.pop_back();
      return slot;
    }
    lock.lock();
    walked_ = true;
    free_.push_back(slot);
    --in_flight_;
    wanted_.notify_all();
  }
}

// Finds the next folder with jobs, unless some of the last are left. False at the end of the walk.
bool Readers::find_jobs(Found& found) try {
  while (true) {
    if (run_.ledger.ended()) {
      const std::lock_guard lock(mutex_);
      cut_short_ |= !found.jobs.empty();
      found.jobs.clear();
      return false;
    }
    if (!found.jobs.empty()) return true;
    std::optional<Folder> folder;
    {
      const std::lock_guard turn(walk_);
      folder = run_.jobs.next_folder();
    }
    if (!folder) return false;
    found.jobs = run_.jobs.jobs_in(*folder, found.left_behind);
    std::reverse(found.jobs.begin(), found.jobs.end());
  }
} catch (...) {
  give_up(std::current_exception());
  found.jobs.clear();
  return false;
}

void Readers::admit(Slot& slot) {
  const std::uint64_t bytes = std::max(slot.memory, run_.stages.memory_estimate(slot));
  std::unique_lock lock(mutex_);
  const Gate::Ticket ticket = gate_.draw();
  wait(room_, lock, [&] { return gate_.may_enter(ticket, bytes) || run_.ledger.ended(); });
  if (run_.ledger.ended()) {
    // Who waits for memory has not begun, and a huge job can take long.
    slot.fate = Fate::left_out;
    cut_short_ = true;
  }
  slot.memory = gate_.enter(bytes);
  room_.notify_all();  // the next one in the queue may fit, too
}

void Readers::leave_out(Slot& slot) {
  const bool settled = slot.fate == Fate::migrated || slot.fate == Fate::foreign ||
                       slot.fate == Fate::failed || slot.fate == Fate::left_out || slot.unchanged;
  if (settled) return;
  slot.fate = Fate::left_out;
  const std::lock_guard lock(mutex_);
  cut_short_ = true;
}

void Readers::retire(Slot& slot) {
  const std::uint64_t granted = slot.memory;
  if (slot.fate == Fate::starved && granted == 0) run_.stages.give_up(slot);
  const bool starved = slot.fate == Fate::starved;
  const bool again = starved || slot.fate == Fate::too_large_now;
  if (starved) {
    slot.reset(JobPath(slot.path));
    slot.alone = true;
    slot.memory = std::numeric_limits<std::uint64_t>::max();  // more than any budget
  } else if (again) {
    slot.fate = Fate::pending;
    slot.memory = granted * 4;
  } else {
    try {
      run_.ledger.retire(slot);
    } catch (...) {
      give_up(std::current_exception());
    }
    slot.trim();
  }
  const std::lock_guard lock(mutex_);
  gate_.leave(granted);
  room_.notify_all();
  --ready_;
  if (again) {
    again_.push_back(&slot);
  } else {
    free_.push_back(&slot);
    --in_flight_;
  }
  // Behind the end of the walk not every reader that sleeps could do something: all are asked.
  if (walked_)
    wanted_.notify_all();
  else if (again || ready_ < little_)
    wanted_.notify_one();
}

void Readers::give_up(std::exception_ptr reason) {
  const std::lock_guard lock(mutex_);
  if (!reason_) reason_ = std::move(reason);
  given_up_ = walked_ = true;
  room_.notify_all();
  wanted_.notify_all();
}

}  // namespace jobferry
