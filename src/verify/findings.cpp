#include "verify/findings.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "archive/walk.h"
#include "verify/text.h"

namespace jobferry::proof {

void add_counts(Counts& to, const Counts& more) {
  for (const auto& [word, many] : more) to[word] += many;
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

void Record::add(const Findings& more) {
  add_counts(findings, more.counts_);
  for (const auto& [kind, many] : more.counts_)
    if (progress_) progress_->bad += many;
  found.insert(found.end(), more.first_.begin(), more.first_.end());
  if (found.size() > 2 * most_) keep_first(found, most_);
}

void Record::add_error(const std::string& subject, Error error) {
  if (!errors.empty() && !path_order(subject, errors.front().subject)) return;
  error.subject = subject;
  errors.assign(1, std::move(error));
}

void Record::add_to(VerifyResult& result) const {
  for (const auto part : {&VerifyResult::source, &VerifyResult::target}) {
    (result.*part).jobs += (this->*part).jobs;
    (result.*part).files += (this->*part).files;
    (result.*part).bytes += (this->*part).bytes;
  }
  for (const auto part : {&VerifyResult::source_ends, &VerifyResult::target_ends})
    for (const auto& [cluster, ends] : this->*part) {
      ClusterEnds& sum = (result.*part)[cluster];
      sum.jobs += ends.jobs;
      sum.highest_job = std::max(sum.highest_job, ends.highest_job);
      sum.newest_start = std::max(sum.newest_start, ends.newest_start);
    }
  for (const auto part : {&VerifyResult::changes, &VerifyResult::findings})
    add_counts(result.*part, this->*part);
  for (const auto part : {&VerifyResult::skipped, &VerifyResult::bad})
    (result.*part).insert((result.*part).end(), (this->*part).begin(), (this->*part).end());
  result.found.insert(result.found.end(), found.begin(), found.end());
  result.errors.insert(result.errors.end(), errors.begin(), errors.end());
  result.left_behind += left_behind;
  result.unchecked += unchecked;
}

void keep_first(std::vector<Difference>& findings, std::size_t most) {
  const auto rest = [](const Difference& each) {
    return std::tie(each.file, each.pointer, each.kind, each.rule, each.source, each.target);
  };
  std::sort(findings.begin(), findings.end(), [&](const Difference& a, const Difference& b) {
    return a.subject != b.subject ? path_order(a.subject, b.subject) : rest(a) < rest(b);
  });
  const auto same = [&](const Difference& a, const Difference& b) {
    return a.subject == b.subject && rest(a) == rest(b);
  };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
  findings.resize(std::min(findings.size(), std::max<std::size_t>(most, 1)));
}

}  // namespace jobferry::proof
