// What a verification finds, of one file and of all of them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "jobferry/progress.h"
#include "jobferry/verify.h"

namespace jobferry::proof {

// A kind of finding. A word that is not in the list does not compile. report/verify_report.h explains them.
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

using KindCounts = std::map<std::string, std::uint64_t, std::less<>>;

// In one file. All are counted; the first few say what they found.
class Findings {
 public:
  void add(FindingKind kind, std::string pointer, std::string_view rule, std::string_view source,
           std::string_view target);
  bool empty() const { return counts_.empty(); }
  const KindCounts& counts() const { return counts_; }
  // With the place, which only the caller knows.
  std::vector<Difference> in_file(const std::string& subject, std::string_view file) const;

 private:
  std::vector<Difference> first_;
  KindCounts counts_;
};

struct FindingOrder {
  bool operator()(const Difference& a, const Difference& b) const;
};

// Of all threads. Keeps the first in path order and counts all, so that memory is bounded, and the result
// does not depend on the order of threads.
class FindingList {
 public:
  FindingList(std::size_t most, Progress* progress) : most_(most), progress_(progress) {}

  void add(FindingKind kind, const std::string& subject, std::string_view file, std::string_view source,
           std::string_view target);
  void add(const std::string& subject, std::string_view file, const Findings& findings);
  void move_to(VerifyResult& result);

 private:
  void keep(Difference finding) REQUIRES(mutex_);
  void count(std::string_view kind, std::uint64_t many) REQUIRES(mutex_);

  const std::size_t most_;
  Progress* progress_;
  Mutex mutex_;
  std::set<Difference, FindingOrder> kept_ GUARDED_BY(mutex_);
  KindCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace jobferry::proof
