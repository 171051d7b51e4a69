// The progress of a command, for people and for monitoring.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobferry/progress.h"

namespace jobferry {

// Estimates the remaining time. It uses the rate of about the last half minute and changes the estimate
// gradually, because people do not trust an estimate that jumps.
class Eta {
 public:
  // Takes the seconds since the beginning and the jobs done by then, which must not decrease. Returns the
  // remaining seconds; none while too little is known.
  std::optional<double> update(double seconds, double done, double all);

 private:
  double then_ = 0, done_then_ = 0;
  double rate_ = 0;    // jobs a second
  double weight_ = 0;  // how much of the averaging time has passed, 0 to 1
  std::optional<double> shown_;
};

// The progress at one time.
struct Snapshot {
  double seconds = 0;  // since it began
  std::uint64_t jobs = 0, skipped = 0, bad = 0, bytes_in = 0, bytes_out = 0;
  std::optional<std::uint64_t> all_jobs;  // known once they are counted
  std::optional<std::uint64_t> trying;    // for a plan: the number of the current job of its sample
  double rate_in = 0, rate_out = 0;       // bytes per second, recently
  std::optional<double> left;             // remaining seconds
  std::string last;                       // the job that was done last
};

// Takes snapshots of a Progress and computes rates from them.
class Meter {
 public:
  explicit Meter(const Progress& progress) : progress_(progress) {}
  Snapshot read();

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<double> left_to_try(double seconds);

  const Progress& progress_;
  const Clock::time_point begin_ = Clock::now();
  Eta eta_, eta_of_trying_;
  std::optional<double> tries_since_;
  double then_ = 0;
  std::uint64_t in_then_ = 0, out_then_ = 0;
  double rate_in_ = 0, rate_out_ = 0;
};

// One line of at most `width` characters; the least important parts are left out first.
std::string progress_text(const Snapshot& now, std::size_t width);

// Metrics for Prometheus, in its text format. `running`: the command has not ended. `succeeded`: the Unix
// time when the command, or an earlier run with the same file, last succeeded; none if never.
struct Metrics {
  std::string_view command;
  bool running = true;
  std::optional<double> succeeded;
};
std::string metrics_text(const Snapshot& now, const Metrics& metrics);
// The time of the last success in a metrics file.
std::optional<double> last_success(std::string_view metrics);

}  // namespace jobferry
