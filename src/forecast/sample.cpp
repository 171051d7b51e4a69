#include "forecast/sample.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/sampling.h"

namespace jobferry {

namespace {

std::uint64_t bound_of(double share) {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  return share >= 1 ? all : static_cast<std::uint64_t>(std::max(share, 0.0) * 0x1p64);
}

JobPath path_of(const std::string& job) {
  std::array<std::string, 4> parts;
  std::size_t at = 0;
  for (std::string& part : parts) {
    const std::size_t end = std::min(job.find('/', at), job.size());
    part = job.substr(at, end - at);
    at = end + 1;
  }
  return {parts[0], parts[1], parts[2], parts[3]};
}

}  // namespace

Sample::Sample(std::uint64_t seed, std::size_t most, double share)
    : seed_(seed), most_(most), bound_(most == 0 ? 0 : bound_of(share)) {}

void Sample::offer(const std::string& job) {
  const std::uint64_t number = sampling_number(job, seed_);
  if (number > bound_.load(std::memory_order_relaxed)) return;
  const MutexLock lock(mutex_);
  chosen_.emplace(number, job);
  if (chosen_.size() <= most_) return;
  chosen_.pop();
  bound_ = chosen_.empty() ? 0 : chosen_.top().first;
}

std::vector<std::string> Sample::take() {
  const MutexLock lock(mutex_);
  std::vector<std::string> jobs(chosen_.size());
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    *job = chosen_.top().second;
    chosen_.pop();
  }
  return jobs;
}

ChosenJobs::ChosenJobs(std::span<const std::string> jobs) {
  for (const std::string& job : jobs) {
    JobPath path = path_of(job);
    const Folder folder{path.cluster, path.first, path.second, {}};
    folders_.try_emplace(folder.text(), Chosen{folder, {}}).first->second.jobs.push_back(std::move(path));
  }
  next_folder_ = folders_.begin();
}

std::optional<JobPath> ChosenJobs::next() {
  if (jobs_.empty()) {
    if (next_folder_ == folders_.end()) return {};
    jobs_ = (next_folder_++)->second.jobs;
  }
  JobPath job = std::move(jobs_.back());
  jobs_.pop_back();
  return job;
}

std::optional<Folder> ChosenJobs::next_folder() {
  if (next_folder_ == folders_.end()) return {};
  return (next_folder_++)->second.folder;
}

std::vector<JobPath> ChosenJobs::jobs_in(const Folder& folder, LeftBehind&) const {
  return folders_.at(folder.text()).jobs;
}

}  // namespace jobferry
