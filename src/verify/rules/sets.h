// The tables of rules: one for every step, and one for each archive version, which versions.h names.
// docs/new-version.md says how to add a version.
#pragma once

#include <span>
#include <vector>

#include "jobferry/versions.h"
#include "verify/rule.h"

namespace jobferry::proof {

struct RuleSet {
  std::span<const Rule> up;    // from the version before
  std::span<const Rule> down;  // back to it
  bool reversible = true;      // there is a way down
};

// Repairs and checks, made before the rules of each step.
extern const std::span<const Rule> every_step;

// The set of the step to a version, from 1 to newest_version.
const RuleSet& rules_to(int version);

// Whether a migration can lead from one version to another.
bool is_possible(int from, int to);

// One step of a migration.
struct Leg {
  int from;
  std::span<const Rule> rules;
};

// All steps of a migration. With equal versions it is one step that only repairs (X14).
class Chain {
 public:
  Chain(int from, int to);
  // Makes what must be in the target of a cluster.json or meta.json of the source.
  void apply(Draft& draft) const;
  // The rules for data files. They belong to one step at most, so they can be applied in one pass.
  const Pending& data_rules() const { return data_rules_; }
  bool changes_data() const { return changes_data_; }

 private:
  std::vector<Leg> legs_;
  Pending data_rules_;
  bool changes_data_ = false;
};

// Functions that several tables share.
void rule_u(const Site& site);
// Applies --aggregation. False: it does not name the metric.
bool c3_override(const Site& site);

}  // namespace jobferry::proof
