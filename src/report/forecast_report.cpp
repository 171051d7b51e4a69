#include "report/forecast_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "json/json_writer.h"
#include "report/migrate_report.h"

namespace jobferry {

namespace {

// Grows when a member changes its meaning or goes; new members do not count.
constexpr std::uint64_t plan_version = 1;

using Rows = std::vector<std::vector<std::string>>;

// --- Text ---

std::string count_text(const Estimate& estimate) {
  if (estimate.exact()) return fmt::format("{:.0f}", estimate.value);
  return fmt::format("about {:.0f} ({:.0f} to {:.0f})", estimate.value, std::floor(estimate.low),
                     std::ceil(estimate.high));
}

std::string count_text(const Estimate& estimate, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count_text(estimate), estimate.exact() && estimate.value == 1 ? one : many);
}

std::string size_text(const Estimate& estimate) {
  if (estimate.exact()) return bytes_text(estimate.value);
  const std::string low = bytes_text(estimate.low), high = bytes_text(estimate.high),
                    value = bytes_text(estimate.value);
  if (low == high) return "about " + value;
  return fmt::format("about {} ({} to {})", value, low, high);
}

std::string size_text(const FileCount& files) { return bytes_text(static_cast<double>(files.bytes)); }

std::vector<std::string> census_row(const std::string& name, const ClusterCensus& c) {
  const std::uint64_t files = c.meta.files + c.plain.files + c.gz.files + c.other.files;
  return {name,
          std::to_string(c.jobs),
          std::to_string(files),
          size_text(c.meta),
          size_text(c.plain),
          size_text(c.gz),
          size_text(c.other),
          std::to_string(c.skipped),
          std::to_string(c.bad),
          std::to_string(c.left_behind)};
}

std::string census_text(const Forecast& forecast) {
  if (forecast.clusters.empty()) return {};
  Rows rows = {{"cluster", "jobs", "files", "meta.json", "data.json", "data.json.gz", "other", "skipped",
                "bad", "left behind"}};
  for (const auto& [name, cluster] : forecast.clusters) rows.push_back(census_row(printable(name), cluster));
  std::string out = fmt::format("Archive version {}, counted in {}:\n", forecast.from,
                                duration_text(forecast.counting_seconds));
  out += table(rows, "lrrrrrrrrr");
  if (forecast.left_behind_root)
    out += fmt::format(
        "  {} of the root will be left behind.\n",
        forecast.left_behind_root == 1 ? "1 entry" : fmt::format("{} entries", forecast.left_behind_root));
  const auto name = [&](const std::string& title, const std::vector<std::string>& paths) {
    if (!paths.empty()) out += title + ":\n";
    for (const std::string& path : paths) out += "  " + printable(path) + '\n';
  };
  name("Left behind, for example", forecast.left_behind_some);
  name(fmt::format("Left behind, but holding a meta.json ({})", forecast.left_behind_jobs),
       forecast.left_behind_jobs_some);
  return out;
}

// The other jobs that were counted: what becomes of them is known.
std::string known_text(const Forecast& forecast) {
  std::uint64_t judged = 0, left_out = 0;
  for (const auto& [name, cluster] : forecast.clusters) {
    judged += cluster.skipped + cluster.bad;
    left_out += cluster.left_out;
  }
  std::string text;
  if (judged)
    text += fmt::format(" ({} more {} bad or skipped, as the directories show)", judged,
                        judged == 1 ? "is" : "are");
  if (left_out) text += fmt::format(" ({} more {} not asked for)", left_out, left_out == 1 ? "is" : "are");
  return text;
}

std::string basis_text(const Forecast& forecast) {
  if (forecast.exact() && forecast.to_try == 0)
    return fmt::format("There is no job to try{}, so what follows is exact, but for the time:\n",
                       known_text(forecast));
  if (forecast.exact())
    return fmt::format("{}{}{} tried{}, so what follows is exact, but for the time:\n",
                       forecast.to_try == 1 ? "" : "All ", plural(forecast.to_try, "job"),
                       forecast.to_try == 1 ? " was" : " were", known_text(forecast));
  return fmt::format(
      "Tried {} of {}, chosen at random (seed {}), in {}{}.\nRanges hold the truth {:.0f} times in 100; "
      "what was not seen at all occurs in at most {}.\n",
      forecast.tried, plural(forecast.to_try, "job"), forecast.seed, duration_text(forecast.duration.sampled),
      known_text(forecast), confidence_percent, plural(forecast.unseen, "job"));
}

std::string room_text(const RoomForecast& room) {
  std::string out = fmt::format("Room at {}:\n", printable(room.place));
  const std::string free_bytes =
      room.free_bytes ? bytes_text(static_cast<double>(*room.free_bytes)) : "not told";
  const std::string free_inodes =
      room.free_inodes ? std::to_string(*room.free_inodes) : "as many as there is space for";
  Rows rows = {{"", "needed", "free"},
               {"space", size_text(room.bytes), free_bytes},
               {"inodes", count_text(room.inodes), free_inodes}};
  if (room.state_bytes)
    rows.push_back({"state",
                    fmt::format("{} to {}", bytes_text(static_cast<double>(room.state_bytes)),
                                bytes_text(static_cast<double>(room.state_bytes_most))),
                    ""});
  return out + table(rows, "lll");
}

std::string bad_text(const Forecast& forecast) {
  if (forecast.bad_classes.empty()) return {};
  Rows rows;
  for (const auto& [name, bad] : forecast.bad_classes)
    rows.push_back({name, count_text(bad.jobs), "e.g. " + describe(bad.example)});
  return "Bad jobs to expect:\n" + table(rows, "lll");
}

std::string example_of(const NoteForecast& note) {
  std::string text = printable(note.subject);
  for (const std::string& part : {printable(note.file), shortened(note.pointer)})
    if (!part.empty()) text += ' ' + part;
  return note.detail.empty() ? text : text + ": " + shortened(note.detail);
}

std::string places_text(const NoteForecast& note) {
  if (note.exact()) return fmt::format("{:.0f}", note.places);
  return fmt::format("perhaps {:.0f}, at least {:.0f}", note.places, note.places_seen);
}

std::string notes_text(const Forecast& forecast) {
  if (forecast.notes.empty()) return {};
  Rows rows = {{"", "jobs and clusters", "places", ""}};
  for (const auto& [code, note] : forecast.notes)
    rows.push_back({code, count_text(note.subjects), places_text(note), "e.g. " + example_of(note)});
  return "Notes, decisions you may want to review:\n" + table(rows, "llll") +
         (forecast.exact() ? "" : "Places have no range, since a few jobs may hold most of them.\n");
}

std::string time_text(const DurationForecast& time) {
  const std::string likely = time.high > 1 ? ", likely " + duration_text(time.likely) : "";
  return fmt::format(
      "Time: {}{}. Reading, changing and encoding was measured on the sample;\n"
      "writing was not, and is put at what it has been seen to cost on other machines.\n",
      duration_range(time.low, time.high), likely);
}

std::string expected_text(const Forecast& forecast) {
  const Rows rows = {{"migrated", count_text(forecast.migrated, "job", "jobs")},
                     {"skipped", count_text(forecast.skipped, "job", "jobs")},
                     {"bad", count_text(forecast.bad, "job", "jobs")},
                     {"unread", count_text(forecast.carried_unread, "data file", "data files")},
                     {"carried", count_text(forecast.carried, "other file", "other files")},
                     {"left behind", count_text(forecast.left_behind, "entry", "entries")},
                     {"in", size_text(forecast.bytes_in)},
                     {"out", size_text(forecast.bytes_out)}};
  std::string out = basis_text(forecast) + table(rows, "ll");
  out += time_text(forecast.duration);
  return out + room_text(forecast.room) + bad_text(forecast) + notes_text(forecast);
}

std::string obstacles_text(std::string_view title, const std::vector<Obstacle>& obstacles) {
  if (obstacles.empty()) return {};
  std::string out = fmt::format("{}:\n", title);
  for (const Obstacle& each : obstacles)
    out += fmt::format("  {}\n    {}\n", describe(each.error), printable(each.advice));
  return out;
}

std::string closing_text(const ForecastOptions& options, const Forecast& forecast) {
  if (forecast.interrupted) return "Interrupted: this plan is not complete.\n";
  if (forecast.nothing_to_do)
    return fmt::format("Nothing to do: {} is of version {} already (--repair applies the repairs alone).\n",
                       printable(options.migration.source), forecast.to);
  std::string out = forecast.obstacles.empty() ? "Nothing stands in the way.\n" : "";
  if (forecast.goes_on)
    out += "An earlier run has begun this target: what it has done is counted above, but not done again.\n";
  return out + fmt::format("{}:\n  {}\n",
                           forecast.obstacles.empty() ? "To run it" : "To run it, once that is settled",
                           forecast.command);
}

// --- JSON ---

void put_number(Writer& json, const char* key, double number) {
  json.Key(key);
  json.Double(number);
}

// Jobs, places and bytes come in ones.
std::uint64_t to_whole(double number) {
  return static_cast<std::uint64_t>(std::llround(std::max(number, 0.0)));
}

void put_flag(Writer& json, const char* key, bool yes) {
  json.Key(key);
  json.Bool(yes);
}

void put_estimate(Writer& json, const char* key, const Estimate& estimate) {
  json.Key(key);
  json.StartObject();
  put(json, "value", to_whole(estimate.value));
  put(json, "low", to_whole(std::floor(estimate.low)));
  put(json, "high", to_whole(std::ceil(estimate.high)));
  json.EndObject();
}

void put_files(Writer& json, const char* key, const FileCount& files) {
  json.Key(key);
  json.StartObject();
  put(json, "files", files.files);
  put(json, "bytes", files.bytes);
  json.EndObject();
}

void put_obstacles(Writer& json, const char* key, const std::vector<Obstacle>& obstacles) {
  json.Key(key);
  json.StartArray();
  for (const Obstacle& each : obstacles) {
    json.StartObject();
    put_place(json, each.error);
    put(json, "advice", each.advice);
    json.EndObject();
  }
  json.EndArray();
}

void put_names(Writer& json, const char* key, const std::vector<std::string>& all) {
  json.Key(key);
  json.StartArray();
  for (const std::string& each : all) json.String(printable(each).c_str());
  json.EndArray();
}

void put_clusters(Writer& json, const Forecast& forecast) {
  json.Key("clusters");
  json.StartObject();
  for (const auto& [name, cluster] : forecast.clusters) {
    json.Key(printable(name).c_str());
    json.StartObject();
    put(json, "jobs", cluster.jobs);
    put(json, "skipped", cluster.skipped);
    put(json, "bad", cluster.bad);
    put(json, "leftOut", cluster.left_out);
    put(json, "leftBehind", cluster.left_behind);
    put_files(json, "meta", cluster.meta);
    put_files(json, "data", cluster.plain);
    put_files(json, "dataGz", cluster.gz);
    put_files(json, "other", cluster.other);
    json.EndObject();
  }
  json.EndObject();
  put(json, "leftBehindRoot", forecast.left_behind_root);
  put(json, "leftBehindJobs", forecast.left_behind_jobs);
  put_names(json, "leftBehindExamples", forecast.left_behind_some);
  put_names(json, "leftBehindJobsExamples", forecast.left_behind_jobs_some);
}

void put_bad(Writer& json, const Forecast& forecast) {
  json.Key("badClasses");
  json.StartArray();
  for (const auto& [name, bad] : forecast.bad_classes) {
    json.StartObject();
    put(json, "class", name);
    put_estimate(json, "jobs", bad.jobs);
    json.Key("example");
    json.StartObject();
    put_place(json, bad.example);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
}

void put_notes(Writer& json, const Forecast& forecast) {
  json.Key("notes");
  json.StartArray();
  for (const auto& [code, note] : forecast.notes) {
    json.StartObject();
    put(json, "code", code);
    json.Key("count");
    json.StartObject();
    put(json, "value", to_whole(note.places));
    put(json, "atLeast", to_whole(note.places_seen));
    json.EndObject();
    put_estimate(json, "subjects", note.subjects);
    json.Key("example");
    json.StartObject();
    put(json, "subject", note.subject);
    put(json, "file", note.file);
    put(json, "pointer", note.pointer);
    put(json, "detail", note.detail);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
}

void put_room(Writer& json, const RoomForecast& room) {
  json.Key("room");
  json.StartObject();
  put(json, "place", room.place);
  put_estimate(json, "bytes", room.bytes);
  put_estimate(json, "inodes", room.inodes);
  put(json, "stateBytes", room.state_bytes);
  put(json, "stateBytesAtMost", room.state_bytes_most);
  if (room.free_bytes) put(json, "freeBytes", *room.free_bytes);
  if (room.free_inodes) put(json, "freeInodes", *room.free_inodes);
  json.EndObject();
}

void put_estimates(Writer& json, const Forecast& forecast) {
  json.Key("expected");
  json.StartObject();
  put_estimate(json, "migrated", forecast.migrated);
  put_estimate(json, "skipped", forecast.skipped);
  put_estimate(json, "bad", forecast.bad);
  put_estimate(json, "carriedUnread", forecast.carried_unread);
  put_estimate(json, "carried", forecast.carried);
  put_estimate(json, "leftBehind", forecast.left_behind);
  put_estimate(json, "bytesIn", forecast.bytes_in);
  put_estimate(json, "bytesOut", forecast.bytes_out);
  put(json, "unseenAtMost", forecast.unseen);
  json.Key("seconds");
  json.StartObject();
  put_number(json, "low", forecast.duration.low);
  put_number(json, "likely", forecast.duration.likely);
  put_number(json, "high", forecast.duration.high);
  json.EndObject();
  json.EndObject();
  put_room(json, forecast.room);
}

}  // namespace

std::string duration_range(double low, double high) {
  const auto [unit, name] = high >= 2 * 3600 ? std::pair(3600.0, "h")
                            : high >= 2 * 60 ? std::pair(60.0, "min")
                                             : std::pair(1.0, "s");
  const double from = std::floor(low / unit), to = std::ceil(high / unit);
  if (to <= 1) return fmt::format("less than 1 {}", name);
  return from == 0 ? fmt::format("up to {:.0f} {}", to, name)
                   : fmt::format("about {:.0f} to {:.0f} {}", from, to, name);
}

std::string forecast_text(const ForecastOptions& options, const Forecast& forecast) {
  if (forecast.failed) return "Failed: stderr says why.\n";
  std::string out =
      fmt::format("Plan to migrate {} to {}, version {}.\n", printable(options.migration.source),
                  printable(options.migration.target), options.migration.to);
  out += census_text(forecast);
  for (const auto& [cluster, rows] : forecast.aggregations) out += aggregation_table(cluster, rows);
  if (forecast.has_estimates() && !forecast.nothing_to_do && !forecast.clusters.empty())
    out += expected_text(forecast);
  out += obstacles_text("Will stand in the way", forecast.obstacles);
  out += obstacles_text("May stand in the way", forecast.warnings);
  return out + closing_text(options, forecast);
}

std::string forecast_json(const ForecastOptions& options, const Forecast& forecast) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-plan");
  put(json, "formatVersion", plan_version);
  put(json, "jobferry", JOBFERRY_VERSION);
  put(json, "source", options.migration.source);
  put(json, "target", options.migration.target);
  put(json, "from", static_cast<std::uint64_t>(forecast.from));
  put(json, "to", static_cast<std::uint64_t>(forecast.to));
  put_flag(json, "nothingToDo", forecast.nothing_to_do);
  put_flag(json, "goesOn", forecast.goes_on);
  put_flag(json, "interrupted", forecast.interrupted);
  put_flag(json, "failed", forecast.failed);
  put_number(json, "countingSeconds", forecast.counting_seconds);
  put_number(json, "samplingSeconds", forecast.duration.sampled);
  put_number(json, "confidencePercent", confidence_percent);
  put(json, "seed", forecast.seed);
  put(json, "toTry", forecast.to_try);
  put(json, "tried", forecast.tried);
  put_flag(json, "exact", forecast.exact());
  put_clusters(json, forecast);
  if (forecast.has_estimates()) put_estimates(json, forecast);
  put_bad(json, forecast);
  put_notes(json, forecast);
  put_aggregations(json, forecast.aggregations);
  put_obstacles(json, "obstacles", forecast.obstacles);
  put_obstacles(json, "warnings", forecast.warnings);
  put(json, "command", forecast.command);
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace jobferry
