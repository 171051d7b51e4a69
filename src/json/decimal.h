// Numbers as the text of JSON tokens (R3, M3, D3, D4).
//
// Problem: a double cannot hold every number that JSON can write, and an integer beyond 2^53 must not change
// (X1).
// Idea: compare and convert the text itself. A value is taken apart into sign, digits and the place of the
// point, which is exact at any length. A double is used only where a rule asks for one.
// Cost: proportional to the length of the token; short tokens take the fast way through std::from_chars.
//
// Every token must be a number of RFC 8259. Nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jobferry {

// It has neither a fraction nor an exponent.
bool is_plain_integer(std::string_view token);

// Its value is 0 (M3): `0`, `-0`, `0.0`, `0e5`.
bool is_zero(std::string_view token);

// The plain integer (R3) of the same value; none unless the value is integral and below 2^63 in magnitude.
// A plain integer is returned as it is, even `-0`; any other text of value 0 becomes `0`.
std::optional<std::string> integral_text(std::string_view token);

// The same value, whatever the text (M11): `4` and `4.0`. Exact at any length.
bool same_number(std::string_view a, std::string_view b);

// The value of a plain unsigned integer below 2^63 (X5); none for any other token.
std::optional<std::int64_t> plain_uint63(std::string_view token);

// The nearest double (D4). Values too small for a double become zero with their sign; values too large give
// none.
std::optional<double> to_double(std::string_view token);

// Removes the number at the beginning of `text` and returns its value, as above. The number must end before
// `text` does.
std::optional<double> take_double(std::string_view& text);

// The shortest text that reads back as the same double (D4), in the format of ECMAScript and Go's
// encoding/json: with an exponent (`1e+21`, `1.5e-7`) below 1e-6 and from 1e21 on. The double must be finite.
std::string shortest_double(double finite);
void append_shortest(std::string& text, double finite);

}  // namespace jobferry
