#include "verify/text.h"
#include "base/utf8.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <cstring>

#include "jobferry/limits.h"
#include "json/json_memory.h"

namespace jobferry::proof {

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) { return blanks.find(c) != blanks.npos; }

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// How long the number is that the text begins with; 0: none.
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

std::size_t number_like(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789+-.eE"), text.size());
}

bool is_unicode_escape(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdefABCDEF";
  return text.size() >= 6 && text.starts_with("\\u") && text.substr(2, 4).find_first_not_of(hex) == text.npos;
}

// The string at `at` with letters for its \uXXXX; `at` moves behind it.
void mask_string(std::string& text, std::size_t& at) {
  for (++at; at < text.size() && text[at] != '"';) {
    const std::string_view rest = std::string_view(text).substr(at);
    const bool escaped = is_unicode_escape(rest);
    if (escaped) text.replace(at, 6, 6, 'u');
    at += escaped ? 6 : rest[0] == '\\' ? 2 : 1;
  }
  ++at;
}

// A text of the same length and structure in which every number is 0 and nothing is escaped by number.
std::string masked(std::string_view source) {
  std::string text(source);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      mask_string(text, at);
      continue;
    }
    // Only what is a number as a whole: in `2.-0` the part behind the point is none.
    const std::size_t length = number_like(std::string_view(text).substr(at));
    if (length > 0 && number_at(std::string_view(text).substr(at, length)) == length)
      text.replace(at, length, '0' + std::string(length - 1, ' '));
    at += std::max<std::size_t>(length, 1);
  }
  return text;
}

// What RapidJSON reads from. It knows where it is, and ends where the text ends.
class Stream {
 public:
  using Ch = char;
  explicit Stream(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}
  char Peek() const { return at_ == end_ ? '\0' : *at_; }
  char Take() { return at_ == end_ ? '\0' : *at_++; }
  std::size_t Tell() const { return static_cast<std::size_t>(at_ - begin_); }
  // It is never written to.
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  std::size_t PutEnd(char*) { return 0; }

 private:
  const char *begin_, *at_, *end_;
};

// Makes a tree of what RapidJSON reads. A token begins after the one before it, past white space and
// punctuation, and ends where the reader stands.
class Builder {
 public:
  Builder(std::string_view source, const Stream& stream, Node* root)
      : source_(source), stream_(stream), root_(root) {}

  bool Null() { return scalar(Type::null); }
  bool Bool(bool) { return scalar(Type::boolean); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return scalar(Type::number); }
  bool String(const char*, rapidjson::SizeType, bool) { return scalar(Type::string); }
  bool Key(const char*, rapidjson::SizeType, bool) {
    if (root_) key_ = take_token();
    return true;
  }
  bool StartObject() { return open(Type::object); }
  bool StartArray() { return open(Type::array); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // The reader asks for them, but numbers come as they are written.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool too_deep() const { return depth_ > limits::json_depth; }

 private:
  std::string_view take_token() {
    const std::size_t begin = source_.find_first_not_of(" \t\r\n,:[]{}", end_);
    end_ = stream_.Tell();
    const std::string_view rest = source_.substr(begin);
    // Behind a mask a number is shorter than it was.
    const std::size_t number = number_at(rest);
    if (number > 0) end_ = begin + number;
    return rest.substr(0, end_ - begin);
  }

  Node& add(Type type) {
    Node* node = root_;
    if (!way_.empty()) node = &way_.back()->children.emplace_back();
    node->type = type;
    if (way_.empty() || !way_.back()->is(Type::object)) return *node;
    node->name_token = key_;
    node->name = content_of(key_);
    return *node;
  }

  bool scalar(Type type) {
    if (!root_) return true;
    const std::string_view token = take_token();
    add(type).text = token;
    return true;
  }

  bool open(Type type) {
    ++depth_;
    if (root_) way_.push_back(&add(type));
    return !too_deep();
  }

  bool close() {
    --depth_;
    if (root_) way_.pop_back();
    return true;
  }

  std::string_view source_;
  const Stream& stream_;
  Node* root_;
  std::vector<Node*> way_;  // from the root to where the reader is
  std::string_view key_;
  std::size_t end_ = 0;  // of the token before
  int depth_ = 0;
};

Reason refused(std::string_view word, const std::string& what, std::size_t byte) {
  return {std::string(word), {}, fmt::format("byte {}: {}", byte, what)};
}

// Only asked of a text that was refused: outside of strings RapidJSON does not tell one fault from the other.
bool is_utf8(std::string_view text) {
  Stream in(text), out({});
  while (in.Tell() < text.size())
    if (!rapidjson::UTF8<>::Validate(in, out)) return false;
  return true;
}

std::optional<Reason> attempt(std::string_view source, std::string_view seen, Node* tree) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseIterativeFlag;
  Stream stream(seen);
  Builder builder(source, stream, tree);
  JsonReader reader;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, builder);
  if (builder.too_deep()) return refused("nesting-too-deep", "more than 1024 levels", stream.Tell());
  if (!result) {
    return refused(!is_utf8(source) ? "utf8-invalid" : "json-syntax",
                   rapidjson::GetParseError_En(result.Code()), result.Offset());
  }
  // A NUL is where RapidJSON takes a text to end.
  if (stream.Tell() < seen.size())
    return refused("json-syntax", "there is more behind the value", stream.Tell());
  return {};
}

const char* string_end(const char* at, const char* end) {
  for (++at; at < end && *at != '"'; ++at)
    if (*at == '\\') ++at;
  return std::min(at + 1, end);
}

// Arrays of numbers are most of an archive: their end is found without looking at every byte.
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
  while (at < end) {
    if (*at == '"') {
      at = string_end(at, end);
      continue;
    }
    if (*at == '{' || *at == '[') ++depth;
    if (*at == '}' || *at == ']') --depth;
    ++at;
    if (depth == 0) break;
  }
  return at;
}

const char* value_end(const char* at, const char* end) {
  if (*at == '"') return string_end(at, end);
  if (*at == '{' || *at == '[') return bracket_end(at, end);
  constexpr std::string_view behind = " \t\r\n,]}";
  while (at < end && behind.find(*at) == behind.npos) ++at;
  return at;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 63));
  if (code < 0x10000) return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
  put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)),
      put(0x80 | (code & 63));
}

unsigned escaped_code(std::string_view text) {
  return static_cast<unsigned>(std::stoul(std::string(text.substr(2, 4)), nullptr, 16));
}

// The \uXXXX that the text begins with, both halves of a pair; `length` becomes how much that is.
unsigned code_point(std::string_view text, std::size_t& length) {
  const unsigned high = escaped_code(text);
  length = 6;
  const std::string_view rest = text.substr(6);
  if (high < 0xD800 || high > 0xDBFF || !is_unicode_escape(rest)) return high;
  const unsigned low = escaped_code(rest);
  if (low < 0xDC00 || low > 0xDFFF) return high;
  length = 12;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

Type type_of(std::string_view value) {
  switch (value.empty() ? 'n' : value[0]) {
    case '{':
      return Type::object;
    case '[':
      return Type::array;
    case '"':
      return Type::string;
    case 't':
    case 'f':
      return Type::boolean;
    case 'n':
      return Type::null;
    default:
      return Type::number;
  }
}

std::optional<Reason> read_json(std::string_view text, Node* tree) {
  auto reason = attempt(text, text, tree);
  if (!reason) return {};
  if (tree) *tree = {};
  return attempt(text, masked(text), tree);
}

bool is_compact(std::string_view text) {
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    if (is_blank(*at)) return false;
    at = *at == '"' ? string_end(at, end) : at + 1;
  }
  return true;
}

std::string compact(const Node& value) {
  const bool object = value.is(Type::object);
  if (!object && !value.is(Type::array)) return value.text;
  std::string out(object ? "{" : "[");
  for (const Node& child : value.children) {
    if (out.size() > 1) out += ',';
    if (object) out += child.name_token + ':';
    out += compact(child);
  }
  return out += object ? '}' : ']';
}

std::string content_of(std::string_view token) {
  std::string_view rest = token.size() < 2 ? std::string_view() : token.substr(1, token.size() - 2);
  std::string out;
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.size() < 2) break;
    std::size_t length = 2;
    constexpr std::string_view letters = "bfnrt", meant = "\b\f\n\r\t";
    const std::size_t letter = letters.find(rest[1]);
    if (is_unicode_escape(rest))
      append_utf8(out, code_point(rest, length));
    else
      out += letter == letters.npos ? rest[1] : meant[letter];
    rest.remove_prefix(length);
  }
  return out;
}

std::string quoted(std::string_view content) {
  std::string out = "\"";
  for (const char c : content) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string pointer_step(std::string_view name) {
  std::string out = "/";
  for (const char c : name)
    if (c == '~' || c == '/')
      out += c == '~' ? "~0" : "~1";
    else
      out += c;
  return out;
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
    place.name = between(begin, at_);
    skip(':');
    begin = at_;
  }
  at_ = value_end(at_, end_);
  place.value = between(begin, at_);
  return true;
}

std::vector<Place> places_in(std::string_view value) {
  std::vector<Place> found;
  Places places(value);
  for (Place place; places.next(place);) found.push_back(place);
  return found;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == text.npos ? std::string_view()
                            : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace jobferry::proof
