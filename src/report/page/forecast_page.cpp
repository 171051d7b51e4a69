#include "report/page/forecast_page.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/text.h"
#include "report/forecast_report.h"
#include "report/migrate_report.h"
#include "report/page/page_parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::max(value, 0.0) + 0.5); }

// An estimate in two cells: what is expected, and between which two it is.
Cell expected(const Estimate& estimate) { return count_cell(whole(estimate.value)); }
Cell range(const Estimate& estimate) {
  if (estimate.exact()) return {"exact"};
  return {fmt::format("{} to {}", count_cell(whole(std::floor(estimate.low))).text,
                      count_cell(whole(std::ceil(estimate.high))).text)};
}
Cell bytes_range(const Estimate& estimate) {
  if (estimate.exact()) return {"exact"};
  return {fmt::format("{} to {}", bytes_text(estimate.low), bytes_text(estimate.high))};
}

Ending ending_of(const ForecastOptions& options, const Forecast& forecast) {
  if (forecast.interrupted) return {Tone::attention, "Interrupted: this plan is not complete.", ""};
  if (forecast.nothing_to_do)
    return {Tone::good,
            fmt::format("Nothing to do: {} is of version {} already.", options.migration.source, forecast.to),
            "--repair applies the repairs alone."};
  if (!forecast.obstacles.empty())
    return {Tone::bad, "Something will stand in the way of this migration.",
            "What it is, and what to do about it, stands below."};
  const std::string time = duration_range(forecast.duration.low, forecast.duration.high);
  return {
      forecast.warnings.empty() ? Tone::good : Tone::attention,
      fmt::format("Nothing stands in the way: version {} to {} takes {}.", forecast.from, forecast.to, time),
      forecast.warnings.empty() ? "" : "Look at the warnings before."};
}

Section what_was_done(const ForecastOptions& options, const Forecast& forecast, const RunFacts& run) {
  const std::string sample =
      forecast.exact() ? "all jobs"
                       : fmt::format("{} of {}, chosen at random, seed {}", count_cell(forecast.tried).text,
                                     plural(forecast.to_try, "job"), forecast.seed);
  Section section = what_was_done({{"Source", options.migration.source, true},
                                   {"Target", options.migration.target, true},
                                   {"Archive version", fmt::format("{} to {}", forecast.from, forecast.to)},
                                   {"Sample", sample}},
                                  run, forecast.counting_seconds + forecast.duration.sampled);
  section.blocks.emplace_back(Paragraph{"Nothing was written, neither to the source nor to the target."});
  return section;
}

Section obstacles(const char* heading, const char* caption, const std::vector<Obstacle>& all) {
  Table table{caption, {{"What", name}, {"What to do"}}, {}};
  for (const Obstacle& each : all) table.rows.push_back({{describe(each.error)}, {each.advice}});
  return {heading, {std::move(table)}};
}

Section expectations(const Forecast& forecast) {
  Table table{"What the migration will do", {{"What"}, {"Expected", number}, {"Range", number}}, {}};
  const auto add = [&](const char* what, const Estimate& estimate) {
    table.rows.push_back({{what}, expected(estimate), range(estimate)});
  };
  const auto add_bytes = [&](const char* what, const Estimate& estimate) {
    table.rows.push_back({{what}, bytes_cell(whole(estimate.value)), bytes_range(estimate)});
  };
  add("Jobs migrated", forecast.migrated);
  add("Jobs skipped", forecast.skipped);
  add("Bad jobs", forecast.bad);
  add("Data files carried unread", forecast.carried_unread);
  add("Other files carried", forecast.carried);
  add("Entries left behind", forecast.left_behind);
  add_bytes("Read", forecast.bytes_in);
  add_bytes("Written", forecast.bytes_out);
  Section section{"What to expect", {std::move(table)}};
  if (!forecast.exact())
    section.blocks.emplace_back(Paragraph{
        fmt::format("Ranges hold the truth {:.0f} times in 100. What no job of the sample has occurs in at "
                    "most {}.",
                    confidence_percent, plural(forecast.unseen, "job"))});
  section.blocks.emplace_back(
      Paragraph{"Of the time, reading, changing and encoding was measured; the upper end is with what "
                "writing is known to cost, "
                "which depends on the disk of the target."});
  return section;
}

Section room(const RoomForecast& room) {
  Table table{fmt::format("Room at {}", room.place),
              {{"What"}, {"Needed", number}, {"Range", number}, {"Free", number}},
              {}};
  table.rows.push_back({{"Space"},
                        bytes_cell(whole(room.bytes.value)),
                        bytes_range(room.bytes),
                        room.free_bytes ? bytes_cell(*room.free_bytes) : Cell{"not told"}});
  table.rows.push_back({{"Inodes"},
                        expected(room.inodes),
                        range(room.inodes),
                        room.free_inodes ? count_cell(*room.free_inodes) : Cell{"no limit"}});
  return {"Room", {std::move(table)}};
}

Section clusters(const Forecast& forecast) {
  Table table{"What the source holds",
              {{"Cluster", name},
               {"Jobs", number},
               {"Files", number},
               {"meta.json", number},
               {"data.json", number},
               {"data.json.gz", number},
               {"Skipped", number},
               {"Bad", number},
               {"Left behind", number}},
              {}};
  for (const auto& [cluster, c] : forecast.clusters)
    table.rows.push_back({{cluster},
                          count_cell(c.jobs),
                          count_cell(c.meta.files + c.plain.files + c.gz.files + c.other.files),
                          bytes_cell(c.meta.bytes),
                          bytes_cell(c.plain.bytes),
                          bytes_cell(c.gz.bytes),
                          count_cell(c.skipped),
                          count_cell(c.bad),
                          count_cell(c.left_behind)});
  return {"Clusters", {std::move(table)}};
}

std::string place_of(const std::string& subject, const std::string& file, const std::string& pointer) {
  std::string place = subject;
  for (const std::string& part : {file, pointer})
    if (!part.empty()) place += ' ' + part;
  return place;
}

Section bad_jobs(const Forecast& forecast) {
  Table table{
      "Bad jobs by class",
      {{"Class", name}, {"Expected", number}, {"Range", number}, {"Example", name}, {"What is wrong"}},
      {}};
  for (const auto& [kind, bad] : forecast.bad_classes)
    table.rows.push_back({{kind},
                          expected(bad.jobs),
                          range(bad.jobs),
                          {place_of(bad.example.subject, bad.example.file, bad.example.pointer)},
                          {bad.example.what}});
  return {"Bad jobs to expect", {std::move(table)}};
}

Section notes(const Forecast& forecast) {
  Table table{"Notes by code",
              {{"Code", name},
               {"Jobs and clusters", number},
               {"Range", number},
               {"Places", number},
               {"At least", number},
               {"Example", name},
               {"Decision"}},
              {}};
  for (const auto& [code, note] : forecast.notes)
    table.rows.push_back({{code},
                          expected(note.subjects),
                          range(note.subjects),
                          count_cell(whole(note.places)),
                          count_cell(whole(note.places_seen)),
                          {place_of(note.subject, note.file, note.pointer)},
                          {note.detail}});
  Section section{"Decisions to expect", {std::move(table)}};
  if (!forecast.exact())
    section.blocks.emplace_back(Paragraph{
        "Places have no range: a few jobs may hold most of them, and a sample mostly misses these. What is "
        "expected holds if the other jobs are like those of the sample."});
  return section;
}

}  // namespace

Page forecast_page(const ForecastOptions& options, const Forecast& forecast, const RunFacts& run) {
  Page page = page_of("Plan of a job archive migration", ending_of(options, forecast));
  if (forecast.has_estimates())
    page.figures = {{"Jobs", expected(forecast.migrated).text},
                    {"Bad jobs", expected(forecast.bad).text},
                    {"Time", duration_range(forecast.duration.low, forecast.duration.high)},
                    {"Space", bytes_text(forecast.room.bytes.value)},
                    {"Inodes", expected(forecast.room.inodes).text}};
  if (!forecast.obstacles.empty())
    page.sections.push_back(obstacles("What stands in the way", "Obstacles", forecast.obstacles));
  if (!forecast.warnings.empty())
    page.sections.push_back(obstacles("What may stand in the way", "Warnings", forecast.warnings));
  if (!forecast.command.empty() && !forecast.nothing_to_do)
    page.sections.push_back({"The command to run", {ShellLines{{forecast.command}}}});
  page.sections.push_back(what_was_done(options, forecast, run));
  if (forecast.has_estimates()) {
    page.sections.push_back(expectations(forecast));
    page.sections.push_back(room(forecast.room));
  }
  if (!forecast.clusters.empty()) page.sections.push_back(clusters(forecast));
  if (!forecast.bad_classes.empty()) page.sections.push_back(bad_jobs(forecast));
  if (!forecast.notes.empty()) page.sections.push_back(notes(forecast));
  if (!forecast.aggregations.empty())
    page.sections.push_back({"Aggregations", {aggregation_table(forecast.aggregations)}});
  return page;
}

}  // namespace jobferry
