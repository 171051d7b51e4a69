#include <fmt/format.h>

#include <algorithm>

#include "engine/command_words.h"
#include "jobferry/options.h"
#include "jobferry/validate.h"
#include "report/documents.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number;

std::string_view outcome_of(const ValidateResult& result) {
  if (!result.errors.empty()) return "failed";
  if (result.count(Severity::error) > 0) return "bad";
  return result.complete ? "sound" : "interrupted";
}

// How to make the repairs that the advice mentions; empty if it mentions none.
std::string repair_text(const ValidateOptions& options, const ValidateResult& result) {
  if (std::none_of(result.findings.begin(), result.findings.end(),
                   [](const FindingGroup& group) { return group.kind->repairable; }))
    return {};
  if (result.version == 0) return "A repair is part of every migration from version 0.";
  Options repair;
  repair.source = by_name(options.archive);
  repair.target = repair.source + "-repaired";
  repair.to = result.version;
  repair.repair = true;
  return "A repair: " + command_for(repair);
}

Ending ending_of(const ValidateOptions& options, const ValidateResult& result) {
  if (!result.errors.empty()) return {Tone::bad, "Failed: the archive could not be validated."};
  const std::uint64_t errors = result.count(Severity::error), warnings = result.count(Severity::warning);
  const std::string not_all = result.complete ? "" : " Interrupted: not all jobs were checked.";
  const std::string repair = repair_text(options, result);
  if (errors > 0)
    return {Tone::bad,
            fmt::format("Not sound: {}, {}. Bad jobs: {} of {}.{}", counted(errors, "error"),
                        counted(warnings, "warning"), grouped(result.total().bad),
                        grouped(result.total().jobs), not_all),
            repair};
  if (!result.complete) return {Tone::attention, "Interrupted: the jobs checked so far are sound.", repair};
  return {warnings ? Tone::attention : Tone::good,
          fmt::format("Sound: an archive of version {}, {}.", result.version, counted(warnings, "warning")),
          repair};
}

Table clusters(const ValidateResult& result) {
  Table table{"Jobs and files of each cluster",
              "",
              {{"Cluster", "", ColumnKind::name},
               {"Jobs", "clusters.*.jobs", number},
               {"With errors", "clusters.*.bad", number},
               {"Files", "clusters.*.files", number},
               {"Bytes", "clusters.*.bytes", number}}};
  const auto cells = [](std::string_view name, const ValidateCounts& counts) {
    return Cells{name, counts.jobs, bad_cell(counts.bad), counts.files, Bytes{counts.bytes}};
  };
  for (const auto& [name, counts] : result.clusters) table.rows.push_back({cells(name, counts)});
  table.total = {cells("Total", result.total()), "total"};
  return table;
}

Table findings(const ValidateResult& result) {
  Table table{"Findings by kind",
              "findings",
              {{"Kind", "kind", ColumnKind::name},
               {"Rule", "rule", ColumnKind::name, " "},
               {"Severity", "severity", ColumnKind::text, ": "},
               {"Places", "count", number, ", places: "},
               {"Jobs and clusters", "subjects", number, ", jobs and clusters: "},
               {"Meaning", "meaning", ColumnKind::advice, "\n    "},
               {"What to do", "advice", ColumnKind::advice, "\n    What to do: "}}};
  table.empty = "Nothing was found.";
  table.details = {"The first of each kind, in path order",
                   "examples",
                   {{"Job or cluster", "subject", ColumnKind::name},
                    {"File", "file", ColumnKind::name, " "},
                    {"Pointer", "pointer", ColumnKind::name, " "},
                    {"Byte", "byte", number, " byte "},
                    {"What is wrong", "text", ColumnKind::text, ": "}}};
  for (const FindingGroup& group : result.findings) {
    const FindingKind& kind = *group.kind;
    const Tone tone = kind.severity == Severity::error ? Tone::bad : Tone::attention;
    Row row{{kind.word,
             unless_empty(group.rule),
             {name_of(kind.severity), tone},
             group.count,
             group.subjects,
             kind.meaning,
             kind.advice}};
    for (const Finding& each : group.examples)
      row.details.push_back({each.subject, each.file, each.pointer,
                             each.byte ? Value(Identifier{*each.byte}) : Value(), each.text});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

ResultDocument validate_document(const ValidateOptions& options, const ValidateResult& result) {
  ResultDocument document{"jobferry-validate", "Validation of a job archive", ending_of(options, result)};
  document.figures = {{"Jobs", "", result.total().jobs},
                      {"With errors", "", result.total().bad},
                      {"Errors", "errorCount", result.count(Severity::error)},
                      {"Warnings", "warningCount", result.count(Severity::warning)},
                      {"Time", "seconds", Seconds{result.seconds}}};
  document.sections = {{"What was done",
                        {Facts{{"Archive", "archive", Literal{options.archive}},
                               {"Archive version", "version", version_of(result.version)},
                               {"", "jobferry", JOBFERRY_VERSION},
                               {"", "outcome", std::string(outcome_of(result))},
                               {"", "complete", result.complete},
                               {"", "repair", repair_text(options, result)}}}},
                       {"Clusters", {clusters(result)}},
                       {"Findings", {findings(result)}, true},
                       error_section(result.errors)};
  if (!result.errors.empty()) document.hide_all_but_errors();
  return document;
}

}  // namespace jobferry
