// JSON number tokens as text (R3, M3, D3, D4). Integers never pass through a double, so that none beyond 2^53
// changes (X1), and nothing here depends on the locale. Every token must be a number of RFC 8259; its digits
// and those of its exponent may be of any length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jobferry {

// Neither a fraction nor an exponent.
bool is_plain_integer(std::string_view token);

// Any text of value 0 (M3): `0`, `-0`, `0.0`, `0e5`.
bool is_zero(std::string_view token);

// The plain integer (R3) of the same value; none unless the value is integral and below 2^63 in magnitude.
// A plain integer is returned as it stands, `-0` too; any other text of value 0 becomes `0`.
std::optional<std::string> integral_text(std::string_view token);

// The same value, whatever the text (M11): `4` and `4.0`. Exact at any length.
bool same_number(std::string_view a, std::string_view b);

// The value of a plain unsigned integer below 2^63 (X5); none for any other token.
std::optional<std::int64_t> plain_uint63(std::string_view token);

// The nearest double (D4): zero, with its sign, where there is nothing smaller; none above the largest.
std::optional<double> to_double(std::string_view token);

// The value of the number that `text` begins with, as above; the number is taken off. It must end before
// `text` does.
std::optional<double> take_double(std::string_view& text);

// The shortest digits that read back to the same double (D4), laid out as ECMAScript and Go's encoding/json
// do: with an exponent (`1e+21`, `1.5e-7`) below 1e-6 and from 1e21 on. The double must be finite.
std::string shortest_double(double finite);
void append_shortest(std::string& text, double finite);

}  // namespace jobferry
