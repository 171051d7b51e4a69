// Compares a plan with what the migration then does.
#include "jobferry/forecast.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "bad_jobs.h"
#include "base/text.h"
#include "corpus/corpus.h"
#include "engine/clusters.h"
#include "engine/command_words.h"
#include "engine/state.h"
#include "forecast/census.h"
#include "forecast/estimate.h"
#include "forecast/rehearsal.h"
#include "forecast/sample.h"
#include "jobferry/step.h"
#include "report/error_advice.h"
#include "reports.h"
#include "trial.h"

namespace jobferry::test {

namespace {

ForecastOptions whole(const std::string& source, const std::string& target, int to) {
  ForecastOptions options;
  options.migration.source = source;
  options.migration.target = target;
  options.migration.to = to;
  options.sample_percent = 100;
  return options;
}

std::string text_of(const ForecastOptions& options, const Forecast& found) {
  return forecast_text(options, found);
}

bool covers(const Estimate& estimate, double truth) {
  return estimate.low <= truth * (1 + 1e-9) && truth <= estimate.high * (1 + 1e-9);
}

void expect_exactly(const std::string& what, const Estimate& estimate, std::uint64_t truth) {
  EXPECT_EQ(estimate.value, static_cast<double>(truth)) << what;
  EXPECT_TRUE(estimate.exact()) << what;
}

void expect_same(const Forecast& found, const Summary& summary) {
  const ClusterCounts total = summary.total();
  expect_exactly("migrated", found.migrated, total.migrated);
  expect_exactly("skipped", found.skipped, total.skipped);
  expect_exactly("bad", found.bad, total.bad);
  expect_exactly("carried_unread", found.carried_unread, total.carried_unread);
  expect_exactly("carried", found.carried, total.carried);
  expect_exactly("left_behind", found.left_behind, total.left_behind);
  expect_exactly("bytes_in", found.bytes_in, total.bytes_in);
  expect_exactly("bytes_out", found.bytes_out, total.bytes_out);
  EXPECT_EQ(found.left_behind_jobs, summary.left_behind.size());
  EXPECT_EQ(found.notes.size(), summary.notes.size());
  for (const auto& [code, note] : summary.notes) {
    SCOPED_TRACE(code);
    const auto same = found.notes.find(code);
    ASSERT_NE(same, found.notes.end());
    EXPECT_EQ(same->second.places, static_cast<double>(note.count));
    EXPECT_TRUE(same->second.exact());
    expect_exactly("subjects", same->second.subjects, note.subjects);
    EXPECT_EQ(same->second.subject, note.subject);
    EXPECT_EQ(same->second.pointer, note.pointer);
  }
  std::map<std::string, std::uint64_t> classes;
  for (const Error& error : summary.bad) ++classes[std::string(name_of(error.kind))];
  EXPECT_EQ(found.bad_classes.size(), classes.size());
  for (const auto& [name, jobs] : classes) expect_exactly(name, found.bad_classes.at(name).jobs, jobs);
  EXPECT_EQ(found.aggregations.size(), summary.aggregations.size());
}

Tree odd_archive() {
  return archive_of_bad_jobs() + Tree{{"README", "carried"},
                                      {".hidden/x", "left behind"},
                                      {"c/notes.txt", "carried"},
                                      {"c/0/stray", "left behind"},
                                      {"c/0/001/stray", "left behind"},
                                      {"c/0/777/100/foreign", "no job"},
                                      {"c/0/778/", ""},
                                      {in_job(1, "extra.txt"), "carried"},
                                      {in_job(1, "old/meta.json"), "left behind by name"},
                                      {in_job(2, "more/x"), "in a bad job"}};
}

}  // namespace

struct Conversion {
  int from, to;
  Compression compress = Compression::keep;
};

class WholeSample : public testing::TestWithParam<Conversion> {};

TEST_P(WholeSample, IsWhatTheMigrationReports) {
  const TempDir temp;
  corpus::Shape shape;
  shape.version = GetParam().from;
  shape.jobs = 120;
  shape.median_bytes = 3000;
  shape.bad["all"] = 0.15;
  corpus::make_archive(temp.path("source"), shape);
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), GetParam().to);
  options.migration.compress = GetParam().compress;
  options.migration.accept_bad = true;
  const Tree before = snapshot(temp.path());
  const Forecast found = forecast(options, {});
  EXPECT_EQ(difference(before, snapshot(temp.path())), "") << "something was written";
  EXPECT_TRUE(found.exact());
  EXPECT_TRUE(found.obstacles.empty()) << text_of(options, found);
  const Summary summary = migrate(options.migration, {});
  ASSERT_EQ(summary.outcome, Outcome::complete);
  expect_same(found, summary);
}

namespace {

std::vector<Conversion> conversions() {
  std::vector<Conversion> all = {
      {0, 3, Compression::gzip}, {1, 3, Compression::gzip}, {2, 3, Compression::none}};
  for (int from = 0; from <= newest_version; ++from)
    for (int to = 0; to <= newest_version; ++to)
      if (from != to && find_chain(from, to)) all.push_back({from, to});
  return all;
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Versions, WholeSample, testing::ValuesIn(conversions()), [](const auto& test) {
  return fmt::format("{}to{}with{}", test.param.from, test.param.to, static_cast<int>(test.param.compress));
});

TEST(WholeSample, CoversUnusualEntries) {
  const TempDir temp;
  place(temp.path("source"), odd_archive());
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.max_file_size = largest_allowed;
  options.migration.accept_bad = true;
  const Forecast found = forecast(options, {});
  const Summary summary = migrate(options.migration, {});
  ASSERT_EQ(summary.outcome, Outcome::complete) << test::text_of(summary);
  expect_same(found, summary);
  EXPECT_EQ(found.left_behind_jobs_some, summary.left_behind);
}

TEST(WholeSample, NamesTheFirstEntriesThatAreLeftBehind) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1) + Tree{{".snapshots/x", ""},
                                                     {"lost+found/", ""},
                                                     {"link", "-> c"},
                                                     {"README", "carried"},
                                                     {"c/0/stray", ""},
                                                     {"c/0/001/stray", ""},
                                                     {in_job(1, "extra.txt"), "carried"},
                                                     {in_job(1, "link"), "-> meta.json"},
                                                     {"c/0/002/100/meta.json", ""},  // skipped
                                                     {"c/0/777/100/foreign", ""},
                                                     {"c/0/778/", ""}});
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const std::vector<std::string> all = {
      ".snapshots",  "c/0/001/100/link", "c/0/001/stray", "c/0/002/100/meta.json",
      "c/0/777/100", "c/0/778",          "c/0/stray",     "link",
      "lost+found"};
  for (const unsigned depth : {1U, 16U}) {
    options.migration.io_depth = depth;
    const Forecast found = forecast(options, {});
    EXPECT_EQ(found.left_behind_some, all);
    EXPECT_EQ(found.left_behind.value, static_cast<double>(all.size()));
    EXPECT_NE(text_of(options, found).find("  .snapshots\n"), std::string::npos);
    rapidjson::Document json;
    json.Parse(forecast_json(options, found).c_str());
    EXPECT_EQ(json["leftBehindExamples"].Size(), all.size());
  }
  for (const char* more : {"a", "z"}) fs::create_symlink("c", temp.path("source") + '/' + more);
  const std::vector<std::string> some = forecast(options, {}).left_behind_some;
  EXPECT_EQ(some.size(), FirstPaths::most);
  EXPECT_EQ(some[1], "a");
}

TEST(WholeSample, FollowsLinksAsTheRunDoes) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1) + Tree{{"c/1/001/100", "-> ../../0/001/100"},
                                                     {"c/0/002/100/data.json", plain_data(1)},
                                                     {"c/0/002/100/meta.json", "-> ../../../../elsewhere"}});
  write_file(temp.path("elsewhere"), meta_of(1, 2));
  for (const bool follow : {false, true}) {
    ForecastOptions options = whole(temp.path("source"), temp.path(follow ? "followed" : "target"), 3);
    options.migration.follow_symlinks = follow;
    options.migration.accept_bad = true;
    const Forecast found = forecast(options, {});
    expect_same(found, migrate(options.migration, {}));
  }
}

TEST(Estimates, CountsHaveHypergeometricBounds) {
  // None among a hundred of a very large number: 1 - 0.025^(1/100), a stricter form of the rule of three.
  EXPECT_NEAR(estimate_count(0, 100, 10'000'000).high / 1e7, 1 - std::pow(0.025, 0.01), 1e-4);
  EXPECT_EQ(estimate_count(0, 100, 10'000'000).low, 0);
  EXPECT_NEAR(estimate_count(100, 100, 10'000'000).low / 1e7, std::pow(0.025, 0.01), 1e-4);
  EXPECT_NEAR(estimate_count(10, 100, 10'000'000).low / 1e7, 0.0490, 1e-3);  // Clopper and Pearson
  EXPECT_NEAR(estimate_count(10, 100, 10'000'000).high / 1e7, 0.1762, 1e-3);
  expect_exactly("all of them", estimate_count(7, 50, 50), 7);
  EXPECT_EQ(estimate_count(3, 49, 50).low, 3);
  EXPECT_EQ(estimate_count(3, 49, 50).high, 4);
}

// For every true number, sums the probabilities of the samples whose interval covers it.
TEST(Estimates, CountsCoverTheTruth) {
  constexpr int population = 40, sampled = 12;
  const auto choose = [](int n, int k) {
    return k < 0 || k > n ? 0 : std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1));
  };
  for (int truth = 0; truth <= population; ++truth) {
    double covered = 0;
    for (int found = 0; found <= sampled; ++found)
      if (covers(estimate_count(static_cast<std::uint64_t>(found), sampled, population), truth))
        covered +=
            choose(truth, found) * choose(population - truth, sampled - found) / choose(population, sampled);
    EXPECT_GE(covered, 0.95) << truth;
  }
}

TEST(Estimates, TotalsAreExactIfTheRatioIsConstant) {
  SampleSums sums;
  for (int i = 1; i <= 50; ++i) sums.add(i, 2 * i);
  const Estimate estimate = estimate_total(sums, {1000, 30'000, 1e6}, Estimate::of(1000));
  EXPECT_DOUBLE_EQ(estimate.value, 60'000);
  EXPECT_NEAR(estimate.low, 60'000, 1e-2);
  EXPECT_NEAR(estimate.high, 60'000, 1e-2);
  expect_exactly("all of them", estimate_total(sums, {50, 1275, 42'925}, Estimate::of(50)), 2550);
}

TEST(Estimates, QuantilesAreThoseOfStudentsT) {
  EXPECT_NEAR(quantile(4), 2.776, 0.06);
  EXPECT_NEAR(quantile(10), 2.228, 0.01);
  EXPECT_NEAR(quantile(100), 1.984, 0.002);
}

class Intervals : public testing::TestWithParam<corpus::Shape> {};

// The archive has bad jobs of all classes, notes of all codes, even rare ones, and sizes with a long tail.
TEST_P(Intervals, CoverTheTruth) {
  const TempDir temp;
  corpus::make_archive(temp.path("source"), GetParam());
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const Forecast truth = forecast(options, {});
  ASSERT_TRUE(truth.exact());
  options.sample_percent.reset();
  options.sample_jobs = 150;
  constexpr int times = 150;
  std::map<std::string, int> held;
  for (int seed = 1; seed <= times; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const Forecast found = forecast(options, {});
    EXPECT_EQ(found.tried, 150U);
    EXPECT_FALSE(found.exact());
    const auto hold = [&](const std::string& what, const Estimate& estimate, const Estimate& exact) {
      held[what] += covers(estimate, exact.value);
    };
    hold("migrated", found.migrated, truth.migrated);
    hold("skipped", found.skipped, truth.skipped);
    hold("bad", found.bad, truth.bad);
    hold("unread", found.carried_unread, truth.carried_unread);
    hold("carried", found.carried, truth.carried);
    hold("left behind", found.left_behind, truth.left_behind);
    hold("bytes in", found.bytes_in, truth.bytes_in);
    hold("bytes out", found.bytes_out, truth.bytes_out);
    hold("space", found.room.bytes, truth.room.bytes);
    hold("inodes", found.room.inodes, truth.room.inodes);
    for (const auto& [code, note] : truth.notes) {
      const auto seen = found.notes.find(code);
      const Estimate unseen{0, 0, static_cast<double>(found.unseen)};
      hold(code + " in jobs", seen == found.notes.end() ? unseen : seen->second.subjects, note.subjects);
      if (seen == found.notes.end()) continue;
      EXPECT_LE(seen->second.places_seen, note.places) << code;
      EXPECT_LE(seen->second.places_seen, seen->second.places) << code;
    }
  }
  for (const auto& [what, often] : held) EXPECT_GE(often, times * 9 / 10) << what;
}

namespace {

corpus::Shape thousand_jobs(int version, std::uint64_t seed) {
  corpus::Shape shape;
  shape.version = version;
  shape.seed = seed;
  shape.jobs = 1000;
  shape.median_bytes = 1500;
  shape.bad["all"] = 0.06;
  return shape;
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Archives, Intervals, testing::Values(thousand_jobs(0, 21), thousand_jobs(1, 22)),
                         [](const auto& test) { return fmt::format("ofVersion{}", test.param.version); });

// One job has most of the places of a note, so a sample without this job cannot estimate their number.
TEST(IntervalsOf, PlacesAreNotGiven) {
  const TempDir temp;
  corpus::Shape shape;
  shape.version = 0;
  shape.jobs = 500;
  shape.median_bytes = 1200;
  shape.seed = 41;
  shape.bad["all"] = 0.15;
  corpus::make_archive(temp.path("source"), shape);
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const NoteForecast truth = forecast(options, {}).notes.at("statistics-computed");
  options.sample_percent.reset();
  options.sample_jobs = 60;
  constexpr int times = 40;
  int held = 0;
  for (int seed = 1; seed <= times; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const Forecast found = forecast(options, {});
    const auto note = found.notes.find("statistics-computed");
    const Estimate none{0, 0, static_cast<double>(found.unseen)};
    held += covers(note == found.notes.end() ? none : note->second.subjects, truth.subjects.value);
    if (note == found.notes.end()) continue;
    EXPECT_LE(note->second.places_seen, truth.places);
    EXPECT_NE(text_of(options, found).find("Places have no range"), std::string::npos);
    rapidjson::Document json;
    json.Parse(forecast_json(options, found).c_str());
    for (const auto& each : json["notes"].GetArray()) {
      EXPECT_FALSE(each["count"].HasMember("high"));
      EXPECT_LE(each["count"]["atLeast"].GetUint64(), each["count"]["value"].GetUint64());
      EXPECT_TRUE(each["subjects"]["low"].IsUint64());
    }
  }
  EXPECT_GE(held, times * 9 / 10);
}

// If all jobs of the sample keep their sizes, other jobs may still change theirs.
TEST(IntervalsOf, SizesAllowForJobsUnlikeTheSample) {
  const TempDir temp;
  corpus::Shape shape;
  shape.version = 3;
  shape.jobs = 60;
  corpus::make_archive(temp.path("source"), shape);
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.repair = true;
  const Forecast truth = forecast(options, {});
  options.sample_percent.reset();
  options.sample_jobs = 20;
  for (int seed = 1; seed <= 40; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const Forecast found = forecast(options, {});
    for (const auto& [estimate, exact] :
         {std::pair(found.bytes_in, truth.bytes_in), std::pair(found.bytes_out, truth.bytes_out)}) {
      EXPECT_LT(estimate.value, estimate.high);
      EXPECT_TRUE(covers(estimate, exact.value)) << seed;
    }
  }
}

TEST(SampleOfJobs, DependsOnTheSeedAlone) {
  std::vector<std::string> jobs;
  for (int i = 0; i < 1000; ++i) jobs.push_back(subject_of(i));
  const auto choose = [&](std::uint64_t seed, std::size_t most, double share) {
    Sample sample(seed, most, share);
    for (const std::string& job : jobs) sample.offer(job);
    return sample.take();
  };
  const auto ten = choose(1, 10, 1), hundred = choose(1, 100, 1);
  EXPECT_EQ(ten, std::vector(hundred.begin(), hundred.begin() + 10))
      << "a sample begins with every smaller one";
  EXPECT_NE(ten, choose(2, 10, 1));
  std::reverse(jobs.begin(), jobs.end());
  EXPECT_EQ(hundred, choose(1, 100, 1));
  EXPECT_NEAR(static_cast<double>(choose(1, 1000, 0.2).size()), 200, 40);
  EXPECT_EQ(choose(1, 5000, 1).size(), 1000U);
  EXPECT_TRUE(choose(1, 0, 1).empty());
}

TEST(SampleOfJobs, IsTheSameForAllThreads) {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 300;
  shape.median_bytes = 1500;
  shape.bad["all"] = 0.2;
  corpus::make_archive(temp.path("source"), shape);
  std::optional<Forecast> first;
  for (const unsigned threads : {1U, 2U, 8U}) {
    ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
    options.sample_percent.reset();
    options.sample_jobs = 80;
    options.migration.threads = options.migration.io_depth = threads;
    const Forecast found = forecast(options, {});
    if (!first) first = found;
    const auto expect_near = [&](const Estimate& a, const Estimate& b) {
      EXPECT_NEAR(a.value, b.value, a.value * 1e-9);
      EXPECT_NEAR(a.low, b.low, a.value * 1e-6);
      EXPECT_NEAR(a.high, b.high, a.value * 1e-6);
    };
    expect_near(first->bytes_out, found.bytes_out);
    expect_near(first->bad, found.bad);
    expect_near(first->room.bytes, found.room.bytes);
    ASSERT_EQ(first->notes.size(), found.notes.size());
    for (const auto& [code, note] : first->notes) {
      expect_near(note.subjects, found.notes.at(code).subjects);
      EXPECT_NEAR(note.places, found.notes.at(code).places, note.places * 1e-9);
      EXPECT_EQ(note.subject, found.notes.at(code).subject);
    }
    for (const auto& [name, bad] : first->bad_classes)
      EXPECT_EQ(bad.example.subject, found.bad_classes.at(name).example.subject);
  }
}

class Room : public testing::TestWithParam<Place> {};

namespace {

struct Taken {
  std::uint64_t bytes = 0, inodes = 0;
};

// The space of a tree without the blocks that it shares with the source, as the forecast counts it.
Taken taken_by(const std::string& root) {
  const auto of_directory = [](const struct stat& s) { return s.st_blocks > 0 ? block_size : 0; };
  struct stat top;
  EXPECT_EQ(::lstat(root.c_str(), &top), 0);
  Taken taken{of_directory(top), 1};
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) {
    struct stat s;
    EXPECT_EQ(::lstat(at->path().c_str(), &s), 0);
    if (S_ISREG(s.st_mode) && s.st_nlink > 1) continue;
    ++taken.inodes;
    taken.bytes +=
        S_ISDIR(s.st_mode) ? of_directory(s) : blocks_of(static_cast<std::uint64_t>(s.st_size)) * block_size;
  }
  return taken;
}

}  // namespace

// Directories need blocks on most disks, but none in memory.
TEST_P(Room, IsWhatTheTargetNeeds) {
  const TempDir temp(GetParam());
  for (const int from : {0, 1}) {
    corpus::Shape shape;
    shape.version = from;
    shape.jobs = 80;
    shape.median_bytes = 3000;
    const std::string source = temp.path(fmt::format("source{}", from));
    corpus::make_archive(source, shape);
    for (const DataMode mode : {DataMode::automatic, DataMode::copy}) {
      ForecastOptions options =
          whole(source, temp.path(fmt::format("target{}{}", from, static_cast<int>(mode))), 3);
      options.migration.data = mode;
      const Forecast found = forecast(options, {});
      const Summary summary = migrate(options.migration, {});
      ASSERT_EQ(summary.outcome, Outcome::complete);
      const Taken taken = taken_by(options.migration.target);
      SCOPED_TRACE(fmt::format("from {}, mode {}", from, static_cast<int>(mode)));
      // The marker is gone now. The forecast counts a block too many for files beside the jobs.
      EXPECT_EQ(found.room.inodes.value, static_cast<double>(taken.inodes + 1));
      EXPECT_GE(found.room.bytes.value, static_cast<double>(taken.bytes));
      EXPECT_LE(found.room.bytes.value,
                static_cast<double>(taken.bytes + block_size * (summary.total().carried + 5)));
      EXPECT_TRUE(found.room.bytes.exact());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Places, Room, testing::Values(Place::memory, Place::disk),
                         [](const auto& test) { return test.param == Place::memory ? "memory" : "disk"; });

struct TooSmall {
  std::string name, options, word;
};
class SmallTarget : public testing::TestWithParam<TooSmall> {};

TEST_P(SmallTarget, IsAnObstacle) {
  const TempDir temp(Place::disk);
  corpus::Shape shape;
  shape.jobs = 60;
  corpus::make_archive(temp.path("source"), shape);
  const std::string disk = temp.path("disk");
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, GetParam().options.c_str()) != 0)
    GTEST_SKIP() << "only root can mount a small disk";
  ForecastOptions options = whole(temp.path("source"), disk + "/target", 3);
  options.migration.keep_state = false;
  const Forecast found = forecast(options, {});
  ::umount(disk.c_str());
  ASSERT_EQ(found.obstacles.size(), 1U) << text_of(options, found);
  EXPECT_EQ(name_of(found.obstacles[0].kind), "target-unusable");
  EXPECT_NE(found.obstacles[0].what.find(GetParam().word), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Disks, SmallTarget,
                         testing::Values(TooSmall{"bytes", "size=1m", "1.0 MB are free"},
                                         TooSmall{"inodes", "size=80m,nr_inodes=60", "inodes"}),
                         [](const auto& test) { return test.param.name; });

// The state of a few jobs is small, so the possibility that it grows is only a warning.
TEST(RoomForState, AReserveThatDoesNotFitIsAWarning) {
  const TempDir temp(Place::disk);
  corpus::Shape shape;
  shape.version = 2;
  shape.jobs = 200;
  shape.median_bytes = 1500;
  corpus::make_archive(temp.path("source"), shape);
  const std::string disk = temp.path("disk");
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=6m") != 0)
    GTEST_SKIP() << "only root can mount a small disk";
  const ForecastOptions options = whole(temp.path("source"), disk + "/target", 3);
  const Forecast found = forecast(options, {});
  const Summary summary = migrate(options.migration, {});
  std::uint64_t taken = 0;
  for (const auto& file : fs::directory_iterator(disk + "/target.jobferry")) taken += fs::file_size(file);
  ::umount(disk.c_str());
  EXPECT_EQ(summary.outcome, Outcome::complete) << test::text_of(summary);
  EXPECT_TRUE(found.obstacles.empty()) << text_of(options, found);
  EXPECT_EQ(found.warnings.size(), 1U);
  EXPECT_LE(found.room.state_bytes, taken);
  EXPECT_LE(taken, found.room.state_bytes_most);
  EXPECT_GE(2 * found.room.state_bytes, taken) << "the estimate is too small";
}

namespace {

struct ObstacleCase {
  std::string name;
  std::string expected;  // the class of the obstacle; empty: none
  std::function<void(const TempDir&, ForecastOptions&)> prepare;
};

std::vector<ObstacleCase> obstacle_cases() {
  const auto remake = [](const TempDir& temp, const Tree& tree) {
    fs::remove_all(temp.path("source"));
    place(temp.path("source"), tree);
  };
  return {
      {"nothing", "", [](const TempDir&, ForecastOptions&) {}},
      {"no archive", "not-an-archive",
       [](const TempDir& temp, ForecastOptions&) { fs::remove_all(temp.path("source")); }},
      {"an unfinished target", "not-an-archive",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("source/" + marker), ""); }},
      {"a newer version", "version-unknown",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("source/version.txt"), "9"); }},
      {"no way down to 0", "version-unknown",
       [](const TempDir&, ForecastOptions& options) { options.migration.to = 0; }},
      {"no such version", "version-unknown",
       [](const TempDir&, ForecastOptions& options) { options.migration.to = 7; }},
      {"the target is not empty", "target-unusable",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("target/x"), ""); }},
      {"restarted over what is no migration", "target-unusable",
       [](const TempDir& temp, ForecastOptions& options) {
         write_file(temp.path("target/x"), "");
         options.migration.restart = true;
       }},
      {"the target is a file", "target-unusable",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("target"), ""); }},
      {"inside of the source", "target-unusable",
       [](const TempDir& temp, ForecastOptions& options) {
         options.migration.target = temp.path("source/new");
       }},
      {"the source itself", "target-unusable",
       [](const TempDir& temp, ForecastOptions& options) { options.migration.target = temp.path("source"); }},
      {"the state in an archive", "state-unusable",
       [](const TempDir& temp, ForecastOptions& options) {
         options.migration.state = temp.path("source/state");
       }},
      {"a file where the state belongs", "state-unusable",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("target.jobferry"), "x\n"); }},
      {"another file in the place of the state", "state-unusable",
       [](const TempDir& temp, ForecastOptions&) {
         write_file(temp.path("target.jobferry/state.db"), "x\n");
       }},
      {"an empty state", "",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("target.jobferry/state.db"), ""); }},
      {"the state below a file", "state-unusable",
       [](const TempDir& temp, ForecastOptions& options) {
         write_file(temp.path("file"), "x\n");
         options.migration.state = temp.path("file/x");
       }},
      {"a file where the state belongs, but none is kept", "",
       [](const TempDir& temp, ForecastOptions& options) {
         write_file(temp.path("target.jobferry"), "x\n");
         options.migration.keep_state = false;
       }},
      {"a bad cluster", "cluster-bad",
       [](const TempDir& temp, ForecastOptions&) { write_file(temp.path("source/c/cluster.json"), "{"); }},
      {"an override of nothing", "option-invalid",
       [](const TempDir&, ForecastOptions& options) {
         options.migration.overrides = {{"", "no_such_metric", "sum"}};
       }},
      {"a bad job by its content", "json-syntax",
       [](const TempDir& temp, ForecastOptions&) {
         write_file(temp.path("source/" + in_job(1, "meta.json")), "{");
       }},
      {"a bad job by its files", "no-meta-file",
       [](const TempDir& temp, ForecastOptions&) {
         fs::remove(temp.path("source/" + in_job(1, "meta.json")));
       }},
      {"a bad job that is accepted", "",
       [](const TempDir& temp, ForecastOptions& options) {
         write_file(temp.path("source/" + in_job(1, "meta.json")), "{");
         options.migration.accept_bad = true;
       }},
      {"a skipped job", "",
       [](const TempDir& temp, ForecastOptions&) {
         write_file(temp.path("source/" + in_job(1, "meta.json")), "");
       }},
      {"equal versions", "", [](const TempDir&, ForecastOptions& options) { options.migration.to = 1; }},
      {"version 0 repaired", "version-unknown",
       [remake](const TempDir& temp, ForecastOptions& options) {
         remake(temp, plain_archive(0));
         options.migration.to = 0;
         options.migration.repair = true;
       }},
  };
}

}  // namespace

TEST(Obstacles, AreFoundAndNothingIsWritten) {
  for (const ObstacleCase& way : obstacle_cases()) {
    SCOPED_TRACE(way.name);
    const TempDir temp;
    place(temp.path("source"), plain_archive(1));
    ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
    way.prepare(temp, options);
    const Tree before = snapshot(temp.path());
    const Forecast found = forecast(options, {});
    EXPECT_EQ(difference(before, snapshot(temp.path())), "");
    if (way.expected.empty()) {
      EXPECT_TRUE(found.obstacles.empty()) << text_of(options, found);
      continue;
    }
    ASSERT_EQ(found.obstacles.size(), 1U) << text_of(options, found);
    EXPECT_EQ(name_of(found.obstacles[0].kind), way.expected);
    EXPECT_FALSE(advice_on(found.obstacles[0].kind).empty());
    EXPECT_NE(migrate(options.migration, {}).outcome, Outcome::complete) << "the run was complete";
  }
}

TEST(Obstacles, AStateThatCannotBeWritten) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1));
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.state = temp.path("shut/state");
  fs::create_directories(temp.path("shut"));
  // Modes do not stop root, a read-only file system does.
  if (::mount("tmpfs", temp.path("shut").c_str(), "tmpfs", MS_RDONLY, nullptr) != 0)
    GTEST_SKIP() << "only root can mount";
  const Forecast found = forecast(options, {});
  const Summary summary = migrate(options.migration, {});
  ::umount(temp.path("shut").c_str());
  EXPECT_EQ(summary.outcome, Outcome::failed);
  ASSERT_EQ(found.obstacles.size(), 1U) << text_of(options, found);
  EXPECT_EQ(name_of(found.obstacles[0].kind), "state-unusable");
}

// On file systems that cannot share blocks, and between two file systems.
TEST(Obstacles, ReflinksThatCannotBeMade) {
  const TempDir in_memory, on_disk(Place::disk);
  for (const auto& [from, to] :
       {std::pair(&in_memory, &in_memory), std::pair(&on_disk, &on_disk), std::pair(&on_disk, &in_memory)}) {
    fs::remove_all(from->path("source"));
    place(from->path("source"), plain_archive(1));
    ForecastOptions options = whole(from->path("source"), to->path("target"), 3);
    options.migration.data = DataMode::reflink;
    const Forecast found = forecast(options, {});
    const Summary summary = migrate(options.migration, {});
    const auto space = real_files(false)->space(to->path());
    ASSERT_TRUE(space);
    if (space->shares_blocks() && from == to) continue;
    const bool unknown = space->sharing == Sharing::unknown && found.obstacles.empty();
    const auto& seen = unknown ? found.warnings : found.obstacles;
    ASSERT_EQ(seen.size(), 1U) << text_of(options, found);
    EXPECT_EQ(name_of(seen[0].kind), "target-unusable");
    EXPECT_NE(seen[0].what.find("--data=reflink"), std::string::npos);
    if (!unknown) EXPECT_EQ(summary.outcome, Outcome::failed);
  }
}

TEST(Obstacles, ARunningMigration) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1));
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const auto state = State::open(temp.path("target.jobferry"));
  ASSERT_TRUE(state);
  (void)(*state)->set({{"phase", "running"}});
  const Forecast found = forecast(options, {});
  ASSERT_EQ(found.obstacles.size(), 1U) << text_of(options, found);
  EXPECT_EQ(name_of(found.obstacles[0].kind), "in-use");
  EXPECT_NE(found.obstacles[0].what.find("at work on this target"), std::string::npos);
}

TEST(Obstacles, AnEarlierRunOfTheSameMigrationIsNone) {
  const TempDir temp;
  place(temp.path("source"), archive_of_bad_jobs());
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.max_file_size = largest_allowed;
  ASSERT_EQ(migrate(options.migration, {}).outcome, Outcome::bad_jobs);
  const Tree before = snapshot(temp.path("target"));
  options.migration.accept_bad = true;
  const Forecast found = forecast(options, {});
  EXPECT_TRUE(found.goes_on);
  EXPECT_TRUE(found.obstacles.empty()) << text_of(options, found);
  EXPECT_EQ(difference(before, snapshot(temp.path("target"))), "");
  EXPECT_EQ(fs::exists(temp.path("target.jobferry/state.db-wal")), false);
  options.migration.to = 2;  // another migration
  const Forecast other = forecast(options, {});
  ASSERT_EQ(other.obstacles.size(), 1U) << text_of(options, other);
  EXPECT_EQ(name_of(other.obstacles[0].kind), "state-unusable");
}

// The complete target was moved away and its state was not, so the next run starts over.
TEST(Obstacles, AStateWithoutItsTargetIsNoEarlierRun) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1));
  const ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  ASSERT_EQ(migrate(options.migration, {}).outcome, Outcome::complete);
  fs::rename(temp.path("target"), temp.path("served"));
  const Forecast found = forecast(options, {});
  EXPECT_FALSE(found.goes_on);
  EXPECT_TRUE(found.obstacles.empty()) << text_of(options, found);
  EXPECT_EQ(text_of(options, found).find("earlier run"), std::string::npos);
  const Summary summary = migrate(options.migration, {});
  EXPECT_EQ(summary.outcome, Outcome::complete);
  EXPECT_FALSE(summary.resumed);
}

// Tests the rule that derives readers from modes, because modes do not stop root.
TEST(Obstacles, FilesOfOthersAreKnownByTheirModes) {
  FileInfo file;
  file.uid = 10;
  file.gid = 20;
  const ReadingUser owner{10, {99}}, colleague{11, {5, 20}}, stranger{12, {5}}, root{0, {}};
  const auto readers = [&](mode_t mode) {
    file.mode = mode;
    return fmt::format("{:d}{:d}{:d}{:d}", owner.may_read(file), colleague.may_read(file),
                       stranger.may_read(file), root.may_read(file));
  };
  EXPECT_EQ(readers(0600), "1001");
  EXPECT_EQ(readers(0640), "1101");
  EXPECT_EQ(readers(0644), "1111");
  EXPECT_EQ(readers(0044), "0111");
  EXPECT_EQ(readers(0000), "0001");
}

TEST(PlanReport, AsJsonHasTheResult) {
  const TempDir temp;
  place(temp.path("source"), odd_archive());
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.max_file_size = largest_allowed;
  const Forecast found = forecast(options, {});
  rapidjson::Document json;
  json.Parse(forecast_json(options, found).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_STREQ(json["format"].GetString(), "jobferry-plan");
  EXPECT_EQ(json["formatVersion"].GetInt(), 1);
  EXPECT_TRUE(json["exact"].GetBool());
  EXPECT_EQ(json["expected"]["bad"]["value"].GetDouble(), static_cast<double>(bad_jobs().size()));
  EXPECT_EQ(json["badClasses"].Size(), bad_jobs().size());
  EXPECT_EQ(json["obstacles"].Size(), bad_jobs().size());
  EXPECT_EQ(json["clusters"]["c"]["skipped"].GetInt(), 1);
  EXPECT_GT(json["aggregations"].Size(), 0U);
  EXPECT_GT(json["room"]["freeBytes"].GetUint64(), 0U);
  EXPECT_STREQ(json["command"].GetString(), found.command.c_str());
}

TEST(PlanReport, AsTextHasTheResult) {
  const TempDir temp;
  place(temp.path("source"), odd_archive());
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.migration.max_file_size = largest_allowed;
  const std::string text = text_of(options, forecast(options, {}));
  for (const char* part : {"all numbers but the time are exact", "Obstacles, which will stop the migration:",
                           "gzip-truncated", "Aggregations:\n  Cluster Metric",
                           "To run it, without the obstacles:", "c/0/001/100/old", "--max-file-size 100000"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(PlanReport, LeavesOutWhatWasNotTried) {
  const TempDir temp;
  place(temp.path("source"), {{"version.txt", "1"}, {"c/cluster.json", "{"}});
  const ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const Forecast found = forecast(options, {});
  EXPECT_EQ(found.obstacles.size(), 1U);
  for (const char* part : {"tried", "Room at", "migrated  "})
    EXPECT_EQ(text_of(options, found).find(part), std::string::npos) << text_of(options, found);
  rapidjson::Document json;
  json.Parse(forecast_json(options, found).c_str());
  EXPECT_FALSE(json["exact"].GetBool());
  EXPECT_FALSE(json.HasMember("expected"));
}

TEST(PlanReport, UsesSingularAndPlural) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1) + Tree{{"c/0/002/100/meta.json", ""},  // empty: skipped
                                                     {"c/0/003/100/data.json", plain_data(1)},
                                                     {"c/0/003/100/meta.json", "{"}});
  const ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const std::string text = text_of(options, forecast(options, {}));
  for (const char* part : {"All 2 jobs were tried (1 more is bad or skipped, as the directories show), so ",
                           "\n  Jobs migrated             1\n", "json-syntax: 1 bad job, for example: "})
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  ForecastOptions one = options;
  one.migration.jobs = {{"c", 1, ""}};
  const Forecast found = forecast(one, {});
  EXPECT_NE(text_of(one, found).find("1 job was tried (2 more are not selected), so"), std::string::npos)
      << text_of(one, found);
  Forecast noted = found;
  noted.notes["code"] = {Estimate::of(1), 1, 1, "c/0/001/100", "data.json", "", "used"};
  EXPECT_NE(text_of(one, noted).find(" c/0/001/100 data.json: used\n"), std::string::npos);
}

TEST(PlanReport, ARangeOfDurationsHasOneUnit) {
  EXPECT_EQ(shown(SecondsRange{3.2 * 3600, 4.9 * 3600}), "about 3 to 5 h");
  EXPECT_EQ(shown(SecondsRange{100, 500}), "about 1 to 9 min");
  EXPECT_EQ(shown(SecondsRange{2, 50}), "about 2 to 50 s");
  EXPECT_EQ(shown(SecondsRange{0.2, 4.5}), "up to 5 s");
  EXPECT_EQ(shown(SecondsRange{0.01, 0.5}), "less than 1 s");
}

TEST(PlanReport, TheCommandCanBePastedIntoAShell) {
  Options options;
  options.source = "/srv/job archive";
  options.target = "/srv/it's new";
  options.data = DataMode::copy;
  options.overrides = {{"c", "mem used", "sum"}};
  options.accept_bad = true;
  EXPECT_EQ(
      command_for(options),
      fmt::format("jobferry migrate --src '/srv/job archive' --dst '/srv/it'\\''s new' --to {} --data copy "
                  "--aggregation 'c:mem used=sum' --accept-bad",
                  newest_version));
}

TEST(PlanReport, TheCommandIsQuotedForBash) {
  const TempDir temp;
  for (const std::string name : {"a\tb", "a\nb",
                                 "\x09"
                                 "abc",
                                 "it's\ta\\x", "\\", "a\\tb", "\xe9t\xe9",
                                 "\xc2\x80"
                                 "0",
                                 "\x7f", "\r\n\x1b[31m",
                                 "\xff"
                                 "f\xfe"
                                 "0",
                                 "\xc3\xa9 \t", "$HOME `x` \"y\" !\x01", "'", "''\n", " ",
                                 "Gr\xc3\xb6\xc3\x9f"
                                 "e",
                                 ""}) {
    const std::string quoted = shell_quoted(name);
    EXPECT_EQ(printable(quoted), quoted);
    write_file(temp.path("script"), fmt::format("printf %s {} > '{}'\n", quoted, temp.path("said")));
    ASSERT_EQ(std::system(fmt::format("bash '{}'", temp.path("script")).c_str()), 0) << quoted;
    EXPECT_EQ(read_file(temp.path("said")), name) << quoted;
  }
  ForecastOptions options = whole(temp.path("a\tb"), temp.path("new"), 3);
  place(temp.path("a\tb"), plain_archive(1));
  const Forecast found = forecast(options, {});
  EXPECT_NE(found.command.find("/a\\x09b' --dst"), std::string::npos) << found.command;
  EXPECT_NE(text_of(options, found).find("\n  " + found.command + '\n'), std::string::npos);
  rapidjson::Document json;
  json.Parse(forecast_json(options, found).c_str());
  EXPECT_STREQ(json["command"].GetString(), found.command.c_str());
}

TEST(Interrupted, IsReportedAsNotComplete) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1));
  const std::atomic<bool> stop{true};
  Listener listener;
  listener.stop = &stop;
  const ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  const Forecast found = forecast(options, listener);
  EXPECT_TRUE(found.interrupted);
  EXPECT_FALSE(found.has_estimates());
  EXPECT_NE(text_of(options, found).find("not complete"), std::string::npos);
}

TEST(LiveSystem, JobsThatDisappearAreNotBad) {
  const TempDir temp;
  place(temp.path("source"), plain_archive(1));
  Options options;
  options.source = temp.path("source");
  options.target = temp.path("target");
  const auto files = dry_files(false);
  const auto archive = open_archive(*files, options.source);
  ASSERT_TRUE(archive);
  auto chain = find_chain(1, 3);
  ASSERT_TRUE(chain);
  Migration migration{options, *archive, std::move(*chain), {}};
  Summary summary;
  MigratedClusters clusters;
  ASSERT_TRUE(migrate_clusters(*files, migration, summary, clusters));
  const std::vector<std::string> jobs = {subject_of(1), subject_of(2)};
  const Rehearsal rehearsal =
      rehearse({*files, migration, data_transfer_of(*files, migration), jobs}, {}, nullptr, {});
  EXPECT_EQ(rehearsal.gone, 1U);
  EXPECT_EQ(rehearsal.migrated, 1U);
  EXPECT_TRUE(rehearsal.bad.empty());
}

// The progress line and SIGUSR1 show these numbers while the sample is tried (progress_test).
TEST(Progressing, CountsEachJobThatIsTried) {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 60;
  shape.median_bytes = 1500;
  corpus::make_archive(temp.path("source"), shape);
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.sample_percent.reset();
  for (const bool by_time : {false, true}) {
    if (!by_time) options.sample_jobs = 25;
    Progress progress;
    Listener listener;
    listener.progress = &progress;
    const Forecast found = forecast(options, listener);
    EXPECT_EQ(progress.jobs, 60U);
    EXPECT_EQ(progress.tried, by_time ? 60U : 25U);
    EXPECT_EQ(progress.tried, found.tried);
    EXPECT_EQ(progress.to_try, found.tried);
    EXPECT_EQ(progress.seconds_to_try, by_time ? options.sample_time.count() : 0);
    EXPECT_EQ(progress.bytes_out, 0U);
    EXPECT_NE(progress.last(), "");
    options.sample_jobs.reset();
  }
}

TEST(SampleTime, EndsTheSampleAfterAMinimumOfJobs) {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 400;
  shape.median_bytes = 1500;
  corpus::make_archive(temp.path("source"), shape);
  ForecastOptions options = whole(temp.path("source"), temp.path("target"), 3);
  options.sample_percent.reset();
  options.sample_time = std::chrono::seconds(0);
  const Forecast found = forecast(options, {});
  EXPECT_GE(found.tried, 100U);
  EXPECT_LE(found.duration.low, found.duration.likely);
  EXPECT_LE(found.duration.likely, found.duration.high);
  EXPECT_FALSE(found.interrupted);
}

}  // namespace jobferry::test
