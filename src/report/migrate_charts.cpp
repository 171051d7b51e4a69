#include "report/migrate_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "report/document.h"

namespace jobferry {

namespace {

void add(Timeline::Moment& sum, const Timeline::Moment& moment) {
  sum.jobs += moment.jobs;
  sum.bytes_in += moment.bytes_in;
  sum.bytes_out += moment.bytes_out;
}

// What was done between two times.
struct Stretch {
  double begin, end;
  Timeline::Moment done;

  double rate(std::uint64_t amount) const { return static_cast<double>(amount) / (end - begin); }
};

// As many as a line can show. The last one ends with the last job. If it is too short to have a rate, it is
// joined to the one before.
std::vector<Stretch> stretches(const Timeline& timeline) {
  constexpr std::size_t most_points = 80;
  const std::size_t group = timeline.moments.size() / most_points + 1;
  const double length = timeline.step * static_cast<double>(group);
  std::vector<Stretch> all;
  for (std::size_t i = 0; i < timeline.moments.size(); ++i) {
    if (i % group == 0) {
      const double begin = length * static_cast<double>(all.size());
      all.push_back({begin, begin + length, {}});
    }
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
                  shown(Seconds{chart.seconds}), most_and_mean(in.values), most_and_mean(out.values));
  chart.series = {std::move(in), std::move(out)};
  return chart;
}

TimeChart job_rate(const std::vector<Stretch>& all, std::uint64_t jobs) {
  TimeChart chart = time_chart("Jobs", "jobs/s", all);
  Series rate{"jobs", {}};
  for (const Stretch& each : all) rate.values.push_back(each.rate(each.done.jobs));
  chart.description =
      fmt::format("Jobs done a second: {} in {}.", counted(jobs, "job"), shown(Seconds{chart.seconds}));
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
  constexpr std::array<const char*, 6> units = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::vector<BarChart::Tick> ticks;
  for (std::size_t power = 0; power < 3 * units.size(); ++power) {
    const double at = static_cast<double>(power) * std::log2(10) - (static_cast<double>(first) - 1);
    if (at < 0 || at > static_cast<double>(bars)) continue;
    ticks.push_back({at, fmt::format("{:.0f} {}", std::pow(10, power % 3), units[power / 3])});
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
      counted(*most, "job"), range_text(static_cast<std::size_t>(most - sizes.begin())));
  return chart;
}

}  // namespace

MigrateCharts migrate_charts(const Summary& summary) {
  MigrateCharts charts;
  const std::vector<Stretch> all = stretches(summary.timeline);
  if (all.empty()) return charts;
  for (const Timeline::Moment& moment : summary.timeline.moments) add(charts.done, moment);
  charts.throughput = throughput(all);
  charts.job_rate = job_rate(all, charts.done.jobs);
  charts.sizes = size_chart(summary.sizes);
  return charts;
}

}  // namespace jobferry
