#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/text.h"

namespace jobferry {

namespace {

// Rates are averaged over so many seconds.
constexpr double memory = 30;
// Each second the estimate on display is corrected by this share of its error.
constexpr double correction = 0.05;

double keep_share(double passed, double time) { return std::exp(-passed / time); }

// Rounded so that the display does not change all the time.
double coarse(double seconds) {
  const double step = seconds < 60 ? 5 : seconds < 600 ? 15 : seconds < 3600 ? 60 : 300;
  return std::ceil(seconds / step) * step;
}

// As detailed as the width allows.
std::string count_text(const Snapshot& now, std::size_t width) {
  if (now.trying) return fmt::format("trying job {}", *now.trying);
  if (!now.all_jobs) return fmt::format("{} jobs", now.jobs);
  const double share = *now.all_jobs ? static_cast<double>(now.jobs) / static_cast<double>(*now.all_jobs) : 1;
  const std::string percent = fmt::format("{:.0f} %", std::floor(std::min(share, 1.0) * 100));
  const std::string text = fmt::format("{} of {} jobs ({})", now.jobs, *now.all_jobs, percent);
  return text.size() <= width ? text : percent;
}

struct Part {
  std::string text;
  int rank;  // parts with a higher rank are left out first
};

}  // namespace

std::optional<double> Eta::update(double seconds, double done, double all) {
  const double passed = seconds - then_;
  if (passed > 0) {
    const double kept = keep_share(passed, memory);
    rate_ = rate_ * kept + (done - done_then_) / passed * (1 - kept);
    weight_ = weight_ * kept + (1 - kept);
    then_ = seconds;
    done_then_ = done;
  }
  if (seconds < 3 || done <= 0 || rate_ <= 0 || done >= all) return {};
  const double estimate = (all - done) / (rate_ / weight_);
  if (!shown_) {
    shown_ = estimate;
  } else {
    const double expected = std::max(*shown_ - passed, 0.0);
    // Near the end it is corrected faster.
    const double a_second = std::max(correction, 2 / std::max(expected, 1.0));
    const double share = std::min(a_second * std::max(passed, 0.0), 1.0);
    shown_ = expected + (estimate - expected) * share;
  }
  return shown_;
}

Snapshot Meter::read() {
  Snapshot now;
  now.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  now.jobs = progress_.jobs;
  now.skipped = progress_.skipped;
  now.bad = progress_.bad;
  now.bytes_in = progress_.bytes_in;
  now.bytes_out = progress_.bytes_out;
  now.last = progress_.last();
  if (progress_.all_known) now.all_jobs = progress_.jobs_known;
  const double passed = now.seconds - then_;
  if (passed > 0.05) {
    // At the beginning, the average is over the whole time so far.
    const double kept = keep_share(passed, std::min(memory, now.seconds / 2));
    const auto rate = [&](std::uint64_t bytes, std::uint64_t before) {
      return static_cast<double>(bytes - before) / passed * (1 - kept);
    };
    rate_in_ = rate_in_ * kept + rate(now.bytes_in, in_then_);
    rate_out_ = rate_out_ * kept + rate(now.bytes_out, out_then_);
    then_ = now.seconds;
    in_then_ = now.bytes_in;
    out_then_ = now.bytes_out;
  }
  if (const std::uint64_t to_try = progress_.to_try; to_try > 0) {
    now.trying = std::min(progress_.tried + 1, to_try);
    now.left = left_to_try(now.seconds);
  }
  now.rate_in = rate_in_;
  now.rate_out = rate_out_;
  if (now.all_jobs)
    now.left = eta_.update(now.seconds, static_cast<double>(now.jobs), static_cast<double>(*now.all_jobs));
  return now;
}

// Trying ends when all jobs are tried or when the time is up, whichever comes first.
std::optional<double> Meter::left_to_try(double seconds) {
  if (!tries_since_) tries_since_ = seconds;
  const double passed = seconds - *tries_since_, time = static_cast<double>(progress_.seconds_to_try);
  auto left = eta_of_trying_.update(passed, static_cast<double>(progress_.tried),
                                    static_cast<double>(progress_.to_try));
  if (!left || time <= 0) return left;
  // Too few jobs have been tried, so trying continues. The remaining time is unknown.
  if (passed >= time) return {};
  return std::min(*left, time - passed);
}

std::string progress_text(const Snapshot& now, std::size_t width) {
  std::vector<Part> parts = {{count_text(now, width), 0}};
  if (now.left) parts.push_back({"about " + duration_text(coarse(*now.left)) + " left", 1});
  if (now.bad) parts.push_back({fmt::format("{} bad", now.bad), 2});
  // Many commands write nothing, and some do not read for a long time.
  if (now.bytes_in) parts.push_back({bytes_text(now.rate_in) + "/s in", 3});
  if (now.bytes_out) parts.push_back({bytes_text(now.rate_out) + "/s out", 5});
  parts.push_back({"after " + duration_text(now.seconds), 4});
  while (true) {
    std::string line;
    for (const Part& part : parts) line += (line.empty() ? "" : ", ") + part.text;
    if (line.size() <= width) return line;
    if (parts.size() == 1) return line.substr(0, width);
    parts.erase(std::max_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.rank < b.rank; }));
  }
}

std::string metrics_text(const Snapshot& now, const Metrics& metrics) {
  std::string out;
  const std::string command = fmt::format("command=\"{}\"", metrics.command);
  const auto describe = [&](std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  };
  const auto put = [&](std::string_view name, std::string_view labels, double value) {
    out += fmt::format("{}{{{}{}{}}} {}\n", name, command, labels.empty() ? "" : ",", labels, value);
  };
  const auto whole = [](std::uint64_t value) { return static_cast<double>(value); };

  describe("jobferry_jobs", "gauge", "Jobs that are done, by outcome.");
  const std::uint64_t rest = now.jobs - std::min(now.jobs, now.bad + now.skipped);
  put("jobferry_jobs", "outcome=\"done\"", whole(rest));
  put("jobferry_jobs", "outcome=\"skipped\"", whole(now.skipped));
  put("jobferry_jobs", "outcome=\"bad\"", whole(now.bad));
  if (now.all_jobs) {
    describe("jobferry_jobs_known", "gauge", "Number of all jobs.");
    put("jobferry_jobs_known", "", whole(*now.all_jobs));
  }
  describe("jobferry_bytes", "gauge", "Bytes of files on disk.");
  put("jobferry_bytes", "direction=\"in\"", whole(now.bytes_in));
  put("jobferry_bytes", "direction=\"out\"", whole(now.bytes_out));
  describe("jobferry_bytes_per_second", "gauge", "Recent bytes per second.");
  put("jobferry_bytes_per_second", "direction=\"in\"", metrics.running ? now.rate_in : 0);
  put("jobferry_bytes_per_second", "direction=\"out\"", metrics.running ? now.rate_out : 0);
  if (now.left && metrics.running) {
    describe("jobferry_eta_seconds", "gauge", "Estimated remaining seconds.");
    put("jobferry_eta_seconds", "", *now.left);
  }
  describe("jobferry_elapsed_seconds", "gauge", "Seconds since the beginning.");
  put("jobferry_elapsed_seconds", "", now.seconds);
  describe("jobferry_running", "gauge", "1 until the command ends.");
  put("jobferry_running", "", metrics.running ? 1 : 0);
  if (metrics.succeeded) {
    describe("jobferry_last_success_timestamp_seconds", "gauge", "Unix time of the last success.");
    // Not as 1.7e+09: people read it, too.
    out += fmt::format("jobferry_last_success_timestamp_seconds{{{}}} {:.0f}\n", command, *metrics.succeeded);
  }
  return out;
}

std::optional<double> last_success(std::string_view metrics) {
  constexpr std::string_view name = "\njobferry_last_success_timestamp_seconds{";
  const std::size_t at = metrics.find(name);
  if (at == metrics.npos) return {};
  const std::string_view line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
  const std::string_view value = line.substr(line.rfind(' ') + 1);
  double time = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), time);
  if (error != std::errc() || end != value.data() + value.size()) return {};
  return time;
}

}  // namespace jobferry
