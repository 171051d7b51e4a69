// How far a command is, made into what people and monitoring want to know.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobferry/progress.h"

namespace jobferry {

// How long it still takes. Follows the rate of the last half minute or so, and shows changes of it gradually:
// an estimate that jumps is not believed.
class Eta {
 public:
  // `seconds` since the begin and the jobs done by then, both never less than before. Seconds that are left;
  // none while too little is known.
  std::optional<double> update(double seconds, double done, double all);

 private:
  double then_ = 0, done_then_ = 0;
  double rate_ = 0;    // jobs a second
  double weight_ = 0;  // of what has been seen, 0 to 1
  std::optional<double> shown_;
};

// How far a command is at one time.
struct Snapshot {
  double seconds = 0;  // since it began
  std::uint64_t jobs = 0, skipped = 0, bad = 0, bytes_in = 0, bytes_out = 0;
  std::optional<std::uint64_t> all_jobs;  // once they are counted
  std::optional<std::uint64_t> trying;    // which job of its sample, of a plan
  double rate_in = 0, rate_out = 0;       // bytes a second, of late
  std::optional<double> left;             // seconds
  std::string last;                       // the job that was done last
};

// Looks at a Progress from time to time.
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

// One line of at most `width` characters: what matters least is left out first.
std::string progress_text(const Snapshot& now, std::size_t width);

// For Prometheus, in its text format. `running`: the command has not ended; `succeeded`: when it (or an
// earlier run that wrote the same file) last ended well, as Unix time; none if never.
struct Metrics {
  std::string_view command;
  bool running = true;
  std::optional<double> succeeded;
};
std::string metrics_text(const Snapshot& now, const Metrics& metrics);
// The time of the last success that a metrics file tells.
std::optional<double> last_success(std::string_view metrics);

}  // namespace jobferry
