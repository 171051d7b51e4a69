#include "verify/rules/sets.h"

#include <array>

#include "jobferry/versions.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

constexpr std::array<const RuleSet*, newest_version> table = {&v0_to_v1, &v1_to_v2, &v2_to_v3};

// An entry that is missing at the end would be null.
static_assert(table.back() != nullptr,
              "verify has a set of rules for each version from 1 to newest_version (versions.h), in order");

}  // namespace

const RuleSet& rules_to(int version) { return *table.at(static_cast<std::size_t>(version) - 1); }

bool is_possible(int from, int to) {
  if (from == to) return from > 0;
  for (int version = from; version > to; --version)
    if (!rules_to(version).reversible) return false;
  return true;
}

Chain::Chain(int from, int to) {
  if (from == to) legs_.push_back({from, {}});
  for (int at = from; at < to; ++at) legs_.push_back({at, rules_to(at + 1).up});
  for (int at = from; at > to; --at) legs_.push_back({at, rules_to(at).down});
  std::vector<const Rule*> rules;
  const auto add = [&](std::span<const Rule> more) {
    for (const Rule& rule : more)
      if (rule.file == File::data) rules.push_back(&rule);
  };
  add(every_step);
  const std::size_t checks = rules.size();
  for (const Leg& leg : legs_) add(leg.rules);
  changes_data_ = rules.size() > checks;
  data_rules_ = Pending(std::move(rules));
}

void Chain::apply(File file, Draft& draft) const {
  if (!draft.root.is(Type::object)) return draft.refuse(Kind::wrong_type, "the document is not an object");
  for (const Leg& leg : legs_) {
    draft.context.from = leg.from;
    proof::apply(every_step, file, draft);
    proof::apply(leg.rules, file, draft);
  }
}

}  // namespace jobferry::proof
