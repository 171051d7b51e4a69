#include "verify/rules/sets.h"

#include <array>

#include "jobferry/versions.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

struct Row {
  int to;
  const RuleSet* rules;
};

constexpr std::array<Row, newest_version> table = {{
    {1, &v0_to_v1},
    {2, &v1_to_v2},
    {3, &v2_to_v3},
}};

// A row that is missing at the end would be one of zeros.
constexpr bool is_whole() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].to != static_cast<int>(i) + 1) return false;
  return true;
}
static_assert(is_whole(),
              "verify has a row of rules for each version from 1 to newest_version (versions.h), in order");

}  // namespace

const RuleSet& rules_to(int version) { return *table.at(static_cast<std::size_t>(version) - 1).rules; }

bool is_possible(int from, int to) {
  if (from == to) return from > 0;
  for (int version = from; version > to; --version)
    if (!rules_to(version).reversible) return false;
  return true;
}

Chain::Chain(int from, int to) {
  for (const Rule& rule : every_step)
    if (rule.file == File::data) data_rules_.push_back(&rule);
  if (from == to) add(from, {});
  for (int at = from; at < to; ++at) add(at, rules_to(at + 1).up);
  for (int at = from; at > to; --at) add(at, rules_to(at).down);
}

void Chain::add(int from, std::span<const Rule> rules) {
  legs_.push_back({from, rules});
  for (const Rule& rule : rules) {
    if (rule.file != File::data) continue;
    data_rules_.push_back(&rule);
    changes_data_ = true;
  }
}

}  // namespace jobferry::proof
