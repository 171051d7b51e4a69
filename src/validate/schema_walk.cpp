#include "validate/schema_walk.h"

#include <fmt/format.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "json/decimal.h"
#include "json/json_memory.h"

namespace jobferry {

using json::Type;

namespace {

using Schema = JsonValue;
using Pointer = rapidjson::GenericPointer<JsonValue, JsonMemory>;
using Schemas = std::array<std::array<JsonDocument, document_kinds>, schema_versions>;

constexpr std::array<std::string_view, 15> known_keywords = {
    "$schema",   "title",    "description", "definitions", "$ref",
    "type",      "enum",     "required",    "minimum",     "maximum",
    "minLength", "minItems", "properties",  "items",       "additionalProperties"};

std::string_view text_of(const Schema& string) { return {string.GetString(), string.GetStringLength()}; }

const Schema* member_of(const Schema& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

// A keyword that the walk does not know would be a promise that is never checked.
void expect_known(const Schema& schema) {
  for (const auto& [keyword, value] : schema.GetObject()) {
    const bool known =
        std::find(known_keywords.begin(), known_keywords.end(), text_of(keyword)) != known_keywords.end();
    ensure(known, "a schema has a keyword that schema_walk does not know");
    if (keyword == "definitions" || keyword == "properties")
      for (const auto& part : value.GetObject()) expect_known(part.value);
    if (keyword == "items" || keyword == "additionalProperties") expect_known(value);
  }
}

Schemas parse_all() {
  Schemas all;
  for (int version = 0; version < schema_versions; ++version)
    for (int kind = 0; kind < document_kinds; ++kind) {
      const std::string_view text = schema_text(version, static_cast<DocumentKind>(kind));
      auto& schema = all[static_cast<std::size_t>(version)][static_cast<std::size_t>(kind)];
      schema.Parse(text.data(), text.size());
      expect_known(schema);
    }
  return all;
}

bool is_of_type(const Node& node, std::string_view type) {
  switch (node.type) {
    case Type::object:
      return type == "object";
    case Type::array:
      return type == "array";
    case Type::string:
      return type == "string";
    case Type::boolean:
      return type == "boolean";
    case Type::null:
      return type == "null";
    case Type::number:
      return type == "number" || (type == "integer" && is_plain_integer(node.text));
  }
  return false;
}

bool has_type(const Node& node, const Schema& types) {
  if (types.IsString()) return is_of_type(node, text_of(types));
  const auto fits = [&](const Schema& type) { return is_of_type(node, text_of(type)); };
  return std::any_of(types.Begin(), types.End(), fits);
}

// `string or null`
std::string types_text(const Schema& types) {
  if (types.IsString()) return std::string(text_of(types));
  std::string text;
  for (const Schema& type : types.GetArray())
    text += (text.empty() ? "" : " or ") + std::string(text_of(type));
  return text;
}

// Negative, 0 or positive if the number is less than, equal to or greater than the bound, which is an
// integer.
int compare(std::string_view number, std::int64_t bound) {
  if (is_plain_integer(number)) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (code != std::errc()) return number[0] == '-' ? -1 : 1;
    return value < bound ? -1 : value > bound ? 1 : 0;
  }
  const auto value = to_double(number);
  if (!value) return number[0] == '-' ? -1 : 1;
  return *value < static_cast<double>(bound) ? -1 : *value > static_cast<double>(bound) ? 1 : 0;
}

class SchemaWalk {
 public:
  SchemaWalk(const Schema& root, const std::function<void(SchemaBreach)>& report)
      : root_(root), report_(report) {}

  void check(const Schema& part, const Node& node) {
    const Schema& schema = resolved(part);
    if (const Schema* types = member_of(schema, "type"); types && !has_type(node, *types))
      return report("type", fmt::format("expected {}, found {}{}", types_text(*types),
                                        json::name_of(node.type), shown(node)));
    if (const Schema* values = member_of(schema, "enum"); values && !is_one_of(node, *values))
      return report("enum", fmt::format("{} is not one of the allowed words", json::excerpt(node.text)));
    if (node.is(Type::number)) check_number(schema, node);
    if (node.is(Type::string)) check_length(schema, node);
    if (node.is(Type::array)) check_array(schema, node);
    if (node.is(Type::object)) check_object(schema, node);
  }

 private:
  const Schema& resolved(const Schema& part) const {
    const Schema* reference = member_of(part, "$ref");
    if (!reference) return part;
    const Schema* target = Pointer(reference->GetString()).Get(root_);
    ensure(target, "a reference in a schema leads nowhere");
    return *target;
  }

  static std::string shown(const Node& node) {
    return node.text.empty() || node.is(Type::null) ? "" : fmt::format(" `{}`", json::excerpt(node.text));
  }

  static bool is_one_of(const Node& node, const Schema& values) {
    const std::string text = node.is(Type::string) ? content(node) : "";
    const auto same = [&](const Schema& value) {
      return value.IsNull() ? node.is(Type::null) : node.is(Type::string) && text_of(value) == text;
    };
    return std::any_of(values.Begin(), values.End(), same);
  }

  void check_number(const Schema& schema, const Node& node) {
    const Schema* least = member_of(schema, "minimum");
    if (least && compare(node.text, least->GetInt64()) < 0)
      report("minimum", fmt::format("{} is less than {}", json::excerpt(node.text), least->GetInt64()));
    const Schema* most = member_of(schema, "maximum");
    if (most && compare(node.text, most->GetInt64()) > 0)
      report("maximum", fmt::format("{} is more than {}", json::excerpt(node.text), most->GetInt64()));
  }

  // No schema demands more than one character.
  void check_length(const Schema& schema, const Node& node) {
    if (member_of(schema, "minLength") && content(node).empty()) report("minLength", "the string is empty");
  }

  void check_array(const Schema& schema, const Node& node) {
    if (member_of(schema, "minItems") && !node.first) report("minItems", "the array is empty");
    const Schema* items = member_of(schema, "items");
    if (!items) return;
    std::size_t index = 0;
    for (const Node& element : children(&node)) into(*items, element, std::to_string(index++), "*");
  }

  void check_object(const Schema& schema, const Node& node) {
    if (const Schema* required = member_of(schema, "required"))
      for (const Schema& name : required->GetArray()) require(node, text_of(name));
    const Schema* properties = member_of(schema, "properties");
    const Schema* others = member_of(schema, "additionalProperties");
    for (const Node& member : children(&node)) {
      const auto known = properties ? properties->FindMember(JsonValue(
                                          rapidjson::StringRef(member.name.data(), member.name.size())))
                                    : Schema::ConstMemberIterator();
      if (properties && known != properties->MemberEnd())
        into(known->value, member, member.name, member.name);
      else if (others)
        into(*others, member, member.name, "*");
    }
  }

  void require(const Node& node, std::string_view name) {
    for (const Node& member : children(&node))
      if (member.name == name) return;
    const std::string token = json::pointer_token(name);
    report_({"required", place_ + token, pointer_ + token, fmt::format("member \"{}\" is missing", name)});
  }

  void into(const Schema& part, const Node& node, std::string_view name, std::string_view general) {
    const std::size_t pointer = pointer_.size(), place = place_.size();
    pointer_ += json::pointer_token(name);
    place_ += json::pointer_token(general);
    check(part, node);
    pointer_.resize(pointer);
    place_.resize(place);
  }

  void report(std::string_view keyword, std::string text) {
    report_({keyword, place_, pointer_, std::move(text)});
  }

  const Schema& root_;
  const std::function<void(SchemaBreach)>& report_;
  std::string pointer_, place_;
};

}  // namespace

void walk_schema(int version, DocumentKind kind, const Node& root,
                 const std::function<void(SchemaBreach breach)>& report) {
  static const Schemas all = parse_all();
  const Schema& schema = all[static_cast<std::size_t>(version)][static_cast<std::size_t>(kind)];
  SchemaWalk(schema, report).check(schema, root);
}

}  // namespace jobferry
