// What a chart shows. page/chart.h draws it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jobferry {

struct Series {
  std::string name;
  std::vector<double> values;  // one for each of TimeChart::times
};

// Rates over time, three at most. The first is filled, so the one to look at comes first.
struct TimeChart {
  std::string title, description;  // the description is for readers who cannot see the chart
  std::string unit;                // `B/s`, `jobs/s`
  bool scaled = false;             // MB/s and so on, whatever fits
  double seconds = 0;              // where the axis ends
  std::vector<double> times;       // seconds, ascending
  std::vector<Series> series;
};

// How often each thing occurs. Bars lie side by side, without gaps in what they cover.
struct BarChart {
  struct Bar {
    std::string label;
    std::uint64_t count = 0;
  };
  struct Tick {
    double at = 0;  // in bars, from the left edge of the first
    std::string label;
  };
  std::string title, description;
  std::string bar_heading, count_heading;  // `size`, `jobs`
  std::vector<Bar> bars;
  std::vector<Tick> ticks;
};

}  // namespace jobferry
