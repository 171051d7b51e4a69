// What users and monitoring see of a running command.
#include "cli/progress.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "cli/watch.h"

#include "tree.h"

namespace jobferry::test {

namespace {

Snapshot some_snapshot() {
  Snapshot now;
  now.seconds = 3725;
  now.jobs = 18211;
  now.skipped = 4;
  now.bad = 3;
  now.bytes_in = 4'100'000'000;
  now.bytes_out = 4'000'000'000;
  now.all_jobs = 1'000'000;
  now.rate_in = 123'400'000;
  now.rate_out = 120'100'000;
  now.left = 18'234;
  now.last = "fritz/1403/244/1608923076";
  return now;
}

// Simulates a run of `seconds` with the rate `rate(share of time)`. Looks five times a second, and calls
// see(true remaining time, shown remaining time) each time.
template <class Rate, class See>
void watch_a_run(double seconds, Rate rate, See see) {
  constexpr double step = 0.2;
  std::vector<double> done = {0};
  for (double t = step; t < seconds; t += step) done.push_back(done.back() + rate(t / seconds) * step);
  Eta eta;
  for (std::size_t look = 1; look < done.size(); ++look) {
    const double t = static_cast<double>(look) * step;
    if (const auto left = eta.update(t, done[look], done.back())) see(seconds - t, *left);
  }
}

}  // namespace

TEST(ProgressText, LeavesOutTheLeastImportantIfTheLineIsShort) {
  const Snapshot now = some_snapshot();
  EXPECT_EQ(progress_text(now, 200),
            "18211 of 1000000 jobs (1 %), about 5 h 05 min left, 3 bad, 123.4 MB/s in, 120.1 MB/s out, after "
            "1 h 02 "
            "min");
  EXPECT_EQ(progress_text(now, 80),
            "18211 of 1000000 jobs (1 %), about 5 h 05 min left, 3 bad, 123.4 MB/s in");
  EXPECT_EQ(progress_text(now, 60), "18211 of 1000000 jobs (1 %), about 5 h 05 min left, 3 bad");
  EXPECT_EQ(progress_text(now, 30), "18211 of 1000000 jobs (1 %)");
  EXPECT_EQ(progress_text(now, 26), "1 %, about 5 h 05 min left");
  EXPECT_EQ(progress_text(now, 20), "1 %");
  for (std::size_t width = 0; width < 120; ++width) EXPECT_LE(progress_text(now, width).size(), width);
}

TEST(ProgressText, LeavesOutUnknownValues) {
  EXPECT_EQ(progress_text(Snapshot{}, 80), "0 jobs, after 0 s");
  Snapshot done = some_snapshot();
  done.jobs = *done.all_jobs;
  done.left.reset();
  EXPECT_EQ(progress_text(done, 30), "100 %, 3 bad, 123.4 MB/s in");
  done.all_jobs = 0;
  done.jobs = 0;
  EXPECT_EQ(progress_text(done, 27), "0 of 0 jobs (100 %), 3 bad");
}

TEST(ProgressText, OfAPlanCountsTheJobsOfTheSample) {
  Progress progress;
  Meter meter(progress);
  progress.jobs = 1500;
  EXPECT_EQ(progress_text(meter.read(), 80), "1500 jobs, after 0 s");
  progress.seconds_to_try = 60;
  progress.to_try = 200;
  EXPECT_EQ(progress_text(meter.read(), 80), "trying job 1, after 0 s");
  progress.tried = 200;
  EXPECT_EQ(progress_text(meter.read(), 80), "trying job 200, after 0 s");
  Snapshot now;
  now.trying = 120;
  now.left = 38.5;
  now.seconds = 20;
  EXPECT_EQ(progress_text(now, 80), "trying job 120, about 40 s left, after 20 s");
}

// The rate varies by half from look to look. The estimate must be within a fifth of the truth, and the shown
// time must never rise by more than a few seconds.
TEST(Eta, DoesNotJumpWithTheRate) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> noise(0.5, 1.5);
  double before = 1e9;
  int looks = 0;
  watch_a_run(
      600, [&](double) { return 100 * noise(random); },
      [&](double truth, double shown) {
        ++looks;
        EXPECT_NEAR(shown, truth, std::max(truth * 0.2, 5.0));
        EXPECT_LT(shown, before + 2);
        before = shown;
      });
  EXPECT_GT(looks, 2900);
}

// Jobs that an earlier run has migrated are skipped quickly. The estimate must still become right.
TEST(Eta, FollowsARateThatChanges) {
  double worst_late = 0, before = 1e9, largest_step = 0;
  watch_a_run(
      1000, [](double share) { return share < 0.1 ? 1000.0 : 100.0; },
      [&](double truth, double shown) {
        if (truth < 600 && truth > 60) worst_late = std::max(worst_late, std::abs(shown - truth) / truth);
        if (before < 1e8) largest_step = std::max(largest_step, shown - before);
        before = shown;
      });
  EXPECT_LT(worst_late, 0.1);
  EXPECT_LT(largest_step, 20);
}

TEST(Eta, IsUnknownAtTheBeginning) {
  Eta eta;
  EXPECT_FALSE(eta.update(0, 0, 10));
  EXPECT_FALSE(eta.update(1, 1, 10));
  EXPECT_FALSE(Eta().update(10, 0, 10));
  EXPECT_TRUE(eta.update(10, 5, 10));
  EXPECT_FALSE(eta.update(20, 10, 10));
}

TEST(Metrics, AreInThePrometheusTextFormat) {
  const std::string text = metrics_text(some_snapshot(), {"migrate", true, 1'700'000'000});
  EXPECT_NE(text.find("jobferry_jobs{command=\"migrate\",outcome=\"done\"} 18204\n"), text.npos) << text;
  EXPECT_NE(text.find("jobferry_jobs{command=\"migrate\",outcome=\"bad\"} 3\n"), text.npos);
  EXPECT_NE(text.find("jobferry_eta_seconds{command=\"migrate\"} 18234\n"), text.npos);
  EXPECT_NE(text.find("jobferry_running{command=\"migrate\"} 1\n"), text.npos);
  // Every sample has its HELP and TYPE before it, once.
  std::string name;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(text.find("# TYPE " + name + ' '), text.rfind("# TYPE " + name + ' '));
    } else if (!line.starts_with("# TYPE ")) {
      EXPECT_EQ(line.substr(0, line.find('{')), name);
      EXPECT_NE(line.find("} "), line.npos);
    }
  }
  EXPECT_EQ(last_success('\n' + text), 1'700'000'000);
  EXPECT_FALSE(last_success('\n' + metrics_text(some_snapshot(), {"migrate", true, {}})));
  EXPECT_FALSE(last_success("\njobferry_last_success_timestamp_seconds{} x\n"));
}

}  // namespace jobferry::test
