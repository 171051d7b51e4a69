// What a run says to people and scripts: errors and counts become text here and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "jobferry/migrate.h"
#include "state.h"

namespace jobferry {

// Names from an archive made safe to print: control characters and what is no UTF-8 become \xNN.
std::string printable(std::string_view name);
// The same, cut in the middle: a pointer into a thousand levels or a text of a megabyte is of no use on a
// line. The JSON report has it whole.
std::string shortened(std::string_view text);

std::string bytes_text(double bytes);                       // `33.9 MB`
std::string duration_text(double seconds);                  // `1 h 07 min`
std::string plural(std::uint64_t n, std::string_view one);  // `1 job`, `2 jobs`

// `emmy/1403/244/1608923076 data.json /ipc/node byte 48213, step 0->1: wrong-type: expected ...`
std::string describe(const Error& error);
std::string describe(const std::string& subject, const Note& note);

// The table that --debug prints for a cluster.json.
std::string aggregation_table(const std::string& cluster, const std::vector<AggregationRow>& rows);

// The last words of a run, on stdout.
std::string summary_text(const Options& options, const Summary& summary);

// The whole result as one JSON document; README has its format.
std::string report_json(const Options& options, const Summary& summary);

// What `jobferry status` says of a migration, and what to do next.
bool is_complete(const StateOverview& state);
std::string status_text(const StateOverview& state);
std::string status_json(const StateOverview& state);

// Shows how far a run is, on stderr, until it is destroyed: one line that updates on a terminal, else a line
// every ten seconds.
class ProgressLine {
 public:
  explicit ProgressLine(const Progress& progress);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  void show(std::stop_token stop);
  std::string text() const;

  const Progress& progress_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const bool terminal_;
  std::jthread thread_;
};

}  // namespace jobferry
