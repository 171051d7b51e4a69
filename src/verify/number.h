// What the rules make of numbers. json/decimal.h compares numbers by their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jobferry::proof {

// R3: the token as a plain integer; none if it is no integer, or not below 2^63.
std::optional<std::string> as_integer(std::string_view token);

// D4: the shortest digits that read back to the same double. A token may write them in another notation.
std::string shortest(double value);
bool is_shortest(std::string_view token, std::string_view shortest);

}  // namespace jobferry::proof
