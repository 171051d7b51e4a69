// What a thread counts while it compares.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "jobferry/verify.h"
#include "verify/draft.h"

namespace jobferry::proof {

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

}  // namespace jobferry::proof
