// The course of a run: what it reads, what it refuses and how it ends (X11 to X14).
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>

#include "bad_jobs.h"
#include "trial.h"

namespace jobferry::test {

namespace {

TEST(X11, ReadsDataFilesOnlyIfNeeded) {
  struct Case {
    std::string name;
    int from, to;
    std::string file, content;
    bool check_data;
    Compression compress;
    std::string fate;
    std::uint64_t unread;
  };
  const std::string sound = plain_data(1), broken = data_with(1, "[1,]"), large = padded(broken, 2001),
                    small = padded(broken, 2000);
  const auto keep = Compression::keep, gzip = Compression::gzip, none = Compression::none;
  const std::vector<Case> cases = {
      {"read by its step", 0, 1, "data.json", plain_data(0), false, keep, "migrated", 0},
      {"read by its step", 0, 3, "data.json", data_with(0, "[1,]"), false, keep, "json-syntax", 0},
      {"1 to 2", 1, 2, "data.json", sound, false, keep, "migrated", 1},
      {"1 to 3, broken", 1, 3, "data.json", broken, false, keep, "migrated", 1},
      {"3 to 1, broken", 3, 1, "data.json", broken, false, keep, "migrated", 1},
      {"a broken .gz", 2, 3, "data.json.gz", "x", false, keep, "migrated", 1},
      {"sound and checked", 1, 2, "data.json", sound, true, keep, "migrated", 0},
      {"broken and checked", 1, 2, "data.json", broken, true, keep, "json-syntax", 0},
      {"a broken .gz, checked", 2, 3, "data.json.gz", "x", true, keep, "gzip-corrupt|gzip-truncated", 0},
      {"converted to .gz", 1, 2, "data.json", large, false, gzip, "json-syntax", 0},
      {"too small for .gz", 1, 2, "data.json", small, false, gzip, "migrated", 1},
      {"a .gz already", 1, 2, "data.json.gz", gzipped(broken), false, gzip, "migrated", 1},
      {"converted from .gz", 1, 2, "data.json.gz", gzipped(broken), false, none, "json-syntax", 0},
      {"hollow and converted", 1, 2, "data.json.gz", gzipped(""), false, none, "skipped", 0},
      {"hollow and kept", 1, 2, "data.json.gz", gzipped(""), false, gzip, "migrated", 1},
      {"plain already", 1, 2, "data.json", broken, false, none, "migrated", 1}};
  for (const Case& c : cases) {
    Tree tree = plain_archive(c.from);
    tree.erase(in_job(1, "data.json"));
    tree[in_job(1, c.file)] = c.content;
    Trial trial(tree);
    Options options;
    options.check_data = c.check_data;
    options.compress = c.compress;
    const Summary summary = trial.run(c.to, options);
    const std::string fate = fate_of(trial, summary, subject_of(1));
    EXPECT_TRUE(is_one_of(fate, c.fate)) << c.name << ": " << fate << ", expected " << c.fate;
    EXPECT_EQ(summary.total().carried_unread, c.unread) << c.name;
    if (c.unread == 1) EXPECT_EQ(read_file(trial.target(in_job(1, c.file))), c.content) << c.name;
  }
}

TEST(X12, ReportsEveryBadJobAndWritesTheOthers) {
  Trial trial(archive_of_bad_jobs());
  const Summary summary = trial.run(3, with_limit());
  expect_unfinished(trial, summary, Outcome::bad_jobs);
  const std::vector<BadJob> jobs = bad_jobs();
  ASSERT_EQ(summary.bad.size(), jobs.size()) << text_of(summary);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(fate_of(trial, summary, subject_of(bad_job_id(i))), jobs[i].kind);
    EXPECT_EQ(summary.bad[i].subject, subject_of(bad_job_id(i)));  // in path order
    EXPECT_EQ(summary.bad[i].file, jobs[i].file) << jobs[i].kind;
    EXPECT_FALSE(summary.bad[i].what.empty()) << jobs[i].kind;
  }
  EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "migrated");
  EXPECT_EQ(fate_of(trial, summary, subject_of(900)), "skipped");
  EXPECT_EQ(summary.total().bad, jobs.size());
  EXPECT_EQ(summary.total().skipped, 1U);
  EXPECT_EQ(summary.total().migrated, 1U);
}

TEST(X12, AcceptsBadJobsOnRequest) {
  Trial trial(archive_of_bad_jobs()), alone(plain_archive(0));
  Options options = with_limit();
  options.accept_bad = true;
  const Summary summary = trial.run(3, options);
  expect_complete(trial, summary, 3);
  EXPECT_EQ(summary.bad.size(), bad_jobs().size());
  alone.run(3);
  EXPECT_EQ(difference(alone.result(), trial.result()), "");
}

TEST(X12, SharedInvalidIsBadInAStepDown) {
  Tree tree = plain_archive(3);
  tree[in_job(1, "meta.json")] = replaced(plain_meta(3), R"("none")", R"("perhaps")");
  Trial trial(tree);
  const Summary summary = trial.run(2);
  EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "shared-invalid");
  expect_unfinished(trial, summary, Outcome::bad_jobs);
}

TEST(X12, SkippedJobsAndNotesDoNotPreventCompletion) {
  Trial trial(plain_archive(1) + Tree{{in_job(2, "meta.json"), ""}, {in_job(3, "meta.json"), meta_of(1, 3)}});
  const Summary summary = trial.run(2);
  expect_complete(trial, summary, 2);
  EXPECT_EQ(summary.skipped.size(), 1U);
  EXPECT_TRUE(trial.noted(subject_of(3), "no-data-file"));
}

TEST(X12, ABadClusterStopsTheRunWithAllItsErrors) {
  Trial trial(plain_archive(1) + Tree{{"a/", ""}, {"b/", ""}});
  const Summary summary = trial.run(2);
  expect_failed(trial, summary, Kind::cluster_bad);
}

TEST(X13, RefusesAnUnfinishedTargetAsSource) {
  for (const int version : {0, 1}) {
    Trial trial(plain_archive(version) + Tree{{marker, "anything\n"}});
    const Summary summary = trial.run(2);
    expect_failed(trial, summary, Kind::not_an_archive);
  }
}

TEST(X13, TheMarkerIsNeverCarried) {
  for (const std::string& path : {"c/" + marker, in_job(1, marker)}) {
    SCOPED_TRACE(path);
    Trial trial(plain_archive(1) + Tree{{path, "x"}});
    const Summary summary = trial.run(2);
    expect_complete(trial, summary, 2);
    EXPECT_FALSE(trial.has(path));
    EXPECT_EQ(summary.total().left_behind, 1U);
  }
}

TEST(X13, TheMarkerExplainsItself) {
  Trial trial(plain_archive(0) + Tree{{in_job(2, "meta.json"), "{"}});
  trial.run(1);
  const std::string text = read_file(trial.target(marker));
  EXPECT_TRUE(std::regex_search(text, std::regex("^jobferry 1 version=1 id=[0-9a-f]{32}\n[^\n]+\n$")))
      << text;
  EXPECT_NE(text.find(" to version 1."), text.npos) << text;
  Trial again(trial.result());
  expect_failed(again, again.run(2), Kind::not_an_archive);
}

// Only the first line counts. Users or later releases may add others.
TEST(X13, TheMarkerIsReadByItsFirstLine) {
  const std::string of_0_1 =
      "This job archive is unfinished: jobferry has not completed its migration to version 2. "
      "It must not be served or migrated.\n";
  struct Case {
    std::string text;
    std::optional<int> version;
    std::string id;
  };
  const Case cases[] = {
      {marker_text({3, "00ff"}), 3, "00ff"},
      {"jobferry 1 version=3 id=00ff\n", 3, "00ff"},
      {"jobferry 1 id=00ff later=9 word version=2\nanything", 2, "00ff"},
      {"jobferry 1 version=3 id=00ff\n\xff\xfe", 3, "00ff"},
      {of_0_1, 2, ""},
      {of_0_1 + "A remark of the admin.\n", 2, ""},
      {of_0_1.substr(0, of_0_1.size() - 1), {}, ""},
      {"jobferry 1 version=3 id=00ff", {}, ""},  // half-written: the ID may be incomplete
      {"jobferry 1 version=3 id=\n", {}, ""},
      {"jobferry 1 version=3\n", {}, ""},
      {"jobferry 1 id=00ff\n", {}, ""},
      {"jobferry 1 version=-1 id=00ff\n", {}, ""},
      {"jobferry 1 version=3x id=00ff\n", {}, ""},
      {"jobferry 2 version=3 id=00ff\n", {}, ""},
      {"jobferry 11 version=3 id=00ff\n", {}, ""},
      {"\njobferry 1 version=3 id=00ff\n", {}, ""},
      {"", {}, ""},
  };
  for (const Case& c : cases) {
    const auto marker = parse_marker(c.text);
    ASSERT_EQ(marker.has_value(), c.version.has_value()) << c.text;
    if (!marker) continue;
    EXPECT_EQ(marker->version, *c.version) << c.text;
    EXPECT_EQ(marker->id, c.id) << c.text;
  }
}

// The run finishes the jobs that it has begun and begins no others. The target stays unfinished.
TEST(X13, AnInterruptedRunStaysUnfinished) {
  constexpr std::size_t jobs = 5;
  Tree tree = plain_archive(0);
  for (int id = 2; id <= static_cast<int>(jobs); ++id) tree[in_job(id, "meta.json")] = meta_of(0, id);
  for (std::size_t begun = 0; begun <= jobs; ++begun) {
    Trial trial(tree);
    Options options;
    options.debug = true;
    std::atomic<bool> stop{begun == 0};
    std::size_t seen = 0;
    Listener listener;
    listener.stop = &stop;
    listener.job = [&](const JobPath&) { stop = ++seen >= begun; };
    const Summary summary = trial.run(1, options, listener);
    // A stop before the target is made leaves nothing. A stop in the last job has no effect.
    if (begun == 0) {
      EXPECT_EQ(name_of(summary.outcome), name_of(Outcome::interrupted));
      EXPECT_FALSE(trial.has(""));
    } else if (begun < jobs) {
      expect_unfinished(trial, summary, Outcome::interrupted);
    } else {
      expect_complete(trial, summary, 1);
    }
    EXPECT_EQ(summary.total().migrated, begun);
    for (std::size_t id = 1; id <= jobs; ++id)
      EXPECT_EQ(trial.has(subject_of(static_cast<int>(id))), id <= begun);
  }
}

Tree archive_to_repair(int version) {
  Tree tree = plain_archive(version);
  tree[in_job(1, "meta.json")] = replaced(tree[in_job(1, "meta.json")], R"("completed")", R"("canceled")");
  return tree;
}

TEST(X14, EqualVersionsAreNothingToDo) {
  for (int version = 0; version <= newest_version; ++version) {
    Trial trial(archive_to_repair(version));
    const Summary summary = trial.run(version);
    EXPECT_EQ(summary.outcome, Outcome::nothing_to_do) << version;
    EXPECT_TRUE(summary.errors.empty());
    EXPECT_FALSE(trial.has(""));
  }
}

TEST(X14, RepairAloneWithEqualVersions) {
  for (int version = 1; version <= newest_version; ++version) {
    Trial trial(archive_to_repair(version));
    Options options;
    options.repair = true;
    expect_complete(trial, trial.run(version, options), version);
    Tree expected = plain_archive(version);
    expected[in_job(1, "meta.json")] =
        replaced(expected[in_job(1, "meta.json")], R"("completed")", R"("cancelled")");
    EXPECT_EQ(difference(expected, trial.result()), "") << version;
  }
}

TEST(X14, RepairsWithAggregationAndCompression) {
  Tree tree = plain_archive(2);
  const std::string data = padded(plain_data(2), 2001);
  tree[in_job(1, "data.json")] = data;
  Trial trial(tree);
  Options options;
  options.repair = true;
  options.compress = Compression::gzip;
  options.overrides = {{"", "cpu_load", "sum"}};
  expect_complete(trial, trial.run(2, options), 2);
  EXPECT_EQ(read_file(trial.target("c/cluster.json")),
            replaced(plain_cluster(2), R"("aggregation":"avg")", R"("aggregation":"sum")"));
  EXPECT_EQ(inflated(read_file(trial.target(in_job(1, "data.json.gz")))), data);
  EXPECT_FALSE(trial.has(in_job(1, "data.json")));
}

TEST(X14, RepairChangesNothingWithDifferentVersions) {
  for (const auto& [from, to] :
       {std::pair{0, 1}, {0, newest_version}, {1, 2}, {2, 3}, {3, 1}, {newest_version - 1, newest_version}}) {
    Trial with(archive_to_repair(from)), without(archive_to_repair(from));
    Options options;
    options.repair = true;
    expect_complete(with, with.run(to, options), to);
    expect_complete(without, without.run(to), to);
    EXPECT_EQ(difference(without.result(), with.result()), "") << from << "->" << to;
  }
}

TEST(X14, RefusesChainsThatDoNotExist) {
  for (const auto& [from, to] : {std::pair{1, 0},
                                 {2, 0},
                                 {3, 0},
                                 {newest_version, 0},
                                 {0, newest_version + 1},
                                 {newest_version, newest_version + 1},
                                 {1, 1000},
                                 {1, -1}}) {
    SCOPED_TRACE(fmt::format("{} to {}", from, to));
    Trial trial(plain_archive(from));
    expect_failed(trial, trial.run(to), Kind::version_unknown);
  }
}

TEST(X14, RefusesToRepairVersion0) {
  Trial trial(plain_archive(0));
  Options options;
  options.repair = true;
  const Summary summary = trial.run(0, options);
  EXPECT_EQ(summary.outcome, Outcome::failed);
  EXPECT_FALSE(summary.errors.empty());
  EXPECT_FALSE(trial.has(""));
}

}  // namespace

}  // namespace jobferry::test
