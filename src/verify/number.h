// What numbers mean, from their text alone, so that no value is rounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jobferry::proof {

// No fraction and no exponent.
bool is_integer_text(std::string_view token);
bool is_zero(std::string_view token);
bool equal_numbers(std::string_view a, std::string_view b);

// A plain unsigned decimal below 2^63.
std::optional<std::uint64_t> unsigned_of(std::string_view token);

// R3: the token as a plain integer; none if it is no integer, or not below 2^63.
std::optional<std::string> as_integer(std::string_view token);

// D4: the shortest digits that read back to the same double. A token may write them in another notation.
std::string shortest(double value);
bool is_shortest(std::string_view token, std::string_view shortest);

}  // namespace jobferry::proof
