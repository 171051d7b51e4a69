// What the rules of a migration make of a file of the source. Says of a file that the rules find bad why it
// is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/compare.h"
#include "verify/rules/sets.h"

namespace jobferry::proof {

void expect_cluster(Draft& draft, const std::string& name, const Chain& chain,
                    const std::vector<Override>& overrides);
void expect_meta(Draft& draft, const JobPath& job, const Chain& chain, const ClusterFacts& cluster);

// The job that a data file belongs to.
struct DataOf {
  const ClusterFacts& cluster;
  std::string sub_cluster;
};

struct DataVerdict {
  std::optional<Reason> reason;  // why the source is bad
  Changes changes;
  Findings findings;  // in the target, if there is one
};

// Both texts are sound JSON. Without a target the source alone is judged.
DataVerdict judge_data(std::string_view source, Target target, const Chain& chain, const DataOf& job);

}  // namespace jobferry::proof
