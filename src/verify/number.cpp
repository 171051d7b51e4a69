#include "verify/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "json/decimal.h"

namespace jobferry::proof {

std::optional<std::string> as_integer(std::string_view token) {
  if (is_plain_integer(token)) {
    const bool fits = plain_uint63(token.substr(token.starts_with('-') ? 1 : 0)).has_value();
    return fits ? std::optional(std::string(token)) : std::nullopt;
  }
  // A long double holds every integer below 2^63. Any other number is rounded, and then it differs.
  static_assert(std::numeric_limits<long double>::digits >= 63);
  const long double value = std::strtold(std::string(token).c_str(), nullptr);
  if (!(std::fabs(value) < 0x1p63L)) return {};
  std::string integer = std::to_string(static_cast<long long>(value));
  return same_number(integer, token) ? std::optional(std::move(integer)) : std::nullopt;
}

std::string shortest(double value) {
  // Without a format, std::to_chars writes all digits of an integer from 2^53 on, and not the fewest.
  constexpr double two_to_53 = 9007199254740992.0;
  const auto format =
      std::fabs(value) < two_to_53 ? std::chars_format::general : std::chars_format::scientific;
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr};
}

bool is_shortest(std::string_view token, std::string_view shortest) {
  const std::size_t last = std::min(token.find_first_of("eE"), token.size()) - 1;
  const bool padded = token.find('.') != token.npos && token[last] == '0';
  return !padded && same_number(token, shortest);
}

}  // namespace jobferry::proof
