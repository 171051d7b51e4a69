// Lists and reads jobs ahead of the stages that work on them.
//
// The problem: files that are not in the page cache make every read wait for the disk, which could answer
// many requests in the time of one. The threads of the graph are as many as there are cores and must not
// wait.
//
// The idea: io_depth threads of their own list and read jobs and hand them over. They begin a job only while
// fewer jobs are ready than the graph needs. With a warm cache one reader then keeps all cores busy and the
// others sleep. A gate bounds the memory: jobs enter it in order while their bytes fit into the budget, and
// one that is larger than the budget runs alone. A job that turns out to need more memory than it was granted
// is tried again with more.
//
// The cost: one slot with its buffers for each reader and two for each core, and one lock for each job handed
// over or retired.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "archive/walk.h"
#include "base/mutex.h"
#include "engine/run.h"

namespace jobferry {

// Admits jobs in the order of their tickets while their memory fits into the budget. The owner locks it.
class Gate {
 public:
  explicit Gate(std::uint64_t budget) : budget_(budget) {}

  using Ticket = std::uint64_t;
  Ticket draw() { return drawn_++; }
  bool may_enter(Ticket ticket, std::uint64_t bytes) const;
  // Returns what the job may take; 0: as much as it needs, because it is alone.
  std::uint64_t enter(std::uint64_t bytes);
  void leave(std::uint64_t granted);

 private:
  std::uint64_t budget_;
  std::uint64_t in_flight_ = 0;  // bytes
  std::uint64_t jobs_ = 0;
  Ticket drawn_ = 0, next_ = 0;
};

class Readers {
 public:
  // Calls `hand_over` from many threads with every job that is listed and read. retire() takes it back.
  Readers(const Run& run, std::function<void(Slot*)> hand_over);

  // Starts as many threads as possible. False: there is none, and nothing has begun. Calls `ended` once, when
  // the last job has been retired. `broken` returns true if jobs that were handed over will not come back.
  bool start(std::function<void()> ended, std::function<bool()> broken);
  // Takes back a job that has been through all stages, and counts it, or reads it again if it needs more
  // memory. For one thread at a time.
  void retire(Slot& slot);
  // Waits for the threads. Throws the exception that has ended the run, if there was one.
  void join();
  // After a stop: a job of which nothing is written yet goes no further, because it may take long. From any
  // thread that holds the slot.
  void cancel(Slot& slot);
  // Jobs were found that the run has not begun.
  bool cut_short() const;

  // After an exception outside of the stages: no further job is begun, and join() throws it.
  void abandon(std::exception_ptr reason);

 private:
  // The jobs of a folder that a reader has listed and not begun, the next one last; and what it left behind.
  struct Found {
    std::vector<JobPath> jobs;
    LeftBehind left_behind;
  };
  void read_jobs();
  Slot* next(Found& found);
  bool find_jobs(Found& found);
  void read(Slot& slot);
  void admit(Slot& slot);
  void hand_over(Slot* slot);
  template <class Condition>
  void wait(std::condition_variable& changed, MutexLock& lock, Condition&& condition) REQUIRES(mutex_);

  const Run& run_;
  const std::function<void(Slot*)> hand_over_;
  std::function<void()> ended_;
  std::function<bool()> broken_;
  const std::size_t enough_,
      little_;  // numbers of ready jobs at which reading stops, and begins again
  Mutex walk_;  // held while run_.jobs finds its next folder

  mutable Mutex mutex_;
  std::condition_variable wanted_, room_;
  std::vector<std::unique_ptr<Slot>> slots_;      // all of them
  std::vector<Slot*> free_ GUARDED_BY(mutex_);    // the last one used comes first: its buffers are warm
  std::deque<Slot*> retries_ GUARDED_BY(mutex_);  // need more memory
  std::size_t in_flight_ GUARDED_BY(mutex_) = 0;  // jobs begun and not retired
  std::size_t ready_ GUARDED_BY(mutex_) = 0;      // jobs handed over and not retired
  bool cut_short_ GUARDED_BY(mutex_) = false;
  bool walked_ GUARDED_BY(mutex_) = false;      // the walk is at its end, or was stopped
  std::size_t running_ GUARDED_BY(mutex_) = 0;  // threads
  Gate gate_ GUARDED_BY(mutex_);
  std::exception_ptr thrown_ GUARDED_BY(mutex_);
  bool abandoned_ GUARDED_BY(mutex_) = false;  // something was thrown, or jobs were lost on the way
  std::vector<std::jthread> threads_;          // last: they end before what they use
};

}  // namespace jobferry
