// data.json: what the rules of step 0 to 1 make of it (D1 to D7), and what every file that is read has to be
// (X3). It may be as large as memory, so nothing is made of it: both texts are walked at the same time,
// metric by metric, scope by scope, series by series.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/compare.h"
#include "verify/rules.h"

namespace jobferry::proof {

// The job that a data file belongs to.
struct DataOf {
  const ClusterFacts& cluster;
  std::string sub_cluster;
  bool changes;  // by the rules of step 0 to 1; else it is only checked
};

struct DataVerdict {
  std::optional<Reason> reason;  // why the source is bad
  Changes changes;
  Findings findings;  // in the target, if there is one to look at
};

// `source` and `target` are sound JSON; without target the source alone is judged.
DataVerdict judge_data(std::string_view source, std::optional<std::string_view> target, const DataOf& job);

}  // namespace jobferry::proof
