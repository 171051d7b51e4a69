#include "verify/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "json/decimal.h"

namespace jobferry::proof {

namespace {

// X1: a name keeps its exact text.
bool has_token(const Node& member, std::string_view token) {
  return member.name_token.empty() ? token == quoted(member.name) : token == member.name_token;
}

// D4 leaves the notation of a computed number open, but not the number of its digits.
bool is_same_scalar(const Node& wanted, std::string_view target) {
  if (wanted.text == target) return true;
  if (!wanted.computed || !wanted.is(Type::number) || type_of(target) != Type::number) return false;
  const std::size_t last = std::min(target.find_first_of("eE"), target.size()) - 1;
  const bool padded = target.find('.') != target.npos && target[last] == '0';
  return !padded && same_number(target, wanted.text);
}

std::size_t length_of(const Node& array) {
  return array.opened ? array.children.size() : count_places(array.text);
}

// Which member of the target belongs to which wanted one.
struct Pairs {
  std::vector<const Place*> found;   // for each wanted one; null: it is not there
  std::vector<const Place*> beside;  // those that are not wanted
  bool in_order = true;
};

Pairs pair_up(const std::list<Node>& wanted, const std::vector<Place>& target) {
  Pairs pairs;
  // Most objects have the same names in the same order.
  if (std::ranges::equal(wanted, target, has_token, {}, &Place::name)) {
    for (const Place& place : target) pairs.found.push_back(&place);
    return pairs;
  }
  // A name may occur several times: the first one belongs to the first one.
  std::unordered_map<std::string, std::vector<const Place*>> by_name;
  for (auto place = target.rbegin(); place != target.rend(); ++place)
    by_name[json::unescape(place->name)].push_back(&*place);
  const Place* last = target.data();
  for (const Node& member : wanted) {
    std::vector<const Place*>& same = by_name[member.name];
    pairs.found.push_back(same.empty() ? nullptr : same.back());
    if (same.empty()) continue;
    same.pop_back();
    pairs.in_order &= pairs.found.back() >= last;
    last = pairs.found.back();
  }
  for (const auto& [name, left] : by_name) pairs.beside.insert(pairs.beside.end(), left.begin(), left.end());
  std::sort(pairs.beside.begin(), pairs.beside.end());
  return pairs;
}

class Comparison {
 public:
  Comparison(Draft& draft, Findings& findings) : draft_(draft), findings_(findings) {}

  void value(Node& wanted, Target target, const Pointer& at, const Pending& rules) {
    if (!draft_.sound) return;
    if (target && !rules.any() && !wanted.opened && wanted.text == *target) return;
    rules.apply_to_members(draft_, wanted, at);
    if (target && !wanted.is(type_of(*target))) {
      other_value(wanted, *target, at);
      target.reset();
    }
    if (!target && !rules.any()) return;
    if (wanted.is(Type::object)) return members(wanted, target, at, rules);
    if (wanted.is(Type::array)) return elements(wanted, target, at, rules);
    if (target && !is_same_scalar(wanted, *target)) other_value(wanted, *target, at);
  }

 private:
  void members(Node& wanted, Target target, const Pointer& at, const Pending& rules) {
    draft_.open(wanted);
    std::vector<Place> theirs;
    Places places(target.value_or("{}"));
    for (Place place; places.next(place);) theirs.push_back(place);
    const Pairs pairs = pair_up(wanted.children, theirs);
    std::size_t i = 0;
    for (Node& member : wanted.children) {
      const Pointer here(at, member.name);
      const Place* found = pairs.found[i++];
      if (target && !found) lost(member, here);
      if (found && !has_token(member, found->name))
        findings_.add("value-changed", here.text(), {},
                      member.name_token.empty() ? quoted(member.name) : member.name_token, found->name);
      value(member, found ? Target(found->value) : std::nullopt, here, rules.below(member.name));
    }
    for (const Place* place : pairs.beside) beside(wanted, *place, at);
    if (!pairs.in_order) findings_.add("order-changed", at.text(), {}, {}, {});
  }

  void elements(Node& wanted, Target target, const Pointer& at, const Pending& rules) {
    const Pending below = rules.below({});
    if (!below.any()) {
      if (!target) return;
      if (length_of(wanted) != count_places(*target)) return other_length(wanted, *target, at);
    }
    Places theirs(target.value_or("[]"));
    std::size_t index = 0, has = 0;
    const auto next = [&]() -> Target {
      Place place;
      if (!theirs.next(place)) return {};
      ++has;
      return place.value;
    };
    const auto look_at = [&](Node& element, Target found) {
      rules.apply_to_element(draft_, wanted, element, at);
      value(element, found, Pointer(at, index), below);
      ++index;
    };
    if (wanted.opened) {
      for (Node& element : wanted.children) look_at(element, next());
    } else {
      Places ours(wanted.text);
      for (Place mine; ours.next(mine);) {
        const Target found = next();
        if (found == mine.value && !rules.any()) {
          ++index;
          continue;
        }
        Node element(mine.value);
        look_at(element, found);
      }
    }
    while (next()) continue;
    if (target && index != has) length(index, has, at);
  }

  void length(std::size_t wants, std::size_t has, const Pointer& at) {
    findings_.add(wants > has ? FindingKind("member-lost") : FindingKind("member-added"), at.text(), {},
                  fmt::format("{} elements", wants), fmt::format("{} elements", has));
  }

  void lost(const Node& member, const Pointer& at) {
    const bool is_new = member.before.empty() || member.renamed;
    const bool forgotten = !member.rule.empty() && is_new;
    findings_.add(forgotten ? FindingKind("rule-not-applied") : FindingKind("member-lost"), at.text(),
                  member.rule, compact(member.before.empty() ? member.text : member.before), {});
  }

  // A member of the target that is not wanted: a rule removes it, or the source does not have it.
  void beside(const Node& object, const Place& place, const Pointer& at) {
    const std::string name = json::unescape(place.name);
    Node::Dropped dropped;
    for (const Node::Dropped& each : object.dropped)
      if (each.name == name) dropped = each;
    findings_.add(dropped.rule.empty() ? FindingKind("member-added") : FindingKind("rule-not-applied"),
                  Pointer(at, name).text(), dropped.rule, dropped.before, compact(place.value));
  }

  void other_value(const Node& wanted, std::string_view target, const Pointer& at) {
    const std::string source = compact(wanted.before.empty() ? wanted.text : wanted.before);
    const std::string found = compact(target);
    const bool forgotten = !wanted.rule.empty() && source == found;
    findings_.add(forgotten ? FindingKind("rule-not-applied") : FindingKind("value-changed"), at.text(),
                  wanted.rule, source, found);
  }

  // The place is where the two arrays part. Of an array that rules have changed it is the array itself.
  void other_length(const Node& wanted, std::string_view target, const Pointer& at) {
    Places ours(wanted.text), theirs(target);
    Place mine, other;
    std::size_t index = 0;
    while (ours.next(mine) && theirs.next(other) && mine.value == other.value) ++index;
    length(length_of(wanted), count_places(target), wanted.opened ? at : Pointer(at, index));
  }

  Draft& draft_;
  Findings& findings_;
};

}  // namespace

void compare(Draft& draft, Target target, const Pending& rules, Findings& findings) {
  if (target) target = trimmed(*target);
  Comparison(draft, findings).value(draft.root, target, {}, rules);
}

}  // namespace jobferry::proof
