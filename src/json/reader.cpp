#include "json/reader.h"
#include "base/utf8.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <charconv>
#include <vector>

#include "json/number_scan.h"

namespace jobferry::json {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

unsigned code_unit(const char* hex) {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i) value = value * 16 + static_cast<unsigned>(hex_value(hex[i]));
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12), tail(6), tail(0);
  }
}

// Appends the character of the escape at `at` (a backslash) to `out`; returns the first byte after the
// escape.
const char* append_escape(std::string& out, const char* at, const char* end) {
  constexpr std::string_view letters = "bfnrt", meanings = "\b\f\n\r\t";
  if (at[1] != 'u') {
    const auto letter = letters.find(at[1]);
    out += letter == letters.npos ? at[1] : meanings[letter];
    return at + 2;
  }
  unsigned code = code_unit(at + 2);
  at += 6;
  if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    const unsigned low = code_unit(at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
  }
  append_utf8(out, code);
  return at;
}

// The length of the UTF-8 character at `at`; 0 if there is none (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_length(const unsigned char* at, const unsigned char* end) {
  const unsigned char lead = at[0];
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || static_cast<std::size_t>(end - at) < length) return 0;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at[1] < low || at[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((at[i] & 0xC0) != 0x80) return 0;
  return length;
}

std::size_t first_non_utf8(std::string_view text) {
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = begin + text.size();
  const auto* at = begin;
  while (at < end) {
    const std::size_t length = utf8_length(at, end);
    if (length == 0) break;
    at += length;
  }
  return static_cast<std::size_t>(at - begin);
}

}  // namespace

std::string_view name_of(Type type) {
  constexpr std::array<std::string_view, 6> names = {"an object", "an array",  "a string",
                                                     "a number",  "a boolean", "null"};
  return names[static_cast<std::size_t>(type)];
}

std::string unescape(std::string_view token) {
  std::string out;
  const char* end = token.data() + token.size() - 1;
  for (const char* at = token.data() + 1; at < end;) {
    if (*at == '\\')
      at = append_escape(out, at, end);
    else
      out += *at++;
  }
  return out;
}

std::string quote(std::string_view content) {
  std::string out = "\"";
  for (const char c : content) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out += '"';
}

std::string pointer_token(std::string_view name) {
  std::string out = "/";
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 24;
  std::size_t length = 0;
  while (length < text.size() && length < longest && static_cast<unsigned char>(text[length]) >= 0x20)
    ++length;
  while (length > 0 && length < text.size() && (text[length] & 0xC0) == 0x80) --length;  // no half characters
  return std::string(text.substr(0, length)) + (length < text.size() ? "..." : "");
}

std::string second_member(std::string_view name) {
  return fmt::format("member \"{}\" is here for the second time", excerpt(name));
}

namespace {

// Follows a valid text up to one byte and remembers only the levels that lead there.
class Path {
 public:
  Path(std::string_view text, std::size_t byte) : text_(text), target_(text.data() + byte) { walk(); }

  std::string pointer() const {
    std::string out;
    for (const Level& level : levels_) {
      if (level.object && level.named)
        out += pointer_token(unescape(level.name));
      else if (!level.object)
        out += '/' + std::to_string(level.index);
    }
    return out;
  }

 private:
  struct Level {
    bool object;
    bool named = false;  // a member's name was read, and its value has not ended
    bool expects_name = true;
    std::size_t index = 0;
    std::string_view name{};
  };

  void walk() {
    const char* at = text_.data();
    const char* end = at + text_.size();
    while (at < end && at <= target_) {
      if (*at == '"') {
        const char* close = string_end(at, end);
        name(at, close);
        if (target_ < close) return;
        at = close;
      } else {
        punctuation(*at, at == target_);
        ++at;
      }
    }
  }

  static const char* string_end(const char* at, const char* end) {
    for (++at; at < end && *at != '"'; ++at)
      if (*at == '\\') ++at;
    return at < end ? at + 1 : end;
  }

  void name(const char* begin, const char* end) {
    if (levels_.empty() || !levels_.back().object || !levels_.back().expects_name) return;
    if (end - begin < 2 || end[-1] != '"') return;
    levels_.back().name = {begin, static_cast<std::size_t>(end - begin)};
    levels_.back().named = true;
    levels_.back().expects_name = false;
  }

  // A bracket at the target itself belongs to the value around it.
  void punctuation(char c, bool is_target) {
    if (is_target) return;
    if (c == '{' || c == '[') {
      levels_.push_back({c == '{'});
    } else if (levels_.empty()) {
      return;
    } else if (c == '}' || c == ']') {
      levels_.pop_back();
    } else if (c == ',') {
      ++levels_.back().index;
      levels_.back().named = false;
      levels_.back().expects_name = true;
    }
  }

  std::string_view text_;
  const char* target_;
  std::vector<Level> levels_;
};

}  // namespace

std::string pointer_at(std::string_view text, std::size_t byte) { return Path(text, byte).pointer(); }

Error error_at(std::string_view text, std::size_t byte, Kind kind, std::string what) {
  return {.kind = kind, .what = std::move(what), .pointer = pointer_at(text, byte), .byte = byte};
}

std::optional<std::size_t> byte_of(std::string_view text, std::string_view pointer, ByteOf what) {
  Reader reader(text);
  std::optional<std::size_t> found;
  // Enters only the children on the path of `pointer`. What was found below an earlier child of the same name
  // is forgotten.
  const auto visit = [&](const auto& self, std::string_view rest, const char* name) -> bool {
    Type type;
    if (!reader.peek(type)) return false;
    found.reset();
    if (rest.empty())
      found = static_cast<std::size_t>((what == ByteOf::name && name ? name : reader.at()) - text.data());
    Value whole;
    if (rest.empty()) return reader.value(whole);
    const auto enter = [&](const std::string& token, const char* at) {
      const bool along =
          rest.substr(0, token.size()) == token && (rest.size() == token.size() || rest[token.size()] == '/');
      Value skipped;
      return along ? self(self, rest.substr(token.size()), at) : reader.value(skipped);
    };
    if (type == Type::object)
      return reader.object(
          whole, [&](std::string_view token) { return enter(pointer_token(unescape(token)), token.data()); });
    if (type == Type::array)
      return reader.array(whole,
                          [&](std::size_t index) { return enter('/' + std::to_string(index), nullptr); });
    return reader.value(whole);
  };
  visit(visit, pointer, nullptr);
  return found;
}

Result<void> check_encoding(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    return error_at(text, 0, Kind::json_syntax, "the document begins with a byte order mark");
  if (is_utf8(text)) return {};
  const std::size_t byte = first_non_utf8(text);
  return error_at(
      text, byte, Kind::utf8_invalid,
      fmt::format("byte 0x{:02x} is not valid UTF-8 here", static_cast<unsigned char>(text[byte])));
}

void Reader::skip_space() {
  if (!is_space(*at_)) return;
  spaced_ = true;
  while (is_space(*at_)) ++at_;
}

bool Reader::fail(Kind kind, const char* at, std::string what) {
  kind_ = kind;
  failed_at_ = at;
  what_ = std::move(what);
  return false;
}

Error Reader::error() const {
  const std::string_view text(begin_, static_cast<std::size_t>(end_ - begin_));
  return error_at(text, static_cast<std::size_t>(failed_at_ - begin_), kind_, what_);
}

bool Reader::unexpected(std::string_view expected) {
  if (at_ >= end_)
    return fail(Kind::json_syntax, at_, fmt::format("expected {}, but the document ends here", expected));
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  return fail(Kind::json_syntax, at_, fmt::format("expected {}, found `{}`", expected, excerpt(rest)));
}

bool Reader::peek(Type& type) {
  skip_space();
  switch (*at_) {
    case '{':
      type = Type::object;
      return true;
    case '[':
      type = Type::array;
      return true;
    case '"':
      type = Type::string;
      return true;
    case 't':
    case 'f':
      type = Type::boolean;
      return true;
    case 'n':
      type = Type::null;
      return true;
    default:
      break;
  }
  type = Type::number;
  return *at_ == '-' || is_digit(*at_) || unexpected("a value");
}

bool Reader::open() {
  if (++depth_ > limits::json_depth)
    return fail(Kind::nesting_too_deep, at_,
                fmt::format("nested more than {} levels deep", limits::json_depth));
  ++at_;
  return true;
}

bool Reader::member_name(std::string_view& token) {
  skip_space();
  if (*at_ != '"') return unexpected("a member name");
  if (!string(token)) return false;
  skip_space();
  if (*at_ != ':') return unexpected("':'");
  ++at_;
  skip_space();
  return true;
}

bool Reader::separator(char close, bool& more) {
  skip_space();
  more = *at_ == ',';
  if (!more && *at_ != close) return unexpected(close == '}' ? "',' or '}'" : "',' or ']'");
  ++at_;
  return true;
}

bool Reader::literal(std::string_view word) {
  // The NUL after the text ends the comparison before it could leave the text.
  for (std::size_t i = 0; i < word.size(); ++i)
    if (at_[i] != word[i]) return unexpected("a value");
  at_ += word.size();
  return true;
}

bool Reader::number(std::string_view& token) {
  const char* start = at_;
  const char* at = at_;
  const auto digits = [&] {
    const char* first = at;
    while (is_digit(*at)) ++at;
    return at != first;
  };
  const auto malformed = [&] {
    return fail(
        Kind::json_syntax, start,
        fmt::format("`{}` is not a number", excerpt({start, static_cast<std::size_t>(end_ - start)})));
  };
  if (*at == '-') ++at;
  const char* integer = at;
  if (!digits() || (*integer == '0' && at - integer > 1)) return malformed();
  if (*at == '.') {
    ++at;
    if (!digits()) return malformed();
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!digits()) return malformed();
  }
  at_ = at;
  token = {start, static_cast<std::size_t>(at - start)};
  return true;
}

bool Reader::string(std::string_view& token) {
  const char* start = at_++;
  for (;; ++at_) {
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') break;
    if (c < 0x20) {
      if (at_ >= end_) return unexpected("the end of a string");
      return fail(Kind::json_syntax, at_, fmt::format("control character 0x{:02x} in a string", c));
    }
    if (c != '\\') continue;
    const char* escape = at_++;
    if (*at_ == 'u') {
      for (int i = 1; i <= 4; ++i)
        if (hex_value(at_[i]) < 0)
          return fail(Kind::json_syntax, escape, "\\u without four hexadecimal digits");
      at_ += 4;
    } else if (*at_ == '\0' || std::string_view("\"\\/bfnrt").find(*at_) == std::string_view::npos) {
      return fail(Kind::json_syntax, escape, "unknown escape in a string");
    }
  }
  ++at_;
  token = {start, static_cast<std::size_t>(at_ - start)};
  return true;
}

bool Reader::scalar(Value& whole) {
  const char* start = at_;
  std::string_view token;
  bool valid = false;
  switch (whole.type) {
    case Type::string:
      valid = string(token);
      break;
    case Type::number:
      valid = number(token);
      break;
    case Type::null:
      valid = literal("null");
      break;
    default:
      valid = literal(*at_ == 't' ? "true" : "false");
      break;
  }
  whole.text = {start, static_cast<std::size_t>(at_ - start)};
  return valid;
}

bool Reader::value(Value& whole) {
  if (!peek(whole.type)) return false;
  const auto any = [this] {
    Value inner;
    return value(inner);
  };
  if (whole.type == Type::object) return object(whole, [&](std::string_view) { return any(); });
  if (whole.type == Type::array) return array(whole, [&](std::size_t) { return any(); });
  return scalar(whole);
}

bool Reader::element() {
  std::string_view token;
  if (*at_ == '-' || is_digit(*at_)) return number(token);
  if (*at_ == 'n') return literal("null");
  const char* start = at_;
  Value other;
  if (!value(other)) return false;  // it is not JSON, and that error says more
  return fail(Kind::data_element, start,
              fmt::format("expected a number or null, found {}", excerpt(other.text)));
}

bool Reader::numbers(Value& whole) {
  return array(whole, [this](std::size_t) {
    // The scan takes most of the array. Whatever it stops at is read here, and then the scan continues.
    const Scanned scanned = skip_plain_numbers(at_, end_);
    at_ = scanned.at;
    spaced_ |= scanned.spaced;
    skip_space();
    return element();
  });
}

bool Reader::finish() {
  skip_space();
  if (at_ == end_) return true;
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  return fail(Kind::json_syntax, at_,
              fmt::format("expected the end of the document, found `{}`", excerpt(rest)));
}

}  // namespace jobferry::json
