#include "json/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace jobferry {

using json::Type;

namespace {

template <class Out>
void write(const Node& node, Out& out) {
  if (!node.is(Type::object) && !node.is(Type::array)) {
    out.append(node.text);
    return;
  }
  const bool object = node.is(Type::object);
  out.append(object ? "{" : "[");
  for (const Node& child : children(&node)) {
    if (&child != node.first) out.append(",");
    if (object) out.append(child.name_token), out.append(":");
    write(child, out);
  }
  out.append(object ? "}" : "]");
}

bool find_path(const Node& from, const Node& wanted, std::string& pointer) {
  if (&from == &wanted) return true;
  std::size_t index = 0;
  for (const Node& child : children(&from)) {
    const std::size_t length = pointer.size();
    pointer += from.is(Type::object) ? json::pointer_token(child.name) : '/' + std::to_string(index++);
    if (find_path(child, wanted, pointer)) return true;
    pointer.resize(length);
  }
  return false;
}

}  // namespace

std::string content(const Node& string) { return json::unescape(string.text); }

int depth_of(const Node& value) {
  int deepest = 0;
  for (const Node& child : children(&value)) deepest = std::max(deepest, depth_of(child));
  return value.is(Type::object) || value.is(Type::array) ? deepest + 1 : 0;
}

std::string compact_text(const Node& value) {
  std::string text;
  write(value, text);
  return text;
}

Result<void> Document::parse(std::string_view source) {
  arena_.release();
  source_ = source;
  root_ = {};
  changed_ = false;
  failure_.reset();
  if (auto valid = json::check_encoding(source); !valid) return valid;
  json::Reader reader(source);
  if (!read(reader, root_, false) || !reader.finish()) return reader.error();
  return {};
}

bool Document::read(json::Reader& reader, Node& node, bool made_by_rule) {
  json::Value piece;
  if (!reader.peek(node.type)) return false;
  node.origin = made_by_rule ? nullptr : reader.at();
  const auto member = [&](std::string_view name) {
    Node& child = add_child(node);
    child.name_token = name;
    child.name_origin = made_by_rule ? nullptr : name.data();
    const bool plain = name.find('\\') == name.npos;
    child.name = plain ? name.substr(1, name.size() - 2) : keep(json::unescape(name));
    return read(reader, child, made_by_rule);
  };
  if (node.is(Type::object)) return reader.object(piece, member);
  if (node.is(Type::array))
    return reader.array(piece, [&](std::size_t) { return read(reader, add_child(node), made_by_rule); });
  if (!reader.value(piece)) return false;
  node.text = piece.text;
  return true;
}

Node& Document::add_child(Node& parent) {
  Node* node = new (arena_.allocate(sizeof(Node), alignof(Node))) Node;
  (parent.last ? parent.last->next : parent.first) = node;
  parent.last = node;
  return *node;
}

// A copy that lives as long as the tree, with the NUL at which the reader stops.
std::string_view Document::keep(std::string_view text) {
  auto* copy = static_cast<char*>(arena_.allocate(text.size() + 1, 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return {copy, text.size()};
}

std::string_view Document::text(Buffer& buffer) const {
  if (!changed_) return source_;
  buffer.clear();
  buffer.reserve(source_.size());
  write(root_, buffer);
  return buffer.view();
}

Node* Document::find(const Node& object, std::string_view name) {
  Node* found = nullptr;
  if (!object.is(Type::object)) return nullptr;
  for (Node& member : children(&object)) {
    if (member.name != name) continue;
    if (found) fail_name(member, Kind::duplicate_member, json::second_member(name));
    if (!found) found = &member;
  }
  return found;
}

Node* Document::present(const Node& object, std::string_view name) {
  Node* member = find(object, name);
  return member && !member->is(Type::null) ? member : nullptr;
}

void Document::assign(Node& node, std::string_view json) {
  if (node.text == json) return;
  changed_ = true;
  node.text = {};
  node.first = node.last = nullptr;
  json::Reader reader(keep(json));
  ensure(read(reader, node, true) && reader.finish(), "a rule made a value that is not JSON");
}

Node& Document::append(Node& object, std::string_view name, std::string_view json) {
  Node& member = add_child(object);
  rename(member, name);
  assign(member, json);
  return member;
}

void Document::rename(Node& member, std::string_view name) {
  changed_ = true;
  member.name_token = keep(json::quote(name));
  member.name = member.name_token.substr(1, member.name_token.size() - 2);  // it has no escapes
}

void Document::remove(Node& parent, Node& child) {
  changed_ = true;
  Node* before = nullptr;
  for (Node* at = parent.first; at != &child; at = at->next) before = at;
  (before ? before->next : parent.first) = child.next;
  if (parent.last == &child) parent.last = before;
}

void Document::remove_nulls(Node& array) {
  Node* last = nullptr;
  for (Node& element : children(&array)) {
    if (element.is(Type::null)) {
      changed_ = true;
      continue;
    }
    (last ? last->next : array.first) = &element;
    last = &element;
  }
  (last ? last->next : array.first) = nullptr;
  array.last = last;
}

void Document::set(Node& object, std::string_view name, std::string_view json) {
  if (Node* member = find(object, name))
    assign(*member, json);
  else
    append(object, name, json);
}

Error Document::error(const Node& node, const char* origin, Kind kind, std::string what) const {
  Error error{kind, std::move(what)};
  error.pointer = pointer_to(node);
  if (origin) error.byte = static_cast<std::uint64_t>(origin - source_.data());
  return error;
}

void Document::fail(const Node& at, Kind kind, std::string what) {
  if (!failure_) failure_ = error(at, at.origin, kind, std::move(what));
}

void Document::fail_name(const Node& member, Kind kind, std::string what) {
  if (!failure_) failure_ = error(member, member.name_origin, kind, std::move(what));
}

void Document::fail_missing(const Node& object, std::string_view name, Kind kind) {
  if (failure_) return;
  failure_ = error(object, nullptr, kind, fmt::format("member \"{}\" is missing", name));
  failure_->pointer += json::pointer_token(name);
}

void Document::wrong_type(const Node& at, std::string_view expected) {
  const std::string_view scalar = at.text;
  const bool show = !scalar.empty() && !at.is(Type::null);
  fail(at, Kind::wrong_type,
       fmt::format("expected {}, found {}{}", expected, json::name_of(at.type),
                   show ? fmt::format(" `{}`", json::excerpt(scalar)) : ""));
}

void Document::trim(std::size_t limit) {
  if (source_.size() <= limit) return;
  arena_.release();
  source_ = {};
  root_ = {};
}

std::string Document::pointer_to(const Node& node) const {
  std::string pointer;
  find_path(root_, node, pointer);
  return pointer;
}

}  // namespace jobferry
