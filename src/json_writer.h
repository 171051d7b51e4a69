// JSON for programs that read what a command found: every result goes through these.
#pragma once

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
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

inline void put_errors(Writer& json, const char* key, const std::vector<Error>& errors) {
  json.Key(key);
  json.StartArray();
  for (const Error& error : errors) {
    json.StartObject();
    put(json, "subject", error.subject);
    put(json, "class", name_of(error.kind));
    put(json, "file", error.file);
    put(json, "pointer", error.pointer);
    if (error.byte) put(json, "byte", *error.byte);
    if (!error.step.empty()) put(json, "step", error.step);
    put(json, "text", error.what);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace jobferry
