// Takes every job of an archive to a visitor, on many threads: for the commands that only look at an archive.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "archive/walk.h"
#include "jobferry/progress.h"

namespace jobferry {

struct Visit {
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;  // true: finish the jobs at hand, then end
  std::string from;  // CLUSTER/FIRST/SECOND: begin with this folder of the walk; empty: with the first
};

// visit(job, worker) is called for every directory where a job may be, in any order, by one thread of each
// number below `threads`. What it throws ends the walk and comes out of here. Holds one folder for each
// thread.
//
// Returns where to go on (as Visit::from has it): the first folder that was not done in full; empty if all
// were.
std::string each_job(Walk& walk, const Visit& how,
                     const std::function<void(const JobPath& job, unsigned worker)>& visit);

// Counts the jobs of an archive ahead of those who work on them, in a thread of its own, until it is
// destroyed. It reads the directories that they read next anyway.
class CountAhead {
 public:
  // Without a progress, or one that does not want it, nothing is done. Ends early once `stop` is true.
  CountAhead(Files& files, const Archive& archive, bool follow_symlinks, Progress* progress,
             const std::atomic<bool>* stop);

 private:
  std::jthread thread_;
};

}  // namespace jobferry
