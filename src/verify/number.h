// What numbers mean, from their text alone: no value is ever rounded on the way.
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

// R3: how the token has to stand as an integer; none if it is no integer below 2^63.
std::optional<std::string> as_integer(std::string_view token);

// D4: the token reads back as this double and has no digit more than that takes.
bool is_shortest(std::string_view token, double value);
std::string shortest(double value);

}  // namespace jobferry::proof
