#include "verify/rule.h"

#include <algorithm>

#include "verify/number.h"

namespace jobferry::proof {

namespace {

bool is_meant(If when, const Node* value) {
  const bool null = value && value->is_missing();
  const bool empty = value && value->text == "\"\"";
  const bool zero = value && value->is(Type::number) && is_zero(value->text);
  switch (when) {
    case If::any:
      return true;
    case If::null:
      return null;
    case If::missing:
      return !value || null;
    case If::empty:
      return !value || null || empty;
    case If::zero:
      return null || zero;
    case If::blank:
      return null || zero || empty;
  }
  return false;
}

void rename(const Site& site, std::string_view to, std::string_view rule) {
  if (!site.value) return;
  Node* other = site.draft.find(site.parent, to);
  if (other && !other->is_missing()) return site.draft.drop(site.parent, *site.value, rule);
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
  const Effect& effect = rule.effect;
  switch (effect.change) {
    case Change::checked:
      if (effect.compute) return effect.compute(site);
      return site.draft.expect(site.value, effect.shape, site.name.empty() ? rule.where.text() : site.name);
    case Change::renamed:
      return rename(site, effect.value, rule.name);
    case Change::dropped:
      if (site.value && is_meant(effect.when, site.value))
        site.draft.drop(site.parent, *site.value, rule.name);
      return;
    case Change::defaulted:
      if (is_meant(effect.when, site.value)) site.draft.set(site.parent, site.name, effect.value, rule.name);
      return;
    case Change::mapped:
      return map(site, effect.words, rule.name);
    case Change::computed:
      return effect.compute(site);
  }
}

// Hands on the members of an object that a step names, in its order, also those that are not there.
template <class Each>
void each_member(Draft& draft, Node& object, const Pattern::Step& step, Each each) {
  if (!object.is(Type::object)) return;
  draft.open(object);
  if (step.names == "*") {
    for (auto at = object.children.begin(); at != object.children.end();) {
      Node& member = *at++;  // it may be dropped
      each(member.name, &member);
    }
    return;
  }
  for (std::string_view rest = step.names; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('|'));
    each(name, draft.find(object, name));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
}

// A rule on its way through a tree.
class Walk {
 public:
  Walk(const Rule& rule, Draft& draft, const Context& context)
      : rule_(rule), draft_(draft), context_(context) {}

  void through(Node& value, std::size_t depth, const Pointer& at) {
    const Pattern::Step& step = rule_.where[depth];
    if (step.elements) return elements(value, depth, at);
    each_member(draft_, value, step, [&](std::string_view name, Node* member) {
      if (is_last(depth))
        act(rule_, {draft_, context_, value, name, member, at});
      else if (member)
        through(*member, depth + 1, Pointer(at, name));
    });
  }

 private:
  bool is_last(std::size_t depth) const { return depth + 1 == rule_.where.size(); }

  void elements(Node& array, std::size_t depth, const Pointer& at) {
    if (!array.is(Type::array)) return;
    draft_.open(array);
    std::size_t index = 0;
    for (auto next = array.children.begin(); next != array.children.end();) {
      Node& element = *next++;  // it may be dropped
      if (is_last(depth))
        act(rule_, {draft_, context_, array, {}, &element, at});
      else
        through(element, depth + 1, Pointer(at, index));
      ++index;
    }
  }

  const Rule& rule_;
  Draft& draft_;
  const Context& context_;
};

}  // namespace

void apply(std::span<const Rule> rules, File file, Draft& draft, const Context& context) {
  for (const Rule& rule : rules) {
    if (draft.reason) return;
    if (rule.file == file) Walk(rule, draft, context).through(draft.root, 0, {});
  }
}

Pending::Pending(std::span<const Rule* const> rules)
    : rules_(rules), left_(rules.empty() ? 0 : ~std::uint64_t{0} >> (most_rules - rules.size())) {}

void Pending::apply_to_members(Draft& draft, const Context& context, Node& object, const Pointer& at) const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = *rules_[i];
    if (!(left_ >> i & 1) || rule.where.size() != depth_ + 1 || rule.where[depth_].elements) continue;
    each_member(draft, object, rule.where[depth_], [&](std::string_view name, Node* member) {
      act(rule, {draft, context, object, name, member, at});
    });
  }
}

void Pending::apply_to_element(Draft& draft, const Context& context, Node& array, Node& element,
                               const Pointer& at) const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = *rules_[i];
    if ((left_ >> i & 1) && rule.where.size() == depth_ + 1 && rule.where[depth_].elements)
      act(rule, {draft, context, array, {}, &element, at});
  }
}

template <class Matches>
Pending Pending::matching(Matches matches) const {
  Pending below = *this;
  ++below.depth_;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Pattern& where = rules_[i]->where;
    const bool goes_on = (left_ >> i & 1) && where.size() > depth_ + 1 && matches(where[depth_]);
    if (!goes_on) below.left_ &= ~(std::uint64_t{1} << i);
  }
  return below;
}

Pending Pending::below(std::string_view member) const {
  if (!any()) return {};
  return matching([&](const Pattern::Step& step) { return !step.elements && step.matches(member); });
}

Pending Pending::below_elements() const {
  if (!any()) return {};
  return matching([](const Pattern::Step& step) { return step.elements; });
}

}  // namespace jobferry::proof
