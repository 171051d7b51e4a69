// The parts of JSON results that several commands share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "jobferry/error.h"
#include "jobferry/types.h"
#include "json/json_memory.h"

namespace jobferry {

using Writer = JsonPage;

inline void put(Writer& json, const char* key, std::string_view text) {
  json.Key(key);
  const std::string safe = printable(text);
  json.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
}

inline void put(Writer& json, const char* key, std::uint64_t number) {
  json.Key(key);
  json.Uint64(number);
}

// The members of an error.
inline void put_place(Writer& json, const Error& error) {
  put(json, "subject", error.subject);
  put(json, "class", name_of(error.kind));
  put(json, "file", error.file);
  put(json, "pointer", error.pointer);
  if (error.byte) put(json, "byte", *error.byte);
  if (!error.step.empty()) put(json, "step", error.step);
  put(json, "text", error.what);
}

inline void put_errors(Writer& json, const char* key, const std::vector<Error>& errors) {
  json.Key(key);
  json.StartArray();
  for (const Error& error : errors) {
    json.StartObject();
    put_place(json, error);
    json.EndObject();
  }
  json.EndArray();
}

// The tables of all clusters, under "aggregations".
inline void put_aggregations(Writer& json,
                             const std::map<std::string, std::vector<AggregationRow>>& aggregations) {
  json.Key("aggregations");
  json.StartArray();
  for (const auto& [cluster, rows] : aggregations) {
    for (const AggregationRow& row : rows) {
      json.StartObject();
      put(json, "cluster", cluster);
      put(json, "metric", row.metric);
      put(json, "unit", row.unit);
      put(json, "scope", row.scope);
      put(json, "aggregation", row.aggregation);
      put(json, "verdict", name_of(row.verdict));
      json.EndObject();
    }
  }
  json.EndArray();
}

}  // namespace jobferry
