// What a migration will take, found out without writing anything: counts all of an archive, migrates a random
// sample of it into nothing, and concludes from that to the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/options.h"
#include "jobferry/progress.h"

namespace jobferry {

struct ForecastOptions {
  Options migration;  // that is being planned
  // How many jobs are tried. Neither: as many as fit in `sample_time`, but at least a hundred.
  std::optional<std::uint64_t> sample_jobs;
  std::optional<double> sample_percent;
  std::chrono::seconds sample_time{60};
  std::uint64_t seed = 1;  // the same seed tries the same jobs, whatever the threads
};

// Intervals hold the truth in so many of a hundred forecasts.
inline constexpr double confidence_percent = 95;

// Exact where low and high are the same.
struct Estimate {
  double value = 0, low = 0, high = 0;

  bool exact() const { return low == high; }
  static Estimate of(double known) { return {known, known, known}; }
};
Estimate operator+(const Estimate& estimate, double known);

struct FileCount {
  std::uint64_t files = 0, bytes = 0;
};

// What a cluster holds, as its directories show it.
struct ClusterCensus {
  std::uint64_t jobs = 0;         // all below
  std::uint64_t skipped = 0;      // by their sizes (X6)
  std::uint64_t bad = 0;          // whatever is in their files; and directories that cannot be read
  std::uint64_t left_out = 0;     // Options::jobs does not name them
  std::uint64_t left_behind = 0;  // entries, if no other job is bad (X8)
  FileCount meta, plain, gz;      // of all jobs
  FileCount other;                // carried with jobs
};

// Bad jobs of one class.
struct BadForecast {
  Estimate jobs;
  Error example;
};

struct NoteForecast {
  Estimate subjects;  // jobs and clusters
  // Without an interval: most places may lie in a few jobs, which a sample mostly misses. So many if the
  // other jobs are like those of the sample, and so many at least.
  double places = 0, places_seen = 0;
  std::string subject, file, pointer, detail;  // an example

  bool exact() const { return subjects.exact() && places == places_seen; }
};

// At the target.
struct RoomForecast {
  std::string place;       // the nearest directory that is there
  Estimate bytes, inodes;  // files in whole blocks, with directories
  // Of the state, if it is kept on the same file system: surely, and with a reserve.
  std::uint64_t state_bytes = 0, state_bytes_most = 0;
  std::optional<std::uint64_t> free_bytes, free_inodes;  // none: it does not tell, or there is no end to them
};

// Reading, changing and encoding is measured. Writing is not: low is without it, likely and high with what it
// has been seen to cost elsewhere.
struct DurationForecast {
  double low = 0, likely = 0, high = 0;  // seconds
  double sampled = 0;                    // seconds that the sample took
};

struct Forecast {
  int from = 0, to = 0;
  bool nothing_to_do = false;
  bool goes_on = false;      // the target is of an earlier run, which this one would continue
  bool interrupted = false;  // what follows is of what had been seen until then
  bool failed = false;       // there is no plan: the obstacles say why

  // Counted.
  std::map<std::string, ClusterCensus> clusters;
  std::uint64_t left_behind_root = 0;              // entries
  std::vector<std::string> left_behind_some;       // the first of all entries
  std::uint64_t left_behind_jobs = 0;              // directories that hold a meta.json, all over
  std::vector<std::string> left_behind_jobs_some;  // the first of them
  std::map<std::string, std::vector<AggregationRow>> aggregations;  // by cluster, as they will be
  double counting_seconds = 0;

  // Tried and concluded.
  std::uint64_t seed = 1;
  std::uint64_t to_try = 0;  // jobs of which the sample is one: all that are not skipped or bad already
  std::uint64_t tried = 0;   // none: there is nothing to conclude from
  bool sampled = false;      // it was tried, even if there was no job to try
  Estimate migrated, skipped, bad, carried_unread, carried, left_behind, bytes_in, bytes_out;
  std::map<std::string, BadForecast, std::less<>> bad_classes;
  std::map<std::string, NoteForecast, std::less<>> notes;  // by code
  std::uint64_t unseen = 0;  // the most jobs that may have what no job of the sample has
  RoomForecast room;
  DurationForecast duration;

  std::vector<Error> obstacles;  // will stand in the way
  std::vector<Error> warnings;   // may do so
  std::string command;           // to run it

  bool has_estimates() const { return tried > 0 || (sampled && to_try == 0 && !interrupted); }
  bool exact() const { return has_estimates() && tried == to_try; }
};

// Reads, and writes nothing. Never throws.
Forecast forecast(const ForecastOptions& options, const Listener& listener);

}  // namespace jobferry
