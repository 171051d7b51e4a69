// RapidJSON refuses two things that RFC 8259 allows: numbers beyond the range of a double, and escaped lone
// surrogates. It cannot be told to accept them. So where it refuses a text for one of them, the strict reader
// of src/json decides about that text.
#include "verify/sound.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>

#include "base/utf8.h"
#include "jobferry/limits.h"
#include "json/json_memory.h"
#include "json/reader.h"

namespace jobferry::proof {

namespace {

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

Error refused(Kind kind, std::string_view what, std::size_t byte) {
  return {kind, fmt::format("byte {}: {}", byte, what)};
}

Result<void> ask_strict_reader(std::string_view text) {
  if (auto encoding = json::check_encoding(text); !encoding)
    return refused(encoding.error().kind, encoding.error().what, *encoding.error().byte);
  json::Reader reader(text);
  json::Value whole;
  if (reader.value(whole) && reader.finish()) return {};
  const Error error = reader.error();
  return refused(error.kind, error.what, error.byte.value_or(0));
}

}  // namespace

Result<void> check_json(std::string_view text) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseIterativeFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  DepthCounter depth;
  JsonReader reader;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, depth);
  if (depth.is_too_deep())
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
