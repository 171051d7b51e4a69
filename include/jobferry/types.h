// The words that options and results use for the parts of an archive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jobferry {

// The path of a job directory: CLUSTER/FIRST/SECOND/START, with any names (X8).
struct JobPath {
  std::string cluster, first, second, start;

  std::string text() const { return cluster + '/' + first + '/' + second + '/' + start; }
  // The jobId in the names of the directories; none if they are no number.
  std::optional<std::uint64_t> job_id() const;
};

// --aggregation [CLUSTER:]METRIC=sum|avg
struct Override {
  std::string cluster;  // empty: every cluster that has the metric
  std::string metric;
  std::string aggregation;
};

// --job CLUSTER/ID[/START]
struct JobName {
  std::string cluster;
  std::uint64_t id = 0;
  std::string start;  // empty: every job of that ID
};

// A decision that an administrator may want to review (X9).
struct Note {
  std::string_view code;    // such as `unit-unrecognised`: stable, in static storage
  std::string_view file;    // meta.json, data.json, ...: in static storage
  std::string pointer;      // in the input
  std::string detail;       // the decision in a few words; may be empty
  std::uint64_t count = 1;  // how many places of the file it counts
};

enum class Verdict : std::uint8_t { ok, inferred, suspicious, invalid, overridden };
std::string_view name_of(Verdict verdict);

// One line of the aggregation table that --debug prints.
struct AggregationRow {
  std::string metric, unit, scope, aggregation;
  Verdict verdict = Verdict::ok;
};

}  // namespace jobferry
