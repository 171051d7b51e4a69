// RapidJSON refuses two things that RFC 8259 allows: numbers beyond the range of a double, and escaped lone
// surrogates. A text that is refused is therefore read a second time behind a mask, in which every number is
// 0 and every \uXXXX is plain letters. Most texts are accepted the first time, so that the mask costs
// nothing.
#include "verify/sound.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>

#include <algorithm>

#include "jobferry/limits.h"
#include "json/json_memory.h"
#include "verify/text.h"

namespace jobferry::proof {

namespace {

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// The length of the number at the beginning of the text; 0: there is none.
std::size_t number_at(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto next_is = [&](std::string_view any) {
    return at < text.size() && any.find(text[at]) != any.npos;
  };
  const std::size_t whole = digits_at(text.substr(at));
  if (whole == 0) return 0;
  at += next_is("0") ? 1 : whole;
  if (next_is(".")) {
    const std::size_t fraction = digits_at(text.substr(at + 1));
    if (fraction == 0) return 0;
    at += 1 + fraction;
  }
  if (next_is("eE")) {
    ++at;
    if (next_is("+-")) ++at;
    const std::size_t exponent = digits_at(text.substr(at));
    if (exponent == 0) return 0;
    at += exponent;
  }
  return at;
}

// Masks the string that begins at `at`, and moves `at` behind it.
void mask_string(std::string& text, std::size_t& at) {
  for (++at; at < text.size() && text[at] != '"';) {
    const std::string_view rest = std::string_view(text).substr(at);
    const bool escaped = is_unicode_escape(rest);
    if (escaped) text.replace(at, 6, 6, 'u');
    at += escaped ? 6 : rest[0] == '\\' ? 2 : 1;
  }
  ++at;
}

// A text of the same length and structure as the source.
std::string masked(std::string_view source) {
  std::string text(source);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      mask_string(text, at);
      continue;
    }
    // Only a run of characters that is a number as a whole: in `2.-0` the part after the point is none.
    const std::string_view rest = std::string_view(text).substr(at);
    const std::size_t length = std::min(rest.find_first_not_of("0123456789+-.eE"), rest.size());
    if (length > 0 && number_at(rest.substr(0, length)) == length)
      text.replace(at, length, '0' + std::string(length - 1, ' '));
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

// What RapidJSON reads from. It ends where the text ends, and not at a NUL byte.
class Stream {
 public:
  using Ch = char;
  explicit Stream(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}
  char Peek() const { return at_ == end_ ? '\0' : *at_; }
  char Take() { return at_ == end_ ? '\0' : *at_++; }
  std::size_t Tell() const { return static_cast<std::size_t>(at_ - begin_); }
  // RapidJSON asks for these, but never writes here.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  std::size_t PutEnd(char*) { return 0; }

 private:
  const char *begin_, *at_, *end_;
};

class DepthCounter : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthCounter> {
 public:
  bool StartObject() { return open(); }
  bool StartArray() { return open(); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool is_too_deep() const { return depth_ > limits::json_depth; }

 private:
  bool open() {
    ++depth_;
    return !is_too_deep();
  }
  bool close() {
    --depth_;
    return true;
  }

  int depth_ = 0;
};

Reason refused(Kind kind, std::string_view what, std::size_t byte) {
  return {kind, fmt::format("byte {}: {}", byte, what)};
}

// Asked only of a text that was refused. The engine asks simdjson.
bool is_utf8(std::string_view text) {
  Stream in(text), out({});
  while (in.Tell() < text.size())
    if (!rapidjson::UTF8<>::Validate(in, out)) return false;
  return true;
}

// `seen` is the text or its mask.
std::optional<Reason> attempt(std::string_view text, std::string_view seen) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseIterativeFlag;
  Stream stream(seen);
  DepthCounter depth;
  JsonReader reader;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, depth);
  if (depth.is_too_deep())
    return refused(Kind::nesting_too_deep, "more than 1024 levels of nesting", stream.Tell());
  // RapidJSON has one code for wrong UTF-8 and for wrong syntax outside of strings.
  if (!result)
    return refused(is_utf8(text) ? Kind::json_syntax : Kind::utf8_invalid,
                   rapidjson::GetParseError_En(result.Code()), result.Offset());
  // RapidJSON stops at a NUL byte.
  if (stream.Tell() < seen.size())
    return refused(Kind::json_syntax, "there is text after the value", stream.Tell());
  return {};
}

}  // namespace

std::optional<Reason> check_json(std::string_view text) {
  return attempt(text, text) ? attempt(text, masked(text)) : std::nullopt;
}

}  // namespace jobferry::proof
