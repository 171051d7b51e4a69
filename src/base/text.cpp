#include "base/text.h"
#include "base/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace jobferry {

namespace {

// The length of the UTF-8 character at `at`; 0 if there is none.
std::size_t character_length(std::string_view rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  return length > 0 && rest.size() >= length && is_utf8(rest.substr(0, length)) ? length : 0;
}

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  char32_t code = character.size() == 1 ? lead : lead & (0x7FU >> character.size());
  for (const char tail : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(tail) & 0x3FU);
  return code;
}

// Characters that control a terminal, and characters that make a text look like another one: they change its
// order or are invisible.
bool misleads(char32_t code) {
  constexpr std::array<std::pair<char32_t, char32_t>, 14> ranges = {{
      {0x0000, 0x001F},    // C0 controls
      {0x007F, 0x009F},    // delete, C1 controls
      {0x00AD, 0x00AD},    // soft hyphen
      {0x061C, 0x061C},    // Arabic letter mark
      {0x115F, 0x1160},    // Hangul fillers
      {0x180B, 0x180F},    // Mongolian variation selectors and vowel separator
      {0x200B, 0x200F},    // zero width, marks of direction
      {0x2028, 0x202E},    // line and paragraph separators, embeddings and overrides of the direction
      {0x2060, 0x206F},    // joiners, isolates of the direction
      {0x3164, 0x3164},    // Hangul filler
      {0xFE00, 0xFE0F},    // variation selectors
      {0xFEFF, 0xFEFF},    // byte order mark
      {0xFFF0, 0xFFFB},    // interlinear annotation
      {0xE0000, 0xE0FFF},  // tags, variation selectors
  }};
  const bool is_private = code >= 0xE000 && code <= 0xF8FF;  // its looks depend on the font
  const bool is_noncharacter = (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
  return is_private || is_noncharacter || std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
           return code >= range.first && code <= range.second;
         });
}

}  // namespace

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < units.size()) bytes /= 1000, ++unit;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string plural(std::uint64_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string utc_text(std::int64_t seconds) {
  constexpr std::int64_t year_10000 = 253'402'300'800;
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (seconds >= year_10000 || !::gmtime_r(&time, &parts)) return std::to_string(seconds);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view align) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i)
      line += align[i] == 'l' ? fmt::format(" {:<{}}", row[i], widths[i])
                              : fmt::format(" {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string printable(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t length = character_length(name);
    const std::string_view character = name.substr(0, std::max<std::size_t>(length, 1));
    if (length > 0 && !misleads(code_point(character)))
      out += character;
    else
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    name.remove_prefix(character.size());
  }
  return out;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 200, end = 80;
  if (text.size() <= longest) return printable(text);
  return printable(text.substr(0, longest - end)) + "..." + printable(text.substr(text.size() - end));
}

}  // namespace jobferry
