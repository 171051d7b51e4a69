// Without memory, without stack, or after an unexpected exception, the program ends with a message, not by an
// abort or a crash.
#include "cli/last_resort.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "engine/run.h"
#include "program.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The n-th allocation from now on fails, and some later ones.
namespace {
std::atomic<long> allocations_left{-1}, failures_left{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left >= 0 && --allocations_left < 0) allocations_left = 0;
  if (allocations_left == 0 && failures_left > 0 && failures_left-- > 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif

namespace jobferry::test {

namespace {

Prepare with_limit(__rlimit_resource what, rlim_t bytes) {
  return [what, bytes] {
    const rlimit limit{bytes, bytes};
    ::setrlimit(what, &limit);
  };
}

// Objects nested as deeply as the reader allows.
std::string nested(int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += R"({"a":)";
  return text + "1" + std::string(static_cast<std::size_t>(levels), '}');
}

// Jobs whose meta.json is nested as deeply as possible: 1024 levels with the outermost object.
Tree deep_archive(int version) {
  constexpr int deepest = 1024;
  Tree tree = plain_archive(version);
  for (int id = 2; id < 12; ++id) {
    tree.merge(job(version, id));
    std::string& meta = tree[subject_of(id) + "/meta.json"];
    meta = replaced(meta, "{", fmt::format(R"({{"deep":{},)", nested(deepest - 1)));
  }
  return tree;
}

}  // namespace

using LastResortDeathTest = testing::Test;

TEST(LastResortDeathTest, EndsWithAMessage) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto one = testing::ExitedWithCode(1);
  const auto end_with = [](const auto& thrown) {
    install_last_resort();
    std::thread([&] { throw thrown; }).join();
  };
  EXPECT_EXIT(end_with(std::runtime_error("planned")), one,
              "^jobferry: internal: a defect of jobferry: planned\n$");
  EXPECT_EXIT(end_with(1), one, "^jobferry: internal: a defect of jobferry: an exception of unknown type\n$");
  EXPECT_EXIT(end_with(std::bad_alloc()), one,
              "^jobferry: out-of-resources: out of memory\n  What to do: raise the limit .*\n$");
  EXPECT_EXIT(
      {
        install_last_resort();
        std::thread lost([] { std::this_thread::sleep_for(std::chrono::hours(1)); });
      },
      one, "^jobferry: internal: a defect of jobferry: std::terminate was called\n$");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// Whichever allocation fails, there is no crash and no wrong job, and the same command then completes.
TEST(LittleMemory, NeverMakesAWrongTarget) {
  const TempDir temp;
  write_tree(temp.path("a"), mixed_archive());
  const auto files = [] { return real_files(false); };
  Options options;
  options.source = temp.path("a");
  options.accept_bad = true;
  options.threads = 1;
  options.io_depth = 2;
  const auto run = [&] {
    try {
      return migrate_with(*files(), options, {}).outcome;
    } catch (const std::bad_alloc&) {
      return Outcome::failed;
    }
  };
  options.target = temp.path("whole");
  ASSERT_EQ(run(), Outcome::complete);
  const Tree whole = read_tree(options.target);
  // In a separate process, because some functions of Boost end the program (install_last_resort).
  constexpr int not_reached = 10;
  const auto run_starved = [&](long n, long lasting) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (!std::freopen("/dev/null", "w", stderr)) ::_exit(usage);
      install_last_resort();
      failures_left = lasting;
      allocations_left = n;
      const Outcome outcome = run();
      if (failures_left == lasting) ::_exit(not_reached);
      ::_exit(outcome == Outcome::complete ? complete : outcome == Outcome::failed ? failed : usage);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  };
  int starved = 0;
  for (const bool serial : {true, false})
    for (const long lasting : {1L, 2L, 6L}) {
      options.debug = serial;
      int code = failed;
      for (long n = 1; code != not_reached; n += 7) {
        options.target = temp.path(fmt::format("b-{}-{}-{}", serial, lasting, n));
        SCOPED_TRACE(options.target);
        code = run_starved(n, lasting);
        starved += code == failed;
        ASSERT_TRUE(code == complete || code == failed || code == not_reached) << code;
        // A target that looks complete is complete.
        const Tree left = read_tree(options.target);
        if (left.contains("version.txt") && !left.contains(marker)) EXPECT_EQ(difference(whole, left), "");
        if (code == failed) EXPECT_EQ(run(), Outcome::complete);
        ASSERT_EQ(difference(whole, read_tree(options.target)), "");
        fs::remove_all(options.target);
        fs::remove_all(options.target + ".jobferry");
      }
    }
  EXPECT_GT(starved, 100);
}

namespace {

constexpr rlim_t memory_step = 300'000;

Ran run_in_memory(const Scene& scene, const Words& words, rlim_t bytes) {
  fs::remove_all(scene.path("b"));
  fs::remove_all(scene.path("b.jobferry"));
  return scene.run(words, with_limit(RLIMIT_AS, bytes));
}

// Raises the limit in small steps until the command succeeds, then twice in a large one. Adds up the runs
// that fail.
void run_in_little_memory(const Words& words, rlim_t least, std::atomic<int>& starved) {
  const Scene scene(mixed_archive() + deep_archive(0));
  const int whole = run_in_memory(scene, words, RLIM_INFINITY).code;
  ASSERT_NE(whole, usage);
  int done = 0;
  for (rlim_t bytes = least; done < 3 && bytes < least + 200 * memory_step;
       bytes += done ? 100 * memory_step : memory_step) {
    const Ran ran = run_in_memory(scene, words, bytes);
    SCOPED_TRACE(fmt::format("{} with {} bytes: {}", fmt::join(words, " "), bytes, ran.text()));
    EXPECT_TRUE(ran.code == whole || ran.code == failed);
    if (ran.code == failed) {
      EXPECT_NE(ran.err, "");
      EXPECT_FALSE(scene.has("b/version.txt"));
    }
    starved += ran.code == failed;
    done += ran.code == whole;
  }
  EXPECT_GT(done, 0);
}

}  // namespace

// With memory limits from just enough to start to enough to finish. A command without memory waits before it
// gives up, so the commands run at the same time.
TEST(LittleMemory, EndsWithAMessage) {
  // With less memory, the program ends in the loader or before main.
  rlim_t least = 4'000'000;
  const Scene scene;
  while (run_in_memory(scene, {"--version"}, least).code != complete && least < 1'000'000'000)
    least += memory_step;
  ASSERT_LT(least, 1'000'000'000U);
  std::atomic<int> starved = 0;
  {
    std::vector<std::jthread> parallel;
    for (const Words& words :
         std::vector<Words>{{"--src", "a", "--dst", "b", "--accept-bad"},
                            {"--src", "a", "--dst", "b", "--accept-bad", "--debug"},
                            {"--src", "a", "--dst", "b", "--accept-bad", "--threads", "4", "--no-state"},
                            {"validate", "a"},
                            {"plan", "--src", "a", "--dst", "b", "--report", "report"},
                            {"info", "a"}})
      parallel.emplace_back([&, words] { run_in_little_memory(words, least, starved); });
  }
  EXPECT_GT(starved, 10);
}

#endif

// The deepest value that is allowed, on every kind of thread that may parse it.
TEST(DeepestNesting, FitsTheStacks) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer makes stack frames much larger";
#endif
  for (const int version : {0, 1, 2}) {
    const Scene scene(deep_archive(version));
    for (const rlim_t stack : {rlim_t{8} << 20, rlim_t{2} << 20, rlim_t{256} << 10}) {
      const Prepare limit = with_limit(RLIMIT_STACK, stack);
      for (const Words& how :
           {Words{"--threads", "4"}, Words{"--debug"}, Words{"--threads", "1", "--check-data"}}) {
        fs::remove_all(scene.path("b"));
        fs::remove_all(scene.path("b.jobferry"));
        const Ran ran = scene.migrate(3, how, limit);
        EXPECT_EQ(ran.code, complete) << ran.text();
      }
      for (const Words& words : std::vector<Words>{
               {"verify", "a", "b"}, {"validate", "b"}, {"plan", "--src", "a", "--dst", "c"}}) {
        const Ran ran = scene.run(words, limit);
        EXPECT_EQ(ran.code, complete) << words[0] << ' ' << ran.text();
      }
    }
  }
}

}  // namespace jobferry::test
