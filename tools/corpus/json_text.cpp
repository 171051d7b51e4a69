#include "corpus/json_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace jobferry::corpus {

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_decimal(std::string& out, std::int64_t value, int decimals) {
  constexpr std::array<std::int64_t, 7> powers = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
  const std::int64_t scale = powers[static_cast<std::size_t>(decimals)];
  append_integer(out, value / scale);
  std::int64_t rest = value % scale;
  if (rest == 0) return;
  out += '.';
  for (std::int64_t power = scale / 10; rest != 0; power /= 10) {
    out += static_cast<char>('0' + rest / power);
    rest %= power;
  }
}

std::string decimal(std::int64_t value, int decimals) {
  std::string out;
  append_decimal(out, value, decimals);
  return out;
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string nested_arrays(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

Writer& Writer::number(std::uint64_t value) { return raw(fmt::format_int(value).str()); }

}  // namespace jobferry::corpus
