// A random sample of jobs that depends on the seed and the paths of the jobs only, not on the order in which
// threads find them.
//
// Problem: the number of jobs is not known before all are counted, and the archive is to be walked only once.
// Idea: every job draws a number, the hash of its path (base/sampling.h). The jobs with the smallest numbers
// are the sample. A heap keeps those that are smallest so far.
// Cost: one hash for each job. At most `most` paths are in memory, of about 100 bytes each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/walk.h"
#include "base/mutex.h"

namespace jobferry {

class Sample {
 public:
  Sample(std::uint64_t seed, std::size_t most, double share = 1);

  // May be called from any thread.
  void offer(const std::string& job);
  // The jobs in the order of their numbers, so that the first ones of them are a random sample, too.
  std::vector<std::string> take();

 private:
  using Draw = std::pair<std::uint64_t, std::string>;

  const std::uint64_t seed_;
  const std::size_t most_;
  std::atomic<std::uint64_t> bound_;  // larger numbers are refused without the lock
  Mutex mutex_;
  std::priority_queue<Draw> chosen_ GUARDED_BY(mutex_);
};

// The jobs of a sample, as a source of jobs for a run.
class ChosenJobs : public JobSource {
 public:
  explicit ChosenJobs(std::span<const std::string> jobs);

  std::optional<JobPath> next() override;
  std::optional<Folder> next_folder() override;
  std::vector<JobPath> jobs_in(const Folder& folder, LeftBehind& left_behind) const override;
  void add_left_behind(const LeftBehind&) override {}

 private:
  struct Chosen {
    Folder folder;
    std::vector<JobPath> jobs;
  };
  std::map<std::string, Chosen> folders_;
  std::map<std::string, Chosen>::iterator next_folder_;
  std::vector<JobPath> jobs_;  // of the current folder
};

}  // namespace jobferry
