// Node lists: a recursive descent parser, and a matcher that follows all possibilities at once.
//
// `a[1-9][1-9,10-19]` can split a hostname in several ways. Trying one after the other would take time
// exponential in the number of brackets. Instead the matcher keeps the set of places in the hostname where
// the parts so far can end and moves the whole set on with each part, as one simulates a nondeterministic
// automaton.
#include "archive/node_list.h"

#include <algorithm>
#include <utility>

namespace jobferry {

namespace {

using Part = NodeList::Part;
using Range = NodeList::Range;
using Term = NodeList::Term;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool starts_name(char c) { return is_letter(c) || is_digit(c); }

bool continues_name(char c) { return starts_name(c) || c == '-'; }

// A character for a message. A byte that is unprintable, or part of a longer UTF-8 character, is shown in
// hex.
std::string shown(char c) {
  if (c >= ' ' && c <= '~') return {'\'', c, '\''};
  constexpr char hex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'b', 'y', 't', 'e', ' ', '0', 'x', hex[byte >> 4], hex[byte & 15]};
}

// Reads a list. A function that returns false has set the problem; do not call any other after it.
class Parser {
 public:
  Parser(std::string_view text, std::string& problem) : text_(text), problem_(problem) {}

  bool read(std::vector<Term>& terms) {
    do {
      Term term;
      if (!read_term(term)) return false;
      if (!term.empty()) terms.push_back(std::move(term));
    } while (take(','));
    return true;
  }

 private:
  bool done() const { return at_ == text_.size(); }

  bool next_is(char c) const { return !done() && text_[at_] == c; }

  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  template <class Fits>
  std::string take_while(Fits fits) {
    const auto start = at_;
    while (!done() && fits(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  bool fail(std::string what, std::size_t at) {
    problem_ = std::move(what) + " at character " + std::to_string(at + 1);
    return false;
  }

  bool read_term(Term& term) {
    while (!done() && !next_is(',')) {
      Part part;
      if (!read_part(part)) return false;
      term.push_back(std::move(part));
    }
    return true;
  }

  bool read_part(Part& part) {
    if (next_is('[')) return read_ranges(part.ranges);
    if (!starts_name(text_[at_])) return unexpected_in_term();
    part.name = take_while(continues_name);
    return true;
  }

  bool unexpected_in_term() {
    const char c = text_[at_];
    if (c == '*') return fail("'*' is only allowed as the whole list, found one", at_);
    if (c == ']') return fail("']' without '['", at_);
    if (c == '-') return fail("expected a letter, a digit or '[', found '-'", at_);
    return fail("unexpected " + shown(c), at_);
  }

  bool read_ranges(std::vector<Range>& ranges) {
    bracket_ = at_++;
    do {
      if (!read_range(ranges.emplace_back())) return false;
    } while (take(','));
    return take(']') || expected("',' or ']'");
  }

  bool read_range(Range& range) {
    const auto start = at_;
    range.first = take_while(is_digit);
    if (range.first.empty()) return expected("a digit");
    if (!take('-')) return expected("'-' and the end of the range");
    range.last = take_while(is_digit);
    if (range.last.empty()) return expected("a digit");
    if (range.first.size() == range.last.size()) return true;
    return fail("the two ends of a range differ in width", start);
  }

  bool expected(const char* what) {
    if (done()) return fail("unclosed '['", bracket_);
    return fail(std::string("expected ") + what + ", found " + shown(text_[at_]), at_);
  }

  std::string_view text_;
  std::string& problem_;
  std::size_t at_ = 0;
  std::size_t bracket_ = 0;  // the position of the `[` of the current bracket
};

bool contains(const Range& range, std::string_view text) {
  return std::ranges::all_of(text, is_digit) && range.first <= text && text <= range.last;
}

// For each place in a hostname, whether the parts so far can end there.
using Places = std::vector<bool>;

void match_name(std::string_view name, std::string_view rest, std::size_t at, Places& behind) {
  if (rest.starts_with(name)) behind[at + name.size()] = true;
}

void match_range(const Range& range, std::string_view rest, std::size_t at, Places& behind) {
  const auto width = range.first.size();
  if (width <= rest.size() && contains(range, rest.substr(0, width))) behind[at + width] = true;
}

Places match_part(const Part& part, std::string_view hostname, const Places& before) {
  Places behind(before.size());
  for (std::size_t at = 0; at < before.size(); ++at) {
    if (!before[at]) continue;
    const auto rest = hostname.substr(at);
    if (part.ranges.empty()) match_name(part.name, rest, at, behind);
    for (const Range& range : part.ranges) match_range(range, rest, at, behind);
  }
  return behind;
}

bool matches(const Term& term, std::string_view hostname) {
  Places places(hostname.size() + 1);
  places.front() = true;
  for (const Part& part : term) places = match_part(part, hostname, places);
  return places.back();
}

}  // namespace

std::optional<NodeList> NodeList::parse(std::string_view text, std::string& problem) {
  NodeList list;
  list.catch_all_ = text.empty() || text == "*";
  if (!list.catch_all_ && !Parser(text, problem).read(list.terms_)) return std::nullopt;
  return list;
}

bool NodeList::contains(std::string_view hostname) const {
  return catch_all_ ||
         std::ranges::any_of(terms_, [hostname](const Term& term) { return matches(term, hostname); });
}

}  // namespace jobferry
