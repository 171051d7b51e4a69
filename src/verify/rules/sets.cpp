#include "verify/rules/sets.h"

namespace jobferry::proof {

const RuleSet& rules_to(int version) { return *archive_versions[static_cast<std::size_t>(version)].rules; }

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
      if (rule.file == names::data) rules.push_back(&rule);
  };
  add(every_step);
  const std::size_t checks = rules.size();
  for (const Leg& leg : legs_) add(leg.rules);
  changes_data_ = rules.size() > checks;
  data_rules_ = Pending(std::move(rules));
}

void Chain::apply(Draft& draft) const {
  if (!draft.root.is(Type::object)) return draft.refuse(Kind::wrong_type, "the document is not an object");
  for (const Leg& leg : legs_) {
    draft.context.from = leg.from;
    proof::apply(every_step, draft);
    proof::apply(leg.rules, draft);
  }
}

}  // namespace jobferry::proof
