#include "verify/rule.h"

#include <algorithm>

#include "json/decimal.h"

namespace jobferry::proof {

namespace {

bool is_one_of(int values, const Node* value) {
  if (!value) return values & absent;
  const bool is_number = value->is(Type::number);
  return values & anything || (values & null && is_missing(value)) ||
         (values & zero && is_number && is_zero(value->text)) || (values & empty && value->text == "\"\"");
}

void rename(const Site& site, std::string_view to, std::string_view rule) {
  if (!site.value) return;
  Node* other = site.draft.find(site.parent, to);
  if (!is_missing(other)) return site.draft.drop(site.parent, *site.value, rule);
  if (other) site.draft.drop(site.parent, *other, rule);
  site.draft.replace(site.parent, *site.value, to, site.value->text, rule);
}

void map(const Site& site, std::span<const Words> words, std::string_view rule) {
  if (!site.value || !site.value->is(Type::string)) return;
  const std::string content = site.value->content();
  for (const auto& [from, to] : words)
    if (content == from) return site.draft.put(*site.value, quoted(to), rule);
}

void act(const Rule& rule, const Site& site) {
  const auto& [change, when, value, words, shape, compute] = rule.effect;
  switch (change) {
    case Change::checked:
      if (compute) return compute(site);
      return site.draft.expect(site.value, shape, site.name.empty() ? rule.where.text : site.name);
    case Change::renamed:
      return rename(site, value, rule.name);
    case Change::dropped:
      if (site.value && is_one_of(when, site.value)) site.draft.drop(site.parent, *site.value, rule.name);
      return;
    case Change::defaulted:
      if (is_one_of(when, site.value)) site.draft.set(site.parent, site.name, value, rule.name);
      return;
    case Change::mapped:
      return map(site, words, rule.name);
    case Change::computed:
      return compute(site);
  }
}

// Follows the pattern of a rule from one of its steps on, and applies the rule where it ends. Members are
// taken in the order in which the step names them, and the last step also finds those that are not there. A
// value of another type has no such parts.
void follow(const Rule& rule, std::size_t depth, Draft& draft, Node& parent, const Pointer& at) {
  const Pattern::Step& step = rule.where.steps[depth];
  if (!parent.is(step.elements ? Type::array : Type::object)) return;
  draft.open(parent);
  const auto enter = [&](std::string_view name, Node* part, const Pointer& below) {
    if (depth + 1 == rule.where.size) return act(rule, {draft, parent, name, part, at});
    if (part) follow(rule, depth + 1, draft, *part, below);
  };
  if (step.elements || step.names == "*") {
    std::size_t index = 0;
    for (auto next = parent.children.begin(); next != parent.children.end(); ++index) {
      Node& part = *next++;  // it may be dropped
      enter(part.name, &part, step.elements ? Pointer(at, index) : Pointer(at, part.name));
    }
    return;
  }
  for (std::string_view rest = step.names; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('|'));
    enter(name, draft.find(parent, name), Pointer(at, name));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
}

}  // namespace

void apply(std::span<const Rule> rules, Draft& draft) {
  for (const Rule& rule : rules) {
    if (!draft.sound) return;
    if (rule.file == draft.file) follow(rule, 0, draft, draft.root, {});
  }
}

void Pending::apply_to_members(Draft& draft, Node& object, const Pointer& at) const {
  for (const Rule* rule : rules_)
    if (rule->where.size == depth_ + 1 && !rule->where.steps[depth_].elements)
      follow(*rule, depth_, draft, object, at);
}

void Pending::apply_to_element(Draft& draft, Node& array, Node& element, const Pointer& at) const {
  for (const Rule* rule : rules_)
    if (rule->where.size == depth_ + 1 && rule->where.steps[depth_].elements)
      act(*rule, {draft, array, {}, &element, at});
}

Pending Pending::below(std::optional<std::string_view> member) const {
  Pending below;
  below.depth_ = depth_ + 1;
  for (const Rule* rule : rules_)
    if (rule->where.size > depth_ + 1 && rule->where.steps[depth_].leads_to(member))
      below.rules_.push_back(rule);
  return below;
}

}  // namespace jobferry::proof
