#include "validate/checks.h"

#include <fmt/format.h>

#include <unordered_set>

#include "archive/schema.h"
#include "archive/unit.h"
#include "json/decimal.h"
#include "json/document.h"
#include "validate/findings.h"
#include "validate/schema_walk.h"

namespace jobferry {

using json::Type;

namespace {

class TreeCheck {
 public:
  TreeCheck(const Node* spared, Findings& findings) : spared_(spared), findings_(findings) {}

  void check(const Node& node) {
    if (node.is(Type::number) && !to_double(node.text))
      findings_.add("number-range", pointer_,
                    fmt::format("{} does not fit into a double", json::excerpt(node.text)));
    if (&node == spared_) return;
    std::unordered_set<std::string_view> names;
    std::size_t index = 0;
    for (const Node& child : children(&node)) {
      const std::size_t length = pointer_.size();
      pointer_ += node.is(Type::object) ? json::pointer_token(child.name) : '/' + std::to_string(index++);
      const bool twice = node.is(Type::object) && !names.insert(child.name).second;
      if (twice) findings_.add_second(pointer_, child.name);
      check(child);
      pointer_.resize(length);
    }
  }

 private:
  const Node* spared_;
  Findings& findings_;
  std::string pointer_;
};

// The code unit of an escape \uXXXX at `at`; none if there is another escape.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return {};
  unsigned unit = 0;
  for (const char c : text.substr(at + 2, 4))
    unit = unit * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return unit;
}

}  // namespace

const Node* member_of(const Node& object, std::string_view name) {
  const Node* found = nullptr;
  if (object.is(Type::object))
    for (const Node& member : children(&object))
      if (member.name == name) found = &member;
  return found;
}

const Node* member_of(const Node& object, std::string_view name, Type type) {
  const Node* member = member_of(object, name);
  return member && member->is(type) ? member : nullptr;
}

void check_tree(const Document& document, std::string_view spared, Findings& findings) {
  TreeCheck(spared.empty() ? nullptr : member_of(document.root(), spared), findings).check(document.root());
}

void check_schema(const ArchiveFacts& archive, DocumentKind kind, const Document& document,
                  Findings& findings) {
  walk_schema(archive.version, kind, document.root(), [&](SchemaBreach breach) {
    const std::string_view place = breach.place.empty() ? std::string_view("(root)") : breach.place;
    findings.add_schema(fmt::format("{} {}", breach.keyword, place), std::move(breach.pointer),
                        std::move(breach.text));
  });
}

// At most one finding for a file: if there is one, there are usually many.
void check_surrogates(std::string_view text, Findings& findings) {
  const auto is_high = [](unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; };
  const auto is_low = [](unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; };
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at)) {
    const auto unit = escaped_unit(text, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const auto next = escaped_unit(text, at + 6);
    const bool pair = is_high(*unit) && next && is_low(*next);
    if (!pair && (is_high(*unit) || is_low(*unit)))
      return findings.add("lone-surrogate", json::pointer_at(text, at), std::string(text.substr(at, 6)), at);
    at += pair ? 12 : 6;
  }
}

void check_unit(const ArchiveFacts& archive, const Node& metric, const std::string& pointer,
                Findings& findings) {
  const Node* unit = member_of(metric, "unit");
  if (!unit) return;
  const auto unknown = [&](const std::string& text) {
    findings.add("unit-unknown", pointer + "/unit", json::excerpt(text));
  };
  if (unit->is(Type::string)) {
    if (archive.version == 0 && !parse_unit(content(*unit))) unknown(std::string(unit->text));
    return;
  }
  const Node* base = member_of(*unit, "base", Type::string);
  const Node* prefix = member_of(*unit, "prefix", Type::string);
  if (!base) return;
  const std::string base_text = content(*base), prefix_text = prefix ? content(*prefix) : "";
  if (!is_known_unit({base_text, prefix_text})) unknown(compact_text(*unit));
}

void check_order(const Node& statistics, const std::string& pointer, Findings& findings) {
  const auto value = [&](std::string_view name) -> std::optional<double> {
    const Node* member = member_of(statistics, name, Type::number);
    return member ? to_double(member->text) : std::nullopt;
  };
  const auto min = value("min"), avg = value("avg"), max = value("max");
  if (!min || !avg || !max || (*min <= *avg && *avg <= *max)) return;
  findings.add("statistics-order", pointer, fmt::format("min {}, avg {}, max {}", *min, *avg, *max));
}

}  // namespace jobferry
