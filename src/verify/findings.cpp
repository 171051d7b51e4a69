#include "verify/findings.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>

#include "archive/walk.h"
#include "verify/text.h"

namespace jobferry::proof {

void add_counts(Counts& to, const Counts& more) {
  for (const auto& [word, many] : more) to[word] += many;
}

void add_counters(VerifyResult& to, const VerifyResult& more) {
  for (const auto part : {&VerifyResult::source, &VerifyResult::target}) {
    (to.*part).jobs += (more.*part).jobs;
    (to.*part).files += (more.*part).files;
    (to.*part).bytes += (more.*part).bytes;
  }
  for (const auto part : {&VerifyResult::source_ends, &VerifyResult::target_ends})
    for (const auto& [cluster, ends] : more.*part) {
      ClusterEnds& sum = (to.*part)[cluster];
      sum.jobs += ends.jobs;
      sum.highest_job = std::max(sum.highest_job, ends.highest_job);
      sum.newest_start = std::max(sum.newest_start, ends.newest_start);
    }
  for (const auto part : {&VerifyResult::skipped, &VerifyResult::bad})
    (to.*part).insert((to.*part).end(), (more.*part).begin(), (more.*part).end());
  add_counts(to.changes, more.changes);
  to.left_behind += more.left_behind;
  to.unchecked += more.unchecked;
}

void count_job(std::map<std::string, ClusterEnds>& ends, const JobPath& job) {
  ClusterEnds& end = ends[job.cluster];
  ++end.jobs;
  end.highest_job = std::max(end.highest_job, job.job_id().value_or(0));
  std::uint64_t start = 0;
  std::from_chars(job.start.data(), job.start.data() + job.start.size(), start);
  end.newest_start = std::max(end.newest_start, start);
}

void Findings::add(FindingKind kind, std::string pointer, std::string_view rule, std::string_view source,
                   std::string_view target) {
  constexpr std::size_t shown_of_a_file = 10;
  const std::string word(kind.word());
  ++counts_[word];
  if (first_.size() < shown_of_a_file)
    first_.push_back(
        {subject_, file_, std::move(pointer), word, std::string(rule), excerpt(source), excerpt(target)});
}

bool FindingOrder::operator()(const Difference& a, const Difference& b) const {
  if (a.subject != b.subject) return path_order(a.subject, b.subject);
  return std::tie(a.file, a.pointer, a.kind, a.rule, a.source, a.target) <
         std::tie(b.file, b.pointer, b.kind, b.rule, b.source, b.target);
}

void FindingList::add(const Findings& findings) {
  const MutexLock lock(mutex_);
  add_counts(counts_, findings.counts_);
  for (const auto& [kind, many] : findings.counts_)
    if (progress_) progress_->bad += many;
  for (const Difference& each : findings.first_) {
    kept_.insert(each);
    if (kept_.size() > most_) kept_.erase(std::prev(kept_.end()));
  }
}

void FindingList::move_to(VerifyResult& result) {
  const MutexLock lock(mutex_);
  result.findings = counts_;
  result.found.assign(kept_.begin(), kept_.end());
}

}  // namespace jobferry::proof
