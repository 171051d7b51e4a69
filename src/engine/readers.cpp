#include "engine/readers.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <utility>

namespace jobferry {

namespace {

// No thread waits while there are as many jobs as threads. Reading begins when there are fewer, and continues
// until there are two for each thread, so that a reader does not wake up for a single job.
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
  // While enough jobs are ready, each reader may hold one more.
  for (std::size_t i = 0; i < enough_ + run.io_depth; ++i)
    free_.push_back(slots_.emplace_back(std::make_unique<Slot>()).get());
}

bool Readers::start(std::function<void()> ended, std::function<bool()> broken) {
  ended_ = std::move(ended);
  broken_ = std::move(broken);
  // The threads wait for this lock, so none begins before all are counted.
  const MutexLock lock(mutex_);
  try {
    threads_.reserve(run_.io_depth);
    for (unsigned i = 0; i < run_.io_depth; ++i) {
      threads_.emplace_back([this] { read_jobs(); });
      ++running_;
    }
  } catch (const std::exception&) {
    // There are no more threads, or no memory for them. Those that have started do all the work.
  }
  return running_ > 0;
}

void Readers::join() {
  for (std::jthread& thread : threads_) thread.join();
  threads_.clear();
  const MutexLock lock(mutex_);
  if (thrown_) std::rethrow_exception(thrown_);
}

bool Readers::cut_short() const {
  const MutexLock lock(mutex_);
  return cut_short_;
}

void Readers::read_jobs() {
  Found found;
  try {
    while (Slot* slot = next(found)) {
      read(*slot);
      hand_over(slot);
    }
  } catch (...) {
    abandon(std::current_exception());
  }
  const MutexLock lock(mutex_);
  try {
    run_.jobs.add_left_behind(found.left_behind);
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
  }
  if (--running_ == 0) ended_();
}

void Readers::read(Slot& slot) {
  try {
    // A job that was starved must be alone before it is touched again.
    const bool alone = slot.alone;
    if (alone) admit(slot);
    if (!slot.listed) run_.stages.run(&Stages::list, slot);
    slot.listed = true;
    if (!alone) admit(slot);
    run_.stages.run(&Stages::read, slot);
  } catch (...) {
    slot.fate = Fate::failed;
    abandon(std::current_exception());
  }
}

void Readers::hand_over(Slot* slot) {
  {
    const MutexLock lock(mutex_);
    ++ready_;
  }
  try {
    hand_over_(slot);
  } catch (...) {
    abandon(std::current_exception());  // this job goes no further
  }
}

// Wakes up when another thread changes something, and ten times a second to see whether the user or the graph
// has ended the run: a signal handler cannot wake a thread.
template <class Condition>
void Readers::wait(std::condition_variable& changed, MutexLock& lock, Condition&& condition) {
  constexpr auto pause = std::chrono::milliseconds(100);
  while (!abandoned_ && !changed.wait_for(lock.for_wait(), pause, condition)) {
    if (broken_()) abandoned_ = true;
    if (run_.ledger.must_stop() && !walked_) walked_ = true, wanted_.notify_all();
  }
}

// Waits until a job is wanted. Null: there are no more, and every job that was begun is retired.
Slot* Readers::next(Found& found) {
  MutexLock lock(mutex_);
  while (true) {
    wait(wanted_, lock, [&]() REQUIRES(mutex_) {
      const bool nothing_to_begin = walked_ && found.jobs.empty();
      return !retries_.empty() || (nothing_to_begin ? in_flight_ == 0 : ready_ < enough_);
    });
    if (abandoned_) {
      cut_short_ = true;
      wanted_.notify_all();
      return nullptr;
    }
    if (!retries_.empty()) {
      Slot* slot = retries_.front();
      retries_.pop_front();
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

// Finds the next folder with jobs, unless jobs of the last one remain. False at the end of the walk.
bool Readers::find_jobs(Found& found) try {
  while (true) {
    if (run_.ledger.must_stop()) {
      const MutexLock lock(mutex_);
      cut_short_ |= !found.jobs.empty();
      found.jobs.clear();
      return false;
    }
    if (!found.jobs.empty()) return true;
    std::optional<Folder> folder;
    {
      const MutexLock turn(walk_);
      folder = run_.jobs.next_folder();
    }
    if (!folder) return false;
    found.jobs = run_.jobs.jobs_in(*folder, found.left_behind);
    std::reverse(found.jobs.begin(), found.jobs.end());
  }
} catch (...) {
  abandon(std::current_exception());
  found.jobs.clear();
  return false;
}

void Readers::admit(Slot& slot) {
  const std::uint64_t bytes = std::max(slot.memory, run_.stages.memory_estimate(slot));
  MutexLock lock(mutex_);
  const Gate::Ticket ticket = gate_.draw();
  wait(room_, lock,
       [&]() REQUIRES(mutex_) { return gate_.may_enter(ticket, bytes) || run_.ledger.must_stop(); });
  if (run_.ledger.must_stop()) {
    // A job that waits for memory has not begun, and a huge one can take long.
    slot.fate = Fate::left_out;
    cut_short_ = true;
  }
  slot.memory = gate_.enter(bytes);
  room_.notify_all();  // the next job in the queue may fit, too
}

void Readers::cancel(Slot& slot) {
  const bool decided = slot.fate == Fate::migrated || slot.fate == Fate::foreign ||
                       slot.fate == Fate::failed || slot.fate == Fate::left_out || slot.unchanged;
  if (decided) return;
  slot.fate = Fate::left_out;
  const MutexLock lock(mutex_);
  cut_short_ = true;
}

void Readers::retire(Slot& slot) {
  const std::uint64_t granted = slot.memory;
  if (slot.fate == Fate::starved && granted == 0) run_.stages.fail_starved(slot);
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
      abandon(std::current_exception());
    }
    slot.trim();
  }
  const MutexLock lock(mutex_);
  gate_.leave(granted);
  room_.notify_all();
  --ready_;
  if (again) {
    retries_.push_back(&slot);
  } else {
    free_.push_back(&slot);
    --in_flight_;
  }
  // After the end of the walk only some of the sleeping readers can do anything, so all are woken.
  if (walked_)
    wanted_.notify_all();
  else if (again || ready_ < little_)
    wanted_.notify_one();
}

void Readers::abandon(std::exception_ptr reason) {
  const MutexLock lock(mutex_);
  if (!thrown_) thrown_ = std::move(reason);
  abandoned_ = walked_ = true;
  room_.notify_all();
  wanted_.notify_all();
}

}  // namespace jobferry
