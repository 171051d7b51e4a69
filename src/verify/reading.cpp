#include "verify/reading.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "base/utf8.h"
#include "jobferry/limits.h"
#include "json/json_memory.h"
#include "json/reader.h"

namespace jobferry::proof {

namespace {

// --- gzip ---

// zlib counts in unsigned int; larger files are unpacked in parts.
constexpr std::size_t most_at_once = std::numeric_limits<uInt>::max() / 2;

struct Inflater : z_stream {
  Inflater() : z_stream{} {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (::inflateInit2(this, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(this); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Unpacks as much as it can, and moves `in` and `size` behind it.
  int run(std::string_view& in, Buffer& content, std::size_t& size) {
    next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    avail_in = static_cast<uInt>(std::min(in.size(), most_at_once));
    next_out = reinterpret_cast<Bytef*>(content.data() + size);
    avail_out = static_cast<uInt>(std::min(content.size() - size, most_at_once));
    const int code = ::inflate(this, Z_NO_FLUSH);
    in.remove_prefix(static_cast<std::size_t>(reinterpret_cast<const char*>(next_in) - in.data()));
    size = static_cast<std::size_t>(reinterpret_cast<char*>(next_out) - content.data());
    return code;
  }
};

// --- JSON ---

struct DepthCounter : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthCounter> {
  bool StartObject() { return ++depth <= limits::json_depth; }
  bool StartArray() { return ++depth <= limits::json_depth; }
  bool EndObject(rapidjson::SizeType) { return --depth >= 0; }
  bool EndArray(rapidjson::SizeType) { return --depth >= 0; }

  int depth = 0;
};

Error refused(Kind kind, std::string_view what, std::size_t byte) {
  return {kind, fmt::format("byte {}: {}", byte, what)};
}

// RapidJSON refuses two things that RFC 8259 allows: numbers beyond the range of a double, and escaped lone
// surrogates. It cannot be told to accept them. So the strict reader of src/json decides about such a text.
Result<void> ask_strict_reader(std::string_view text) {
  auto sound = json::check_encoding(text);
  json::Reader reader(text);
  json::Value whole;
  if (sound && !(reader.value(whole) && reader.finish())) sound = reader.error();
  if (!sound) return refused(sound.error().kind, sound.error().what, sound.error().byte.value_or(0));
  return sound;
}

}  // namespace

Result<void> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content) {
  Inflater inflater;
  std::size_t size = 0;
  content.clear();
  content.resize(std::clamp<std::size_t>(packed.size() * 4, 65536, 1U << 20));
  for (bool done = false; !done;) {
    if (size == content.size()) content.resize(content.size() * 2);
    const int code = inflater.run(packed, content, size);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    const bool needs_input = code == Z_OK && packed.empty() && size < content.size();
    if (code == Z_BUF_ERROR || needs_input) return Error{Kind::gzip_truncated, "it ends too early"};
    if (code != Z_OK && code != Z_STREAM_END) return Error{Kind::gzip_corrupt, "it is not sound gzip"};
    done = code == Z_STREAM_END && packed.empty();
    if (code == Z_STREAM_END && !done) {
      if (!packed.starts_with("\x1f\x8b"))
        return Error{Kind::gzip_trailing, "there are bytes after the last member"};
      ::inflateReset(&inflater);
    }
    if (size > limit) return Error{Kind::file_too_large, "its content is larger than --max-file-size"};
  }
  content.resize(size);
  return {};
}

Result<void> check_json(std::string_view text) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseIterativeFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  DepthCounter handler;
  JsonReader reader;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
  if (handler.depth > limits::json_depth)
    return refused(Kind::nesting_too_deep, "more than 1024 levels of nesting", stream.Tell());
  if (result.Code() == rapidjson::kParseErrorNumberTooBig ||
      result.Code() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid)
    return ask_strict_reader(text);
  // RapidJSON has one code for wrong UTF-8 and for wrong syntax outside of strings.
  if (!result)
    return refused(is_utf8(text) ? Kind::json_syntax : Kind::utf8_invalid,
                   rapidjson::GetParseError_En(result.Code()), result.Offset());
  // RapidJSON stops at a NUL byte.
  if (stream.Tell() < text.size())
    return refused(Kind::json_syntax, "there is text after the value", stream.Tell());
  return {};
}

}  // namespace jobferry::proof
