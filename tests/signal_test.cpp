// The first SIGTERM or SIGINT takes effect within about a second, whatever the program is doing or waiting
// for. The same command then completes. The tests run the program itself, with stop_shim.cpp in front of
// libc.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <sstream>
#include <thread>

#include "program.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// The calls that one thread may still make after the signal: about a second on a disk with 10 ms per call.
constexpr long most_calls = 100;

struct Count {
  long calls = 0, after = 0;
};

Count count_of(const Scene& scene) {
  Count count;
  std::istringstream(read_file(scene.path("count"))) >> count.calls >> count.after;
  return count;
}

// `at` 0: no signal.
Prepare stopped_at(const Scene& scene, long at, int signal, bool is_full) {
  return [&scene, at, signal, is_full] {
    ::setenv("LD_PRELOAD", STOP_SHIM, 1);
    ::setenv("STOP_UNDER", scene.path().c_str(), 1);
    ::setenv("STOP_AT", std::to_string(at).c_str(), 1);
    ::setenv("STOP_SIGNAL", std::to_string(signal).c_str(), 1);
    ::setenv("STOP_COUNT", scene.path("count").c_str(), 1);
    if (is_full) ::setenv("STOP_FULL", "1", 1);
  };
}

// Jobs with one folder each.
Tree jobs_in_folders(int version, int jobs) {
  Tree tree = plain_archive(version);
  for (int id = 2; id <= jobs; ++id) tree.merge(job(version, id));
  return tree;
}
// Jobs that share one folder.
Tree jobs_in_one_folder(int version, int jobs) {
  Tree tree = plain_archive(version);
  for (int start = 101; start < 100 + jobs; ++start)
    tree[fmt::format("c/0/001/{}/meta.json", start)] =
        replaced(plain_meta(version), R"("startTime":100)", fmt::format(R"("startTime":{})", start));
  return tree;
}

Tree clusters_without_jobs(int version, int clusters) {
  Tree tree = plain_archive(version);
  for (int i = 0; i < clusters; ++i) {
    const std::string name = fmt::format("d{}", i);
    tree[name + "/cluster.json"] =
        replaced(plain_cluster(version), R"("name":"c")", fmt::format(R"("name":"{}")", name));
    for (const char* file : {"a", "b"}) tree[name + "/" + file] = "carried";
  }
  return tree;
}

const Words migration = {"--src", "a", "--dst", "b"};

void migrate_before(const Scene& scene) { ASSERT_EQ(scene.run(migration).code, complete); }

struct Phase {
  std::string name;
  Tree archive;
  Words command;
  std::function<void(const Scene&)> prepare = [](const Scene&) {};
  int code = complete;  // of the command without a signal
  bool is_full = false;
};

void PrintTo(const Phase& phase, std::ostream* out) { *out << phase.name; }

std::vector<Phase> phases() {
  const Tree some = jobs_in_folders(0, 12), more = jobs_in_folders(0, 20), many = jobs_in_folders(0, 40);
  Tree one_bad = more;
  one_bad["c/0/002/100/meta.json"] = "{";
  const auto close_directories = [](const Scene& scene) {
    for (fs::recursive_directory_iterator at(scene.path("a")), end; at != end; ++at)
      if (fs::is_directory(at->path())) fs::permissions(at->path(), static_cast<fs::perms>(0555));
  };
  const auto with_one_gone = [](const Scene& scene) {
    migrate_before(scene);
    fs::remove_all(scene.path("a/c/0/002"));
  };
  return {
      {"Serial", some, migration + Words{"--debug"}},
      {"OneThread", some, migration + Words{"--threads", "1"}},
      {"FourThreads", many, migration + Words{"--threads", "4"}},
      {"WithoutState", some, migration + Words{"--threads", "1", "--no-state"},
       [](const Scene& scene) { fs::remove_all(scene.path("b")); }},
      {"LittleMemory", more, migration + Words{"--memory", "2MB"}},
      {"DryRun", many, migration + Words{"--dry-run"}},
      {"OneFolder", jobs_in_one_folder(0, 40), migration + Words{"--follow-symlinks"}},
      {"MeasuringSpace", more, migration, [](const Scene&) {}, complete, true},
      {"RemovingLeftovers", one_bad, migration,
       [](const Scene& scene) { ASSERT_EQ(scene.run(migration).code, bad_jobs); }, bad_jobs},
      {"CatchingUp", more, migration, with_one_gone},
      {"FindingVanished", many, migration,
       [](const Scene& scene) {
         migrate_before(scene);
         for (int id = 3; id <= 40; ++id) fs::remove_all(scene.path(fmt::format("a/c/0/{:03}", id)));
       }},
      {"Restart", some, migration + Words{"--restart", "--yes"}, migrate_before},
      {"RestoringModes", some, migration, close_directories},
      {"Verify", more, {"verify", "a", "b"}, migrate_before},
      {"VerifyOneThread", some, {"verify", "a", "b", "--threads", "1"}, migrate_before},
      {"ClustersInMemory", clusters_without_jobs(0, 40), migration + Words{"--dry-run"}},
      {"ClusterFiles", clusters_without_jobs(0, 40), migration + Words{"--no-state"},
       [](const Scene& scene) { fs::remove_all(scene.path("b")); }},
      {"ClustersOfVerify", clusters_without_jobs(0, 40), {"verify", "a", "b"}, migrate_before},
      {"ClustersOfValidate", clusters_without_jobs(3, 40), {"validate", "a"}},
      {"ClustersOfInfo", clusters_without_jobs(3, 40), {"info", "a"}},
      {"Validate", jobs_in_folders(3, 40), {"validate", "a"}},
      {"Plan", many, {"plan", "--src", "a", "--dst", "b"}},
      {"PlanOfCatchingUp", more, {"plan", "--src", "a", "--dst", "b"}, with_one_gone},
      {"Info", many, {"info", "a"}},
      {"InfoOneThread", more, {"info", "a", "--threads", "1"}},
  };
}

}  // namespace

class Stop : public testing::TestWithParam<Phase> {};

TEST_P(Stop, TakesEffectAtOnce) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
  const Phase& phase = GetParam();
  long calls = 0;
  {
    const Scene scene(phase.archive);
    phase.prepare(scene);
    const Ran ran = scene.run(phase.command, stopped_at(scene, 0, SIGTERM, phase.is_full));
    EXPECT_EQ(ran.code, phase.code) << ran.text();
    calls = count_of(scene).calls;
  }
  EXPECT_GT(calls, most_calls) << "the command makes too few calls";

  const long stride = std::getenv("JOBFERRY_LARGE") ? 1 : calls / 12 + 1;
  for (long at = 1; at <= calls; at += stride) {
    const Scene scene(phase.archive);
    phase.prepare(scene);
    const Ran ran = scene.run(phase.command, stopped_at(scene, at, at % 2 ? SIGTERM : SIGINT, phase.is_full));
    const Count count = count_of(scene);
    SCOPED_TRACE(fmt::format("at call {} of {}: {} after that", at, calls, count.after));
    // After the last job there may be nothing left to stop.
    const bool at_the_end = ran.code == phase.code && at > calls / 2;
    EXPECT_TRUE(ran.code == interrupted || at_the_end || count.calls < at) << ran.text();
    EXPECT_LE(count.after, most_calls) << ran.text();
    if (phase.name == "WithoutState" || phase.name == "ClusterFiles") phase.prepare(scene);
    const Ran again = scene.run(phase.command);
    EXPECT_EQ(again.code, phase.code) << again.text();
  }
}

INSTANTIATE_TEST_SUITE_P(Phases, Stop, testing::ValuesIn(phases()),
                         [](const auto& test) { return test.param.name; });

// Another program has locked the state, such as one that copies it.
TEST(Stop, DoesNotWaitForALockedState) {
  const Scene scene(plain_archive(0));
  migrate_before(scene);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(scene.path("b.jobferry/state.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  Child child = scene.start(migration);
  std::this_thread::sleep_for(700ms);
  EXPECT_FALSE(child.ended()) << "it does not wait for the lock: " << child.wait().text();
  const auto begin = Clock::now();
  child.signal(SIGTERM);
  const Ran ran = child.wait();
  EXPECT_LT(Clock::now() - begin, 1s);
  EXPECT_EQ(ran.code, interrupted) << ran.text();
  sqlite3_close(db);
  const Ran again = scene.run(migration);
  EXPECT_EQ(again.code, complete) << again.text();
}

// A signal ends a question on the terminal.
TEST(Stop, EndsAQuestion) {
  for (const int signal : {SIGINT, SIGTERM, 0}) {
    const Scene scene(plain_archive(0));
    migrate_before(scene);
    const Tree before = read_tree(scene.path("b"));
    int master = -1;
    const pid_t child = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (child == 0) {
      if (::chdir(scene.path().c_str()) == 0)
        ::execl(JOBFERRY_PROGRAM, JOBFERRY_PROGRAM, "--src", "a", "--dst", "b", "--restart", nullptr);
      ::_exit(cannot_execute);
    }
    std::string said;
    const auto read_until = [&](std::string_view wanted) {
      pollfd ready{master, POLLIN, 0};
      char piece[4096];
      while (said.find(wanted) == said.npos && ::poll(&ready, 1, 5000) == 1) {
        const ssize_t size = ::read(master, piece, sizeof piece);
        if (size <= 0) return;
        said.append(piece, static_cast<std::size_t>(size));
      }
    };
    read_until("[y/N]");
    std::this_thread::sleep_for(50ms);
    const auto begin = Clock::now();
    // SIGINT as Ctrl-C after half an answer.
    if (signal == SIGINT)
      EXPECT_EQ(::write(master, "y\x03", 2), 2);
    else if (signal != 0)
      ::kill(child, signal);
    else
      EXPECT_EQ(::write(master, "no\n", 3), 3);
    read_until("What is not said");
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_LT(Clock::now() - begin, 1s);
    ::close(master);
    ASSERT_TRUE(WIFEXITED(status)) << said;
    EXPECT_EQ(WEXITSTATUS(status), signal ? interrupted : failed) << said;
    EXPECT_NE(
        said.find(signal ? "interrupted, nothing was changed" : "--restart deletes the target: confirm"),
        said.npos)
        << said;
    EXPECT_EQ(difference(before, read_tree(scene.path("b"))), "");
  }
}

// A limit on the size of files acts like a full disk: an error, and the same command resumes.
TEST(FileSizeLimit, IsAnOrdinaryError) {
  Tree tree = plain_archive(0);
  std::string& data = tree["c/0/001/100/data.json"];
  std::string values = "null";
  while (values.size() < 400'000) values += ",1.5";
  data = replaced(data, "null", values);
  const auto limit = [](rlim_t bytes) {
    return [bytes] {
      const rlimit size{bytes, RLIM_INFINITY};
      ::setrlimit(RLIMIT_FSIZE, &size);
    };
  };
  for (const Words& more : {Words{}, {"--debug"}, {"--no-state"}}) {
    const Scene scene(tree);
    const Ran ran = scene.run(migration + more, limit(200'000));
    EXPECT_EQ(ran.code, failed) << ran.text();
    EXPECT_NE(ran.err.find("File too large"), std::string::npos) << ran.text();
    EXPECT_FALSE(scene.has("b/version.txt"));
    if (!more.empty() && more[0] == "--no-state") continue;
    EXPECT_EQ(scene.run(migration + more).code, complete);
  }
  // The state or the metrics file may be too large, too.
  const Scene scene(tree);
  const Ran state = scene.run(migration, limit(8192));
  EXPECT_EQ(state.code, failed) << state.text();
  EXPECT_NE(line_with(state.err, {"state.db", "File too large"}), "") << state.text();
  EXPECT_EQ(scene.run(migration).code, complete);
  const Ran report = scene.run({"info", "a", "--metrics-file", "metrics", "--quiet"}, limit(100));
  EXPECT_EQ(report.code, failed) << report.text();
  EXPECT_NE(report.err.find("File too large"), std::string::npos) << report.text();
  EXPECT_FALSE(scene.has("metrics"));
}

}  // namespace jobferry::test
