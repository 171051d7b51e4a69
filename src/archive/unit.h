// Units (rule U): version 0 writes one string (`GB/s`), every later version an object {"base": …, "prefix":
// …}.
#pragma once

#include <optional>
#include <string_view>

namespace jobferry {

// Views of static storage: a unit may be kept for as long as one likes. An empty prefix is left out of the
// object.
struct Unit {
  std::string_view base;
  std::string_view prefix;
};

// The unit an unescaped string names; none if the table does not know it. The caller then keeps the string
// whole and untrimmed as the base, and notes `unit-unrecognised`.
std::optional<Unit> parse_unit(std::string_view text);

// Whether rule U could have written this unit.
bool is_known_unit(const Unit& unit);

// Whether C3 infers `sum` for a metric whose unit has this base (it infers `avg` for all others). The base
// comes from the archive, where case matters: `b` is not the `B` that rule U writes.
bool sums_over_nodes(std::string_view base);

}  // namespace jobferry
