#include "verify/findings.h"

#include <algorithm>
#include <charconv>

#include "archive/walk.h"
#include "verify/text.h"

namespace jobferry::proof {

namespace {

void add_end(ClusterEnds& sum, const ClusterEnds& more) {
  sum.jobs += more.jobs;
  sum.highest_job = std::max(sum.highest_job, more.highest_job);
  sum.newest_start = std::max(sum.newest_start, more.newest_start);
}

}  // namespace

void add_counts(Counts& to, const Counts& more) {
  for (const auto& [word, many] : more) to[word] += many;
}

void count_job(ArchiveCounts& counts, std::map<std::string, ClusterEnds>& ends, const JobPath& job) {
  ++counts.jobs;
  std::uint64_t start = 0;
  std::from_chars(job.start.data(), job.start.data() + job.start.size(), start);
  add_end(ends[job.cluster], {1, job.job_id().value_or(0), start});
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

void Record::add(FindingKind kind, const std::string& subject, std::string_view file, std::string_view ours,
                 std::string_view theirs) {
  Findings one(subject, file);
  one.add(kind, {}, {}, ours, theirs);
  add(one);
}

void Record::add_error(const std::string& subject, Error error) {
  if (!errors.empty() && !path_order(subject, errors.front().subject)) return;
  error.subject = subject;
  errors.assign(1, std::move(error));
}

void Record::add(const Record& more) {
  for (const auto part : {&VerifyResult::source, &VerifyResult::target})
    for (const auto count : {&ArchiveCounts::jobs, &ArchiveCounts::files, &ArchiveCounts::bytes})
      (this->*part).*count += (more.*part).*count;
  for (const auto part : {&VerifyResult::source_ends, &VerifyResult::target_ends})
    for (const auto& [cluster, end] : more.*part) add_end((this->*part)[cluster], end);
  for (const auto part : {&VerifyResult::changes, &VerifyResult::findings})
    add_counts(this->*part, more.*part);
  for (const auto part : {&VerifyResult::skipped, &VerifyResult::bad})
    (this->*part).insert((this->*part).end(), (more.*part).begin(), (more.*part).end());
  found.insert(found.end(), more.found.begin(), more.found.end());
  for (const Error& error : more.errors) add_error(error.subject, error);
  left_behind += more.left_behind;
  unchecked += more.unchecked;
}

void keep_first(std::vector<Difference>& findings, std::size_t most) {
  std::sort(findings.begin(), findings.end(), [](const Difference& a, const Difference& b) {
    return a.subject != b.subject ? path_order(a.subject, b.subject) : a < b;
  });
  findings.erase(std::unique(findings.begin(), findings.end()), findings.end());
  findings.resize(std::min(findings.size(), std::max<std::size_t>(most, 1)));
}

}  // namespace jobferry::proof
