#include "report/page/migrate_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "report/page/page_parts.h"

namespace jobferry {

namespace {

std::string jobs_text(std::uint64_t n) { return count_cell(n).text + (n == 1 ? " job" : " jobs"); }

std::string bytes_text_of(std::uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

// --- What came of it ---

std::string go_on(const Summary& summary) {
  return summary.resumable ? "The same command goes on from here." : "";
}

Ending complete(const Options& options, const Summary& summary) {
  const std::string without =
      summary.bad.empty() ? "" : fmt::format(", without {} that are bad", jobs_text(summary.bad.size()));
  const Tone tone = summary.bad.empty() ? Tone::good : Tone::attention;
  if (options.dry_run)
    return {tone, fmt::format("Dry run to the end{}: nothing was written.", without),
            "The same command without --dry-run migrates."};
  return {tone,
          fmt::format("Complete{}: {} is an archive of version {}.", without, options.target, summary.to),
          options.keep_state ? "If the old server ran meanwhile: stop it and run the same command once more, "
                               "which takes over what has changed. Then put the new archive in its place."
                             : "Put it in the place of the old one while no server runs."};
}

Ending bad_jobs(const Options& options, const Summary& summary) {
  std::string outcome = fmt::format("Not complete: {} could not be migrated.", jobs_text(summary.bad.size()));
  if (options.dry_run)
    return {Tone::bad, std::move(outcome),
            "Nothing was written. The jobs are listed below, with the place of what is wrong."};
  return {
      Tone::bad, std::move(outcome),
      fmt::format(
          "version.txt was not written, so no server starts on the target. Mend the jobs below and run the "
          "same command again{}, or complete without them: --accept-bad.",
          summary.resumable ? ", which goes on from here" : "")};
}

Ending interrupted(const Options& options, const Summary& summary) {
  if (options.dry_run)
    return {Tone::attention, "Interrupted: what is counted here is not all.", "Nothing was written."};
  return {Tone::attention,
          "Interrupted: jobs that were being written were finished, the target is unfinished.",
          go_on(summary)};
}

Ending partial(const Options& options, const Summary& summary) {
  return {Tone::attention,
          fmt::format("Not complete: {} that nobody asked for {}.", jobs_text(summary.left_out),
                      summary.left_out == 1 ? "remains" : "remain"),
          options.dry_run ? "Nothing was written."
                          : "Without --job and --only-bad the same command migrates them, too."};
}

Ending hidden_jobs(const Options& options, const Summary& summary) {
  return {Tone::bad,
          fmt::format("Not complete: {} could not be listed, so an unknown number of jobs is missing.",
                      summary.unlisted.size() == 1 ? std::string("a directory")
                                                   : fmt::format("{} directories", summary.unlisted.size())),
          options.dry_run
              ? "Nothing was written."
              : "Make it possible to list all directories and run the same command again. --accept-bad "
                "does not cover this."};
}

Ending ending_of(const Options& options, const Summary& summary) {
  switch (summary.outcome) {
    case Outcome::complete:
      return complete(options, summary);
    case Outcome::bad_jobs:
      return bad_jobs(options, summary);
    case Outcome::hidden_jobs:
      return hidden_jobs(options, summary);
    case Outcome::interrupted:
      return interrupted(options, summary);
    case Outcome::partial:
      return partial(options, summary);
    case Outcome::nothing_to_do:
      return {Tone::good,
              fmt::format("Nothing to do: {} is of version {} already.", options.source, summary.to),
              "--repair applies the repairs alone."};
    case Outcome::failed:
      break;
  }
  return {Tone::bad, "Failed: the run could not go on.",
          summary.resumable ? "Once what stands under Errors is mended, the same command goes on from here."
                            : "What stood in the way is under Errors."};
}

// --- What was done ---

std::string versions_text(const Summary& summary) {
  return summary.from == summary.to ? fmt::format("{}, repaired", summary.to)
                                    : fmt::format("{} to {}", summary.from, summary.to);
}

void add(Timeline::Moment& sum, const Timeline::Moment& moment) {
  sum.jobs += moment.jobs;
  sum.bytes_in += moment.bytes_in;
  sum.bytes_out += moment.bytes_out;
}

Timeline::Moment sum_of(const Timeline& timeline) {
  Timeline::Moment sum;
  for (const Timeline::Moment& moment : timeline.moments) add(sum, moment);
  return sum;
}

Facts figures_of(const Summary& summary) {
  const ClusterCounts total = summary.total();
  return {{"Jobs migrated", count_cell(total.migrated).text},
          {"Bad jobs", count_cell(total.bad).text},
          {"Read", bytes_text_of(total.bytes_in)},
          {"Written", bytes_text_of(total.bytes_out)},
          {"Time", time_text(summary.seconds)}};
}

Section what_was_done(const Options& options, const Summary& summary, const RunFacts& run) {
  Section section = what_was_done({{"Source", options.source, true},
                                   {"Target", options.target, true},
                                   {"Archive version", versions_text(summary)}},
                                  run, summary.seconds);
  Facts& facts = std::get<Facts>(section.blocks[0]);
  facts.back().value +=
      fmt::format(", of these {} at the end until all was on disk", time_text(summary.sync_seconds));
  if (options.dry_run) facts.push_back({"Dry run", "nothing was written"});
  if (summary.resumed)
    facts.push_back({"Went on", fmt::format("from an earlier run: {} had been done and had not changed",
                                            jobs_text(summary.unchanged))});
  if (summary.left_out) facts.push_back({"Left out", jobs_text(summary.left_out) + " that nobody asked for"});
  return section;
}

// --- Clusters ---

Row counts_row(const std::string& name, const ClusterCounts& counts) {
  Cell bad = count_cell(counts.bad);
  if (counts.bad) bad.tone = Tone::bad;
  return {{name},
          count_cell(counts.migrated),
          count_cell(counts.skipped),
          std::move(bad),
          count_cell(counts.carried_unread),
          count_cell(counts.carried),
          count_cell(counts.left_behind),
          bytes_cell(counts.bytes_in),
          bytes_cell(counts.bytes_out)};
}

Section clusters(const Summary& summary) {
  constexpr ColumnKind number = ColumnKind::number;
  Table table{"Jobs and files of each cluster",
              {{"Cluster", ColumnKind::name},
               {"Migrated", number},
               {"Skipped", number},
               {"Bad", number},
               {"Unread", number},
               {"Carried", number},
               {"Left behind", number},
               {"In", number},
               {"Out", number}},
              {}};
  for (const auto& [name, counts] : summary.clusters)
    if (!name.empty() || counts.carried || counts.left_behind)
      table.rows.push_back(counts_row(name.empty() ? "(root)" : name, counts));
  table.total = counts_row("Total", summary.total());
  return {
      "Clusters",
      {std::move(table),
       Paragraph{
           "Migrated, skipped and bad are jobs. Unread: data files of migrated jobs that no step changes and "
           "that travelled as they are. Carried: other files, copied. Left behind: directory entries that "
           "belong to no job."}}};
}

// --- Charts ---

// What was done between two times.
struct Stretch {
  double begin, end;
  Timeline::Moment done;

  double rate(std::uint64_t amount) const { return static_cast<double>(amount) / (end - begin); }
};

// As many as a line can show. The last one ends with the last job; too short to tell a rate, it belongs to
// the one before.
std::vector<Stretch> stretches(const Timeline& timeline) {
  constexpr std::size_t most_points = 80;
  const std::size_t group = timeline.moments.size() / most_points + 1;
  const double length = timeline.step * static_cast<double>(group);
  std::vector<Stretch> all;
  for (std::size_t i = 0; i < timeline.moments.size(); ++i) {
    const double begin = length * static_cast<double>(i / group);
    if (i % group == 0) all.push_back({begin, begin + length, {}});
    add(all.back().done, timeline.moments[i]);
  }
  if (all.empty()) return all;
  if (timeline.seconds > all.back().begin) all.back().end = timeline.seconds;
  if (all.size() > 1 && all.back().end - all.back().begin < length / 2) {
    Stretch& last_whole = all[all.size() - 2];
    add(last_whole.done, all.back().done);
    last_whole.end = all.back().end;
    all.pop_back();
  }
  return all;
}

std::string most_and_mean(const std::vector<double>& rates) {
  double most = 0, sum = 0;
  for (const double rate : rates) most = std::max(most, rate), sum += rate;
  return fmt::format("mean {}/s, at most {}/s", bytes_text(sum / static_cast<double>(rates.size())),
                     bytes_text(most));
}

// A chart with its axis of time, and no series yet.
TimeChart time_chart(std::string title, std::string unit, const std::vector<Stretch>& all) {
  TimeChart chart{std::move(title), {}, std::move(unit), false, all.back().end, {}, {}};
  for (const Stretch& each : all) chart.times.push_back((each.begin + each.end) / 2);
  return chart;
}

TimeChart throughput(const std::vector<Stretch>& all) {
  TimeChart chart = time_chart("Throughput", "B/s", all);
  chart.scaled = true;
  Series in{"read", {}}, out{"written", {}};
  for (const Stretch& each : all) {
    in.values.push_back(each.rate(each.done.bytes_in));
    out.values.push_back(each.rate(each.done.bytes_out));
  }
  chart.description =
      fmt::format("Bytes read and written a second, over {}. Read: {}. Written: {}.",
                  time_text(chart.seconds), most_and_mean(in.values), most_and_mean(out.values));
  chart.series = {std::move(in), std::move(out)};
  return chart;
}

TimeChart job_rate(const std::vector<Stretch>& all, std::uint64_t jobs) {
  TimeChart chart = time_chart("Jobs", "jobs/s", all);
  Series rate{"jobs", {}};
  for (const Stretch& each : all) rate.values.push_back(each.rate(each.done.jobs));
  chart.description = fmt::format("Jobs done a second: {} in {}.", jobs_text(jobs), time_text(chart.seconds));
  chart.series = {std::move(rate)};
  return chart;
}

std::string range_text(std::size_t element) {
  if (element == 0) return "0 B";
  const double begin = std::exp2(static_cast<double>(element) - 1);
  return element == 1 ? "1 B" : fmt::format("{} to {}", bytes_text(begin), bytes_text(begin * 2));
}

// 1 kB, 10 kB, ...: `first` is the element of the first bar, which begins at 2^(first - 1).
std::vector<BarChart::Tick> size_ticks(std::size_t first, std::size_t bars) {
  std::vector<BarChart::Tick> ticks;
  for (int power = 0; power < 19; ++power) {
    const double size = std::pow(10, power), at = std::log2(size) - (static_cast<double>(first) - 1);
    if (at < 0 || at > static_cast<double>(bars)) continue;
    const std::string text = bytes_text(size), unit = text.substr(text.find(' '));
    ticks.push_back({at, fmt::format("{:.0f}{}", std::stod(text), unit)});
  }
  return ticks;
}

BarChart size_chart(const SizeCounts& sizes) {
  constexpr std::size_t fewest_bars = 10;
  std::size_t first = 0, end = sizes.size();
  while (first < end && sizes[first] == 0) ++first;
  while (end > first && sizes[end - 1] == 0) --end;
  if (first == end) return {};
  while (end - first < fewest_bars) first > 0 && (end - first) % 2 ? --first : ++end;
  end = std::min(end, sizes.size());
  BarChart chart{"Job sizes", {}, "bytes read for a job", "jobs", {}, size_ticks(first, end - first)};
  for (std::size_t i = first; i < end; ++i) chart.bars.push_back({range_text(i), sizes[i]});
  const auto most = std::max_element(sizes.begin(), sizes.end());
  chart.description = fmt::format(
      "How many jobs have a size, each bar twice the size of the one before. Most, {}, are of {}.",
      jobs_text(*most), range_text(static_cast<std::size_t>(most - sizes.begin())));
  return chart;
}

Section charts(const Summary& summary) {
  Section section{"Speed and sizes", {}};
  const std::vector<Stretch> all = stretches(summary.timeline);
  if (all.empty()) {
    section.blocks.push_back(Paragraph{"This run did no job itself, so there is nothing to draw."});
    return section;
  }
  const Timeline::Moment done = sum_of(summary.timeline);
  section.blocks.push_back(Paragraph{fmt::format(
      "{} in {}, {} read and {} written.{}", jobs_text(done.jobs), time_text(summary.timeline.seconds),
      bytes_text_of(done.bytes_in), bytes_text_of(done.bytes_out),
      summary.unchanged ? " What an earlier run had done is not in these charts." : "")});
  section.blocks.push_back(throughput(all));
  section.blocks.push_back(job_rate(all, done.jobs));
  section.blocks.push_back(size_chart(summary.sizes));
  return section;
}

// --- What is wrong, and what to review ---

Table note_table(const Summary& summary) {
  Table table{"Notes by code, each with the example that comes first",
              {{"Note", ColumnKind::name},
               {"Places", ColumnKind::number},
               {"Jobs, clusters", ColumnKind::number},
               {"For example", ColumnKind::name},
               {"Decision", ColumnKind::text}},
              {},
              {},
              "There was nothing to decide."};
  for (const auto& [code, note] : summary.notes)
    table.rows.push_back({{code},
                          count_cell(note.count),
                          count_cell(note.subjects),
                          {note.subject + ' ' + place_in(note.file, note.pointer)},
                          {note.detail}});
  return table;
}

Table path_table(std::string caption, const std::vector<std::string>& paths) {
  Table table{std::move(caption), {{"Directory", ColumnKind::name}}, {}};
  for (const std::string& path : paths) table.rows.push_back({{path}});
  return table;
}

// What most archives have none of is not on their page.
void add_what_there_is(const Summary& summary, std::vector<Section>& sections) {
  if (!summary.skipped.empty())
    sections.push_back({"Skipped jobs", {error_table("Jobs with an empty file", summary.skipped)}});
  if (!summary.unlisted.empty())
    sections.push_back({"Directories that could not be listed",
                        {error_table("Each hides an unknown number of jobs", summary.unlisted)}});
  if (!summary.left_behind.empty())
    sections.push_back(
        {"Left behind",
         {path_table("Directories that hold a meta.json and were left behind", summary.left_behind)}});
  if (!summary.vanished.empty())
    sections.push_back(
        {"Vanished", {path_table("Jobs in the target that are no longer in the source", summary.vanished)}});
}

bool has_run(const Summary& summary) { return !summary.clusters.empty(); }

std::string title_of(const Options& options, const Summary& summary) {
  const std::string_view dry = options.dry_run ? ", dry run" : "";
  if (summary.from == summary.to) return fmt::format("Repair of version {}{}", summary.to, dry);
  return fmt::format("Migration from version {} to {}{}", summary.from, summary.to, dry);
}

}  // namespace

Page migrate_page(const Options& options, const Summary& summary, const RunFacts& run) {
  Page page = page_of(title_of(options, summary), ending_of(options, summary));
  if (has_run(summary)) page.figures = figures_of(summary);
  page.sections.push_back(what_was_done(options, summary, run));
  if (!summary.errors.empty())
    page.sections.push_back({"Errors", {error_table("What stopped the run", summary.errors)}});
  if (has_run(summary)) {
    page.sections.push_back(clusters(summary));
    page.sections.push_back(charts(summary));
    page.sections.push_back(
        {"Bad jobs", {error_table("Jobs that could not be migrated", summary.bad, "No job is bad.")}});
    page.sections.push_back(
        {"Notes", {Paragraph{"Decisions that you may want to review."}, note_table(summary)}});
    add_what_there_is(summary, page.sections);
  }
  if (!summary.aggregations.empty())
    page.sections.push_back({"Aggregations", {aggregation_table(summary.aggregations)}});
  return page;
}

}  // namespace jobferry
