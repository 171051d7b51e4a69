// Units (rule U). Version 0 writes a unit as one string (`GB/s`), later versions as an object
// {"base": "B/s", "prefix": "G"}.
#pragma once

#include <optional>
#include <string_view>

namespace jobferry {

// Both are views of static storage, so a unit may be kept. The object has no member for an empty prefix.
struct Unit {
  std::string_view base;
  std::string_view prefix;
};

// The unit that an unescaped string names; none if the table does not contain it. The caller then keeps the
// whole untrimmed string as the base and notes `unit-unrecognised`.
std::optional<Unit> parse_unit(std::string_view text);

// Whether rule U could have written this unit.
bool is_known_unit(const Unit& unit);

// Whether C3 infers `sum` for a metric whose unit has this base; for all others it infers `avg`. The base
// comes from the archive, and case matters: `b` is not the `B` that rule U writes.
bool sums_over_nodes(std::string_view base);

}  // namespace jobferry
