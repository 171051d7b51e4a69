#include "verify/text.h"

#include <algorithm>
#include <cstring>

namespace jobferry::proof {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

const char* string_end(const char* at, const char* end) {
  for (++at; at < end && *at != '"'; ++at)
    if (*at == '\\') ++at;
  return std::min(at + 1, end);
}

// Most of an archive are arrays of numbers. Their end is found without a look at every byte; null: this array
// holds something else.
const char* flat_array_end(const char* at, const char* end) {
  const auto* close = static_cast<const char*>(std::memchr(at, ']', static_cast<std::size_t>(end - at)));
  if (!close) return nullptr;
  const auto length = static_cast<std::size_t>(close - at) - 1;
  for (const char c : {'"', '[', '{'})
    if (std::memchr(at + 1, c, length)) return nullptr;
  return close + 1;
}

const char* bracket_end(const char* at, const char* end) {
  if (*at == '[')
    if (const char* flat = flat_array_end(at, end)) return flat;
  int depth = 0;
  do {
    if (*at == '{' || *at == '[') ++depth;
    if (*at == '}' || *at == ']') --depth;
    at = *at == '"' ? string_end(at, end) : at + 1;
  } while (depth > 0 && at < end);
  return at;
}

const char* value_end(const char* at, const char* end) {
  if (*at == '"') return string_end(at, end);
  if (*at == '{' || *at == '[') return bracket_end(at, end);
  constexpr std::string_view behind = " \t\r\n,]}";
  while (at < end && behind.find(*at) == behind.npos) ++at;
  return at;
}

}  // namespace

Type type_of(std::string_view value) {
  const char first = value.empty() ? 'n' : value[0];
  if (first == '{') return Type::object;
  if (first == '[') return Type::array;
  if (first == '"') return Type::string;
  if (first == 't' || first == 'f') return Type::boolean;
  return first == 'n' ? Type::null : Type::number;
}

std::string compact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const char* begin = at;
    while (at < end && !is_blank(*at)) at = *at == '"' ? string_end(at, end) : at + 1;
    out.append(begin, at);
    while (at < end && is_blank(*at)) ++at;
  }
  return out;
}

int levels_in(std::string_view value) {
  int depth = 0, deepest = 0;
  for (const char *at = value.data(), *end = at + value.size(); at < end;) {
    if (*at == '{' || *at == '[') deepest = std::max(deepest, ++depth);
    if (*at == '}' || *at == ']') --depth;
    at = *at == '"' ? string_end(at, end) : at + 1;
  }
  return deepest;
}

std::string quoted(std::string_view content) {
  std::string out = "\"";
  for (const char c : content) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 60;
  if (text.size() <= longest) return std::string(text);
  std::size_t length = longest;
  while (length > 0 && (text[length] & 0xC0) == 0x80) --length;  // no half characters
  return std::string(text.substr(0, length)) + "...";
}

Places::Places(std::string_view value)
    : at_(value.data() + 1), end_(value.data() + value.size()), named_(value[0] == '{') {}

bool Places::next(Place& place) {
  const auto skip = [&](char punctuation) {
    while (at_ < end_ && (is_blank(*at_) || *at_ == punctuation)) ++at_;
  };
  skip(',');
  if (at_ >= end_ || *at_ == ']' || *at_ == '}') return false;
  const char* begin = at_;
  if (named_) {
    at_ = string_end(at_, end_);
    place.name = {begin, at_};
    skip(':');
    begin = at_;
  }
  at_ = value_end(at_, end_);
  place.value = {begin, at_};
  return true;
}

std::size_t count_places(std::string_view value) {
  std::size_t count = 0;
  Places places(value);
  for (Place place; places.next(place);) ++count;
  return count;
}

std::string_view trimmed(std::string_view text, std::string_view white) {
  text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
  return text.substr(0, text.find_last_not_of(white) + 1);
}

}  // namespace jobferry::proof
