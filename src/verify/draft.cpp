#include "verify/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace jobferry::proof {

namespace {

// None of the bytes that begin any other value is in a sound array of numbers and nulls.
bool holds_only_numbers(std::string_view array) {
  constexpr std::string_view others = "\"[{tf";
  return std::none_of(others.begin(), others.end(),
                      [&](char c) { return std::memchr(array.data() + 1, c, array.size() - 1) != nullptr; });
}

// By shape: the type that it demands, and the words for it.
constexpr std::pair<std::optional<Type>, std::string_view> shapes[] = {{Type::object, "an object"},
                                                                       {std::nullopt, ""},
                                                                       {Type::array, "an array"},
                                                                       {Type::array, "an array of objects"},
                                                                       {Type::array, "an array of numbers"},
                                                                       {Type::string, "a string"},
                                                                       {Type::number, "a number"}};

}  // namespace

void Draft::open(Node& value) {
  if (value.opened) return;
  value.opened = true;
  if (!value.is(Type::object) && !value.is(Type::array)) return;
  Places places(value.text);
  for (Place place; places.next(place);) {
    Node& child = value.children.emplace_back(place.value);
    child.name_token = place.name;
    if (!place.name.empty()) child.name = json::unescape(place.name);
    if (value.made.empty()) continue;
    // A part of what a rule made is of the same rule.
    child.rule = value.rule;
    child.before = child.text;
    child.computed = value.computed;
  }
}

Node* Draft::find(Node& object, std::string_view name) {
  if (!object.is(Type::object)) return nullptr;
  open(object);
  Node* found = nullptr;
  for (Node& member : object.children) {
    if (member.name != name) continue;
    if (found) refuse(Kind::duplicate_member, fmt::format("{} occurs twice", name));
    if (!found) found = &member;
  }
  return found;
}

Node* Draft::present(Node& object, std::string_view name) {
  Node* member = find(object, name);
  return is_missing(member) ? nullptr : member;
}

std::string Draft::content(Node& object, std::string_view name) {
  const Node* member = present(object, name);
  return member ? member->content() : std::string();
}

std::list<Node>& Draft::objects(Node& object, std::string_view name) {
  Node* list = present(object, name);
  expect(list, Shape::objects, name);
  return list && list->is(Type::array) ? list->children : none;
}

void Draft::put(Node& value, std::string_view json, std::string_view rule) {
  const bool scalar = !value.is(Type::object) && !value.is(Type::array);
  if (scalar && value.text == json) return;
  ++changes[std::string(rule)];
  if (value.rule.empty()) value.before = value.text;
  std::string made(json);  // `json` may be a part of the old text
  value.made = std::move(made);
  value.text = value.made;
  value.opened = false;
  value.children.clear();
  value.dropped.clear();
  value.rule = rule;
}

Node& Draft::set(Node& object, std::string_view name, std::string_view json, std::string_view rule,
                 std::string_view next) {
  if (Node* member = find(object, name)) {
    put(*member, json, rule);
    return *member;
  }
  const auto place = std::find_if(object.children.begin(), object.children.end(),
                                  [&](const Node& each) { return !next.empty() && each.name == next; });
  Node& member = *object.children.emplace(place);
  member.name = name;
  member.rule = rule;
  put(member, json, rule);
  return member;
}

void Draft::replace(Node& object, Node& member, std::string_view name, std::string_view json,
                    std::string_view rule) {
  object.dropped.push_back({member.name, compact(member.text), rule});
  member.name = name;
  member.name_token = {};
  member.renamed = true;
  std::uint64_t& count = changes[std::string(rule)];
  const std::uint64_t before = count;
  put(member, json, rule);
  member.rule = rule;
  count = before + 1;  // also if only the name is another one
}

void Draft::drop(Node& object, Node& child, std::string_view rule) {
  ++changes[std::string(rule)];
  if (object.is(Type::object)) object.dropped.push_back({child.name, compact(child.text), rule});
  object.children.remove_if([&](const Node& each) { return &each == &child; });
}

void Draft::refuse(Kind kind, std::string what) {
  if (sound) sound = Error{.kind = kind, .what = std::move(what), .file = std::string(file)};
}

void Draft::expect(Node* value, Shape shape, std::string_view name) {
  if (is_missing(value)) return;
  const auto& [type, words] = shapes[static_cast<std::size_t>(shape)];
  if (type && !value->is(*type))
    return refuse(Kind::wrong_type,
                  fmt::format("{} is not {}: {}", name, words, excerpt(compact(value->text))));
  if (shape == Shape::numbers && !holds_only_numbers(value->text))
    refuse(Kind::data_element, fmt::format("{} holds something other than numbers and nulls", name));
  if (shape == Shape::objects) {
    open(*value);
    for (Node& element : value->children)
      if (!element.is(Type::object)) refuse(Kind::wrong_type, fmt::format("{} holds no objects only", name));
  }
  if (shape == Shape::distinct && value->is(Type::object)) {
    open(*value);
    std::set<std::string_view> names;
    for (const Node& member : value->children)
      if (!names.insert(member.name).second)
        refuse(Kind::duplicate_member, fmt::format("{} occurs twice", excerpt(member.name)));
  }
}

}  // namespace jobferry::proof
