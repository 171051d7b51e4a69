#include "verify/unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "verify/text.h"

namespace jobferry::proof {

namespace {

// --- Units ---

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

// --- Node lists ---

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters_and_digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view in_names = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

std::string_view take_any_of(std::string_view& text, std::string_view allowed) {
  const std::string_view taken = text.substr(0, text.find_first_not_of(allowed));
  text.remove_prefix(taken.size());
  return taken;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// The ends in the host that the parts read so far can reach. Following all of them keeps the time bounded.
using Ends = std::set<std::size_t>;

bool read_range(std::string_view& list, std::string_view host, const Ends& before, Ends& behind) {
  const std::string_view first = take_any_of(list, digits);
  const bool dash = take(list, '-');
  const std::string_view last = take_any_of(list, digits);
  if (first.empty() || !dash || last.size() != first.size()) return false;
  for (const std::size_t at : before) {
    const std::string_view number = host.substr(at, first.size());
    const bool digits_alone = number.find_first_not_of(digits) == number.npos;
    if (number.size() == first.size() && digits_alone && first <= number && number <= last)
      behind.insert(at + first.size());
  }
  return true;
}

bool read_bracket(std::string_view& list, std::string_view host, const Ends& before, Ends& behind) {
  do {
    if (!read_range(list, host, before, behind)) return false;
  } while (take(list, ','));
  return take(list, ']');
}

bool read_name(std::string_view& list, std::string_view host, const Ends& before, Ends& behind) {
  if (list.find_first_of(letters_and_digits) != 0) return false;
  const std::string_view name = take_any_of(list, in_names);
  for (const std::size_t at : before)
    if (host.substr(at).starts_with(name)) behind.insert(at + name.size());
  return true;
}

}  // namespace

std::string unit_object(std::string_view token) {
  const std::string content = content_of(token);
  const std::string_view whole = trimmed(content, " \t\n\v\f\r");
  const std::string word = in_lower_case(whole);
  if (word.empty()) return R"({"base":""})";
  if (word == "load") return R"({"base":"load"})";
  if (word == "ipc") return R"({"base":"IPC"})";
  if (word == "cpi") return R"({"base":"CPI"})";

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
  return std::any_of(std::begin(table), std::end(table),
                     [&](const Row& row) { return row.base == base && row.adds_up; });
}

std::optional<bool> names_host(std::string_view list, std::string_view host) {
  if (list.empty() || list == "*") return true;
  bool named = false;
  do {
    Ends ends = {0};
    bool any = false;
    while (!list.empty() && list[0] != ',') {
      Ends behind;
      const bool sound =
          take(list, '[') ? read_bracket(list, host, ends, behind) : read_name(list, host, ends, behind);
      if (!sound) return {};
      ends = std::move(behind);
      any = true;
    }
    named |= any && ends.contains(host.size());
  } while (take(list, ','));
  return named;
}

}  // namespace jobferry::proof
