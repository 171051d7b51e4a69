// Lists and reads jobs ahead of the stages that work on them, with many reads in flight: a disk that is not
// in the page cache answers many requests in the time of one, however few cores there are.
//
// Threads of their own, because they wait and do not compute. They read only while those who transform have
// little to do: on a warm cache one of them keeps all cores busy and the others sleep.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "archive/walk.h"
#include "engine/run.h"

namespace jobferry {

// Lets jobs in while their memory fits into the budget, in the order in which they come. One that is larger
// than the budget runs alone. Not locked: its owner is.
class Gate {
 public:
  explicit Gate(std::uint64_t budget) : budget_(budget) {}

  using Ticket = std::uint64_t;
  Ticket draw() { return drawn_++; }
  bool may_enter(Ticket ticket, std::uint64_t bytes) const;
  // What the job may take; 0: as much as it needs, since it is alone.
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
  // `hand_over` gets every job that is listed and read, from many threads; retire() gets it back.
  Readers(const Run& run, std::function<void(Slot*)> hand_over);

  // Starts as many threads as can be had, and says whether there is one: without any nothing has begun.
  // `ended` is called once, when the last job has been retired. `broken` says that jobs which were handed
  // over will not come back.
  bool start(std::function<void()> ended, std::function<bool()> broken);
  // A job that has been through all stages: counted, or read again if it needs more memory. For one thread at
  // a time.
  void retire(Slot& slot);
  // Waits for the threads. Throws what was given up for.
  void join();
  // The run was ended: a job of which nothing is written yet goes no further, since that may take long. From
  // any thread that holds the slot.
  void leave_out(Slot& slot);
  // Jobs were found that have not been begun.
  bool cut_short() const { return cut_short_; }

  // Something was thrown where nothing may be: no further job is begun, join() throws it.
  void give_up(std::exception_ptr reason);

 private:
  // The jobs of a folder that a reader has listed and not begun, the next one last; and what it passed by.
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
  void wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Condition&& condition);

  const Run& run_;
  const std::function<void(Slot*)> hand_over_;
  std::function<void()> ended_;
  std::function<bool()> broken_;
  const std::size_t enough_,
      little_;       // jobs that are read and not retired: stop reading, start reading again
  std::mutex walk_;  // of run_.jobs

  std::mutex mutex_;  // of all below
  std::condition_variable wanted_, room_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;    // the last one used comes first: its buffers are warm
  std::deque<Slot*> again_;    // that need more memory
  std::size_t in_flight_ = 0;  // jobs begun and not retired
  std::size_t ready_ = 0;      // of these, handed over
  bool cut_short_ = false;
  bool walked_ = false;      // the walk is at its end, or was ended
  std::size_t running_ = 0;  // threads
  Gate gate_;
  std::exception_ptr reason_;
  bool given_up_ = false;              // for that reason, or because jobs were lost on the way
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace jobferry
