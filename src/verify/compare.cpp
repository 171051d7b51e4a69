#include "verify/compare.h"

#include <fmt/format.h>

#include <unordered_map>

#include "verify/number.h"

namespace jobferry::proof {

namespace {

constexpr std::size_t shown_of_a_file = 10;

std::string step(const std::string& pointer, std::string_view name) { return pointer + pointer_step(name); }
std::string step(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

// A rule that changed nothing where it should have, or a value that nobody asked for.
void add_other_value(Findings& findings, const std::string& pointer, std::string_view rule,
                     std::string_view source, std::string_view target) {
  const bool forgotten = !rule.empty() && source == target;
  findings.add({{},
                {},
                pointer,
                forgotten ? "rule-not-applied" : "value-changed",
                std::string(rule),
                excerpt(source),
                excerpt(target)});
}

void compare_members(const Node& wanted, const Node& found, const std::string& pointer, Findings& findings) {
  const auto names = [](const Node& object, std::vector<const Node*>& members) {
    std::vector<std::string> all;
    for (const Node& member : object.children) {
      all.push_back(member.name);
      members.push_back(&member);
    }
    return all;
  };
  std::vector<const Node*> ours, theirs;
  const std::vector<std::string> our_names = names(wanted, ours), their_names = names(found, theirs);
  const Pairs pairs = pair_up(our_names, their_names);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Node& member = *ours[i];
    const std::string at = step(pointer, member.name);
    if (pairs.found[i] == Pairs::none) {
      const std::string_view kind = member.rule.empty() ? "member-lost" : "rule-not-applied";
      findings.add({{}, {}, at, std::string(kind), std::string(member.rule), excerpt(compact(member)), {}});
      continue;
    }
    const Node& other = *theirs[pairs.found[i]];
    if (other.name_token != member.name_token)
      findings.add("value-changed", at, member.name_token, other.name_token);
    compare_tree(member, other, at, findings);
  }
  for (const std::size_t j : pairs.beside) {
    std::string_view rule;
    for (const Node::Dropped& dropped : wanted.dropped)
      if (dropped.name == theirs[j]->name) rule = dropped.rule;
    findings.add({{},
                  {},
                  step(pointer, theirs[j]->name),
                  rule.empty() ? "member-added" : "rule-not-applied",
                  std::string(rule),
                  {},
                  excerpt(compact(*theirs[j]))});
  }
  if (!pairs.in_order) findings.add("order-changed", pointer, {}, {});
}

void compare_elements(const Node& wanted, const Node& found, const std::string& pointer, Findings& findings) {
  if (wanted.children.size() != found.children.size()) {
    const auto many = [](const Node& list) { return fmt::format("{} elements", list.children.size()); };
    const bool lost = wanted.children.size() > found.children.size();
    return findings.add(lost ? "member-lost" : "member-added", pointer, many(wanted), many(found));
  }
  auto other = found.children.begin();
  std::size_t index = 0;
  for (const Node& element : wanted.children)
    compare_tree(element, *other++, step(pointer, index++), findings);
}

void compare_objects(std::string_view source, std::string_view target, const std::string& pointer,
                     Findings& findings) {
  const std::vector<Place> ours = places_in(source), theirs = places_in(target);
  std::vector<std::string> our_names, their_names;
  for (const Place& place : ours) our_names.push_back(place.unescaped());
  for (const Place& place : theirs) their_names.push_back(place.unescaped());
  const Pairs pairs = pair_up(our_names, their_names);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::string at = step(pointer, our_names[i]);
    if (pairs.found[i] == Pairs::none) {
      findings.add("member-lost", at, ours[i].value, {});
      continue;
    }
    const Place& other = theirs[pairs.found[i]];
    if (other.name != ours[i].name) findings.add("value-changed", at, ours[i].name, other.name);
    compare_values(ours[i].value, other.value, at, findings);
  }
  for (const std::size_t j : pairs.beside)
    findings.add("member-added", step(pointer, their_names[j]), {}, theirs[j].value);
  if (!pairs.in_order) findings.add("order-changed", pointer, {}, {});
}

std::size_t count_places(std::string_view array) {
  std::size_t count = 0;
  Places places(array);
  for (Place place; places.next(place);) ++count;
  return count;
}

// Element by element where both have as many, so that one digit is one finding; else it says where they part.
void compare_arrays(std::string_view source, std::string_view target, const std::string& pointer,
                    Findings& findings) {
  const std::size_t ours = count_places(source), theirs = count_places(target);
  const bool same_length = ours == theirs;
  Places a(source), b(target);
  Place mine, other;
  std::size_t index = 0;
  while (a.next(mine) && b.next(other)) {
    if (mine.value != other.value) {
      if (!same_length) break;
      compare_values(mine.value, other.value, step(pointer, index), findings);
    }
    ++index;
  }
  if (!same_length)
    findings.add(ours > theirs ? "member-lost" : "member-added", step(pointer, index),
                 fmt::format("{} elements", ours), fmt::format("{} elements", theirs));
}

bool is_computed(const Wanted& wanted, std::string_view target, const std::string& pointer,
                 Findings& findings) {
  if (type_of(target) != Type::object) return false;
  const std::vector<Place> members = places_in(target);
  constexpr std::string_view names[] = {"\"min\"", "\"avg\"", "\"max\""};
  if (members.size() != 3) return false;
  for (std::size_t i = 0; i < 3; ++i) {
    if (members[i].name != names[i]) return false;
    const std::string_view value = members[i].value;
    if (type_of(value) != Type::number || !is_shortest(value, wanted.statistics[i]))
      findings.add({{},
                    {},
                    step(pointer, content_of(names[i])),
                    "value-changed",
                    std::string(wanted.rule),
                    shortest(wanted.statistics[i]),
                    excerpt(value)});
  }
  return true;
}

}  // namespace

void Findings::add(Difference finding) {
  ++counts_[finding.kind];
  if (first_.size() < shown_of_a_file) first_.push_back(std::move(finding));
}

void Findings::add(std::string_view kind, std::string pointer, std::string_view source,
                   std::string_view target) {
  add({{}, {}, std::move(pointer), std::string(kind), {}, excerpt(source), excerpt(target)});
}

std::vector<Difference> Findings::in_file(const std::string& subject, std::string_view file) const {
  std::vector<Difference> found = first_;
  for (Difference& finding : found) {
    finding.subject = subject;
    if (finding.file.empty()) finding.file = file;
  }
  return found;
}

Pairs pair_up(const std::vector<std::string>& wanted, const std::vector<std::string>& found) {
  Pairs pairs;
  if (wanted == found) {
    for (std::size_t i = 0; i < wanted.size(); ++i) pairs.found.push_back(i);
    return pairs;
  }
  // The same name may stand there several times: the first belongs to the first.
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_name;
  for (std::size_t j = found.size(); j-- > 0;) by_name[found[j]].push_back(j);
  std::vector<bool> taken(found.size());
  std::size_t last = 0;
  for (const std::string& name : wanted) {
    const auto at = by_name.find(name);
    if (at == by_name.end() || at->second.empty()) {
      pairs.found.push_back(Pairs::none);
      continue;
    }
    const std::size_t j = at->second.back();
    at->second.pop_back();
    pairs.found.push_back(j);
    taken[j] = true;
    if (j < last) pairs.in_order = false;
    last = j;
  }
  for (std::size_t j = 0; j < found.size(); ++j)
    if (!taken[j]) pairs.beside.push_back(j);
  // What should not be there at all must not stand between the others either, but that is said already.
  return pairs;
}

void compare_tree(const Node& wanted, const Node& found, const std::string& pointer, Findings& findings) {
  if (wanted.type != found.type || wanted.text != found.text) {
    const std::string source = wanted.rule.empty() ? compact(wanted) : wanted.before;
    return add_other_value(findings, pointer, wanted.rule, source, compact(found));
  }
  if (wanted.is(Type::object)) compare_members(wanted, found, pointer, findings);
  if (wanted.is(Type::array)) compare_elements(wanted, found, pointer, findings);
}

void compare_values(std::string_view source, std::string_view target, const std::string& pointer,
                    Findings& findings) {
  if (source == target) return;
  const Type type = type_of(source);
  if (type != type_of(target)) return findings.add("value-changed", pointer, source, target);
  if (type == Type::object) return compare_objects(source, target, pointer, findings);
  if (type == Type::array) return compare_arrays(source, target, pointer, findings);
  findings.add("value-changed", pointer, source, target);
}

void compare_made(const Wanted& wanted, std::string_view target, const std::string& pointer,
                  Findings& findings) {
  if (wanted.computed && is_computed(wanted, target, pointer, findings)) return;
  if (!wanted.computed && wanted.made == target) return;
  add_other_value(findings, pointer, wanted.rule, wanted.source, target);
}

}  // namespace jobferry::proof
