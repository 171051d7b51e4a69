// A strict reader of JSON text (X3): RFC 8259 from the first byte to the last, without converting anything.
//
// It hands out places in the text, so that what no rule changes can be copied as it stands. simdjson checks
// the UTF-8; the tokens are checked here, because its parsers either convert numbers (and refuse legal ones
// such as 1e999) or skip arrays without looking into them, and neither says at which byte a text goes wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobferry/error.h"

namespace jobferry::json {

enum class Type : std::uint8_t { object, array, string, number, boolean, null };

// "an object", "a number", ... as messages say it.
std::string_view name_of(Type type);

// A value where it stands: its exact source text, from its first byte to its last.
struct Piece {
  Type type = Type::null;
  std::string_view text;
  bool is(Type t) const { return type == t; }
};

inline constexpr int max_depth = 1024;

// The content of a string token (with its quotes). An escaped lone surrogate, which is legal, becomes the
// three bytes that UTF-8 would give it: good for comparing names, not for printing.
std::string unescape(std::string_view token);

// A string token for this content, which must be UTF-8.
std::string quote(std::string_view content);

// One reference token of a JSON pointer, with its slash: `/a~1b`.
std::string pointer_token(std::string_view name);

// The pointer of the value (or of the member whose name) stands at `byte`. The text must be sound up to
// there.
std::string pointer_at(std::string_view text, std::size_t byte);

// The byte of the value a pointer names, or of its name, if the text has it. Of two members of that name the
// last, which is the one that counts.
enum class ByteOf : std::uint8_t { value, name };
std::optional<std::size_t> byte_of(std::string_view text, std::string_view pointer,
                                   ByteOf what = ByteOf::value);

// As much of the text as a message should quote.
std::string excerpt(std::string_view text);

// What `duplicate-member` says of a name (X3).
std::string second_member(std::string_view name);

// Nothing, or the error (with its byte) of a text that is not UTF-8 or begins with a byte order mark.
Result<void> check_encoding(std::string_view text);

// Walks a text. Every call checks what it passes over; the first that returns false has set the failure, and
// nothing is to be called after it. The text must be followed by a NUL, as those of Buffer and std::string
// are.
class Reader {
 public:
  explicit Reader(std::string_view text) : begin_(text.data()), end_(begin_ + text.size()), at_(begin_) {}

  // The type of the value that comes next, by its first byte.
  bool peek(Type& type);

  // The object that comes next: member(name_token, Reader&) reads each value. `whole` becomes its place.
  template <class Member>
  bool object(Piece& whole, Member&& member);

  // The array that comes next: element(index) reads each.
  template <class Element>
  bool array(Piece& whole, Element&& element);

  // Any value, checked throughout.
  bool value(Piece& whole);

  // An array of numbers and nulls (X3, class data-element), checked but not converted.
  bool numbers(Piece& whole);

  // Nothing but white space is left.
  bool finish();

  // Insignificant white space was passed over: the text is not compact (X2).
  bool spaced() const { return spaced_; }
  const char* at() const { return at_; }

  bool fail(Kind kind, const char* at, std::string what);
  // The failure as an error, with pointer and byte.
  Error error() const;

 private:
  void skip_space();
  bool number(std::string_view& token);
  bool string(std::string_view& token);
  bool literal(std::string_view word);
  bool scalar(Piece& whole);
  bool element();
  bool member_name(std::string_view& token);
  bool open();
  bool unexpected(std::string_view expected);
  bool separator(char close, bool& more);

  const char* begin_;
  const char* end_;
  const char* at_;
  int depth_ = 0;
  bool spaced_ = false;

  Kind kind_ = Kind::json_syntax;
  const char* failed_at_ = nullptr;
  std::string what_;
};

template <class Member>
bool Reader::object(Piece& whole, Member&& member) {
  const char* start = at_;
  if (!open()) return false;
  skip_space();
  bool more = *at_ != '}';
  if (!more) ++at_;
  while (more) {
    std::string_view name;
    if (!member_name(name) || !member(name) || !separator('}', more)) return false;
  }
  --depth_;
  whole = {Type::object, {start, static_cast<std::size_t>(at_ - start)}};
  return true;
}

template <class Element>
bool Reader::array(Piece& whole, Element&& element) {
  const char* start = at_;
  if (!open()) return false;
  skip_space();
  bool more = *at_ != ']';
  if (!more) ++at_;
  for (std::size_t index = 0; more; ++index) {
    skip_space();
    if (!element(index) || !separator(']', more)) return false;
  }
  --depth_;
  whole = {Type::array, {start, static_cast<std::size_t>(at_ - start)}};
  return true;
}

}  // namespace jobferry::json
