// Runs the built program as a user does: options, output, exit codes, signals.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "program.h"

namespace jobferry::test {

namespace {

std::string phase_of(const Ran& status) {
  rapidjson::Document json;
  json.Parse(status.out.c_str());
  return json.IsObject() && json.HasMember("phase") ? json["phase"].GetString() : status.text();
}

TEST(Status, ShowsTheProgressOfAMigration) {
  const Scene place(mixed_archive());
  EXPECT_EQ(place.run({"status", "b"}).code, failed);
  EXPECT_NE(place.run({"status", "b"}).err.find("no state of a migration"), std::string::npos);
  ASSERT_EQ(place.migrate(3).code, bad_jobs);
  Ran status = place.run({"status", "b"});
  EXPECT_EQ(status.code, bad_jobs);
  EXPECT_EQ(lines_of(status.out).at(0).rfind("Migration ended with bad jobs", 0), 0U) << status.text();
  for (const Words& fact : {Words{"Jobs", "migrated", "2"}, {"Jobs", "skipped", "1"}, {"Bad", "jobs", "3"}})
    EXPECT_EQ(words_of(line_with(status.out, {fact[0] + ' ' + fact[1]})), fact) << status.text();
  EXPECT_EQ(phase_of(place.run({"status", "b", "--json"})), "ended with bad jobs");

  const Ran again = place.migrate(3, {"--accept-bad"});
  EXPECT_EQ(again.code, complete) << again.text();
  EXPECT_NE(line_with(again.out, {"3 jobs of these had been done before"}), "") << again.text();
  status = place.run({"status", "b/"});
  EXPECT_EQ(status.code, complete) << status.text();
  EXPECT_EQ(phase_of(place.run({"status", "b", "--json"})), "complete with bad jobs");
  EXPECT_EQ(place.run({"status", "b", "--state", "nowhere"}).code, failed);
}

TEST(Restart, AsksBeforeItDeletes) {
  const Scene place(plain_archive(0));
  ASSERT_EQ(place.migrate(3).code, complete);
  const Ran silent = place.migrate(2, {"--restart"}, [] { ::close(0); });
  EXPECT_EQ(silent.code, failed);
  EXPECT_NE(silent.err.find("--restart deletes the target: confirm"), std::string::npos) << silent.text();
  EXPECT_EQ(place.version(), "3\n");
  EXPECT_EQ(place.migrate(2, {"--restart", "--yes"}).code, complete);
  EXPECT_EQ(place.version(), "2\n");
  // A directory of something else is never deleted.
  write_tree(place.path("mine"), {{"precious", "x"}});
  const Ran foreign = place.run({"--src", "a", "--dst", "mine", "--restart", "--yes"});
  EXPECT_EQ(foreign.code, failed);
  EXPECT_NE(foreign.err.find("the target is not of an unfinished migration"), std::string::npos)
      << foreign.text();
  EXPECT_EQ(read_file(place.path("mine/precious")), "x");
}

TEST(Selection, OfOneJobShowsItsProblem) {
  const Scene place(mixed_archive());
  const Ran ran = place.migrate(3, {"--job", "c/2", "--dry-run"});
  EXPECT_EQ(ran.code, bad_jobs) << ran.text();
  EXPECT_NE(line_with(ran.out, {"c/0/002/100 data.json"}), "") << ran.text();
  EXPECT_EQ(place.migrate(3, {"--job", "c/1/100"}).code, bad_jobs);
  EXPECT_TRUE(place.has("b/c/0/001/100/meta.json"));
  EXPECT_FALSE(place.has("b/c/0/005/100/meta.json"));
  for (const std::string wrong : {"c", "c/", "c/x", "/1", "c/1/", ""})
    EXPECT_EQ(place.migrate(3, {"--job", wrong}).code, usage) << wrong;
}

namespace {

const std::string newest = std::to_string(newest_version), unknown = std::to_string(newest_version + 1);

}  // namespace

TEST(Options, DefaultToVarJobArchiveAndTheNewestVersion) {
  const Scene place(plain_archive(0), "var/job-archive");
  const Ran ran = place.run({});
  EXPECT_EQ(ran.code, complete) << ran.text();
  EXPECT_EQ(read_file(place.path("var/job-archive-new/version.txt")), newest + '\n');
}

TEST(Options, HaveManySpellings) {
  const std::vector<Words> spellings = {{"--src", "a", "--dst", "b", "--to", "1"},
                                        {"--src=a", "--dst=b", "--to=1"},
                                        {"-src", "a", "-dst", "b", "-to", "1"},
                                        {"-src=a", "-dst=b", "-to=1"},
                                        {"migrate", "--src", "a", "--dst", "b", "--to", "1"},
                                        {"migrate", "-src", "a", "-dst", "b", "-to", "1"},
                                        {"-to", "1", "-src", "./a/", "-dst", "./b/"}};
  for (const Words& spelling : spellings) {
    const Scene place(plain_archive(0));
    const Ran ran = place.run(spelling);
    EXPECT_EQ(ran.code, complete) << fmt::format("{}", fmt::join(spelling, " ")) << '\n' << ran.text();
    EXPECT_EQ(place.version(), "1\n") << fmt::format("{}", fmt::join(spelling, " "));
  }
}

TEST(Options, AreAllAccepted) {
  const std::vector<Words> all = {{"--debug"},
                                  {"--threads", "2"},
                                  {"--memory", "100MB"},
                                  {"--memory", "1000000"},
                                  {"--aggregation", "cpu_load=sum"},
                                  {"--data", "auto"},
                                  {"--data", "link"},
                                  {"--data", "copy"},
                                  {"--compress", "keep"},
                                  {"--compress", "gzip"},
                                  {"--compress", "none"},
                                  {"--compress-level", "normal"},
                                  {"--compress-level", "fast"},
                                  {"--io-depth", "1"},
                                  {"--io-depth", "100"},
                                  {"--check-data"},
                                  {"--accept-bad"},
                                  {"--follow-symlinks"},
                                  {"--max-file-size", "1GB"},
                                  {"--max-file-size", "4294967295"},
                                  {"--repair"},
                                  {"--state", "elsewhere"},
                                  {"--no-state"},
                                  {"--restart", "--yes"},
                                  {"--report", "report"},
                                  {"--quiet"},
                                  {"--log-level", "error"},
                                  {"--log-level", "debug"}};
  for (const Words& option : all) {
    Words one_dash = option;
    one_dash[0].erase(0, 1);
    for (const Words& spelling : {option, one_dash}) {
      const Scene place(plain_archive(1));
      const Ran ran = place.migrate(2, spelling);
      EXPECT_EQ(ran.code, complete) << fmt::format("{}", fmt::join(spelling, " ")) << '\n' << ran.text();
      EXPECT_EQ(place.version(), "2\n");
    }
  }
}

TEST(Options, HelpAndVersion) {
  const Scene place;
  const Ran version = place.run({"--version"}), help = place.run({"migrate", "--help-all"});
  EXPECT_EQ(version.code, complete);
  EXPECT_NE(version.out.find(JOBFERRY_VERSION), std::string::npos) << version.text();
  EXPECT_EQ(help.code, complete);
  for (const std::string option :
       {"--src",           "--dst",       "--to",       "--debug",      "--threads",    "--memory",
        "--aggregation",   "--data",      "--compress", "--check-data", "--accept-bad", "--follow-symlinks",
        "--max-file-size", "--dry-run",   "--repair",   "--report",     "--quiet",      "--log-level",
        "--state",         "--no-state",  "--restart",  "--yes",        "--html",       "--help",
        "--metrics-file",  "--log-format"})
    EXPECT_NE(help.out.find(option), std::string::npos) << option;
  EXPECT_EQ(place.run({"-help"}).code, complete);
  EXPECT_EQ(place.run({"-version"}).out, version.out);
}

TEST(Options, UsageErrorsChangeNothing) {
  const std::vector<Words> wrong = {{"--unknown"},
                                    {"-unknown"},
                                    {"word"},
                                    {"migrate", "word"},
                                    {"--to"},
                                    {"--to", "x"},
                                    {"--to", "-1"},
                                    {"--to", "1.5"},
                                    {"--to", ""},
                                    {"--threads", "x"},
                                    {"--threads", "-1"},
                                    {"--memory", "lots"},
                                    {"--max-file-size", "x"},
                                    {"--max-file-size", "-1"},
                                    {"--data", "move"},
                                    {"--data", ""},
                                    {"--compress", "zip"},
                                    {"--compress-level", "9"},
                                    {"--io-depth", "0"},
                                    {"--log-level", "loud"},
                                    {"--report"},
                                    {"--debug=maybe"},
                                    {"--aggregation"},
                                    {"--aggregation", "cpu_load"},
                                    {"--aggregation", "cpu_load="},
                                    {"--aggregation", "cpu_load=max"},
                                    {"--aggregation", "cpu_load=SUM"},
                                    {"--aggregation", "=sum"},
                                    {"--aggregation", ":cpu_load=sum"},
                                    {"--aggregation", "c:=sum"},
                                    {"--aggregation", "cpu_load=sum", "cpu_load=avg"},
                                    {"--aggregation", "cpu_load=sum", "--aggregation", "x"}};
  const Scene place(plain_archive(1));
  const Tree before = place.all();
  for (const Words& words : wrong) {
    const Ran ran = place.run(Words{"--src", "a", "--dst", "b"} + words);
    EXPECT_EQ(ran.code, usage) << fmt::format("{}", fmt::join(words, " ")) << '\n' << ran.text();
    EXPECT_NE(ran.out + ran.err, "") << fmt::format("{}", fmt::join(words, " "));
    EXPECT_EQ(difference(before, place.all()), "") << fmt::format("{}", fmt::join(words, " "));
  }
}

TEST(ExitCode, ShowsTheOutcome) {
  struct Case {
    std::string name;
    Tree archive;
    int to;
    Words options;
    int code;
    std::string version;  // version.txt of the target
  };
  const Tree sound = plain_archive(1), bad = plain_archive(1) + Tree{{subject_of(2) + "/meta.json", "{"}},
             skipped = plain_archive(1) + Tree{{subject_of(2) + "/meta.json", ""}}, none = {{"note", "x"}};
  const std::vector<Case> cases = {
      {"complete", sound, 2, {}, complete, "2\n"},
      {"skipped jobs and notes", skipped, 2, {}, complete, "2\n"},
      {"nothing to do", sound, 1, {}, complete, ""},
      {"nothing to do, with bad jobs", bad, 1, {}, complete, ""},
      {"repaired", sound, 1, {"--repair"}, complete, "1\n"},
      {"bad jobs", bad, 2, {}, bad_jobs, ""},
      {"bad jobs, with a debug run", bad, 2, {"--debug"}, bad_jobs, ""},
      {"bad jobs accepted", bad, 2, {"--accept-bad"}, complete, "2\n"},
      {"bad jobs, dry", bad, 2, {"--dry-run"}, bad_jobs, ""},
      {"dry", sound, 2, {"--dry-run"}, complete, ""},
      {"no archive", none, 2, {}, failed, ""},
      {"no source", sound, 2, {"--src", "nowhere"}, failed, ""},
      {"an unknown version", sound, newest_version + 1, {}, failed, ""},
      {"no way there", sound, 0, {}, failed, ""},
      {"a newer archive", sound + Tree{{"version.txt", unknown}}, 3, {}, failed, ""},
      {"version.txt is no number", sound + Tree{{"version.txt", "x"}}, 3, {}, failed, ""},
      {"an unfinished archive", sound + Tree{{marker, "x"}}, 2, {}, failed, ""},
      {"a bad cluster", sound + Tree{{"d/", ""}}, 2, {}, failed, ""},
      {"a bad cluster, accepting bad jobs", sound + Tree{{"d/", ""}}, 2, {"--accept-bad"}, failed, ""},
      {"repair of version 0", plain_archive(0), 0, {"--repair"}, failed, ""},
      {"a report that cannot be written", sound, 2, {"--report", "nowhere/report"}, failed, ""},
  };
  for (const Case& c : cases) {
    const Scene place(c.archive);
    Words words = {"--dst", "b", "--to", std::to_string(c.to)};
    if (c.options.empty() || c.options[0] != "--src") words = words + Words{"--src", "a"};
    const Ran ran = place.run(words + c.options);
    EXPECT_EQ(ran.code, c.code) << c.name << '\n' << ran.text();
    EXPECT_EQ(place.version(), c.version) << c.name;
    if (c.code == failed) EXPECT_NE(ran.err, "") << c.name;
    if (c.code == failed) EXPECT_FALSE(place.has("b")) << c.name;
  }
}

// Acts like a full disk: the target stays unfinished, and no job in it is incomplete.
void forbid_files_above(rlim_t bytes) {
  const struct rlimit limit { bytes, bytes };
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, SIG_IGN);
}

TEST(ExitCode, OfAFullTarget) {
  Tree archive = plain_archive(1) + job(1, 2) + job(1, 3);
  archive[subject_of(2) + "/a"] = "small";
  archive[subject_of(2) + "/b"] = std::string(4 << 20, 'x');
  for (const Words& how : {Words{}, Words{"--debug"}}) {
    const Scene place(archive);
    const Ran ran = place.migrate(2, how, [] { forbid_files_above(1 << 20); });
    EXPECT_EQ(ran.code, failed) << ran.text();
    EXPECT_NE(line_with(ran.err, {subject_of(2), "write-failed"}), "") << ran.text();
    EXPECT_TRUE(place.has("b/" + marker));
    EXPECT_FALSE(place.has("b/version.txt"));
    EXPECT_FALSE(place.has("b/" + subject_of(2)));
  }
}

// Root may write everywhere, so the child becomes an ordinary user.
void become_nobody() {
  constexpr uid_t nobody = 65534;
  if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(cannot_execute);
}

void expect_refused(const Scene& place, const std::string& source, const std::string& target,
                    const Words& more = {}, const Prepare& prepare = {}) {
  SCOPED_TRACE(source + " to " + target);
  for (const Words& how : {Words{}, Words{"--debug"}, Words{"--dry-run"}, Words{"--accept-bad"}}) {
    const Tree before = place.all();
    const Ran ran = place.run(Words{"--src", source, "--dst", target} + more + how, prepare);
    EXPECT_EQ(ran.code, failed) << ran.text();
    EXPECT_NE(ran.err, "");
    EXPECT_EQ(line_with(ran.out, {"Job "}), "") << "a job was touched";
    EXPECT_EQ(difference(before, place.all()), "");
  }
}

TEST(Refuses, ATargetThatIsTheSourceOrOneInsideTheOther) {
  const Scene place(plain_archive(1), "x/a");
  fs::create_directory_symlink("x/a", place.path("to-a"));
  fs::create_directory_symlink("x", place.path("to-x"));
  fs::create_directory_symlink("x/a/c", place.path("to-c"));
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"x/a", "x/a"},      {"x/a", "x/a/"},          {"x/a", "./x/../x/a"},  {"x/a", place.path("x/a")},
      {"x/a", "to-a"},     {"to-a", "x/a"},          {"to-a", "to-a"},       {"x/a", "to-x/a"},
      {"x/a", "x/a/new"},  {"x/a", "x/a/c/new"},     {"x/a", "x/a/new/new"}, {"x/a", "to-a/new"},
      {"to-a", "x/a/new"}, {"x/a", "to-c/new"},      {"to-x/a", "to-c"},     {"x/a", "x"},
      {"x/a", "."},        {"x/a", "x/a/.."},        {"to-a", "x"},          {"x/a", "to-x"},
      {"to-a", "to-x"},    {"x/a", "x/a/c/../../a"}, {"x/a", "x/a/../a/n"},  {"x/a/../a", "x/a"}};
  for (const auto& [source, target] : pairs) expect_refused(place, source, target);
}

TEST(Refuses, ATargetThatIsNotEmpty) {
  const Scene place(plain_archive(1));
  write_tree(place.path(), {{"full/file", "x"},
                            {"hidden/.file", ""},
                            {"directory/empty/", ""},
                            {"unfinished/" + marker, "x"},
                            {"file", "x"}});
  fs::create_directory_symlink("full", place.path("link"));
  fs::create_symlink("nowhere", place.path("dangling"));
  for (const std::string target :
       {"full", "hidden", "directory", "unfinished", "file", "link", "dangling", "file/new"})
    expect_refused(place, "a", target);
}

TEST(Refuses, WhatTheArchiveDoesNotAllow) {
  const Scene place(plain_archive(1));
  write_tree(place.path("newer"), plain_archive(3) + Tree{{"version.txt", "7\n"}});
  write_tree(place.path("cluster"), plain_archive(1) + Tree{{"d/cluster.json", "{}"}});
  write_tree(place.path("stray"), plain_archive(1) + Tree{{"stray/", ""}});
  expect_refused(place, "a", "b", {"--to", unknown});
  expect_refused(place, "a", "b", {"--to", "0"});
  for (const std::string source : {"newer", "cluster", "stray", "nowhere"})
    expect_refused(place, source, "b");
}

TEST(Accepts, AnEmptyTarget) {
  const Scene place(plain_archive(1));
  fs::create_directories(place.path("real"));
  fs::create_directory_symlink("real", place.path("link"));
  fs::create_directories(place.path("b"));
  for (const std::string target : {"b", "link", "deep/er/than/that"}) {
    const Ran ran = place.run({"--src", "a", "--dst", target});
    EXPECT_EQ(ran.code, complete) << target << '\n' << ran.text();
    EXPECT_EQ(read_file(place.path(target + "/version.txt")), newest + '\n');
  }
}

// `a-new` begins with the name of the source, but it is not inside it.
TEST(Accepts, ATargetWithASimilarName) {
  const Scene place(plain_archive(1));
  for (const std::string target : {"a-new", "a.", "..a"})
    EXPECT_EQ(place.run({"--src", "a", "--dst", target}).code, complete) << target;
}

bool nobody_can_run() {
  const Scene place;
  return place.run({"--version"}, become_nobody).code == complete;
}

TEST(Refuses, WithoutPermission) {
  if (!nobody_can_run()) GTEST_SKIP() << "an ordinary user cannot run the program";
  const Scene place(plain_archive(1));
  fs::create_directories(place.path("closed/empty"));
  fs::create_directories(place.path("open"));
  fs::permissions(place.path("closed"), fs::owner_read | fs::owner_exe | fs::others_read | fs::others_exe);
  fs::permissions(place.path("closed/empty"),
                  fs::owner_read | fs::owner_exe | fs::others_read | fs::others_exe);
  fs::permissions(place.path("open"), fs::all_all);
  expect_refused(place, "a", "closed/new", {}, become_nobody);
  expect_refused(place, "a", "closed/new/new", {}, become_nobody);
  expect_refused(place, "a", "closed/empty", {}, become_nobody);
  EXPECT_EQ(place.run({"--src", "a", "--dst", "open/b"}, become_nobody).code, complete);
}

// X12: a job that cannot be read is bad, and the others are migrated.
TEST(Accepts, AnArchiveWithAJobThatCannotBeRead) {
  if (!nobody_can_run()) GTEST_SKIP() << "an ordinary user cannot run the program";
  for (const std::string closed : {"/meta.json", "/data.json", "", "/.."}) {
    const Scene place(plain_archive(0) + job(0, 2) +
                      Tree{{subject_of(2) + "/data.json", plain_archive(0).at("c/0/001/100/data.json")}});
    fs::permissions(place.path("a/" + subject_of(2) + closed), fs::no_perms);
    fs::create_directories(place.path("open"));
    fs::permissions(place.path("open"), fs::all_all);
    const Ran ran = place.run({"--src", "a", "--dst", "open/b"}, become_nobody);
    EXPECT_EQ(ran.code, bad_jobs) << closed << '\n' << ran.text();
    EXPECT_NE(line_with(ran.out, {"c/0/002", "read-failed"}), "") << ran.text();
    EXPECT_TRUE(place.has("open/b/" + subject_of(1) + "/meta.json"));
    EXPECT_FALSE(place.has("open/b/" + subject_of(2)));
  }
}

// A directory that cannot be listed hides an unknown number of jobs. Even with --accept-bad, the target is
// not complete until the directory can be listed.
TEST(HiddenJobs, AreNeverAccepted) {
  if (!nobody_can_run()) GTEST_SKIP() << "an ordinary user cannot run the program";
  for (const std::string closed : {"c/0", "c/0/002"}) {
    const Scene place(plain_archive(0) + job(0, 2));
    fs::create_directories(place.path("open"));
    fs::permissions(place.path("open"), fs::all_all);
    const std::string directory = place.path("a/" + closed);
    // With the right to enter the directory but not to list it, the program still reads cluster.json.
    fs::permissions(directory, fs::owner_all | fs::group_exe | fs::others_exe);
    for (const Words& more : {Words{}, Words{"--accept-bad"}, Words{"--debug", "--accept-bad"}}) {
      const Ran ran = place.run(Words{"--src", "a", "--dst", "open/b"} + more, become_nobody);
      EXPECT_EQ(ran.code, bad_jobs) << ran.text();
      EXPECT_NE(line_with(ran.err, {"hidden jobs in " + closed, "read-failed"}), "") << ran.text();
      EXPECT_NE(ran.out.find("--accept-bad does not cover this"), std::string::npos) << ran.text();
      EXPECT_FALSE(place.has("open/b/version.txt"));
      EXPECT_TRUE(place.has("open/b/" + marker));
    }
    const Ran status = place.run({"status", "open/b"}, become_nobody);
    EXPECT_NE(line_with(status.out, {"ended with hidden jobs"}), "") << status.text();
    EXPECT_NE(line_with(status.out, {"  " + closed + ": "}), "") << status.text();
    fs::permissions(directory, fs::all_all);
    EXPECT_EQ(place.run({"--src", "a", "--dst", "open/b"}, become_nobody).code, complete);
    EXPECT_TRUE(place.has("open/b/" + subject_of(2) + "/meta.json"));
  }
}

Tree second_cluster(int version) {
  return {{"b/cluster.json", replaced(plain_cluster(version), R"("name":"c")", R"("name":"b")")},
          {"b/0/001/100/meta.json", replaced(plain_meta(version), R"("cluster":"c")", R"("cluster":"b")")}};
}

TEST(Debug, PrintsEveryJobInPathOrder) {
  Tree tree = plain_archive(1) + second_cluster(1);
  for (const int id : {2, 10, 100, 999, 1000, 2001, 10'000, 1'403'244}) tree = tree + job(1, id);
  tree = tree + Tree{{subject_of(3) + "/meta.json", "{"}, {subject_of(4) + "/meta.json", ""}};
  const Words expected = {"Job 1 b/0/001/100",      "Job 1 c/0/001/100",          "Job 2 c/0/002/100",
                          "Job 3 c/0/003/100",      "Job 4 c/0/004/100",          "Job 10 c/0/010/100",
                          "Job 100 c/0/100/100",    "Job 999 c/0/999/100",        "Job 1000 c/1/000/100",
                          "Job 10000 c/10/000/100", "Job 1403244 c/1403/244/100", "Job 2001 c/2/001/100"};
  for (const Words& how : {Words{}, Words{"--dry-run"}, Words{"--threads", "4"}, Words{"--quiet"}}) {
    const Scene place(tree);
    Words jobs;
    for (const std::string& line : lines_of(place.migrate(2, Words{"--debug"} + how).out))
      if (line.starts_with("Job ")) jobs.push_back(line);
    EXPECT_EQ(jobs, expected) << fmt::format("{}", fmt::join(how, " "));
  }
}

// X8: such a directory is not a job, so it is not mentioned.
TEST(Debug, PrintsNoForeignDirectories) {
  const Scene place(plain_archive(1) + Tree{{subject_of(5) + "/foreign", "x"}, {subject_of(6) + '/', ""}});
  const Ran ran = place.migrate(2, {"--debug"});
  EXPECT_EQ(line_with(ran.out, {"Job 5"}) + line_with(ran.out, {"Job 6"}), "");
}

std::string metric(const std::string& name, const std::string& unit, const std::string& aggregation) {
  return fmt::format(R"({{"name":"{}","unit":"{}","scope":"core","timestep":60{}}})", name, unit,
                     aggregation.empty() ? "" : fmt::format(R"(,"aggregation":"{}")", aggregation));
}

// C3: a cluster of version 0 with a metric for every verdict.
Tree archive_of_verdicts() {
  const Words metrics = {metric("good", "GB/s", "sum"),     metric("missing_sum", "W", ""),
                         metric("missing_avg", "degC", ""), metric("odd", "W", "avg"),
                         metric("odd_too", "load", "sum"),  metric("wrong", "load", "max"),
                         metric("chosen", "load", "sum")};
  return {{"c/cluster.json",
           fmt::format(R"({{"name":"c","subClusters":[{{"name":"main","nodes":"*"}}],"metricConfig":[{}]}})",
                       fmt::join(metrics, ","))}};
}

TEST(Debug, PrintsTheAggregationsOfEveryCluster) {
  const Scene place(archive_of_verdicts() + job(0, 1) + second_cluster(0));
  const Ran ran = place.migrate(3, {"--debug", "--aggregation", "chosen=avg"});
  EXPECT_EQ(ran.code, complete) << ran.text();
  std::set<Words> rows;
  for (const std::string& line : lines_of(ran.out)) rows.insert(words_of(line));
  const std::vector<Words> expected = {{"Cluster", "Metric", "Unit", "Scope", "Aggregation", "Verdict"},
                                       {"c", "good", "GB/s", "core", "sum", "ok"},
                                       {"c", "missing_sum", "W", "core", "sum", "inferred"},
                                       {"c", "missing_avg", "°C", "core", "avg", "inferred"},
                                       {"c", "odd", "W", "core", "avg", "suspicious"},
                                       {"c", "odd_too", "load", "core", "sum", "suspicious"},
                                       {"c", "wrong", "load", "core", "max", "invalid"},
                                       {"c", "chosen", "load", "core", "avg", "overridden"},
                                       {"b", "cpu_load", "load", "node", "avg", "ok"}};
  for (const Words& row : expected)
    EXPECT_TRUE(rows.contains(row)) << fmt::format("{}", fmt::join(row, " ")) << '\n' << ran.out;
  for (const std::string cluster : {"b", "c"})  // the table comes before the cluster's first job
    EXPECT_LT(ran.out.find(cluster + "/cluster.json"), ran.out.find("Job 1 " + cluster + '/')) << ran.out;
}

TEST(Debug, PrintsNoneOfThisWithoutDebug) {
  const Scene place(plain_archive(0));
  const Ran ran = place.migrate(3);
  EXPECT_EQ(line_with(ran.out, {"Job 1 "}), "");
  EXPECT_EQ(line_with(ran.out, {"Verdict"}), "");
}

rapidjson::Document report_of(const Scene& place, const std::string& name = "report") {
  rapidjson::Document report;
  report.Parse(read_file(place.path(name)).c_str());
  if (!report.IsObject()) throw std::runtime_error("no report: " + read_file(place.path(name)));
  return report;
}

std::string json_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return buffer.GetString();
}

TEST(Summary, NamesEveryBadJobOnALineOfItsOwn) {
  const Tree archive = mixed_archive();
  const std::string broken = archive.at("c/0/002/100/data.json");
  const Scene place(archive);
  const Ran ran = place.migrate(3);
  EXPECT_EQ(ran.code, bad_jobs);
  const std::string byte = std::to_string(broken.find("\"n/a\""));
  EXPECT_NE(line_with(ran.out, {"c/0/002/100", "data-element", "data.json", "/cpu_load/node/series/0/data/1",
                                byte, "n/a"}),
            "")
      << ran.out;
  EXPECT_NE(line_with(ran.out, {"c/0/003/100", "gzip-trailing", "data.json.gz"}), "") << ran.out;
  EXPECT_NE(line_with(ran.out, {"c/0/004/100", "no-meta-file", "meta.json"}), "") << ran.out;
  EXPECT_NE(line_with(ran.out, {"c/0/006/100", "empty-file"}), "") << ran.out;
  EXPECT_NE(line_with(ran.out, {"c/0/001/100/sub"}), "") << ran.out;
  EXPECT_NE(line_with(ran.out, {"no-data-file"}), "") << ran.out;
}

// The summary, the report and the archive agree.
TEST(Summary, AgreesWithTheReport) {
  const Scene place(mixed_archive());
  const Ran ran = place.migrate(3, {"--report", "report"});
  const rapidjson::Document report = report_of(place);
  EXPECT_STREQ(report["outcome"].GetString(), "bad-jobs");
  EXPECT_FALSE(report["finalized"].GetBool());
  EXPECT_EQ(report["from"].GetInt(), 0);
  EXPECT_EQ(report["to"].GetInt(), 3);
  const auto& total = report["total"];
  EXPECT_EQ(total["migrated"].GetInt(), 2);
  EXPECT_EQ(total["bad"].GetInt(), 3);
  EXPECT_EQ(total["skipped"].GetInt(), 1);
  EXPECT_EQ(total["carried"].GetInt(), 2);
  ASSERT_EQ(report["bad"].Size(), 3U);
  for (const auto& bad : report["bad"].GetArray()) {
    Words parts;
    for (const char* key : {"subject", "class", "file", "pointer", "text"})
      parts.emplace_back(bad[key].GetString());
    if (bad.HasMember("byte")) parts.push_back(std::to_string(bad["byte"].GetUint64()));
    EXPECT_NE(line_with(ran.out, parts), "") << json_text(bad) << '\n' << ran.out;
  }
  ASSERT_EQ(report["skipped"].Size(), 1U);
  EXPECT_NE(line_with(ran.out, {report["skipped"][0]["subject"].GetString(), "empty-file"}), "");
  ASSERT_EQ(report["leftBehindJobs"].Size(), 1U);
  EXPECT_STREQ(report["leftBehindJobs"][0].GetString(), "c/0/001/100/sub");
  EXPECT_GT(report["notes"].Size(), 0U);
  for (const auto& note : report["notes"].GetArray())
    EXPECT_NE(line_with(ran.out, {note["code"].GetString(), std::to_string(note["count"].GetUint64())}), "")
        << ran.out;
  const Words totals = words_of(line_with(ran.out, {"Total"}));
  ASSERT_GE(totals.size(), 4U) << ran.out;
  EXPECT_EQ((Words{totals[1], totals[2], totals[3]}), (Words{"2", "1", "3"})) << "migrated, skipped, bad";
}

TEST(Summary, ReportsEveryOutcome) {
  struct Case {
    Tree archive;
    int to;
    std::string outcome;
  };
  const std::vector<Case> cases = {{plain_archive(1), 2, "complete"},
                                   {plain_archive(1), 1, "nothing-to-do"},
                                   {mixed_archive(), 1, "bad-jobs"},
                                   {{{"note", "x"}}, 1, "failed"}};
  for (const Case& c : cases) {
    const Scene place(c.archive);
    place.migrate(c.to, {"--report", "report"});
    const rapidjson::Document report = report_of(place);
    EXPECT_EQ(report["outcome"].GetString(), c.outcome);
    EXPECT_EQ(report["finalized"].GetBool(), c.outcome == "complete");
    EXPECT_EQ(report["errors"].Size(), c.outcome == "failed" ? 1U : 0U);
  }
}

TEST(Summary, ComesLastOnStdout) {
  const Scene place(plain_archive(0));
  const Ran ran = place.migrate(3, {"--debug"});
  const std::size_t last_job = ran.out.rfind("\nJob "), total = ran.out.find("Total");
  ASSERT_NE(total, std::string::npos) << ran.out;
  EXPECT_LT(last_job, total);
}

TEST(Summary, IsNotPrintedWhenQuiet) {
  for (const auto& [archive, code] : {std::pair{plain_archive(1), complete}, {mixed_archive(), bad_jobs}}) {
    const Scene place(archive);
    const Ran ran = place.migrate(3, {"--quiet"});
    EXPECT_EQ(ran.code, code);
    EXPECT_EQ(ran.out, "");
  }
}

TEST(LogLevel, SetsHowMuchIsLogged) {
  const auto log_of = [](const std::string& level) {
    const Scene place(mixed_archive());
    return place.migrate(3, {"--log-level", level}).err;
  };
  EXPECT_EQ(log_of("error"), "");
  EXPECT_NE(line_with(log_of("warn"), {"c/0/002/100", "data-element"}), "");
  EXPECT_EQ(line_with(log_of("warn"), {"no-data-file"}), "");
  EXPECT_NE(line_with(log_of("debug"), {"c/0/005/100", "no-data-file"}), "");
}

TEST(DryRun, WritesNothingAndReportsTheSame) {
  for (const Tree& archive : {plain_archive(0), plain_archive(2), mixed_archive()}) {
    const Scene place(archive), real(archive);
    const Tree before = place.all();
    const Ran without_report = place.migrate(3, {"--dry-run"});
    EXPECT_EQ(difference(before, place.all()), "") << without_report.text();
    const Ran dry = place.migrate(3, {"--dry-run", "--report", "report"});
    const Ran wet = real.migrate(3, {"--report", "report"});
    EXPECT_EQ(dry.code, wet.code);
    EXPECT_FALSE(place.has("b"));
    const rapidjson::Document said = report_of(place), happened = report_of(real);
    for (const char* key : {"outcome", "from", "to", "clusters", "total", "notes", "bad", "skipped",
                            "leftBehindJobs", "aggregations"})
      EXPECT_EQ(json_text(said[key]), json_text(happened[key])) << key;
    EXPECT_TRUE(said["dryRun"].GetBool());
    EXPECT_FALSE(said["finalized"].GetBool());
  }
}

TEST(Aggregation, IsSet) {
  const std::string c = plain_cluster(2), b = second_cluster(2).at("b/cluster.json");
  const auto summed = [](const std::string& text) {
    return replaced(text, R"("aggregation":"avg")", R"("aggregation":"sum")");
  };
  struct Case {
    Words options;
    std::string c, b;
  };
  const std::vector<Case> cases = {
      {{"--aggregation", "cpu_load=sum"}, summed(c), summed(b)},
      {{"--aggregation", "c:cpu_load=sum"}, summed(c), b},
      {{"--aggregation=b:cpu_load=sum"}, c, summed(b)},
      {{"-aggregation", "c:cpu_load=sum", "-aggregation", "b:cpu_load=sum"}, summed(c), summed(b)},
      {{"--aggregation", "cpu_load=avg"}, c, b}};
  for (const Case& each : cases) {
    const Scene place(plain_archive(2) + second_cluster(2));
    const Ran ran = place.migrate(3, each.options);
    EXPECT_EQ(ran.code, complete) << ran.text();
    EXPECT_EQ(read_file(place.path("b/c/cluster.json")), each.c);
    EXPECT_EQ(read_file(place.path("b/b/cluster.json")), each.b);
    EXPECT_NE(line_with(ran.out, {"aggregation-overridden"}), "") << ran.out;
  }
}

TEST(Aggregation, OfAnUnknownMetricIsRefused) {
  for (const std::string wrong :
       {"unknown=sum", "c:unknown=sum", "unknown:cpu_load=sum", "b:good=sum", "CPU_LOAD=sum", "cpu=sum"}) {
    const Scene place(archive_of_verdicts() + job(0, 1) + second_cluster(0));
    expect_refused(place, "a", "new", {"--aggregation", "cpu_load=sum", "--aggregation", wrong});
  }
}

// Has so many jobs that a signal arrives during the run. All of them are rewritten.
Scene large_archive() {
  Scene place;
  const Words arguments = {"--jobs", "3000", "--seed", "7", "--median-size", "5000", "a"};
  const Ran made = Child(MAKE_ARCHIVE_PROGRAM, arguments, place.path(), place.path("make"), {}).wait();
  EXPECT_EQ(made.code, complete) << made.text();
  return place;
}

using Send = std::function<void(Child& child)>;

// Sends a signal as soon as the target has its marker. If the run ended before that, tries again.
Ran interrupt(const Scene& place, const Words& more, const Send& send) {
  for (int attempt = 1;; ++attempt) {
    fs::remove_all(place.path("b"));
    Child child = place.start(Words{"--src", "a", "--dst", "b", "--accept-bad"} + more);
    while (!place.has("b/" + marker) && !child.ended())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    send(child);
    Ran ran = child.wait();
    if (ran.code != complete || attempt == 20) return ran;
  }
}

void expect_unfinished(const Scene& place, const Ran& ran) {
  EXPECT_EQ(ran.code, interrupted) << ran.text();
  EXPECT_TRUE(place.has("b/" + marker));
  EXPECT_FALSE(place.has("b/version.txt"));
}

// The files of each job, by its directory.
std::map<std::string, Tree> jobs_of(const Tree& tree) {
  std::map<std::string, Tree> jobs;
  for (const auto& [path, content] : tree)
    if (std::count(path.begin(), path.end(), '/') == 4) jobs[path.substr(0, path.rfind('/'))][path] = content;
  return jobs;
}

TEST(Signals, TheFirstLetsTheJobsInFlightFinish) {
  const Scene place = large_archive();
  ASSERT_EQ(place.run({"--src", "a", "--dst", "whole", "--accept-bad", "--quiet"}).code, complete);
  const auto expected = jobs_of(read_tree(place.path("whole")));
  for (const int number : {SIGINT, SIGTERM}) {
    for (const Words& how : {Words{}, Words{"--threads", "1"}, Words{"--threads", "4"}, Words{"--debug"}}) {
      const Ran ran = interrupt(place, how, [&](Child& child) { child.signal(number); });
      expect_unfinished(place, ran);
      EXPECT_EQ(phase_of(place.run({"status", "b", "--json"})), "interrupted");
      for (const auto& [directory, files] : jobs_of(read_tree(place.path("b"))))
        EXPECT_EQ(difference(expected.at(directory), files), "") << directory;
    }
  }
}

TEST(Signals, TheSecondEndsAtOnce) {
  const Scene place = large_archive();
  const Ran ran = interrupt(place, {}, [](Child& child) {
    while (!child.ended()) child.signal(SIGINT);
  });
  expect_unfinished(place, ran);
}

bool is_printable(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7F;
  });
}

TEST(Names, AreEscaped) {
  const std::string evil = "1\nJob 666 evil\x1b[31m\r\x7f\t\xff", cluster = "d\x1b[2J\n";
  Tree tree = plain_archive(1) + Tree{{"c/0/" + evil + "/100/meta.json", plain_meta(1)},
                                      {"c/0/001/" + evil + "/data.json", ""},
                                      {"c/0/001/100/" + evil + "/meta.json", ""},
                                      {"c/0/001/100/" + evil + ".txt", "x"},
                                      {"." + evil + "/meta.json", "x"},
                                      {cluster + "/cluster.json", replaced(plain_cluster(1), R"("name":"c")",
                                                                           R"("name":"d\u001b[2J\n")")},
                                      {cluster + "/0/001/100/meta.json", "{"}};
  const Scene place(tree);
  const Ran ran = place.migrate(2, {"--debug", "--log-level", "debug", "--report", "report", "--accept-bad"});
  EXPECT_EQ(ran.code, complete) << ran.text();
  EXPECT_TRUE(is_printable(ran.out)) << ran.out;
  EXPECT_TRUE(is_printable(ran.err)) << ran.err;
  for (const std::string& text : {ran.out, ran.err})
    for (const std::string& line : lines_of(text)) EXPECT_FALSE(line.starts_with("Job 666")) << text;
  EXPECT_TRUE(report_of(place).IsObject());
  EXPECT_TRUE(place.has("b/c/0/001/100/" + evil + ".txt"));  // the file itself keeps its name
}

TEST(Names, OfClustersAndTargetsAreEscapedInErrors) {
  const std::string evil = "d\n\x1b[31mJob 666";
  const Scene place(plain_archive(1) + Tree{{evil + "/", ""}});
  for (const Words& arguments : {Words{"--src", "a", "--dst", "b"}, Words{"--src", evil, "--dst", "b"},
                                 Words{"--src", "a", "--dst", "a/" + evil},
                                 Words{"--src", "a", "--dst", "b", "--report", evil + "/x"}}) {
    const Ran ran = place.run(arguments);
    EXPECT_EQ(ran.code, failed);
    EXPECT_TRUE(is_printable(ran.out + ran.err)) << ran.text();
    EXPECT_EQ(line_with(ran.out + ran.err, {"\nJob 666"}), "");
  }
}

}  // namespace

}  // namespace jobferry::test
