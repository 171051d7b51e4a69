#include "verify/findings.h"

#include <iterator>
#include <tuple>

#include "archive/walk.h"
#include "verify/text.h"

namespace jobferry::proof {

namespace {

constexpr std::size_t shown_of_a_file = 10;

void add_to(KindCounts& counts, std::string_view kind, std::uint64_t many) {
  const auto at = counts.find(kind);
  if (at == counts.end())
    counts.emplace(kind, many);
  else
    at->second += many;
}

}  // namespace

void Findings::add(FindingKind kind, std::string pointer, std::string_view rule, std::string_view source,
                   std::string_view target) {
  add_to(counts_, kind.word(), 1);
  if (first_.size() < shown_of_a_file)
    first_.push_back({{},
                      {},
                      std::move(pointer),
                      std::string(kind.word()),
                      std::string(rule),
                      excerpt(source),
                      excerpt(target)});
}

std::vector<Difference> Findings::in_file(const std::string& subject, std::string_view file) const {
  std::vector<Difference> found = first_;
  for (Difference& finding : found) {
    finding.subject = subject;
    finding.file = file;
  }
  return found;
}

bool FindingOrder::operator()(const Difference& a, const Difference& b) const {
  if (a.subject != b.subject) return path_order(a.subject, b.subject);
  return std::tie(a.file, a.pointer, a.kind, a.rule, a.source, a.target) <
         std::tie(b.file, b.pointer, b.kind, b.rule, b.source, b.target);
}

void FindingList::add(FindingKind kind, const std::string& subject, std::string_view file,
                      std::string_view source, std::string_view target) {
  const MutexLock lock(mutex_);
  count(kind.word(), 1);
  keep({subject, std::string(file), {}, std::string(kind.word()), {}, excerpt(source), excerpt(target)});
}

void FindingList::add(const std::string& subject, std::string_view file, const Findings& findings) {
  if (findings.empty()) return;
  const MutexLock lock(mutex_);
  for (const auto& [kind, many] : findings.counts()) count(kind, many);
  for (Difference& finding : findings.in_file(subject, file)) keep(std::move(finding));
}

void FindingList::count(std::string_view kind, std::uint64_t many) {
  add_to(counts_, kind, many);
  if (progress_) progress_->bad += many;
}

void FindingList::keep(Difference finding) {
  kept_.insert(std::move(finding));
  if (kept_.size() > most_) kept_.erase(std::prev(kept_.end()));
}

void FindingList::move_to(VerifyResult& result) {
  result.findings = counts_;
  result.found.assign(kept_.begin(), kept_.end());
}

}  // namespace jobferry::proof
