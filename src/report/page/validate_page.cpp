#include "report/page/validate_page.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "report/page/page_parts.h"
#include "report/validate_report.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

Ending ending_of(const ValidateOptions& options, const ValidateResult& result) {
  if (!result.errors.empty())
    return {Tone::bad, "Could not be validated.", "What stood in the way is under Errors."};
  const std::uint64_t errors = result.count(Severity::error), warnings = result.count(Severity::warning);
  const std::string not_all = result.complete ? "" : " Not all was looked at.";
  if (errors)
    return {Tone::bad,
            fmt::format("{} is not sound: {} in {} of {}.{}", options.archive, plural(errors, "error"),
                        count_cell(result.total().bad).text, plural(result.total().jobs, "job"), not_all),
            "What to do about each kind stands beside it. " + repair_text(options, result)};
  if (!result.complete) return {Tone::attention, "Interrupted: what was looked at is sound.", ""};
  return {warnings ? Tone::attention : Tone::good,
          fmt::format("{} is a sound archive of version {}, with {}.", options.archive, result.version,
                      plural(warnings, "warning")),
          warnings ? "Warnings are what works and is worth a look." : ""};
}

Row counts_row(const std::string& cluster, const ValidateCounts& counts) {
  Cell bad = count_cell(counts.bad);
  if (counts.bad) bad.tone = Tone::bad;
  return {
      {cluster}, count_cell(counts.jobs), std::move(bad), count_cell(counts.files), bytes_cell(counts.bytes)};
}

Section clusters(const ValidateResult& result) {
  Table table{
      "Jobs and files of each cluster",
      {{"Cluster", name}, {"Jobs", number}, {"With errors", number}, {"Files", number}, {"Bytes", number}},
      {}};
  for (const auto& [cluster, counts] : result.clusters) table.rows.push_back(counts_row(cluster, counts));
  table.total = counts_row("Total", result.total());
  return {"Clusters", {std::move(table)}};
}

std::string kind_text(const FindingGroup& group) {
  return std::string(group.kind->word) + (group.rule.empty() ? "" : " " + group.rule);
}

Section kinds(const ValidateResult& result) {
  Table table{"Findings by kind",
              {{"Kind", name},
               {"Severity"},
               {"Places", number},
               {"Jobs and clusters", number},
               {"Meaning"},
               {"What to do"}},
              {},
              {},
              "Nothing was found."};
  for (const FindingGroup& group : result.findings) {
    const bool is_error = group.kind->severity == Severity::error;
    Cell severity{std::string(name_of(group.kind->severity))};
    severity.tone = is_error ? Tone::bad : Tone::attention;
    table.rows.push_back({{kind_text(group)},
                          std::move(severity),
                          count_cell(group.count),
                          count_cell(group.subjects),
                          {std::string(group.kind->meaning)},
                          {std::string(group.kind->advice)}});
  }
  return {"Findings", {std::move(table)}};
}

Section examples(const ValidateResult& result) {
  Table table{
      "The first of each kind, in path order",
      {{"Job or cluster", name}, {"Place", name}, {"Byte", number}, {"Kind", name}, {"What is wrong"}},
      {}};
  for (const FindingGroup& group : result.findings)
    for (const Finding& each : group.examples)
      table.rows.push_back({{each.subject.empty() ? "(root)" : each.subject},
                            {place_in(each.file, each.pointer)},
                            each.byte ? count_cell(*each.byte) : Cell{},
                            {kind_text(group)},
                            {each.text}});
  return {"Examples", {std::move(table)}};
}

}  // namespace

Page validate_page(const ValidateOptions& options, const ValidateResult& result, const RunFacts& run) {
  Page page = page_of("Validation of a job archive", ending_of(options, result));
  page.figures = {{"Jobs", count_cell(result.total().jobs).text},
                  {"With errors", count_cell(result.total().bad).text},
                  {"Errors", count_cell(result.count(Severity::error)).text},
                  {"Warnings", count_cell(result.count(Severity::warning)).text},
                  {"Time", time_text(result.seconds)}};
  page.sections.push_back(
      what_was_done({{"Archive", options.archive, true}, {"Archive version", std::to_string(result.version)}},
                    run, result.seconds));
  if (!result.errors.empty()) {
    page.sections.push_back({"Errors", {error_table("What stood in the way", result.errors)}});
    return page;
  }
  page.sections.push_back(kinds(result));
  if (!result.findings.empty()) page.sections.push_back(examples(result));
  page.sections.push_back(clusters(result));
  return page;
}

}  // namespace jobferry
