#include "verify/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace jobferry::proof {

namespace {

// A sign, and digits without zeros at either end, times ten to the exponent. Zero has no digits and no sign.
struct Number {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  bool operator==(const Number&) const = default;
};

// No number of digits that fits into memory balances an exponent beyond this.
constexpr std::int64_t far_beyond = 1'000'000'000'000'000;

std::int64_t exponent_in(std::string_view text) {
  if (text.empty()) return 0;
  const bool negative = text[0] == '-';
  std::int64_t value = 0;
  for (const char c : text)
    if (c >= '0' && c <= '9') value = std::min(value * 10 + (c - '0'), far_beyond);
  return negative ? -value : value;
}

Number number_of(std::string_view token) {
  Number number;
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  number.exponent = exponent_in(token.substr(std::min(e + 1, token.size())));
  bool fraction = false;
  for (const char c : token.substr(0, e)) {
    if (c == '.') fraction = true;
    if (c < '0' || c > '9') continue;
    number.digits += c;
    if (fraction) --number.exponent;
  }
  const std::size_t last = number.digits.find_last_not_of('0');
  if (last == std::string::npos) return {};
  number.exponent += static_cast<std::int64_t>(number.digits.size() - 1 - last);
  number.digits.erase(last + 1);
  number.digits.erase(0, number.digits.find_first_not_of('0'));
  number.negative = token.starts_with('-');
  return number;
}

bool is_below_two_to_63(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return code == std::errc() && end == digits.data() + digits.size() &&
         value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

bool is_integer_text(std::string_view token) { return token.find_first_of(".eE") == token.npos; }

bool is_zero(std::string_view token) { return number_of(token).digits.empty(); }

bool equal_numbers(std::string_view a, std::string_view b) { return number_of(a) == number_of(b); }

std::optional<std::uint64_t> unsigned_of(std::string_view token) {
  if (!is_below_two_to_63(token)) return {};
  std::uint64_t value = 0;
  std::from_chars(token.data(), token.data() + token.size(), value);
  return value;
}

std::optional<std::string> as_integer(std::string_view token) {
  constexpr std::int64_t most_digits = 19;
  if (is_integer_text(token)) {
    const bool fits = is_below_two_to_63(token.substr(token.starts_with('-') ? 1 : 0));
    return fits ? std::optional(std::string(token)) : std::nullopt;
  }
  Number number = number_of(token);
  if (number.digits.empty()) return "0";
  if (number.exponent < 0 || number.exponent > most_digits) return {};
  number.digits.append(static_cast<std::size_t>(number.exponent), '0');
  if (!is_below_two_to_63(number.digits)) return {};
  return number.negative ? '-' + number.digits : number.digits;
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
  return !padded && equal_numbers(token, shortest);
}

}  // namespace jobferry::proof
