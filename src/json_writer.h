// JSON for programs that read what a command found: every result goes through these.
#pragma once

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "text.h"

namespace jobferry {

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

inline void put(Writer& json, const char* key, std::string_view text) {
  json.Key(key);
  const std::string safe = printable(text);
  json.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
}

inline void put(Writer& json, const char* key, std::uint64_t number) {
  json.Key(key);
  json.Uint64(number);
}

}  // namespace jobferry
