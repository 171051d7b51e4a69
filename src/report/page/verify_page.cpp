#include "report/page/verify_page.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "report/page/page_parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number, name = ColumnKind::name;

std::uint64_t sum_of(const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [key, count] : counts) sum += count;
  return sum;
}

Ending ending_of(const VerifyOptions& options, const VerifyResult& result) {
  switch (result.outcome) {
    case VerifyOutcome::agrees:
      return {result.bad.empty() ? Tone::good : Tone::attention,
              fmt::format("{} is what {} becomes{}: nothing was lost.", options.target, options.source,
                          result.complete ? "" : ", as far as it was looked at"),
              result.has_version
                  ? "It can be put in the place of the old one."
                  : "It has no version.txt, so no server starts on it: the migration did not end, "
                    "or jobs are bad."};
    case VerifyOutcome::differs:
      return {Tone::bad,
              fmt::format("{} differs from what {} becomes in {} places.", options.target, options.source,
                          count_cell(sum_of(result.findings)).text),
              "Do not put it in the place of the old one before the findings below are understood."};
    case VerifyOutcome::interrupted:
      return {Tone::attention, "Interrupted: what was looked at agrees.",
              fmt::format("The same command with --from {} goes on.", result.resume_from)};
    case VerifyOutcome::failed:
      break;
  }
  return {Tone::bad, "Could not be verified.", "What stood in the way is under Errors."};
}

Section what_was_done(const VerifyOptions& options, const VerifyResult& result, const RunFacts& run) {
  Facts facts = {{"Source", options.source, true},
                 {"Target", options.target, true},
                 {"Archive version", fmt::format("{} to {}", result.from, result.to)}};
  if (options.sample < 100) facts.push_back({"Sample", fmt::format("{} % of the jobs", options.sample)});
  if (!options.cluster.empty())
    facts.push_back(
        {"Only", options.job ? fmt::format("{}/{}", options.cluster, *options.job) : options.cluster});
  return what_was_done(std::move(facts), run, result.seconds);
}

Section both_sides(const VerifyResult& result) {
  Table sides{
      "What there is on both sides", {{"Side"}, {"Jobs", number}, {"Files", number}, {"Bytes", number}}, {}};
  const auto add = [&](const char* side, const ArchiveCounts& counts) {
    sides.rows.push_back(
        {{side}, count_cell(counts.jobs), count_cell(counts.files), bytes_cell(counts.bytes)});
  };
  add("Source", result.source);
  add("Target", result.target);

  Table ends{"Jobs of each cluster that are in both, or should be",
             {{"Cluster", name},
              {"Jobs, source", number},
              {"Target", number},
              {"Highest job ID, source", number},
              {"Target", number},
              {"Newest start, source", number},
              {"Target", number}},
             {}};
  const auto cell = [](std::uint64_t value, bool same) {
    Cell shown{std::to_string(value), value};
    if (!same) shown.tone = Tone::bad;
    return shown;
  };
  for (const auto& [cluster, ours] : result.source_ends) {
    const auto found = result.target_ends.find(cluster);
    const ClusterEnds theirs = found == result.target_ends.end() ? ClusterEnds() : found->second;
    Row row = {{cluster}};
    for (const auto member : {&ClusterEnds::jobs, &ClusterEnds::highest_job, &ClusterEnds::newest_start}) {
      const bool same = ours.*member == theirs.*member;
      row.push_back(cell(ours.*member, true));
      row.push_back(cell(theirs.*member, same));
    }
    ends.rows.push_back(std::move(row));
  }
  return {"Both sides", {std::move(sides), std::move(ends)}};
}

Section findings(const VerifyResult& result) {
  Table kinds{"Findings by kind", {{"Kind", name}, {"Count", number}}, {}, {}, "Nothing was found."};
  for (const auto& [kind, count] : result.findings) kinds.rows.push_back({{kind}, count_cell(count)});
  Section section{"Findings", {std::move(kinds)}};
  if (result.found.empty()) return section;
  Table all{
      "Where they are",
      {{"Job", name}, {"Place", name}, {"Kind", name}, {"Rule"}, {"Source has", name}, {"Target has", name}},
      {}};
  for (const Difference& each : result.found)
    all.rows.push_back({{each.subject.empty() ? "(root)" : each.subject},
                        {place_in(each.file, each.pointer)},
                        {each.kind},
                        {each.rule},
                        {each.source},
                        {each.target}});
  section.blocks.emplace_back(std::move(all));
  const std::uint64_t count = sum_of(result.findings);
  if (count > result.found.size())
    section.blocks.emplace_back(Paragraph{fmt::format("{} more are counted above and not listed.",
                                                      count_cell(count - result.found.size()).text)});
  return section;
}

Section changes(const VerifyResult& result) {
  Table table{"Changes by the rule that demands them",
              {{"Rule", name}, {"Count", number}},
              {},
              {},
              "No rule changed anything."};
  for (const auto& [rule, count] : result.changes) table.rows.push_back({{rule}, count_cell(count)});
  return {"Changes that are right", {std::move(table)}};
}

Section left_out(const char* heading, const char* caption, const std::vector<LeftOut>& jobs) {
  Table table{caption, {{"Job", name}, {"Class", name}, {"File", name}, {"What is wrong"}}, {}};
  for (const LeftOut& job : jobs) table.rows.push_back({{job.job}, {job.kind}, {job.file}, {job.what}});
  return {heading, {std::move(table)}};
}

}  // namespace

Page verify_page(const VerifyOptions& options, const VerifyResult& result, const RunFacts& run) {
  Page page = page_of("Verification of a job archive", ending_of(options, result));
  page.figures = {{"Jobs in the source", count_cell(result.source.jobs).text},
                  {"Jobs in the target", count_cell(result.target.jobs).text},
                  {"Findings", count_cell(sum_of(result.findings)).text},
                  {"Changes by rules", count_cell(sum_of(result.changes)).text},
                  {"Time", time_text(result.seconds)}};
  page.sections.push_back(what_was_done(options, result, run));
  if (!result.errors.empty())
    page.sections.push_back({"Errors", {error_table("What stood in the way", result.errors)}});
  if (result.outcome == VerifyOutcome::failed) return page;
  page.sections.push_back(findings(result));
  page.sections.push_back(both_sides(result));
  page.sections.push_back(changes(result));
  if (!result.bad.empty())
    page.sections.push_back(
        left_out("Bad jobs", "Jobs that are bad, and rightly not in the target", result.bad));
  if (!result.skipped.empty())
    page.sections.push_back(
        left_out("Skipped jobs", "Jobs without content, and rightly not in the target", result.skipped));
  return page;
}

}  // namespace jobferry
