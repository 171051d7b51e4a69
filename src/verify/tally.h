// What a verification has seen: each thread counts for itself, findings come together in one place.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "jobferry/verify.h"
#include "verify/compare.h"
#include "verify/rules.h"

namespace jobferry::proof {

// Of one thread.
struct Tally {
  ArchiveCounts source, target;
  std::map<std::string, ClusterEnds> source_ends, target_ends;
  Changes changes;
  std::vector<LeftOut> skipped, bad;
  std::uint64_t left_behind = 0, unchecked = 0;

  void add_changes(const Changes& more);
  void add_to(VerifyResult& result) const;
};

// One more job of a cluster, as its directories name it.
void count_job(std::map<std::string, ClusterEnds>& ends, const JobPath& job);

struct FindingOrder {
  bool operator()(const Difference& a, const Difference& b) const;
};

// Keeps the first in path order and counts all, so that neither damage without bound nor the order of threads
// shows.
class FindingList {
 public:
  FindingList(std::size_t most, Progress* progress) : most_(most), progress_(progress) {}

  void add(Difference finding);
  void add(const std::string& subject, std::string_view file, const Findings& findings);
  void move_to(VerifyResult& result);

 private:
  void keep(Difference finding) REQUIRES(mutex_);
  void count(const std::string& kind, std::uint64_t many) REQUIRES(mutex_);

  const std::size_t most_;
  Progress* progress_;
  Mutex mutex_;
  std::set<Difference, FindingOrder> kept_ GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t, std::less<>> counts_ GUARDED_BY(mutex_);
};

}  // namespace jobferry::proof
