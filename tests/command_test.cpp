// The commands: their help, answers to wrong words, progress in a terminal, output for programs, and the
// flags of cc-backend's migration tools.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <rapidjson/document.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <chrono>
#include <regex>
#include <thread>

#include "cli/help.h"
#include "cli/parser.h"
#include "commands/commands.h"
#include "program.h"
#include "report/error_advice.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

// Runs a program in a terminal of this width, which is its stdin, stdout and stderr.
struct InTerminal {
  std::string out;
  int code = -1;
};
InTerminal run_in_terminal(const Scene& scene, const Words& arguments, unsigned short columns,
                           const std::vector<std::pair<std::string, std::string>>& environment = {}) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = columns;
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> words = {const_cast<char*>(JOBFERRY_PROGRAM)};
    for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    if (::chdir(scene.path().c_str()) == 0) ::execv(JOBFERRY_PROGRAM, words.data());
    ::_exit(cannot_execute);
  }
  InTerminal result;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(master, piece, sizeof piece)) > 0;)
    result.out.append(piece, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(master);
  result.code = WEXITSTATUS(status);
  return result;
}

// An archive whose migration takes so long that the progress line appears.
Tree many_jobs(int jobs) {
  Tree tree = plain_archive(0);
  for (int id = 2; id < jobs; ++id) tree.merge(job(0, id));
  return tree;
}

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& line : lines_of(text)) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST(Help, FitsAScreenAndShowsTheTwoMostCommonCalls) {
  const Scene scene;
  std::vector<Words> calls = {{"--help"}, {"-h"}};
  for (const Command* command : all_commands()) calls.push_back({std::string(command->name), "--help"});
  for (const Words& call : calls) {
    const Ran ran = scene.run(call);
    EXPECT_EQ(ran.code, complete);
    EXPECT_LE(lines_of(ran.out).size(), 24U) << ran.out;
    EXPECT_LE(longest_line(ran.out), 80U) << ran.out;
    const auto words = lines_of(ran.out);
    EXPECT_EQ(std::count_if(words.begin(), words.end(),
                            [](const auto& line) {
                              return line.starts_with("  jobferry ") || line.starts_with("  watch jobferry ");
                            }),
              2)
        << ran.out;
  }
}

TEST(Help, ShowsAllOptionsWhenAskedTo) {
  for (const Command* command : all_commands()) {
    Output output;
    const auto parser = command_parser(*command, output);
    const std::string some = command_help(*command, *parser, false),
                      all = command_help(*command, *parser, true);
    EXPECT_LE(longest_line(all), 80U);
    for (const OptionText& option : options_of(*parser)) {
      EXPECT_NE(all.find("  " + option.names), all.npos) << option.names;
      EXPECT_EQ(some.find("  " + option.names) != some.npos, option.common) << option.names;
    }
  }
}

TEST(WrongWords, GetASuggestion) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"--drey-run"}, "there is no option --drey-run; did you mean --dry-run?"},
      {{"--complete"}, "there is no option --complete"},
      {{"--acceptbad"}, "did you mean --accept-bad?"},
      {{"-thraeds=3"}, "there is no option --thraeds; did you mean --threads?"},
      {{"migrat"}, "there is no command migrat; did you mean migrate?"},
      {{"verfiy", "a", "b"}, "did you mean verify?"},
      {{"x"}, "there is no command x\n"},
      {{"verify", "a"}, "DST is required"},
      {{"verify", "a", "b", "c"}, "unexpected argument c"},
      {{"plan", "--sampel", "3"}, "did you mean --sample?"},
      {{"plan", "--sample", "0"}, "expected a number of jobs or a share such as 1%, found 0"},
      {{"plan", "--sample", "101%"}, "found 101%"},
      {{"verify", "a", "b", "--only", "c/x"}, "expected CLUSTER[/ID], found c/x"}};
  const Scene scene;
  for (const auto& [words, answer] : cases) {
    const Ran ran = scene.run(words);
    EXPECT_EQ(ran.code, usage);
    EXPECT_NE(ran.err.find(answer), std::string::npos) << ran.text();
    EXPECT_NE(ran.err.find("  What to do: see `jobferry"), std::string::npos) << ran.text();
  }
}

TEST(Advice, ExistsForEveryKindOfError) {
  for (int kind = 0; kind < kind_count; ++kind)
    EXPECT_GT(advice_on(static_cast<Kind>(kind)).size(), 20U) << kind;
  const Scene scene(plain_archive(0));
  const Ran ran = scene.run({"--src", "nowhere", "--dst", "b"});
  EXPECT_EQ(ran.err,
            "jobferry: nowhere: not-an-archive: not a job archive: cannot look at it: No such file or "
            "directory\n  What to do: give the directory that holds version.txt or the directories of the "
            "clusters, and make sure that you may read it\n");
}

TEST(InATerminal, TheProgressLineFitsTheWidthAndIsErased) {
  const Scene scene(many_jobs(6000));
  for (const unsigned short columns : std::initializer_list<unsigned short>{20, 40, 100}) {
    const InTerminal ran = run_in_terminal(
        scene, {"--src", "a", "--dst", fmt::format("b{}", columns), "--threads", "1"}, columns);
    EXPECT_EQ(ran.code, complete) << ran.out;
    const std::regex updates("\r\x1b\\[K([^\r\n\x1b]*)");
    std::size_t shown = 0;
    for (auto at = std::sregex_iterator(ran.out.begin(), ran.out.end(), updates);
         at != std::sregex_iterator(); ++at) {
      const std::string line = (*at)[1];
      if (line.empty() || line.starts_with("Migration from version")) continue;
      ++shown;
      EXPECT_LT(line.size(), columns) << line;
    }
    EXPECT_GE(shown, 1U) << ran.out;
    // The line is erased before the summary begins.
    const std::size_t summary = ran.out.find("Migration from version");
    ASSERT_NE(summary, std::string::npos);
    EXPECT_EQ(ran.out.substr(0, summary).rfind("\r\x1b[K"), summary - 4) << ran.out;
  }
}

TEST(InATerminal, ColoursCanBeTurnedOff) {
  const Scene scene(plain_archive(0));
  const Words wrong = {"--src", "nowhere", "--dst", "b"};
  EXPECT_NE(run_in_terminal(scene, wrong, 80).out.find("\x1b[31m"), std::string::npos);
  EXPECT_EQ(run_in_terminal(scene, wrong, 80, {{"NO_COLOR", "1"}}).out.find("\x1b[3"), std::string::npos);
  EXPECT_EQ(run_in_terminal(scene, wrong, 80, {{"TERM", "dumb"}}).out.find('\x1b'), std::string::npos);
  EXPECT_EQ(scene.run(wrong).err.find('\x1b'), std::string::npos);
}

TEST(LogFormat, JsonHasAnObjectPerLine) {
  Tree tree = plain_archive(0);
  tree["c/0/001/100/data.json"] = replaced(tree["c/0/001/100/data.json"], "null", "\"n/a\"");
  const Scene scene(tree);
  const Ran ran = scene.migrate(3, {"--log-format", "json", "--log-level", "debug"});
  EXPECT_EQ(ran.code, bad_jobs);
  bool found = false;
  for (const std::string& line : lines_of(ran.err)) {
    rapidjson::Document json;
    json.Parse(line.c_str());
    ASSERT_TRUE(json.IsObject()) << line;
    EXPECT_TRUE(
        std::regex_match(json["time"].GetString(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
    if (std::string(json["level"].GetString()) != "warn") continue;
    found = true;
    EXPECT_STREQ(json["class"].GetString(), "data-element");
    EXPECT_STREQ(json["subject"].GetString(), "c/0/001/100");
    EXPECT_TRUE(json["byte"].IsUint64());
    EXPECT_STREQ(json["file"].GetString(), "data.json");
  }
  EXPECT_TRUE(found) << ran.err;
}

TEST(Json, IsTheOnlyOutputOnStdout) {
  const Scene scene(plain_archive(0));
  const Ran ran = scene.migrate(3, {"--json", "--debug"});
  EXPECT_EQ(ran.code, complete);
  rapidjson::Document json;
  json.Parse(ran.out.c_str());
  ASSERT_TRUE(json.IsObject()) << ran.text();
  EXPECT_STREQ(json["outcome"].GetString(), "complete");
  EXPECT_NE(ran.err.find("Job 1 c/0/001/100"), std::string::npos) << ran.text();
}

TEST(MetricsFile, HasTheOutcome) {
  const Scene scene(plain_archive(0));
  ASSERT_EQ(scene.migrate(3, {"--metrics-file", "metrics"}).code, complete);
  const std::string first = read_file(scene.path("metrics"));
  EXPECT_NE(first.find("jobferry_jobs{command=\"migrate\",outcome=\"done\"} 1\n"), first.npos) << first;
  EXPECT_NE(first.find("jobferry_running{command=\"migrate\"} 0\n"), first.npos) << first;
  const auto success = [](const std::string& metrics) {
    const std::size_t at = metrics.find("\njobferry_last_success_timestamp_seconds");
    return at == metrics.npos ? "" : metrics.substr(at, metrics.find('\n', at + 1) - at);
  };
  EXPECT_NE(success(first), "");
  // A failed run keeps the time of the last success.
  EXPECT_EQ(scene.run({"--src", "nowhere", "--dst", "c", "--metrics-file", "metrics"}).code, failed);
  EXPECT_EQ(success(read_file(scene.path("metrics"))), success(first));
  // A metrics file is never written into an archive, nor into a directory that does not exist.
  EXPECT_EQ(scene.migrate(3, {"--metrics-file", "a/metrics"}).code, failed);
  EXPECT_FALSE(scene.has("a/metrics"));
  EXPECT_EQ(scene.run({"--src", "a", "--dst", "c", "--metrics-file", "nowhere/metrics"}).code, failed);
  EXPECT_FALSE(scene.has("c"));
}

TEST(Signals, Usr1PrintsTheProgress) {
  const Scene scene(many_jobs(4000));
  Ran ran;
  // Tries again if the run ended before the signal.
  for (int attempt = 0; attempt < 5 && ran.err.empty(); ++attempt) {
    fs::remove_all(scene.path("b"));
    Child child = scene.start({"--src", "a", "--dst", "b", "--threads", "1", "--quiet", "--no-state"});
    while (!child.ended() && !scene.has("b/c/0/200/100")) std::this_thread::sleep_for(1ms);
    child.signal(SIGUSR1);
    ran = child.wait();
  }
  EXPECT_EQ(ran.code, complete) << ran.text();
  EXPECT_NE(line_with(ran.err, {"jobferry: ", " jobs", ", last c/"}), "") << ran.text();
  EXPECT_EQ(ran.out, "");
}

TEST(Commands, WorkOneAfterTheOther) {
  const Scene scene(mixed_archive());
  const std::vector<std::pair<Words, int>> way = {
      {{"info", "a"}, complete},
      {{"validate", "a", "--html", "validate.html"}, bad_jobs},
      {{"plan", "--src", "a", "--dst", "b", "--html", "plan.html"}, bad_jobs},
      {{"plan", "--src", "a", "--dst", "b", "--accept-bad"}, complete},
      {{"--src", "a", "--dst", "b", "--html", "migrate.html"}, bad_jobs},
      {{"status", "b"}, bad_jobs},
      {{"verify", "a", "b"}, bad_jobs},  // it has the marker
      {{"--src", "a", "--dst", "b", "--accept-bad"}, complete},
      {{"status", "b"}, complete},
      {{"verify", "a", "b", "--html", "verify.html"}, complete},
      {{"verify", "a", "b", "--only", "c/1"}, complete},
      {{"verify", "a", "b", "--sample", "50%", "--seed", "3"}, complete},
      {{"validate", "b"}, complete},
      {{"info", "b"}, complete},
      {{"plan", "--src", "b", "--dst", "d"}, complete},  // nothing to do
      {{"info", "nowhere"}, failed},
      {{"validate", "nowhere"}, failed},
      {{"verify", "a", "nowhere"}, failed},
      {{"plan", "--src", "nowhere", "--dst", "d"}, failed}};
  for (const auto& [words, code] : way) {
    const Ran ran = scene.run(words);
    EXPECT_EQ(ran.code, code) << fmt::format("{}", fmt::join(words, " ")) << '\n' << ran.text();
    EXPECT_EQ(ran.err.find("not-an-archive") != std::string::npos, code == failed) << ran.text();
    if (words[0] == "status" || words[0].starts_with("-") || words[1] == "nowhere") continue;
    rapidjson::Document json;
    const Ran as_json = scene.run(words + Words{"--json", "--quiet"});
    json.Parse(as_json.out.c_str());
    ASSERT_TRUE(json.IsObject() && json.HasMember("format")) << as_json.text();
    EXPECT_EQ(json["format"].GetString(), "jobferry-" + words[0]);
    EXPECT_EQ(as_json.code, code);
  }
  EXPECT_EQ(scene.run({"plan", "--src", "nowhere", "--dst", "d"}).out,
            "Plan of a migration to version 3\nFailed: the migration could not be planned.\n");
  for (const std::string page : {"validate", "plan", "migrate", "verify"})
    EXPECT_EQ(read_file(scene.path(page + ".html")).rfind("<!doctype html>", 0), 0U) << page;
  EXPECT_FALSE(scene.has("d"));
}

TEST(Commands, WriteNothingIntoArchives) {
  const Scene scene(mixed_archive());
  ASSERT_EQ(scene.migrate(3, {"--accept-bad"}).code, complete);
  for (const Words& words : std::vector<Words>{{"plan", "--src", "a", "--dst", "new", "--report", "a/x"},
                                               {"validate", "b", "--html", "b/x"},
                                               {"verify", "a", "b", "--report", "b/c/x"},
                                               {"verify", "a", "b", "--metrics-file", "a/x"},
                                               {"info", "a", "--metrics-file", "a/c/x"}}) {
    const Tree before = snapshot(scene.path());
    const Ran ran = scene.run(words);
    EXPECT_EQ(ran.code, failed) << ran.text();
    EXPECT_NE(ran.err.find("it is inside an archive"), std::string::npos) << ran.text();
    EXPECT_EQ(difference(before, snapshot(scene.path())), "");
  }
}

TEST(ExitCode, OfValidateForAnUnfinishedTargetIsThatOfFindings) {
  const Scene scene(mixed_archive());
  ASSERT_EQ(scene.migrate(1).code, bad_jobs);
  const Ran judged = scene.run({"validate", "b", "--json"});
  EXPECT_EQ(judged.code, bad_jobs) << judged.text();
  EXPECT_NE(judged.out.find(R"("version": 1)"), std::string::npos) << judged.text();
  // If the marker does not contain the version, validate cannot check any job.
  write_file(scene.path("b/" + marker), "x");
  EXPECT_EQ(scene.run({"validate", "b"}).code, bad_jobs);
}

TEST(Repair, WithAStepSaysThatItChangedNothing) {
  const Scene scene(plain_archive(1));
  const Ran ran = scene.migrate(3, {"--repair"});
  EXPECT_EQ(ran.code, complete);
  EXPECT_NE(ran.out.find("--repair changed nothing"), std::string::npos) << ran.text();
  EXPECT_NE(ran.out.find("--to 1 --repair"), std::string::npos) << ran.text();
}

namespace {

// Makes a program start with closed streams.
Prepare with_closed(const std::vector<int>& streams) {
  return [streams] {
    for (const int stream : streams) ::close(stream);
  };
}

Prepare with_stdout(const char* path) {
  return [path] { ::dup2(::open(path, O_WRONLY), STDOUT_FILENO); };
}

}  // namespace

// The next file that is opened gets the number of a closed stream, and must not get its output.
TEST(Streams, ClosedOnesWriteNothingIntoTheTarget) {
  const Tree source = mixed_archive();
  const Scene whole(source);
  ASSERT_EQ(whole.migrate(3, {"--accept-bad"}).code, complete);
  for (const std::vector<int>& closed : {std::vector<int>{0, 2}, {1, 2}, {0, 1, 2}, {2}, {1}, {0}})
    for (const Words& more : {Words{}, {"--no-state"}, {"--no-state", "--debug"}}) {
      const Scene scene(source);
      const Words words = Words{"--accept-bad", "--log-level", "debug"} + more;
      const Ran ran = scene.migrate(3, words, with_closed(closed));
      const bool has_stdout = std::find(closed.begin(), closed.end(), 1) == closed.end();
      EXPECT_EQ(ran.code, has_stdout ? complete : failed) << ran.text();
      EXPECT_EQ(difference(read_tree(whole.path("b")), read_tree(scene.path("b"))), "");
    }
}

TEST(Streams, AResultThatCannotBeWrittenIsAnError) {
  const Scene scene(plain_archive(3));
  for (const Words& words : std::vector<Words>{{"info", "a"},
                                               {"validate", "a", "--json"},
                                               {"plan", "--src", "a", "--dst", "b", "--to", "2"},
                                               {"migrate", "--help"},
                                               {"--version"},
                                               {"--src", "a", "--dst", "b", "--to", "2"},
                                               {"status", "b"}}) {
    const Ran full = scene.run(words, with_stdout("/dev/full"));
    EXPECT_EQ(full.code, failed) << full.text();
    EXPECT_NE(full.err.find("output-failed: cannot write to standard output"), std::string::npos)
        << full.text();
  }
  EXPECT_EQ(scene.version(), "2\n");
}

TEST(Streams, AClosedPipeEndsNoMigration) {
  const Scene scene(mixed_archive());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const Ran ran = scene.migrate(3, {"--accept-bad", "--debug"}, [&] {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
  });
  const Ran quiet = scene.run({"info", "a"}, [&] { ::dup2(ends[1], STDOUT_FILENO); });
  ::close(ends[1]);
  EXPECT_EQ(ran.code, failed);
  EXPECT_EQ(scene.version(), "3\n");
  EXPECT_EQ(quiet.code, failed);
  EXPECT_EQ(quiet.err, "");
}

TEST(MetricsFile, IsAFileOrALinkToOne) {
  const Scene scene(plain_archive(3));
  ASSERT_EQ(::mkfifo(scene.path("fifo").c_str(), 0644), 0);
  for (const char* path : {"fifo", "/dev/null", "/dev/full", "a", "."}) {
    const Ran ran = scene.run({"info", "a", "--metrics-file", path});
    EXPECT_EQ(ran.code, failed) << ran.text();
    EXPECT_NE(ran.err.find("output-failed: cannot write the metrics: "), std::string::npos) << ran.text();
  }
  EXPECT_EQ(fs::status("/dev/null").type(), fs::character_file);
  fs::create_symlink("metrics", scene.path("link"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(scene.run({"info", "a", "--metrics-file", "link"}).code, complete);
  EXPECT_TRUE(fs::is_symlink(scene.path("link")));
  EXPECT_NE(read_file(scene.path("metrics")).find("jobferry_running"), std::string::npos);
}

TEST(Output, ThatCannotBeWrittenIsExplained) {
  const Scene scene(plain_archive(3));
  for (const char* option : {"--report", "--html"}) {
    const Ran ran = scene.run({"validate", "a", option, "nowhere/x"});
    EXPECT_EQ(ran.code, failed);
    EXPECT_NE(ran.err.find(": No such file or directory"), std::string::npos) << ran.text();
    EXPECT_NE(ran.err.find("What to do: choose a file"), std::string::npos) << ran.text();
    EXPECT_EQ(scene.run({"validate", "a", option, "/dev/null", "--quiet"}).code, complete);
  }
  EXPECT_EQ(scene.run({"validate", "a", "--html", "x", "--report", "x"}).code, failed);
}

namespace {

Ran run_in_place(const Scene& scene, const Words& arguments) {
  const std::string name = scene.path("archive-migration");
  if (!scene.has("archive-migration")) fs::create_symlink(JOBFERRY_PROGRAM, name);
  return Child(name, arguments, scene.path(), scene.path("output"), {}).wait();
}

}  // namespace

namespace {

std::string first_line_of_the_newest() {
  std::string older = "-to 1 for cc-backend 1.0 to 1.3";
  for (const ArchiveVersion& version : archive_versions)
    if (version.number > 1 && version.number < newest_version)
      older += fmt::format(", -to {} for {}", version.number, version.releases);
  return fmt::format("archive-migration: the target will be of version {}, the newest ({})", newest_version,
                     older);
}

}  // namespace

TEST(DropIn, AcceptsTheFlagsOfTheToolForVersion0) {
  const std::vector<Words> calls = {
      {"-src", "a", "-dst", "b"},
      {"--src=a", "--dst=b"},
      {"-src=a", "-dst", "b", "-debug"},
      {"-src=a", "-dst=b", "-debug=true", "-logdate", "-loglevel", "debug"},
      {"-src=a", "-dst=b", "-debug=false", "-loglevel=warn", "-config", "./config.json"},
      {"--src", "a", "--dst", "b", "--config=x", "--logdate=false", "-loglevel=crit"}};
  for (const Words& call : calls) {
    const Scene scene(plain_archive(0));
    const Ran ran = run_in_place(scene, call);
    EXPECT_EQ(ran.code, complete) << fmt::format("{}", fmt::join(call, " ")) << ran.text();
    EXPECT_EQ(scene.version(), fmt::format("{}\n", newest_version));
    EXPECT_EQ(lines_of(ran.out).at(0), first_line_of_the_newest());
    const bool debug = std::find(call.begin(), call.end(), "-debug") != call.end() ||
                       std::find(call.begin(), call.end(), "-debug=true") != call.end();
    EXPECT_EQ(ran.out.find("\nJob 1 ") != std::string::npos, debug) << ran.text();
  }
}

TEST(DropIn, HasTheDefaultsOfThePublishedTool) {
  const Scene scene(plain_archive(0), "var/job-archive");
  EXPECT_EQ(run_in_place(scene, {"-to", "1"}).code, complete);
  EXPECT_EQ(read_file(scene.path("var/job-archive-new/version.txt")), "1\n");
}

TEST(DropIn, PutsADateBeforeMessages) {
  const Scene scene;
  const Ran ran = run_in_place(scene, {"-src", "nowhere", "-dst", "b", "-logdate"});
  EXPECT_EQ(ran.code, failed);
  EXPECT_TRUE(std::regex_search(ran.err, std::regex(R"(^\d{4}-\d\d-\d\dT[\d:.]+Z jobferry: nowhere: )")))
      << ran.err;
}

TEST(DropIn, NamesTheCommandInsteadOfWorkingInPlace) {
  const Scene scene(plain_archive(2));
  const Tree before = snapshot(scene.path("a"));
  const Ran ran = run_in_place(scene, {"-archive", "a/", "-workers", "3"});
  EXPECT_EQ(difference(before, snapshot(scene.path("a"))), "");
  EXPECT_FALSE(scene.has("a-new"));
  EXPECT_EQ(ran.code, usage);
  EXPECT_EQ(
      ran.err,
      "archive-migration: -archive would change the archive in place, and jobferry never does that; "
      "nothing was changed\n  What to do: jobferry migrate --src a --dst a-new --threads 3\n  and then: mv "
      "a a-old && mv a-new a\n");
  // The command does what it says.
  EXPECT_EQ(scene.run({"migrate", "--src", "a", "--dst", "a-new", "--threads", "3"}).code, complete);
  EXPECT_EQ(read_file(scene.path("a-new/version.txt")), fmt::format("{}\n", newest_version));
}

// The advice has a usable name for the new archive, whatever the name of the old one is.
TEST(DropIn, NamesTheNewArchiveBesideTheOld) {
  const Scene scene(plain_archive(2));
  const auto answer = [&](const std::string& archive) {
    return run_in_place(scene, {"-archive", archive}).err;
  };
  EXPECT_NE(answer(".").find(fmt::format("--src {0} --dst {0}-new\n", scene.path())), std::string::npos)
      << answer(".");
  EXPECT_NE(answer("a/..").find(fmt::format("--src {0} --dst {0}-new\n", scene.path())), std::string::npos);
  EXPECT_NE(answer("-x").find("mv ./-x ./-x-old && mv ./-x-new ./-x\n"), std::string::npos) << answer("-x");
}

TEST(DropIn, LeavesStdoutToJson) {
  const Scene scene(plain_archive(0));
  const Ran ran = run_in_place(scene, {"-src", "a", "-dst", "b", "--json"});
  EXPECT_EQ(ran.code, complete);
  rapidjson::Document json;
  EXPECT_FALSE(json.Parse(ran.out.c_str()).HasParseError()) << ran.out;
  EXPECT_TRUE(ran.err.starts_with(first_line_of_the_newest() + '\n')) << ran.err;
}

TEST(DropIn, HasItsOwnHelp) {
  const Scene scene;
  for (const char* word : {"-h", "-help", "--help"}) {
    const Ran ran = run_in_place(scene, {word});
    EXPECT_EQ(ran.code, complete);
    for (const char* flag : {"-archive", "-workers", "-loglevel", "-config", "-dst"})
      EXPECT_NE(ran.out.find(flag), std::string::npos) << ran.text();
    EXPECT_LE(longest_line(ran.out), 80U);
  }
  EXPECT_EQ(run_in_place(scene, {"--version"}).out, scene.run({"--version"}).out);
}

TEST(DropIn, DryRunOfAnArchiveWritesNothing) {
  const Scene scene(plain_archive(2));
  const Ran ran = run_in_place(scene, {"-archive=a", "-dry-run", "-workers=2", "-loglevel", "info"});
  EXPECT_EQ(ran.code, complete) << ran.text();
  EXPECT_NE(ran.out.find("Dry run: nothing was written."), std::string::npos) << ran.text();
  EXPECT_FALSE(scene.has("a-new"));
}

TEST(DropIn, ExplainsWrongFlags) {
  const Scene scene(plain_archive(0));
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"-loglevel", "loud"}, "-loglevel loud: expected debug, info, warn, err, fatal or crit"},
      {{"-src"}, "--src"},
      {{"-archive"}, "-archive needs a value"},
      {{"-archive", ""}, "-archive needs a value"},
      {{"-workers", "3"}, "-workers needs -archive"},
      {{"-scr", "a"}, "there is no option --scr; did you mean --src?"}};
  for (const auto& [words, answer] : cases) {
    const Ran ran = run_in_place(scene, words);
    EXPECT_EQ(ran.code, usage) << ran.text();
    EXPECT_NE(ran.err.find(answer), std::string::npos) << ran.text();
    EXPECT_NE(ran.err.find("What to do: "), std::string::npos) << ran.text();
  }
}

}  // namespace jobferry::test
