#include <fmt/format.h>

#include <set>

#include "jobferry/verify.h"
#include "report/documents.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

std::string_view name_of(VerifyOutcome outcome) {
  switch (outcome) {
    case VerifyOutcome::agrees:
      return "agrees";
    case VerifyOutcome::differs:
      return "differs";
    case VerifyOutcome::interrupted:
      return "interrupted";
    case VerifyOutcome::failed:
      break;
  }
  return "failed";
}

std::uint64_t sum_of(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : counts) sum += count;
  return sum;
}

// The jobs of the target are counted after those of the source.
bool counts_target(const VerifyResult& result) {
  return result.resume_from.empty() || result.resume_from.starts_with("target:");
}

Ending ending_of(const VerifyOptions& options, const VerifyResult& result) {
  switch (result.outcome) {
    case VerifyOutcome::agrees:
      return {result.bad.empty() ? Tone::good : Tone::attention,
              fmt::format("{} is what {} becomes{}: nothing was lost.", options.target, options.source,
                          result.complete ? "" : ", as far as it was checked"),
              result.has_version ? "It can replace the old archive."
                                 : "It has no version.txt, so no server starts on it: the migration has not "
                                   "completed, or jobs are bad."};
    case VerifyOutcome::differs:
      return {Tone::bad,
              fmt::format("{} differs from what {} becomes: {}.", options.target, options.source,
                          counted(sum_of(result.findings), "finding")),
              "Do not replace the old archive before you understand the findings."};
    case VerifyOutcome::interrupted:
      return {Tone::attention, "Interrupted: what was checked so far agrees.",
              fmt::format("Run the same command with --from {} to resume.", result.resume_from)};
    case VerifyOutcome::failed:
      break;
  }
  return {Tone::bad, "Failed: the archives could not be compared."};
}

Facts what_was_done(const VerifyOptions& options, const VerifyResult& result) {
  Facts facts = {{"Source", "source", Literal{options.source}},
                 {"Target", "target", Literal{options.target}},
                 {"Archive version", "", versions_text(result.from, result.to)},
                 {"", "from", version_of(result.from)},
                 {"", "to", version_of(result.to)},
                 {"", "outcome", std::string(name_of(result.outcome))},
                 {"Complete", "complete", result.complete},
                 {"version.txt in the target", "hasVersion", result.has_version},
                 {"Entries of the source that belong to no job", "leftBehind", result.left_behind},
                 {result.unchecked ? "Jobs not checked, since their cluster.json is bad" : "", "unchecked",
                  result.unchecked},
                 {"", "goOn", unless_empty(result.resume_from)}};
  if (options.sample < 100) facts.push_back({"Sample", "", fmt::format("{} % of the jobs", options.sample)});
  if (!options.cluster.empty())
    facts.push_back(
        {"Only", "", options.job ? fmt::format("{}/{}", options.cluster, *options.job) : options.cluster});
  return facts;
}

Table sides(const VerifyResult& result) {
  Table table{
      "Jobs, files and bytes of both sides",
      "",
      {{"Side"}, {"Jobs", "*.jobs", number}, {"Files", "*.files", number}, {"Bytes", "*.bytes", number}}};
  const ArchiveCounts &source = result.source, &target = result.target;
  table.rows = {
      {{"Source", source.jobs, source.files, Bytes{source.bytes}}, "sourceCounts"},
      {{"Target", target.jobs, target.files, Bytes{target.bytes}}, "targetCounts", counts_target(result)}};
  return table;
}

Table ends(const VerifyResult& result) {
  Table table{"Jobs of each cluster on both sides, without those that are rightly not in the target",
              "",
              {{"Cluster", "", name},
               {"Jobs, source", "sourceClusters.*.jobs", number},
               {"target", "targetClusters.*.jobs", number},
               {"Highest job ID, source", "sourceClusters.*.highestJob", number},
               {"target", "targetClusters.*.highestJob", number},
               {"Newest start, source", "sourceClusters.*.newestStart", number},
               {"target", "targetClusters.*.newestStart", number}}};
  const auto find = [](const std::map<std::string, ClusterEnds>& all, const std::string& cluster) {
    const auto found = all.find(cluster);
    return found == all.end() ? nullptr : &found->second;
  };
  std::set<std::string> clusters;
  for (const auto* side : {&result.source_ends, &result.target_ends})
    for (const auto& [cluster, each] : *side) clusters.insert(cluster);
  for (const std::string& cluster : clusters) {
    const ClusterEnds *source = find(result.source_ends, cluster),
                      *target = find(result.target_ends, cluster);
    Cells cells = {cluster};
    for (const auto member : {&ClusterEnds::jobs, &ClusterEnds::highest_job, &ClusterEnds::newest_start}) {
      const bool differs = counts_target(result) && source && target && source->*member != target->*member;
      cells.push_back(source ? Value(Identifier{source->*member}) : Value());
      cells.push_back(target ? Value(Identifier{target->*member}) : Value());
      if (differs) cells.back().tone = Tone::bad;
    }
    table.rows.push_back({std::move(cells)});
  }
  return table;
}

Table counts_table(std::string caption, const std::string& json, const char* heading, const Counts& counts,
                   std::string empty) {
  Table table{std::move(caption), "", {{heading, "", name}, {"Count", json + ".*", number}}};
  for (const auto& [key, count] : counts) table.rows.push_back({{key, count}});
  table.empty = std::move(empty);
  return table;
}

Table found_table(const VerifyResult& result) {
  Table table{"Where they are",
              "found",
              {{"", "subject"},
               {"Job", "", name},
               {"File", "file", name, " "},
               {"Pointer", "pointer", name, " "},
               {"Kind", "kind", name, ": "},
               {"Rule", "rule", ColumnKind::text, ", rule "},
               {"Source has", "source", name, ", source "},
               {"Target has", "target", name, ", target "}}};
  for (const Difference& each : result.found)
    table.rows.push_back({{each.subject, each.subject.empty() ? "(root)" : each.subject, each.file,
                           each.pointer, each.kind, unless_empty(each.rule), each.source, each.target}});
  return table;
}

Section findings(const VerifyResult& result) {
  Section section{
      "Findings",
      {counts_table("Findings by kind", "findings", "Kind", result.findings, "Nothing was found."),
       found_table(result)},
      true};
  const std::uint64_t listed = result.found.size(), all = sum_of(result.findings);
  if (all > listed)
    section.blocks.emplace_back(
        Paragraph{fmt::format("{} more are counted above and not listed.", grouped(all - listed))});
  return section;
}

Table left_out(const char* caption, const char* json, const std::vector<LeftOut>& jobs) {
  Table table{caption,
              json,
              {{"Job", "job", name},
               {"File", "file", name, " "},
               {"Class", "class", name, ": "},
               {"What is wrong", "text", ColumnKind::text, ": "}}};
  for (const LeftOut& job : jobs) table.rows.push_back({{job.job, job.file, job.kind, job.what}});
  return table;
}

// The errors of a verification are lines in JSON.
Table error_lines(const std::vector<Error>& errors) {
  Table table{"Why the command failed", "errors", {{"What is wrong", "", ColumnKind::text}}};
  for (const Error& error : errors) table.rows.push_back({{describe(error)}});
  return table;
}

}  // namespace

ResultDocument verify_document(const VerifyOptions& options, const VerifyResult& result) {
  ResultDocument document{"jobferry-verify", "Verification of a job archive", ending_of(options, result)};
  document.figures = {{"Jobs in the source", "", result.source.jobs},
                      {"Jobs in the target", "", result.target.jobs},
                      {"Findings", "", sum_of(result.findings)},
                      {"Changes by rules", "", sum_of(result.changes)}};
  Section bad{"Bad jobs", {left_out("Jobs that are bad, and rightly not in the target", "bad", result.bad)}};
  if (!result.bad.empty() && result.has_version)
    bad.blocks.emplace_back(
        Paragraph{"The target has a version.txt although jobs are bad: they were accepted."});
  document.sections = {
      {"What was compared", {what_was_done(options, result)}},
      {"Time", {Facts{{"Time", "", Seconds{result.seconds}}}}, false, true},
      {"Both sides", {sides(result), ends(result)}},
      {"Changes by rules",
       {counts_table("Changes by the rule that requires them", "changes", "Rule", result.changes,
                     "No rule changed anything.")}},
      std::move(bad),
      {"Skipped jobs",
       {left_out("Jobs without content, and rightly not in the target", "skipped", result.skipped)}},
      findings(result),
      {"Errors", {error_lines(result.errors)}, true, true}};
  if (result.outcome == VerifyOutcome::failed) document.hide_all_but_errors();
  return document;
}

}  // namespace jobferry
