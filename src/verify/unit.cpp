#include "verify/unit.h"

#include <fmt/format.h>

#include <algorithm>

#include "verify/text.h"

namespace jobferry::proof {

namespace {

struct Row {
  std::string_view base;
  std::string_view words;  // each between two blanks
  char m;                  // what `m` before it means; a blank: no prefix means anything
  bool adds_up;
};

constexpr Row table[] = {{"B", " b byte bytes ", 'M', true},
                         {"F", " f flop flops ", 'M', true},
                         {"Hz", " hz hertz ", 'M', false},
                         {"W", " w watt watts ", 'm', true},
                         {"J", " j joule joules ", 'm', true},
                         {"%", " % percent ", ' ', false},
                         {"°C", " °c degc ", 'm', false},
                         {"°F", " °f degf ", 'm', false},
                         {"s", " s sec second seconds ", 'm', false},
                         {"RPM", " rpm ", 'm', false},
                         {"packets", " packet packets ", 'M', true},
                         {"requests", " request requests ", 'M', true},
                         {"events", " event events ", 'M', true},
                         {"cycles", " cycle cycles cyc ", 'M', true}};

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

char in_upper_case(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

const Row* row_of(std::string_view word) {
  if (word.find(' ') != word.npos) return nullptr;
  const std::string wanted = ' ' + in_lower_case(word) + ' ';
  for (const Row& row : table)
    if (row.words.find(wanted) != row.words.npos) return &row;
  return nullptr;
}

// How many bytes of prefix the text may begin with: `Gi` two, `k` one.
std::size_t prefix_length(std::string_view text) {
  constexpr std::string_view binary = "kKMgGtTpPeE", decimal = "kKMmgGtTpPeEzZyY";
  if (text.size() > 1 && text[1] == 'i' && binary.find(text[0]) != binary.npos) return 2;
  return !text.empty() && decimal.find(text[0]) != decimal.npos ? 1 : 0;
}

std::string prefix_meant(std::string_view written, const Row& row) {
  if (row.m == ' ' || written.empty()) return {};
  if (written == "m") return {row.m};
  return in_upper_case(written[0]) + std::string(written.substr(1));
}

}  // namespace

std::string unit_object(std::string_view token) {
  const std::string content = json::unescape(token);
  const std::string_view whole = trimmed(content, " \t\n\v\f\r");
  const std::string word = in_lower_case(whole);
  for (const std::string_view base : {"", "load", "IPC", "CPI"})
    if (word == in_lower_case(base)) return fmt::format(R"({{"base":"{}"}})", base);

  const std::size_t slash = std::min(word.find('/'), word.size());
  const std::string_view amount = whole.substr(0, slash), rate = std::string_view(word).substr(slash);
  const bool understood =
      rate.empty() || rate == "/s" || rate == "/sec" || rate == "/second" || rate == "/seconds";
  const Row* row = row_of(amount);
  const std::size_t length = row ? 0 : prefix_length(amount);
  if (length > 0) row = row_of(amount.substr(length));
  if (!row || !understood) return fmt::format(R"({{"base":{}}})", token);

  const std::string prefix = prefix_meant(amount.substr(0, length), *row);
  const std::string base = std::string(row->base) + (rate.empty() ? "" : "/s");
  if (prefix.empty()) return fmt::format(R"({{"base":"{}"}})", base);
  return fmt::format(R"({{"base":"{}","prefix":"{}"}})", base, prefix);
}

bool adds_up(std::string_view base) {
  if (base.ends_with("/s")) base.remove_suffix(2);
  if (base == "Flops") return true;
  return std::ranges::any_of(table, [&](const Row& row) { return row.base == base && row.adds_up; });
}

}  // namespace jobferry::proof
