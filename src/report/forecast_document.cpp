#include <fmt/format.h>

#include <cmath>

#include "jobferry/forecast.h"
#include "report/documents.h"
#include "report/error_advice.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

Estimated count_of(const Estimate& estimate) { return {estimate.value, estimate.low, estimate.high}; }
Estimated bytes_of(const Estimate& estimate) { return {estimate.value, estimate.low, estimate.high, true}; }
std::uint64_t whole(double value) { return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0))); }

SecondsRange time_of(const Forecast& forecast) { return {forecast.duration.low, forecast.duration.high}; }

Ending ending_of(const ForecastOptions& options, const Forecast& forecast) {
  if (forecast.failed) return {Tone::bad, "Failed: the migration could not be planned."};
  if (forecast.interrupted) return {Tone::attention, "Interrupted: this plan is not complete."};
  if (forecast.nothing_to_do)
    return {Tone::good,
            fmt::format("Nothing to do: {} is already of version {}.", options.migration.source, forecast.to),
            "To apply the repairs alone, give --repair."};
  const std::string resumes = forecast.goes_on ? "An earlier run began this target. This one will resume it: "
                                                 "the counts above include what is already done."
                                               : "";
  if (!forecast.obstacles.empty()) return {Tone::bad, "Obstacles will stop this migration.", resumes};
  return {forecast.warnings.empty() ? Tone::good : Tone::attention,
          fmt::format("No obstacles: the migration from version {} takes {}.",
                      versions_text(forecast.from, forecast.to), shown(time_of(forecast))),
          resumes};
}

Facts what_was_done(const ForecastOptions& options, const Forecast& forecast) {
  return {{"Source", "source", Literal{options.migration.source}},
          {"Target", "target", Literal{options.migration.target}},
          {"Archive version", "", versions_text(forecast.from, forecast.to)},
          {"", "jobferry", JOBFERRY_VERSION},
          {"", "from", version_of(forecast.from)},
          {"", "to", version_of(forecast.to)},
          {"", "nothingToDo", forecast.nothing_to_do},
          {"", "goesOn", forecast.goes_on},
          {"", "interrupted", forecast.interrupted},
          {"", "failed", forecast.failed},
          {"Time of counting", "countingSeconds", Seconds{forecast.counting_seconds}},
          {"Time of the sample", "samplingSeconds", Seconds{forecast.duration.sampled}},
          {"", "confidencePercent", confidence_percent},
          {"Seed of the sample", "seed", Identifier{forecast.seed}},
          {"Jobs to try", "toTry", forecast.to_try},
          {"Jobs tried", "tried", forecast.tried},
          {"", "exact", forecast.exact()},
          {"", "command", forecast.command}};
}

Table census(const Forecast& forecast) {
  Table table{"Jobs and files of the source",
              "",
              {{"Cluster", "", name},
               {"Jobs", "clusters.*.jobs", number},
               {"Files", "", number},
               {"", "clusters.*.meta.files"},
               {"meta.json", "clusters.*.meta.bytes", number},
               {"", "clusters.*.data.files"},
               {"data.json", "clusters.*.data.bytes", number},
               {"", "clusters.*.dataGz.files"},
               {"data.json.gz", "clusters.*.dataGz.bytes", number},
               {"", "clusters.*.other.files"},
               {"Other", "clusters.*.other.bytes", number},
               {"Skipped", "clusters.*.skipped", number},
               {"Bad", "clusters.*.bad", number},
               {"", "clusters.*.leftOut"},
               {"Left behind", "clusters.*.leftBehind", number}}};
  for (const auto& [cluster, c] : forecast.clusters) {
    Cells cells = {cluster, c.jobs, c.meta.files + c.plain.files + c.gz.files + c.other.files};
    for (const FileCount* files : {&c.meta, &c.plain, &c.gz, &c.other})
      cells.insert(cells.end(), {files->files, Bytes{files->bytes}});
    cells.insert(cells.end(), {c.skipped, bad_cell(c.bad), c.left_out, c.left_behind});
    table.rows.push_back({std::move(cells)});
  }
  return table;
}

// The other jobs that were counted: what becomes of them is known.
std::string known_text(const Forecast& forecast) {
  std::uint64_t judged = 0, left_out = 0;
  for (const auto& [cluster, c] : forecast.clusters) judged += c.skipped + c.bad, left_out += c.left_out;
  std::string text;
  if (judged)
    text += fmt::format(" ({} more {} bad or skipped, as the directories show)", grouped(judged),
                        judged == 1 ? "is" : "are");
  if (left_out)
    text += fmt::format(" ({} more {} not selected)", grouped(left_out), left_out == 1 ? "is" : "are");
  return text;
}

std::string basis_text(const Forecast& forecast) {
  const std::string jobs = counted(forecast.to_try, "job"), known = known_text(forecast);
  const std::string exact = known + ", so all numbers but the time are exact.";
  if (forecast.exact() && forecast.to_try == 0) return "There is no job to try" + exact;
  if (forecast.exact())
    return (forecast.to_try == 1 ? jobs + " was tried" : "All " + jobs + " were tried") + exact;
  return fmt::format(
      "{} of {}, chosen at random, were tried{}. A range holds the true number in {:.0f} of 100 plans. What "
      "no "
      "tried job has occurs in at most {}.",
      grouped(forecast.tried), jobs, known, confidence_percent, counted(forecast.unseen, "job"));
}

Section expectations(const Forecast& forecast) {
  const DurationForecast& time = forecast.duration;
  return {
      "What to expect",
      {Paragraph{basis_text(forecast)},
       Facts{{"Jobs migrated", "expected.migrated", count_of(forecast.migrated)},
             {"Jobs skipped", "expected.skipped", count_of(forecast.skipped)},
             {"Bad jobs", "expected.bad", count_of(forecast.bad)},
             {"Data files carried unread", "expected.carriedUnread", count_of(forecast.carried_unread)},
             {"Other files carried", "expected.carried", count_of(forecast.carried)},
             {"Entries left behind", "expected.leftBehind", count_of(forecast.left_behind)},
             {"Read", "expected.bytesIn", bytes_of(forecast.bytes_in)},
             {"Written", "expected.bytesOut", bytes_of(forecast.bytes_out)},
             {"Time", "expected.seconds", time_of(forecast)},
             {time.high > 1 ? "Likely time" : "", "expected.seconds.likely", Seconds{time.likely}},
             {"", "expected.unseenAtMost", forecast.unseen}},
       Paragraph{"The sample shows how long it takes to read, change and compress jobs, but not how long it "
                 "takes to write them: for that, the upper end has what other machines needed."}}};
}

Section room(const RoomForecast& room) {
  Facts facts = {{"Place", "room.place", Literal{room.place}},
                 {"Space needed", "room.bytes", bytes_of(room.bytes)},
                 {"Inodes needed", "room.inodes", count_of(room.inodes)},
                 {"", "room.stateBytes", Bytes{room.state_bytes}},
                 {"", "room.stateBytesAtMost", Bytes{room.state_bytes_most}}};
  if (room.state_bytes)
    facts.push_back({"Space for the state", "",
                     Estimated{static_cast<double>(room.state_bytes), static_cast<double>(room.state_bytes),
                               static_cast<double>(room.state_bytes_most), true}});
  facts.push_back(room.free_bytes ? Fact{"Space free", "room.freeBytes", Bytes{*room.free_bytes}}
                                  : Fact{"Space free", "", "unknown"});
  facts.push_back(room.free_inodes ? Fact{"Inodes free", "room.freeInodes", *room.free_inodes}
                                   : Fact{"Inodes free", "", "limited by space alone"});
  return {"Room at the target", {std::move(facts)}};
}

Section left_behind(const Forecast& forecast) {
  return {"Left behind",
          {Facts{{"Entries of the root", "leftBehindRoot", forecast.left_behind_root},
                 {"Directories that hold a meta.json", "leftBehindJobs", forecast.left_behind_jobs}},
           path_table("Entries that are left behind, for example", "leftBehindExamples",
                      forecast.left_behind_some),
           path_table("Directories that hold a meta.json and are left behind, for example",
                      "leftBehindJobsExamples", forecast.left_behind_jobs_some)}};
}

Table bad_jobs(const Forecast& forecast) {
  Table table{"Bad jobs by class", "badClasses", error_columns("example.")};
  for (Column& column : table.columns)
    if (column.json == "example.class") column.heading.clear();  // that of the row
  table.columns.insert(table.columns.begin(), {{"Class", "class", name}, {"Jobs", "jobs", number}});
  for (const auto& [kind, bad] : forecast.bad_classes) {
    Cells cells = cells_of(bad.example);
    cells.insert(cells.begin(), {std::string_view(kind), count_of(bad.jobs)});
    table.rows.push_back({std::move(cells)});
  }
  return table;
}

Section notes(const Forecast& forecast) {
  Table table{"Notes by code", "notes", example_columns()};
  table.columns.insert(table.columns.begin(), {{"Note", "code", name},
                                               {"Jobs and clusters", "subjects", number},
                                               {"Places", "count.value", number},
                                               {"At least", "count.atLeast", number}});
  for (const auto& [code, note] : forecast.notes)
    table.rows.push_back({{code, count_of(note.subjects), whole(note.places), whole(note.places_seen),
                           note.subject, note.file, note.pointer, note.detail}});
  Section section{"Notes: decisions that you may want to review", {std::move(table)}};
  if (!forecast.exact() && !forecast.notes.empty())
    section.blocks.emplace_back(Paragraph{
        "Places have no range: a few jobs may hold most of them, and a sample rarely includes these."});
  return section;
}

Table obstacles(const char* caption, const char* json, const std::vector<Error>& errors) {
  Table table = error_table(caption, json, errors);
  table.columns.push_back({"What to do", "advice", ColumnKind::advice, "\n    What to do: "});
  for (std::size_t i = 0; i < errors.size(); ++i) table.rows[i].cells.emplace_back(advice_on(errors[i].kind));
  return table;
}

}  // namespace

ResultDocument forecast_document(const ForecastOptions& options, const Forecast& forecast) {
  ResultDocument document{"jobferry-plan",
                          fmt::format("Plan of a migration to version {}", options.migration.to),
                          ending_of(options, forecast)};
  document.sections = {{"What was done", {what_was_done(options, forecast)}, false, true},
                       {"What the source holds", {census(forecast)}},
                       left_behind(forecast)};
  if (forecast.has_estimates()) {
    document.figures = {{"Jobs", "", count_of(forecast.migrated)},
                        {"Bad jobs", "", count_of(forecast.bad)},
                        {"Time", "", time_of(forecast)},
                        {"Space", "", bytes_of(forecast.room.bytes)},
                        {"Inodes", "", count_of(forecast.room.inodes)}};
    document.sections.push_back(expectations(forecast));
    document.sections.push_back(room(forecast.room));
  }
  document.sections.insert(document.sections.end(),
                           {{"Bad jobs to expect", {bad_jobs(forecast)}},
                            notes(forecast),
                            {"Aggregations", {aggregation_table(forecast.aggregations)}},
                            {"Obstacles, which will stop the migration",
                             {obstacles("Obstacles", "obstacles", forecast.obstacles)},
                             true,
                             forecast.failed},
                            {"Warnings, which may stop the migration",
                             {obstacles("Warnings", "warnings", forecast.warnings)},
                             true}});
  if (!forecast.command.empty() && !forecast.nothing_to_do && !forecast.failed && !forecast.interrupted)
    document.sections.push_back(
        {forecast.obstacles.empty() ? "To run it" : "To run it, without the obstacles",
         {ShellLines{{forecast.command}}},
         true});
  if (forecast.failed) document.hide_all_but_errors();
  return document;
}

}  // namespace jobferry
