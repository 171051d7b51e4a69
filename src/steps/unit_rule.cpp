#include "steps/unit_rule.h"

#include <fmt/format.h>

#include "archive/unit.h"

namespace jobferry {

using json::Type;

namespace {

bool is_unit_object(Document& document, const Node& unit) {
  const Node* base = document.present(unit, "base");
  return base && base->is(Type::string);
}

}  // namespace

UnitText unit_object(std::string_view token) {
  const auto unit = parse_unit(json::unescape(token));
  if (!unit) return {fmt::format(R"({{"base":{}}})", token), false};
  if (unit->prefix.empty()) return {fmt::format(R"({{"base":"{}"}})", unit->base), true};
  return {fmt::format(R"({{"base":"{}","prefix":"{}"}})", unit->base, unit->prefix), true};
}

bool migrate_unit(Document& document, Node& object) {
  Node* unit = document.present(object, "unit");
  if (!unit) {
    document.set(object, "unit", R"({"base":""})");
    return false;
  }
  if (unit->is(Type::string)) {
    const UnitText text = unit_object(unit->text);
    document.assign(*unit, text.json);
    return !text.recognised;
  }
  if (!is_unit_object(document, *unit))
    document.wrong_type(*unit, "a unit: a string, or an object with a string `base`");
  return false;
}

}  // namespace jobferry
