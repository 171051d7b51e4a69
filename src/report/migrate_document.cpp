#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "jobferry/migrate.h"
#include "report/documents.h"
#include "report/error_advice.h"
#include "report/migrate_charts.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

// --- How it ended ---

constexpr const char* nothing_written = "Dry run: nothing was written.";

Ending complete(const Options& options, const Summary& summary) {
  const std::string without =
      summary.bad.empty() ? "" : fmt::format(", without {}", counted(summary.bad.size(), "bad job"));
  const Tone tone = summary.bad.empty() ? Tone::good : Tone::attention;
  if (options.dry_run)
    return {tone, nothing_written + fmt::format(" All jobs were tried{}.", without),
            "Run the same command without --dry-run to migrate."};
  std::string next = options.keep_state
                         ? "If a server changed the source meanwhile: stop it and run the same "
                           "command again to catch up. Then replace the old archive with the new."
                         : "Replace the old archive with it while no server runs.";
  if (options.repair && summary.from != summary.to)
    next = fmt::format(
               "--repair changed nothing: every step repairs. To repair without a step: --to {} --repair. ",
               summary.from) +
           next;
  return {tone,
          fmt::format("Complete{}: {} is an archive of version {}.", without, options.target, summary.to),
          next};
}

Ending bad_jobs(const Options& options, const Summary& summary) {
  return {Tone::bad,
          fmt::format("Not complete: {} could not be migrated.", counted(summary.bad.size(), "job")),
          options.dry_run
              ? nothing_written
              : "version.txt was not written, so no server starts on the target. Fix the bad jobs and "
                "run the same command again, or complete without them: --accept-bad."};
}

Ending hidden_jobs(const Options& options, const Summary& summary) {
  return {Tone::bad,
          fmt::format("Not complete: {} could not be listed, so an unknown number of jobs is missing.",
                      counted(summary.unlisted.size(), "directory", "directories")),
          options.dry_run ? nothing_written
                          : "version.txt was not written, and --accept-bad does not cover this. Make all "
                            "directories readable and run the same command again."};
}

Ending failed(const Summary& summary) {
  const bool about_target = std::any_of(summary.errors.begin(), summary.errors.end(),
                                        [](const Error& error) { return error.kind == Kind::write_failed; });
  return {Tone::bad, "Failed: the migration could not continue.",
          fmt::format("{} and run the same command again{}.",
                      about_target ? "Make room at the target, or repair its disk," : "Fix the error",
                      summary.resumable ? " to resume" : "")};
}

Ending ending_of(const Options& options, const Summary& summary) {
  switch (summary.outcome) {
    case Outcome::complete:
      return complete(options, summary);
    case Outcome::nothing_to_do:
      return {Tone::good,
              fmt::format("Nothing to do: {} is already of version {}.", options.source, summary.to),
              "To apply the repairs alone, give --repair."};
    case Outcome::bad_jobs:
      return bad_jobs(options, summary);
    case Outcome::hidden_jobs:
      return hidden_jobs(options, summary);
    case Outcome::interrupted:
      return {Tone::attention, "Interrupted: the counts do not include all jobs.",
              options.dry_run ? nothing_written
              : summary.resumable
                  ? "The target is unfinished and has no version.txt. Run the same command again "
                    "to resume."
                  : "The target is unfinished and has no version.txt."};
    case Outcome::partial:
      return {
          Tone::attention,
          fmt::format("Not complete: {} {} not selected.", counted(summary.left_out, "remaining job"),
                      summary.left_out == 1 ? "was" : "were"),
          options.dry_run ? nothing_written : "Without --job and --only-bad the same command migrates them."};
    case Outcome::failed:
      break;
  }
  return failed(summary);
}

// --- What was done ---

std::string title_of(const Options& options, const Summary& summary) {
  const std::string what = summary.from == summary.to
                               ? fmt::format("Repair of version {}", summary.to)
                               : fmt::format("Migration from version {} to {}", summary.from, summary.to);
  return options.dry_run ? what + ", dry run" : what;
}

Facts figures_of(const Summary& summary) {
  const ClusterCounts total = summary.total();
  return {{"Jobs migrated", "", total.migrated},
          {"Bad jobs", "", total.bad},
          {"Read", "", Bytes{total.bytes_in}},
          {"Written", "", Bytes{total.bytes_out}},
          {"Time", "", Seconds{summary.seconds}}};
}

Facts what_was_done(const Options& options, const Summary& summary) {
  return {{"", "jobferry", JOBFERRY_VERSION},
          {"", "outcome", std::string(name_of(summary.outcome))},
          {"", "finalized", summary.finalized},
          {options.dry_run ? "Dry run" : "", "dryRun", options.dry_run},
          {"Source", "source", Literal{options.source}},
          {"Target", "target", Literal{options.target}},
          {"Archive version", "", versions_text(summary.from, summary.to)},
          {"", "from", version_of(summary.from)},
          {"", "to", version_of(summary.to)},
          {"Time", "seconds", Seconds{summary.seconds}},
          {"Part of it to sync the target at the end", "syncSeconds", Seconds{summary.sync_seconds}},
          {"Resumed an earlier run", "resumed", summary.resumed},
          {"", "unchanged", summary.unchanged},
          {summary.left_out ? "Remaining jobs that were not selected" : "", "leftOut", summary.left_out}};
}

// --- Clusters and charts ---

Section clusters(const Summary& summary) {
  Table table{"Jobs and files of each cluster",
              "",
              {{"Cluster", "", name},
               {"Migrated", "clusters.*.migrated", number},
               {"Skipped", "clusters.*.skipped", number},
               {"Bad", "clusters.*.bad", number},
               {"Unread", "clusters.*.carriedUnread", number},
               {"Carried", "clusters.*.carried", number},
               {"Left behind", "clusters.*.leftBehind", number},
               {"In", "clusters.*.bytesIn", number},
               {"Out", "clusters.*.bytesOut", number}}};
  const auto cells = [](std::string_view title, const ClusterCounts& c) {
    return Cells{title,     c.migrated,    c.skipped,         bad_cell(c.bad),   c.carried_unread,
                 c.carried, c.left_behind, Bytes{c.bytes_in}, Bytes{c.bytes_out}};
  };
  const auto found = summary.clusters.find("");
  const ClusterCounts root = found == summary.clusters.end() ? ClusterCounts() : found->second;
  table.rows.push_back({cells("(root)", root), "root", root.carried > 0 || root.left_behind > 0});
  for (const auto& [cluster, counts] : summary.clusters)
    if (!cluster.empty()) table.rows.push_back({cells(cluster, counts)});
  table.total = {cells("Total", summary.total()), "total"};
  Section section{"Clusters", {std::move(table)}};
  if (summary.unchanged)
    section.blocks.emplace_back(Paragraph{fmt::format(
        "{} of these had been done before and had not changed since.", counted(summary.unchanged, "job"))});
  section.blocks.emplace_back(Paragraph{
      "Migrated, skipped and bad are jobs. Unread: data files of migrated jobs that no step changes, so they "
      "were not read. Carried: other files, copied. Left behind: directory entries that belong to no job.",
      true});
  return section;
}

Section charts(const Summary& summary) {
  const MigrateCharts charts = migrate_charts(summary);
  const Timeline::Moment& done = charts.done;
  Section section{"Speed and sizes", {}, false, true};
  if (charts.throughput.times.empty()) {
    section.blocks.emplace_back(Paragraph{"This run did no job itself, so there is nothing to draw."});
    return section;
  }
  section.blocks = {
      Paragraph{fmt::format("{} in {}, {} read and {} written.{}", counted(done.jobs, "job"),
                            shown(Seconds{summary.timeline.seconds}), shown(Bytes{done.bytes_in}),
                            shown(Bytes{done.bytes_out}),
                            summary.unchanged ? " The charts do not include what an earlier run did." : "")},
      charts.throughput, charts.job_rate, charts.sizes};
  return section;
}

// --- What is wrong, and what to review ---

Table note_table(const Summary& summary) {
  Table table{"Notes by code, each with the example that comes first", "notes", example_columns()};
  table.columns.insert(
      table.columns.begin(),
      {{"Note", "code", name}, {"Places", "count", number}, {"Jobs and clusters", "subjects", number}});
  for (const auto& [code, note] : summary.notes)
    table.rows.push_back(
        {{code, note.count, note.subjects, note.subject, note.file, note.pointer, note.detail}});
  table.empty = "There was nothing to decide.";
  return table;
}

Table bad_table(const Summary& summary) {
  Table table = error_table("Jobs that could not be migrated", "bad", summary.bad);
  table.empty = "No job is bad.";
  return table;
}

// Once for each class.
Table advice_table(const std::vector<Error>& errors) {
  Table table{"What to do about each class", "", {{"Class"}, {"What to do", "", ColumnKind::advice, ": "}}};
  std::map<std::string_view, std::string_view> advice;
  for (const Error& error : errors) advice.emplace(name_of(error.kind), advice_on(error.kind));
  for (const auto& [kind, what] : advice) table.rows.push_back({{kind, what}});
  return table;
}

}  // namespace

ResultDocument migrate_document(const Options& options, const Summary& summary) {
  ResultDocument document{"jobferry-report", title_of(options, summary), ending_of(options, summary)};
  document.sections = {
      {"What was done", {what_was_done(options, summary)}, false, true},
      clusters(summary),
      charts(summary),
      {"Notes: decisions that you may want to review", {note_table(summary)}},
      {"Left behind, but holding a meta.json",
       {path_table("Directories that were left behind", "leftBehindJobs", summary.left_behind)}},
      {"In the target, but no longer in the source",
       {path_table("Jobs that were removed from the source", "vanished", summary.vanished)}},
      {"Skipped jobs", {error_table("Jobs with an empty file", "skipped", summary.skipped)}},
      {"Bad jobs", {bad_table(summary)}, true},
      {"Directories that could not be listed",
       {error_table("Each hides an unknown number of jobs", "unlisted", summary.unlisted)},
       true},
      {"What to do about bad jobs", {advice_table(summary.bad)}, true},
      {"Aggregations", {aggregation_table(summary.aggregations)}, false, true},
      error_section(summary.errors)};
  if (!summary.clusters.empty())
    document.figures = figures_of(summary);
  else
    document.hide_all_but_errors();
  return document;
}

}  // namespace jobferry
