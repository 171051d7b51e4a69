// Rule U: from a unit as people write it to a base and a prefix.
//
// Collectors spell the same unit in many ways: `GB/s`, `GBytes/sec`, `gbyte/second`. After the suffix for a
// rate is cut off, a text is looked up in a table of bases, first as a whole and then without each known
// prefix. A text that is not found is not guessed at: the caller keeps it as it is.
#include "archive/unit.h"

#include <algorithm>
#include <array>

namespace jobferry {

namespace {

// How to read a prefix before a base.
enum class Prefixes {
  milli,    // `m` is milli
  mega,     // `m` is a careless mega: milli makes no sense here
  dropped,  // a prefix makes no sense and is dropped
};

struct Base {
  std::string_view name;
  std::string_view rate;  // the same per second
  Prefixes prefixes;
  bool summed;                            // C3 infers `sum`
  std::array<std::string_view, 4> words;  // its spellings in lower case; unused ones are empty
};

// The table of rule U, row by row.
constexpr Base bases[] = {
    {"B", "B/s", Prefixes::mega, true, {"b", "byte", "bytes"}},
    {"F", "F/s", Prefixes::mega, true, {"f", "flop", "flops"}},
    {"Hz", "Hz/s", Prefixes::mega, false, {"hz", "hertz"}},
    {"W", "W/s", Prefixes::milli, true, {"w", "watt", "watts"}},
    {"J", "J/s", Prefixes::milli, true, {"j", "joule", "joules"}},
    {"%", "%/s", Prefixes::dropped, false, {"%", "percent"}},
    {"°C", "°C/s", Prefixes::milli, false, {"°c", "degc"}},
    {"°F", "°F/s", Prefixes::milli, false, {"°f", "degf"}},
    {"s", "s/s", Prefixes::milli, false, {"s", "sec", "second", "seconds"}},
    {"RPM", "RPM/s", Prefixes::milli, false, {"rpm"}},
    {"packets", "packets/s", Prefixes::mega, true, {"packet", "packets"}},
    {"requests", "requests/s", Prefixes::mega, true, {"request", "requests"}},
    {"events", "events/s", Prefixes::mega, true, {"event", "events"}},
    {"cycles", "cycles/s", Prefixes::mega, true, {"cycle", "cycles", "cyc"}},
};

struct Spelling {
  std::string_view written;
  std::string_view meant;
};

// Words that are a unit by themselves and take neither a prefix nor `/s`.
constexpr Spelling whole_units[] = {{"", ""}, {"load", "load"}, {"ipc", "IPC"}, {"cpi", "CPI"}};

// Only these spellings are prefixes; `mi`, `MI` and `KI` are not. No word of a base begins with an `i`, so at
// most one prefix fits, and the order of the table does not matter.
constexpr Spelling prefixes[] = {
    {"k", "K"},   {"K", "K"},   {"M", "M"},   {"m", "m"},   {"g", "G"},   {"G", "G"},   {"t", "T"},
    {"T", "T"},   {"p", "P"},   {"P", "P"},   {"e", "E"},   {"E", "E"},   {"z", "Z"},   {"Z", "Z"},
    {"y", "Y"},   {"Y", "Y"},   {"ki", "Ki"}, {"Ki", "Ki"}, {"Mi", "Mi"}, {"gi", "Gi"}, {"Gi", "Gi"},
    {"ti", "Ti"}, {"Ti", "Ti"}, {"pi", "Pi"}, {"Pi", "Pi"}, {"ei", "Ei"}, {"Ei", "Ei"},
};

constexpr std::string_view rate_suffixes[] = {"/s", "/sec", "/second", "/seconds"};

// Lower case for ASCII letters only, in any locale: the bytes of `°` must stay as they are.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, {}, lower);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view white_space = " \t\n\v\f\r";
  const auto first = text.find_first_not_of(white_space);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

const Base* find_base(std::string_view text) {
  if (text.empty()) return nullptr;  // the table has empty words
  const auto has_word = [text](const Base& base) {
    return std::ranges::any_of(base.words, [text](auto word) { return is_word(text, word); });
  };
  const auto* base = std::ranges::find_if(bases, has_word);
  return base == std::ranges::end(bases) ? nullptr : base;
}

bool take_rate_suffix(std::string_view& text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto is_suffix = [suffix = text.substr(slash)](auto known) { return is_word(suffix, known); };
  if (!std::ranges::any_of(rate_suffixes, is_suffix)) return false;
  text.remove_suffix(text.size() - slash);
  return true;
}

std::string_view meaning(std::string_view prefix, const Base& base) {
  if (base.prefixes == Prefixes::dropped) return {};
  if (base.prefixes == Prefixes::mega && prefix == "m") return "M";
  return prefix;
}

Unit unit_of(const Base& base, std::string_view prefix, bool per_second) {
  return {per_second ? base.rate : base.name, meaning(prefix, base)};
}

}  // namespace

std::optional<Unit> parse_unit(std::string_view text) {
  std::string_view rest = trim(text);
  for (const auto& [written, meant] : whole_units)
    if (is_word(rest, written)) return Unit{meant, {}};

  const bool per_second = take_rate_suffix(rest);
  if (const Base* base = find_base(rest)) return unit_of(*base, {}, per_second);
  for (const auto& [written, meant] : prefixes) {
    if (!rest.starts_with(written)) continue;
    if (const Base* base = find_base(rest.substr(written.size()))) return unit_of(*base, meant, per_second);
  }
  return std::nullopt;
}

bool is_known_unit(const Unit& unit) {
  const auto is_base = [&](const Base& base) { return base.name == unit.base || base.rate == unit.base; };
  const auto meant = [](std::string_view text) {
    return [text](const Spelling& spelling) { return spelling.meant == text; };
  };
  if (unit.prefix.empty() && std::ranges::any_of(whole_units, meant(unit.base))) return true;
  const auto* base = std::ranges::find_if(bases, is_base);
  if (base == std::ranges::end(bases)) return false;
  return unit.prefix.empty() ||
         (std::ranges::any_of(prefixes, meant(unit.prefix)) && meaning(unit.prefix, *base) == unit.prefix);
}

bool sums_over_nodes(std::string_view base) {
  if (base.ends_with("/s")) base.remove_suffix(2);
  if (base == "Flops") return true;  // as some sites write F
  return std::ranges::any_of(bases, [base](const Base& known) { return known.summed && known.name == base; });
}

}  // namespace jobferry
