#include <fmt/format.h>

#include <algorithm>

#include "verify/rules.h"
#include "verify/unit.h"

namespace jobferry::proof {

Chain::Chain(int from, int to) {
  if (from == to) steps_.emplace_back(from, to);
  for (int at = from; at < to; ++at) steps_.emplace_back(at, at + 1);
  for (int at = from; at > to; --at) steps_.emplace_back(at, at - 1);
}

Node* Draft::find(Node& object, std::string_view name) {
  Node* found = nullptr;
  if (!object.is(Type::object)) return nullptr;
  for (Node& member : object.children) {
    if (member.name != name) continue;
    if (found) refuse("duplicate-member", fmt::format("{} stands twice", name));
    if (!found) found = &member;
  }
  return found;
}

Node* Draft::present(Node& object, std::string_view name) {
  Node* member = find(object, name);
  return member && !member->is_missing() ? member : nullptr;
}

std::string Draft::text_of(Node& object, std::string_view name) {
  const Node* member = present(object, name);
  return member && member->is(Type::string) ? content_of(member->text) : std::string();
}

std::vector<Node*> Draft::objects(Node& object, std::string_view name) {
  std::vector<Node*> found;
  Node* list = present(object, name);
  if (!list) return found;
  expect(list, Type::array, name);
  for (Node& element : list->children) {
    expect(&element, Type::object, name);
    found.push_back(&element);
  }
  return found;
}

void Draft::put(Node& value, std::string_view json, std::string_view rule) {
  if (value.text == json) return;
  ++changes[std::string(rule)];
  if (value.rule.empty()) value.before = compact(value);
  Node made;
  (void)read_json(json, &made);
  value.type = made.type;
  value.text = std::move(made.text);
  value.children = std::move(made.children);
  value.rule = rule;
}

void Draft::set(Node& object, std::string_view name, std::string_view json, std::string_view rule) {
  if (Node* member = find(object, name)) return put(*member, json, rule);
  Node& member = object.children.emplace_back();
  member.name = name;
  member.name_token = quoted(name);
  member.rule = rule;
  put(member, json, rule);
}

void Draft::replace(Node& object, Node& member, std::string_view name, std::string_view json,
                    std::string_view rule) {
  object.dropped.push_back({member.name, compact(member), rule});
  member.name = name;
  member.name_token = quoted(name);
  if (member.text != json) return put(member, json, rule);
  // Only the name is another one.
  ++changes[std::string(rule)];
  member.rule = rule;
}

void Draft::drop(Node& object, Node& child, std::string_view rule) {
  ++changes[std::string(rule)];
  object.dropped.push_back({child.name, compact(child), rule});
  const auto is_child = [&](const Node& each) { return &each == &child; };
  object.children.erase(std::find_if(object.children.begin(), object.children.end(), is_child));
}

void Draft::refuse(std::string_view word, std::string what) {
  if (!reason) reason = Reason{std::string(word), {}, std::move(what)};
}

void Draft::expect(const Node* value, Type type, std::string_view name) {
  if (value && !value->is(type))
    refuse("wrong-type", fmt::format("{} is not what it must be: {}", name, excerpt(compact(*value))));
}

void expect_unit(Draft& draft, Node& object) {
  Node* unit = draft.present(object, "unit");
  if (!unit) return draft.set(object, "unit", R"({"base":""})", "U");
  if (unit->is(Type::string)) return draft.put(*unit, unit_object(unit->text), "U");
  const Node* base = draft.present(*unit, "base");
  if (!base || !base->is(Type::string)) draft.expect(unit, Type::string, "unit");
  if (unit->is(Type::object) && !(base && base->is(Type::string)))
    draft.refuse("wrong-type", "a unit has no base that is a string");
}

}  // namespace jobferry::proof
