#include "report/page/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "report/document.h"

namespace jobferry {

namespace {

// What a value is divided by to be shown, and the unit then.
struct Unit {
  double size = 1;
  std::string name;
};

// An axis from 0 to `end`, marked at every multiple of `step`; in its unit.
struct Axis {
  Unit unit;
  double end = 1, step = 1;
};

// SVG with a number that is none is not drawn at all: better a wrong point than no chart.
double finite(double value) { return std::isfinite(value) ? value : 0; }

std::string trimmed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", finite(value), decimals);
  if (decimals == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string percent_of(double value, double whole) { return trimmed(value / whole * 100, 3) + '%'; }

// 1, 2 or 5 times a power of ten, so that no more than `most` fit.
double nice_step(double length, int most) {
  const double least = length / most, power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1., 2., 5.})
    if (least <= factor * power * 1.000001) return factor * power;
  return 10 * power;
}

int decimals_of(double step) { return step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9)); }

std::string tick_text(double value, double step) {
  if (step >= 1) return grouped(static_cast<std::uint64_t>(std::llround(value)));
  return fmt::format("{:.{}f}", value, decimals_of(step));
}

// In reach of what a tick can be written as; an empty chart has an axis, too.
double drawable(double most) { return std::clamp(finite(most), 0., 1e18); }

// Reaches to the first mark beyond the largest value.
Axis value_axis(double most, Unit unit, bool whole_numbers) {
  Axis axis{std::move(unit), 1, 1};
  const double shown = drawable(most) / axis.unit.size;
  if (shown < 1e-9) return axis;
  axis.step = nice_step(shown, 5);
  if (whole_numbers) axis.step = std::max(axis.step, 1.);
  axis.end = axis.step * std::ceil(shown / axis.step - 1e-9);
  return axis;
}

// Ends where the time ends.
Axis time_axis(double seconds) {
  const Unit unit = seconds <= 120    ? Unit{1, "seconds"}
                    : seconds <= 7200 ? Unit{60, "minutes"}
                                      : Unit{3600, "hours"};
  const double shown = std::max(drawable(seconds), 1e-6) / unit.size;
  return {unit, shown, nice_step(shown, 6)};
}

Unit scaled_unit(double most, const std::string& name) {
  constexpr std::array<const char*, 5> prefixes = {"", "k", "M", "G", "T"};
  std::size_t prefix = 0;
  double size = 1;
  while (most >= size * 1000 && prefix + 1 < prefixes.size()) ++prefix, size *= 1000;
  return {size, prefixes[prefix] + name};
}

double largest(const TimeChart& chart) {
  double most = 0;
  for (const Series& series : chart.series)
    for (const double value : series.values) most = std::max(most, finite(value));
  return most;
}

// --- Parts of a chart ---

std::string name_of(std::size_t number, std::string_view part) {
  return fmt::format("chart-{}-{}", number, part);
}

void open_figure(Markup& out, const std::string& title, const std::string& unit) {
  out.open("figure", {{"class", "chart"}});
  out.open("figcaption");
  out.text(title);
  out.element("span", {{"class", "unit"}}, unit);
  out.close();
}

void open_plot(Markup& out, const std::string& title, const std::string& description, std::size_t number) {
  out.open("div", {{"class", "plot"}});
  out.open("svg",
           {{"role", "img"}, {"aria-labelledby", name_of(number, "title") + ' ' + name_of(number, "about")}});
  out.element("title", {{"id", name_of(number, "title")}}, title);
  out.element("desc", {{"id", name_of(number, "about")}}, description);
}

void close_plot(Markup& out, std::string_view axis_title) {
  out.close();
  out.close();
  out.element("p", {{"class", "axis"}}, axis_title);
}

void draw_value_axis(Markup& out, const Axis& axis) {
  out.open("g", {{"class", "values"}});
  for (double value = 0; value <= axis.end * 1.000001; value += axis.step) {
    const std::string y = percent_of(axis.end - value, axis.end);
    out.empty("line", {{"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    out.element("text", {{"x", "-8"}, {"y", y}, {"dy", "0.32em"}}, tick_text(value, axis.step));
  }
  out.close();
}

void draw_tick(Markup& out, const std::string& x, const std::string& label) {
  out.element("text", {{"x", x}, {"y", "100%"}, {"dy", "1.5em"}}, label);
}

void draw_time_axis(Markup& out, const Axis& axis) {
  out.open("g", {{"class", "along"}});
  for (double value = 0; value <= axis.end * 1.000001; value += axis.step)
    draw_tick(out, percent_of(value, axis.end), tick_text(value, axis.step));
  out.close();
}

// --- Rates over time ---

// Lines are drawn in a square of this side and stretched to the plot.
constexpr double side = 1000;

std::string point(double x, double y) { return trimmed(x * side, 1) + ' ' + trimmed((1 - y) * side, 1); }

// A rate is the mean of a stretch of time that its point is in the middle of: the line is level to either
// end.
std::string line_path(const TimeChart& chart, const Series& series, const Axis& across, const Axis& up) {
  const auto height = [&](std::size_t i) {
    return std::clamp(finite(series.values[i]) / up.unit.size / up.end, 0., 1.);
  };
  std::string path = "M" + point(0, height(0));
  for (std::size_t i = 0; i < chart.times.size(); ++i)
    path +=
        "L" + point(std::clamp(finite(chart.times[i]) / across.unit.size / across.end, 0., 1.), height(i));
  return path + "L" + point(1, height(chart.times.size() - 1));
}

std::string series_class(std::string_view kind, std::size_t index) {
  return fmt::format("{} series-{}", kind, index + 1);
}

void draw_lines(Markup& out, const TimeChart& chart, const Axis& across, const Axis& up) {
  out.open("svg", {{"viewBox", fmt::format("0 0 {0} {0}", side)},
                   {"preserveAspectRatio", "none"},
                   {"width", "100%"},
                   {"height", "100%"}});
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const std::string path = line_path(chart, chart.series[i], across, up);
    if (i == 0)
      out.empty("path", {{"class", series_class("area", i)},
                         {"d", path + "L" + point(1, 0) + "L" + point(0, 0) + "Z"}});
    out.empty("path", {{"class", series_class("line", i)}, {"d", path}});
  }
  out.close();
}

void draw_legend(Markup& out, const TimeChart& chart) {
  if (chart.series.size() < 2) return;
  out.open("ul", {{"class", "legend"}});
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    out.open("li");
    out.open("svg", {{"class", "key"}, {"aria-hidden", "true"}});
    out.empty(
        "line",
        {{"class", series_class("line", i)}, {"x1", "0"}, {"x2", "100%"}, {"y1", "50%"}, {"y2", "50%"}});
    out.close();
    out.text(chart.series[i].name);
    out.close();
  }
  out.close();
}

// --- The same in numbers ---

using Lines = std::vector<std::vector<std::string>>;

void number_table(Markup& out, const std::string& caption, const std::vector<std::string>& headings,
                  const Lines& lines) {
  out.open("details");
  out.element("summary", {}, "The same in numbers");
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", caption}});
  out.open("table", {{"class", "numbers"}});
  out.element("caption", {}, caption);
  out.open("thead");
  out.open("tr");
  for (const std::string& heading : headings)
    out.element("th", {{"scope", "col"}, {"class", "number"}}, heading);
  out.close();
  out.close();
  out.open("tbody");
  for (const auto& line : lines) {
    out.open("tr");
    out.element("th", {{"scope", "row"}, {"class", "number"}}, line[0]);
    for (std::size_t i = 1; i < line.size(); ++i) out.element("td", {{"class", "number"}}, line[i]);
    out.close();
  }
  for (int depth = 0; depth < 4; ++depth) out.close();
}

// Three digits that count.
std::string rate_text(double value) {
  value = drawable(value);
  if (value >= 100) return grouped(static_cast<std::uint64_t>(std::llround(value)));
  return value == 0 ? "0" : fmt::format("{:.{}f}", value, value >= 10 ? 1 : value >= 0.1 ? 2 : 3);
}

void put_numbers(Markup& out, const TimeChart& chart, const Axis& across, const Axis& up) {
  std::vector<std::string> headings = {across.unit.name};
  for (const Series& series : chart.series) headings.push_back(series.name + ", " + up.unit.name);
  Lines lines;
  const int decimals = decimals_of(across.step) + 2;
  for (std::size_t i = 0; i < chart.times.size(); ++i) {
    auto& line = lines.emplace_back();
    line.push_back(fmt::format("{:.{}f}", finite(chart.times[i]) / across.unit.size, decimals));
    for (const Series& series : chart.series) line.push_back(rate_text(series.values[i] / up.unit.size));
  }
  number_table(out, chart.title, headings, lines);
}

void put_numbers(Markup& out, const BarChart& chart) {
  Lines lines;
  for (const BarChart::Bar& bar : chart.bars) lines.push_back({bar.label, grouped(bar.count)});
  number_table(out, chart.title, {chart.bar_heading, chart.count_heading}, lines);
}

// With a gap to the next one, and high enough to be seen.
void draw_bar(Markup& out, const BarChart& chart, std::size_t index, const Axis& up) {
  constexpr double gap = 0.06, least = 0.006;
  const BarChart::Bar& bar = chart.bars[index];
  const auto all = static_cast<double>(chart.bars.size());
  const double height = std::max(static_cast<double>(bar.count) / up.end, least);
  out.open("rect", {{"x", percent_of(static_cast<double>(index) + gap / 2, all)},
                    {"width", percent_of(1 - gap, all)},
                    {"y", percent_of(1 - height, 1)},
                    {"height", percent_of(height, 1)}});
  out.element("title", {}, fmt::format("{}: {} {}", bar.label, grouped(bar.count), chart.count_heading));
  out.close();
}

void draw_bars(Markup& out, const BarChart& chart, const Axis& up) {
  out.open("g", {{"class", "bars"}});
  for (std::size_t i = 0; i < chart.bars.size(); ++i)
    if (chart.bars[i].count) draw_bar(out, chart, i, up);
  out.close();
}

}  // namespace

void draw(Markup& out, const TimeChart& chart, std::size_t number) {
  if (chart.times.empty() || chart.series.empty()) return;
  const double most = largest(chart);
  const Axis up = value_axis(most, chart.scaled ? scaled_unit(most, chart.unit) : Unit{1, chart.unit}, false);
  const Axis across = time_axis(chart.seconds);
  open_figure(out, chart.title, up.unit.name);
  draw_legend(out, chart);
  open_plot(out, chart.title, chart.description, number);
  draw_value_axis(out, up);
  draw_time_axis(out, across);
  draw_lines(out, chart, across, up);
  close_plot(out, across.unit.name);
  put_numbers(out, chart, across, up);
  out.close();
}

void draw(Markup& out, const BarChart& chart, std::size_t number) {
  if (chart.bars.empty()) return;
  std::uint64_t most = 0;
  for (const BarChart::Bar& bar : chart.bars) most = std::max(most, bar.count);
  const Axis up = value_axis(static_cast<double>(most), {1, chart.count_heading}, true);
  open_figure(out, chart.title, chart.count_heading);
  open_plot(out, chart.title, chart.description, number);
  draw_value_axis(out, up);
  draw_bars(out, chart, up);
  out.open("g", {{"class", "along"}});
  for (const BarChart::Tick& tick : chart.ticks)
    draw_tick(out, percent_of(tick.at, static_cast<double>(chart.bars.size())), tick.label);
  out.close();
  close_plot(out, chart.bar_heading);
  put_numbers(out, chart);
  out.close();
}

}  // namespace jobferry
