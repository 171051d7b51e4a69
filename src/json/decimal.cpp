#include "json/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

namespace jobferry {

namespace {

constexpr std::size_t ordinary = 64;  // bytes of a number that every std::from_chars reads exactly

constexpr std::string_view two_to_63 = "9223372036854775808";

// A value: ±0.DIGITS · 10^point. The digits have no zeros at either end; zero has no digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A token without its exponent.
std::string_view mantissa_of(std::string_view token) { return token.substr(0, token.find_first_of("eE")); }

// The exponent. It stops growing before it could overflow, at a size that the digits of no token in memory
// can make up for.
std::int64_t exponent_of(std::string_view token) {
  constexpr std::int64_t beyond_any_token = 100'000'000'000'000'000;
  std::int64_t value = 0;
  const auto text = token.substr(mantissa_of(token).size());
  for (const char c : text)
    if (is_digit(c)) value = std::min(value * 10 + (c - '0'), beyond_any_token);
  return text.find('-') == text.npos ? value : -value;
}

Decimal take_apart(std::string_view token) {
  Decimal decimal;
  decimal.negative = token.starts_with('-');
  std::string_view mantissa = mantissa_of(token);
  if (decimal.negative) mantissa.remove_prefix(1);
  const std::string_view whole = mantissa.substr(0, mantissa.find('.'));
  decimal.digits = whole;
  if (whole.size() < mantissa.size()) decimal.digits += mantissa.substr(whole.size() + 1);

  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  const auto zeros = std::min(decimal.digits.find_first_not_of('0'), decimal.digits.size());
  decimal.digits.erase(0, zeros);
  decimal.point =
      static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(zeros) + exponent_of(token);
  return decimal;
}

std::string with_sign(bool negative, std::string_view magnitude) {
  std::string text(negative ? "-" : "");
  text += magnitude;
  return text;
}

bool operator==(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty()) return a.digits == b.digits;  // both must be zero
  return a.negative == b.negative && a.point == b.point && a.digits == b.digits;
}

// Digits without leading zeros.
bool is_below_two_to_63(std::string_view digits) {
  return digits.size() < two_to_63.size() || (digits.size() == two_to_63.size() && digits < two_to_63);
}

// The same value as a text of bounded length, with an exponent that every reader accepts. A point half-way
// between two doubles has at most 768 digits. So further digits can only decide that the value is not
// half-way, and a single 1 does the same.
std::string bounded_text(const Decimal& decimal) {
  constexpr std::size_t enough = 800;
  std::string digits = decimal.digits.substr(0, enough);
  if (decimal.digits.size() > enough) digits += '1';
  const auto exponent = decimal.point - static_cast<std::int64_t>(digits.size());
  return with_sign(decimal.negative, digits + 'e' + std::to_string(exponent));
}

// False if the value is too large or too small for a double.
bool read_double(std::string_view text, double& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && std::isfinite(value);
}

// The shortest digits of a double, and the power of ten of the first.
struct Digits {
  std::string text;
  int exponent = 0;
};

Digits shortest_digits(double magnitude) {
  char buffer[32];
  char* end = std::to_chars(buffer, std::end(buffer), magnitude, std::chars_format::scientific).ptr;
  char* e = std::find(buffer, end, 'e');
  Digits digits;
  std::copy_if(buffer, e, std::back_inserter(digits.text), is_digit);
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, digits.exponent);
  return digits;
}

}  // namespace

bool is_plain_integer(std::string_view token) { return token.find_first_of(".eE") == token.npos; }

bool is_zero(std::string_view token) { return mantissa_of(token).find_first_of("123456789") == token.npos; }

std::optional<std::string> integral_text(std::string_view token) {
  if (is_plain_integer(token)) {
    const bool fits = is_below_two_to_63(token.substr(token.starts_with('-') ? 1 : 0));
    return fits ? std::optional<std::string>(token) : std::nullopt;
  }
  Decimal decimal = take_apart(token);
  if (decimal.digits.empty()) return "0";
  const auto size = static_cast<std::int64_t>(decimal.digits.size());
  if (decimal.point < size || decimal.point > static_cast<std::int64_t>(two_to_63.size()))
    return std::nullopt;
  decimal.digits.resize(static_cast<std::size_t>(decimal.point), '0');
  if (!is_below_two_to_63(decimal.digits)) return std::nullopt;
  return with_sign(decimal.negative, decimal.digits);
}

bool same_number(std::string_view a, std::string_view b) { return take_apart(a) == take_apart(b); }

std::optional<std::int64_t> plain_uint63(std::string_view token) {
  std::int64_t value = 0;
  const char* end = token.data() + token.size();
  if (token.starts_with('-')) return std::nullopt;
  const auto result = std::from_chars(token.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> to_double(std::string_view token) {
  double value = 0;
  if (token.size() <= ordinary && read_double(token, value)) return value;

  // std::from_chars does not say whether a value is too large or too small, and it limits the length of
  // exponents.
  const Decimal decimal = take_apart(token);
  if (!decimal.digits.empty()) {
    if (read_double(bounded_text(decimal), value)) return value;
    if (decimal.point > 0) return std::nullopt;
  }
  return decimal.negative ? -0.0 : 0.0;
}

std::optional<double> take_double(std::string_view& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto length = static_cast<std::size_t>(result.ptr - text.data());
  if (result.ec == std::errc() && length <= ordinary) {
    text.remove_prefix(length);
    return value;
  }
  const auto token = text.substr(0, text.find_first_not_of("0123456789-+.eE"));
  text.remove_prefix(token.size());
  return to_double(token);
}

std::string shortest_double(double finite) {
  std::string text;
  append_shortest(text, finite);
  return text;
}

void append_shortest(std::string& text, double finite) {
  constexpr double two_to_53 = 9007199254740992.0;
  const double magnitude = std::fabs(finite);
  if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < two_to_53)) {
    // Here std::to_chars gives the same text. From 2^53 on it would print more digits than necessary.
    char fixed[32];
    text.append(fixed, std::to_chars(fixed, std::end(fixed), finite, std::chars_format::fixed).ptr);
    return;
  }
  Digits digits = shortest_digits(magnitude);
  if (std::signbit(finite)) text += '-';
  if (magnitude >= two_to_53 && magnitude < 1e21) {
    digits.text.resize(static_cast<std::size_t>(digits.exponent) + 1, '0');
    text += digits.text;
    return;
  }
  if (digits.text.size() > 1) digits.text.insert(1, 1, '.');
  text += digits.text + (digits.exponent < 0 ? "e" : "e+") + std::to_string(digits.exponent);
}

}  // namespace jobferry
