#include "verify/tally.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "archive/walk.h"

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
  for (const auto& [rule, count] : changes) result.changes[rule] += count;
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

bool FindingOrder::operator()(const Difference& a, const Difference& b) const {
  if (a.subject != b.subject) return path_order(a.subject, b.subject);
  return std::tie(a.file, a.pointer, a.kind, a.rule, a.source, a.target) <
         std::tie(b.file, b.pointer, b.kind, b.rule, b.source, b.target);
}

void FindingList::add(Difference finding) {
  const MutexLock lock(mutex_);
  count(finding.kind, 1);
  keep(std::move(finding));
}

void FindingList::add(const std::string& subject, std::string_view file, const Findings& findings) {
  if (findings.empty()) return;
  const MutexLock lock(mutex_);
  for (const auto& [kind, many] : findings.counts()) count(kind, many);
  for (Difference& finding : findings.in_file(subject, file)) keep(std::move(finding));
}

void FindingList::count(const std::string& kind, std::uint64_t many) {
  counts_[kind] += many;
  if (progress_) progress_->bad += many;
}

void FindingList::keep(Difference finding) {
  kept_.insert(std::move(finding));
  if (kept_.size() > most_) kept_.erase(std::prev(kept_.end()));
}

void FindingList::move_to(VerifyResult& result) {
  const MutexLock lock(mutex_);
  result.findings = counts_;
  result.found.assign(kept_.begin(), kept_.end());
}

}  // namespace jobferry::proof
