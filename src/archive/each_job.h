// Takes every job of an archive to a visitor, on many threads, for the commands that only read an archive.
//
// The threads take folders of jobs in turns and work on them in parallel. Each holds the jobs of one folder,
// so the memory does not grow with the archive.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "archive/walk.h"
#include "jobferry/progress.h"

namespace jobferry {

struct VisitOptions {
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;  // true: finish the current jobs, then end
  std::string from;  // the first folder, as CLUSTER/FIRST/SECOND; empty: the very first
};

// Calls visit(job, worker) for every directory that may be a job, in any order. `worker` is a number below
// `threads`; each worker is one thread. What `visit` throws ends the walk and is thrown again here.
//
// Returns the first folder that was not visited in full, in the form of VisitOptions::from; empty if all
// were.
std::string each_job(Walk& walk, const VisitOptions& options,
                     const std::function<void(const JobPath& job, unsigned worker)>& visit);

// Counts the jobs of an archive in a thread of its own, ahead of the threads that work on them, until it is
// destroyed. It reads the same directories, which are then in the page cache when the others need them.
class CountAhead {
 public:
  // Does nothing without a progress, or with one that does not want it. Ends early once `stop` is true.
  CountAhead(Files& files, const Archive& archive, bool follow_symlinks, Progress* progress,
             const std::atomic<bool>* stop);

 private:
  std::jthread thread_;
};

}  // namespace jobferry
