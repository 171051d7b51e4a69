// What a verification finds and counts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/progress.h"
#include "jobferry/verify.h"

namespace jobferry::proof {

// A kind of finding. A word that is not in the list does not compile. jobferry/verify.h explains them.
class FindingKind {
 public:
  consteval FindingKind(const char* word) : word_(word) {
    for (const std::string_view each : words)
      if (each == word_) return;
    throw "there is no such kind of finding";
  }
  constexpr std::string_view word() const { return word_; }

 private:
  static constexpr std::string_view words[] = {
      "value-changed",      "rule-not-applied", "member-lost",     "member-added",   "order-changed",
      "not-compact",        "bytes-changed",    "json-broken",     "gzip-broken",    "file-missing",
      "file-unexpected",    "job-missing",      "job-unexpected",  "job-id-differs", "start-time-differs",
      "job-count-differs",  "cluster-bad",      "cluster-missing", "version-wrong",  "marker-left",
      "attributes-changed", "unreadable",       "not-checked"};
  std::string_view word_;
};

// How many, by kind of finding or by rule.
using Counts = std::map<std::string, std::uint64_t, std::less<>>;
void add_counts(Counts& to, const Counts& more);

// One more job, as its directories name it.
void count_job(ArchiveCounts& counts, std::map<std::string, ClusterEnds>& ends, const JobPath& job);

// The findings in one file. All are counted; the first few say what they found.
class Findings {
 public:
  Findings(std::string subject, std::string_view file) : subject_(std::move(subject)), file_(file) {}

  void add(FindingKind kind, std::string pointer, std::string_view rule, std::string_view source,
           std::string_view target);
  bool empty() const { return counts_.empty(); }

 private:
  friend class Record;

  std::string subject_, file_;
  std::vector<Difference> first_;
  Counts counts_;
};

// What one thread has found and counted so far. Keeps the first findings in path order and counts all, so
// that memory is bounded, and the result does not depend on the order of threads.
class Record : public VerifyResult {
 public:
  Record(std::size_t most, Progress* progress) : most_(most), progress_(progress) {}

  void add(const Findings& more);
  // The only finding in a file, or in a directory.
  void add(FindingKind kind, const std::string& subject, std::string_view file, std::string_view ours,
           std::string_view theirs);
  // An error that left a job unchecked. Keeps the first in path order.
  void add_error(const std::string& subject, Error error);
  // What another thread has found and counted.
  void add(const Record& more);

 private:
  const std::size_t most_;
  Progress* progress_;
};

// Brings the findings into path order and keeps the first of them.
void keep_first(std::vector<Difference>& findings, std::size_t most);

}  // namespace jobferry::proof
