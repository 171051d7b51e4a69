// A random choice of jobs that follows from a seed and the jobs' paths alone: not from the order in which
// they are found, nor from who finds them.
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

// Every job draws a number, the hash of its path; the smallest numbers are the sample. Holds no more than
// `most` paths, some 100 bytes each.
class Sample {
 public:
  Sample(std::uint64_t seed, std::size_t most, double share = 1);

  // From any thread.
  void offer(const std::string& job);
  // The jobs in the order of their numbers, so that any number of first ones is a random choice, too.
  std::vector<std::string> take();

 private:
  using Draw = std::pair<std::uint64_t, std::string>;

  const std::uint64_t seed_;
  const std::size_t most_;
  std::atomic<std::uint64_t> bound_;  // larger numbers have no place: mostly nobody waits for the lock
  Mutex mutex_;
  std::priority_queue<Draw> chosen_ GUARDED_BY(mutex_);
};

// The jobs of a sample as a run takes them.
class ChosenJobs : public JobSource {
 public:
  explicit ChosenJobs(std::span<const std::string> jobs);

  std::optional<JobPath> next() override;
  std::optional<Folder> next_folder() override;
  std::vector<JobPath> jobs_in(const Folder& folder, Passed& passed) const override;
  void pass(const Passed&) override {}

 private:
  struct Chosen {
    Folder folder;
    std::vector<JobPath> jobs;
  };
  std::map<std::string, Chosen> folders_;
  std::map<std::string, Chosen>::iterator next_folder_;
  std::vector<JobPath> jobs_;  // of the folder at hand
};

}  // namespace jobferry
