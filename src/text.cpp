#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "json.h"

namespace jobferry {

namespace {

// The length of the UTF-8 character at `at`; 0 if there is none.
std::size_t character_length(std::string_view rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  return length > 0 && rest.size() >= length && json::is_utf8(rest.substr(0, length)) ? length : 0;
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

// Rows of cells, each column as wide as its widest cell. `align` has a letter for each column: l or r.
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
    const auto lead = static_cast<unsigned char>(name[0]);
    const bool control = lead < 0x20 || lead == 0x7F ||
                         (length == 2 && lead == 0xC2 && static_cast<unsigned char>(name[1]) < 0xA0);
    if (length == 0 || control)
      out += fmt::format("\\x{:02x}", lead);
    else
      out += name.substr(0, length);
    name.remove_prefix(std::max<std::size_t>(length == 2 && control ? 1 : length, 1));
  }
  return out;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 200, end = 80;
  if (text.size() <= longest) return printable(text);
  return printable(text.substr(0, longest - end)) + "..." + printable(text.substr(text.size() - end));
}

}  // namespace jobferry
