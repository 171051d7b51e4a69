#include "flat.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <vector>

#include "json/reader.h"

namespace jobferry::test {

namespace {

class Flattener : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Flattener> {
 public:
  bool Null() { return scalar("null"); }
  bool Bool(bool b) { return scalar(b ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) { return scalar({text, length}); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return scalar('"' + std::string(text, length) + '"');
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    levels_.back().token = json::pointer_token({text, length});
    return true;
  }
  bool StartObject() { return open(false); }
  bool StartArray() { return open(true); }
  bool EndObject(rapidjson::SizeType members) { return close(members, "{}"); }
  bool EndArray(rapidjson::SizeType elements) { return close(elements, "[]"); }

  std::map<std::string, std::string> found;

 private:
  struct Level {
    bool array;
    std::size_t index = 0;
    std::string token{};
  };

  std::string pointer() const {
    std::string out;
    for (const Level& level : levels_) out += level.array ? '/' + std::to_string(level.index) : level.token;
    return out;
  }
  void next() {
    if (!levels_.empty()) ++levels_.back().index;
  }
  bool scalar(std::string_view text) {
    found[pointer()] = text;
    next();
    return true;
  }
  bool open(bool array) {
    levels_.push_back({array});
    return true;
  }
  bool close(rapidjson::SizeType children, std::string_view empty) {
    levels_.pop_back();
    if (children == 0) return scalar(empty);
    next();
    return true;
  }

  std::vector<Level> levels_;
};

}  // namespace

std::map<std::string, std::string> flatten(std::string_view json) {
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag |
                             rapidjson::kParseIterativeFlag;
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader reader;
  Flattener flattener;
  if (reader.Parse<flags>(stream, flattener).IsError()) return {};
  return std::move(flattener.found);
}

}  // namespace jobferry::test
