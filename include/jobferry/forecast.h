// Estimates how long a migration will take, how much room it needs, and what it will change. It counts
// everything in an archive and migrates a random sample of its jobs without writing them.
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
  Options migration;  // the planned migration
  // How many jobs are tried. If both are missing: as many as `sample_time` allows, but at least a hundred.
  std::optional<std::uint64_t> sample_jobs;
  std::optional<double> sample_percent;
  std::chrono::seconds sample_time{60};
  std::uint64_t seed = 1;  // the same seed chooses the same jobs
};

// The confidence of all intervals: so many of a hundred contain the true value.
inline constexpr double confidence_percent = 95;

// A value with its interval. It is exact if low and high are equal.
struct Estimate {
  double value = 0, low = 0, high = 0;

  bool exact() const { return low == high; }
  static Estimate of(double known) { return {known, known, known}; }
};
Estimate operator+(const Estimate& estimate, double known);

struct FileCount {
  std::uint64_t files = 0, bytes = 0;
};

// What a cluster holds, by its directories.
struct ClusterCensus {
  std::uint64_t jobs = 0;         // all of the following
  std::uint64_t skipped = 0;      // because their files are empty (X6)
  std::uint64_t bad = 0;          // by their directories alone, whatever their files hold
  std::uint64_t left_out = 0;     // Options::jobs does not name them
  std::uint64_t left_behind = 0;  // entries, if no further job is bad (X8)
  FileCount meta, plain, gz;      // of all jobs
  FileCount other;                // other files, which are carried with their jobs
};

// Bad jobs of one class.
struct BadForecast {
  Estimate jobs;
  Error example;
};

struct NoteForecast {
  Estimate subjects;  // jobs and clusters
  // `places` if the other jobs are like those of the sample, `places_seen` at least. There is no interval: a
  // few jobs may have most of the places, and a sample usually misses these.
  double places = 0, places_seen = 0;
  std::string subject, file, pointer, detail;  // an example

  bool exact() const { return subjects.exact() && places == places_seen; }
};

// Room at the target.
struct RoomForecast {
  std::string place;       // the nearest directory that exists
  Estimate bytes, inodes;  // files in whole blocks, with directories
  // For the state, if it is on the same file system: at least, and at most.
  std::uint64_t state_bytes = 0, state_bytes_most = 0;
  std::optional<std::uint64_t> free_bytes, free_inodes;  // none: unknown or unlimited
};

// Reading, changing and encoding are measured. Writing is not: `low` is without it, `likely` and `high`
// include what it took in measurements elsewhere.
struct DurationForecast {
  double low = 0, likely = 0, high = 0;  // seconds
  double sampled = 0;                    // seconds that the sample took
};

struct Forecast {
  int from = 0, to = 0;
  bool nothing_to_do = false;
  bool goes_on = false;      // the target is that of an earlier run, which this one would resume
  bool interrupted = false;  // the counts are those until then
  bool failed = false;       // there is no plan; the obstacles say why

  // What was counted.
  std::map<std::string, ClusterCensus> clusters;
  std::uint64_t left_behind_root = 0;              // entries
  std::vector<std::string> left_behind_some;       // the first of these entries and of those in clusters
  std::uint64_t left_behind_jobs = 0;              // directories that hold a meta.json, in the whole archive
  std::vector<std::string> left_behind_jobs_some;  // the first of them
  std::map<std::string, std::vector<AggregationRow>> aggregations;  // by cluster, after the migration
  double counting_seconds = 0;

  // What was concluded from the sample.
  std::uint64_t seed = 1;
  std::uint64_t to_try =
      0;  // jobs that are neither skipped nor bad by their directories; the sample is of these
  std::uint64_t tried = 0;  // 0: there is nothing to draw conclusions from
  bool sampled = false;     // the sample was tried, even if it was empty
  Estimate migrated, skipped, bad, carried_unread, carried, left_behind, bytes_in, bytes_out;
  std::map<std::string, BadForecast, std::less<>> bad_classes;
  std::map<std::string, NoteForecast, std::less<>> notes;  // by code
  std::uint64_t unseen = 0;  // so many jobs may have a property that no job of the sample has
  RoomForecast room;
  DurationForecast duration;

  std::vector<Error> obstacles;  // what will stop the migration
  std::vector<Error> warnings;   // what may stop it
  std::string command;           // runs the migration

  bool has_estimates() const { return tried > 0 || (sampled && to_try == 0 && !interrupted); }
  bool exact() const { return has_estimates() && tried == to_try; }
};

// Reads, and writes nothing. Never throws.
Forecast forecast(const ForecastOptions& options, const Listener& listener);

}  // namespace jobferry
