// A strict reader of JSON text (X3): it accepts RFC 8259 from the first byte to the last and nothing else.
//
// Problem: what no rule changes must be copied byte for byte, and an error must name its byte and its
// pointer.
// Idea: recursive descent that converts nothing. The reader hands out the places of values in the text. It
// does not keep track of the pointer; when an error occurs, the text is followed once more up to its byte.
// Cost: one pass. Arrays of numbers go through number_scan.h, everything else byte by byte.
//
// simdjson checks the UTF-8. Its parsers are not used, because they either convert numbers (and refuse valid
// ones such as 1e999) or skip arrays without looking into them, and none of them says at which byte a text is
// wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobferry/error.h"
#include "jobferry/limits.h"

namespace jobferry::json {

enum class Type : std::uint8_t { object, array, string, number, boolean, null };

// `an object`, `a number`, ..., as messages say it.
std::string_view name_of(Type type);

// A value and its exact text in the source, from its first byte to its last.
struct Value {
  Type type = Type::null;
  std::string_view text;
  bool is(Type t) const { return type == t; }
};

// The content of a string token (with its quotes). An escaped lone surrogate, which is valid JSON, becomes
// the three bytes that UTF-8 would use for it. That is good enough to compare names, but not to print them.
std::string unescape(std::string_view token);

// A string token for this content, which must be UTF-8.
std::string quote(std::string_view content);

// One reference token of a JSON pointer, with its slash: `/a~1b`.
std::string pointer_token(std::string_view name);

// The pointer of the value at `byte`, or of the member whose name is there. The text must be valid up to
// there.
std::string pointer_at(std::string_view text, std::size_t byte);

// An error at a byte of a text, with its pointer.
Error error_at(std::string_view text, std::size_t byte, Kind kind, std::string what);

// The byte of the value that a pointer names, or of its name; none if the text has no such value. Of two
// members of the same name it is the last, which is the one that counts.
enum class ByteOf : std::uint8_t { value, name };
std::optional<std::size_t> byte_of(std::string_view text, std::string_view pointer,
                                   ByteOf what = ByteOf::value);

// The beginning of a text, as much as a message should quote.
std::string excerpt(std::string_view text);

// The message of `duplicate-member` (X3).
std::string second_member(std::string_view name);

// An error, with its byte, if the text is not UTF-8 or begins with a byte order mark.
Result<void> check_encoding(std::string_view text);

// Walks a text. Every call checks what it reads. A call that returns false has set the failure; do not call
// any other after it. A NUL must follow the text, as it does in a Buffer and in a std::string.
class Reader {
 public:
  explicit Reader(std::string_view text) : begin_(text.data()), end_(begin_ + text.size()), at_(begin_) {}

  // The type of the next value, by its first byte.
  bool peek(Type& type);

  // Reads the next object; member(name_token) reads each value. `whole` becomes the object.
  template <class Member>
  bool object(Value& whole, Member&& member);

  // Reads the next array; element(index) reads each element.
  template <class Element>
  bool array(Value& whole, Element&& element);

  // Reads any value and checks all of it.
  bool value(Value& whole);

  // Reads an array of numbers and nulls; anything else in it is a data-element failure (X3).
  bool numbers(Value& whole);

  // Checks that nothing but white space is left.
  bool finish();

  // There was white space between tokens, so the text is not compact (X2).
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
  bool scalar(Value& whole);
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
bool Reader::object(Value& whole, Member&& member) {
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
bool Reader::array(Value& whole, Element&& element) {
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
