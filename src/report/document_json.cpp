// Builds a tree, since the members of one object may come from several sections, and writes it at the end.
#include "report/document_json.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "json/json_memory.h"

namespace jobferry {

namespace {

// Of every result. Raise it when a member changes its meaning or is removed; new members do not count.
constexpr int format_version = 1;

class Tree {
 public:
  void add(const Facts& facts) {
    for (const Fact& fact : facts)
      if (!fact.json.empty()) set(tree_, fact.json, fact.value);
  }

  void add(const Table& table) {
    if (!table.json.empty())
      add_array(tree_, table.json, table);
    else
      add_named(table);
  }

  template <class Other>
  void add(const Other&) {}  // what is for people only

  void add(std::string_view member, JsonValue value) { member_of(tree_, member) = std::move(value); }

  std::string text() const {
    JsonBuffer buffer;
    JsonPage page(buffer);
    page.SetIndent(' ', 2);
    tree_.Accept(page);
    return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
  }

  JsonValue string(std::string_view text) {
    const std::string safe = printable(text);
    return {safe.data(), static_cast<rapidjson::SizeType>(safe.size()), tree_.GetAllocator()};
  }

 private:
  // Jobs and bytes come in whole numbers.
  static JsonValue whole(double number) {
    return JsonValue(static_cast<std::uint64_t>(std::llround(std::max(number, 0.0))));
  }

  JsonValue of(std::monostate) { return {}; }
  JsonValue of(bool yes) { return JsonValue(yes); }
  JsonValue of(std::uint64_t count) { return JsonValue(count); }
  JsonValue of(double number) { return JsonValue(number); }
  JsonValue of(const std::string& text) { return string(text); }
  JsonValue of(Bytes size) { return JsonValue(size.bytes); }
  JsonValue of(Seconds time) { return JsonValue(time.seconds); }
  JsonValue of(SecondsRange range) {
    JsonValue object(rapidjson::kObjectType);
    member_of(object, "low") = JsonValue(range.low);
    member_of(object, "high") = JsonValue(range.high);
    return object;
  }
  JsonValue of(UnixTime time) { return JsonValue(time.seconds); }
  JsonValue of(Identifier name) { return JsonValue(name.number); }
  JsonValue of(const Literal& literal) { return string(literal.text); }
  JsonValue of(const Estimated& estimate) {
    JsonValue object(rapidjson::kObjectType);
    member_of(object, "value") = whole(estimate.value);
    member_of(object, "low") = whole(std::floor(estimate.low));
    member_of(object, "high") = whole(std::ceil(estimate.high));
    return object;
  }

  JsonValue& member_of(JsonValue& object, std::string_view name) {
    if (!object.IsObject()) object.SetObject();
    const JsonValue key = string(name);
    if (object.HasMember(key)) return object[key];
    object.AddMember(JsonValue(key, tree_.GetAllocator()), JsonValue(), tree_.GetAllocator());
    return (object.MemberEnd() - 1)->value;
  }

  // What a path leads to, with the objects on the way. The name of a row may hold any character.
  JsonValue& at(JsonValue& object, std::string_view path, std::string_view row = {}) {
    const std::size_t dot = path.find('.');
    const std::string_view first = path.substr(0, dot);
    JsonValue& member = member_of(object, first == "*" ? row : first);
    return dot == path.npos ? member : at(member, path.substr(dot + 1), row);
  }

  void set(JsonValue& object, std::string_view path, const Value& value, std::string_view row = {}) {
    if (std::holds_alternative<std::monostate>(value)) return;
    at(object, path, row) = std::visit([&](const auto& each) { return of(each); }, value);
  }

  JsonValue& array_at(JsonValue& object, std::string_view path) {
    JsonValue& array = at(object, path);
    if (!array.IsArray()) array.SetArray();
    return array;
  }

  JsonValue object_of(const Columns& columns, const Cells& cells) {
    JsonValue object(rapidjson::kObjectType);
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (!columns[i].json.empty()) set(object, columns[i].json, cells[i].value);
    return object;
  }

  void add_array(JsonValue& object, std::string_view path, const Table& table) {
    JsonValue& array = array_at(object, path);
    for (const Row& row : table.rows) {
      JsonValue element = table.columns.size() == 1
                              ? std::visit([&](const auto& each) { return of(each); }, row.cells[0].value)
                              : object_of(table.columns, row.cells);
      if (!table.details.json.empty()) {
        JsonValue& below = array_at(element, table.details.json);
        for (const Cells& each : row.details)
          below.PushBack(object_of(table.details.columns, each), tree_.GetAllocator());
      }
      array.PushBack(std::move(element), tree_.GetAllocator());
    }
  }

  // `clusters.*.jobs` of the row `emmy` is clusters.emmy.jobs, of a row with the path `total` total.jobs.
  void add_named(const Row& row, const Columns& columns) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string& path = columns[i].json;
      if (path.empty()) continue;
      if (row.json.empty())
        set(tree_, path, row.cells[i].value, shown(row.cells[0].value));
      else
        set(tree_, row.json + path.substr(path.find('*') + 1), row.cells[i].value);
    }
  }

  void add_named(const Table& table) {
    for (const Column& column : table.columns)  // there even if there is no row
      if (const std::size_t star = column.json.find(".*"); star != std::string::npos)
        if (JsonValue& object = at(tree_, column.json.substr(0, star)); !object.IsObject())
          object.SetObject();
    for (const Row& row : table.rows) add_named(row, table.columns);
    if (table.total) add_named(*table.total, table.columns);
  }

  JsonDocument tree_{rapidjson::kObjectType};
};

}  // namespace

std::string to_json(const ResultDocument& document) {
  Tree tree;
  tree.add("format", tree.string(document.format));
  tree.add("formatVersion", JsonValue(format_version));
  tree.add(document.figures);
  for (const Section& section : document.sections)
    for (const Block& block : section.blocks) std::visit([&](const auto& each) { tree.add(each); }, block);
  return tree.text();
}

}  // namespace jobferry
