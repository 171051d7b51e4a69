#include "verify/tally.h"

#include <algorithm>
#include <charconv>

namespace jobferry::proof {

namespace {

void add(ArchiveCounts& to, const ArchiveCounts& more) {
  to.jobs += more.jobs;
  to.files += more.files;
  to.bytes += more.bytes;
}

void add(std::map<std::string, ClusterEnds>& to, const std::map<std::string, ClusterEnds>& more) {
  for (const auto& [cluster, ends] : more) {
    ClusterEnds& sum = to[cluster];
    sum.jobs += ends.jobs;
    sum.highest_job = std::max(sum.highest_job, ends.highest_job);
    sum.newest_start = std::max(sum.newest_start, ends.newest_start);
  }
}

}  // namespace

void Tally::add_changes(const Changes& more) {
  for (const auto& [rule, count] : more) changes[rule] += count;
}

void Tally::add_to(VerifyResult& result) const {
  add(result.source, source);
  add(result.target, target);
  add(result.source_ends, source_ends);
  add(result.target_ends, target_ends);
  for (const auto& [rule, count] : changes) result.changes[std::string(rule)] += count;
  result.skipped.insert(result.skipped.end(), skipped.begin(), skipped.end());
  result.bad.insert(result.bad.end(), bad.begin(), bad.end());
  result.left_behind += left_behind;
  result.unchecked += unchecked;
}

void count_job(std::map<std::string, ClusterEnds>& ends, const JobPath& job) {
  ClusterEnds& end = ends[job.cluster];
  ++end.jobs;
  end.highest_job = std::max(end.highest_job, job.job_id().value_or(0));
  std::uint64_t start = 0;
  std::from_chars(job.start.data(), job.start.data() + job.start.size(), start);
  end.newest_start = std::max(end.newest_start, start);
}

}  // namespace jobferry::proof
