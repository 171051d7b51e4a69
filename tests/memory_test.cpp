// The n-th allocation of a run fails, for n spread over all allocations: once, for a while, or from then on.
// A target that the run reports as complete is complete, and the same command completes any other target.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "corpus/corpus.h"
#include "engine/run.h"
#include "io/files.h"
#include "reports.h"
#include "tree.h"

namespace {

// Counts the allocations of all threads. From number `first` on, `count` of them fail. Null: none fails.
struct Shortage {
  std::uint64_t first = 0, count = 0;
  std::atomic<std::uint64_t> seen{0};

  bool meets() {
    const std::uint64_t number = ++seen;
    return number >= first && number - first < count;
  }
};
std::atomic<Shortage*> shortage{nullptr};

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JOBFERRY_MALLOC_IS_TAKEN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define JOBFERRY_MALLOC_IS_TAKEN
#endif
#endif

#ifndef JOBFERRY_MALLOC_IS_TAKEN
namespace {

bool is_refused() {
  Shortage* now = shortage;
  if (!now || !now->meets()) return false;
  errno = ENOMEM;
  return true;
}

}  // namespace

// Replace the functions of libc, also for SQLite and other libraries. `new` calls malloc.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* malloc(std::size_t size) { return is_refused() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return is_refused() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) { return is_refused() ? nullptr : __libc_realloc(old, size); }
}
#endif

namespace jobferry::test {

namespace {

constexpr std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();

struct Case {
  std::string name;
  bool in_graph;
  std::uint64_t count;  // of allocations in a row that fail
  bool catch_up = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Options options_for(const TempDir& temp, const std::string& target, bool in_graph) {
  Options options;
  options.source = temp.path("source");
  options.target = temp.path(target);
  options.data = DataMode::copy;
  options.debug = !in_graph;
  options.threads = 2;
  options.io_depth = 2;
  return options;
}

constexpr int ended_complete = 0, ended_otherwise = 1;

// Migrates in a separate process. Returns its status from waitpid(), and the number of allocations in `seen`.
int run_short_of(Shortage& wanted, const Options& options, std::uint64_t* seen = nullptr) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    int code = ended_otherwise;
    ::alarm(30);  // ends a run that hangs
    const auto files = real_files(false);
    shortage = &wanted;
    try {
      if (migrate_with(*files, options, {}).outcome == Outcome::complete) code = ended_complete;
    } catch (const std::bad_alloc&) {
      // There was no memory for the message either.
    }
    shortage = nullptr;
    const std::uint64_t count = wanted.seen;
    if (::write(ends[1], &count, sizeof count) != sizeof count) code = 2;
    ::_exit(code);
  }
  std::uint64_t count = 0;
  ::close(ends[1]);
  (void)!::read(ends[0], &count, sizeof count);
  ::close(ends[0]);
  if (seen) *seen = count;
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

class Allocations : public testing::TestWithParam<Case> {};

TEST_P(Allocations, Fail) {
#ifdef JOBFERRY_MALLOC_IS_TAKEN
  GTEST_SKIP() << "the sanitizer has its own allocator";
#endif
  const Case& c = GetParam();
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 4;
  shape.median_bytes = 500;
  corpus::make_archive(temp.path("source"), shape);
  std::string changed;  // a meta.json
  for (const auto& [path, content] : read_tree(temp.path("source")))
    if (path.ends_with("/meta.json")) changed = temp.path("source/" + path);
  const std::string before = read_file(changed);
  const std::string after = before.substr(0, before.rfind('}')) + ",\"added\":1}";
  const auto prepare = [&](const Options& options) {
    if (!c.catch_up) return;
    write_file(changed, before);
    EXPECT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
    write_file(changed, after);
  };
  prepare(options_for(temp, "whole", c.in_graph));
  Shortage none;
  std::uint64_t allocations = 0;
  ASSERT_EQ(run_short_of(none, options_for(temp, "whole", c.in_graph), &allocations), 0);
  const Tree whole = read_tree(temp.path("whole"));
  ASSERT_GT(allocations, 1000U);

  const std::uint64_t stride = std::getenv("JOBFERRY_LARGE") ? 1 : allocations / 100 + 1;
  std::uint64_t ended = 0;
  for (std::uint64_t n = 1 + c.name.size() % stride; n <= allocations; n += stride) {
    SCOPED_TRACE(fmt::format("from allocation {} of {} on", n, allocations));
    const Options options = options_for(temp, fmt::format("target{}", n), c.in_graph);
    prepare(options);
    const Tree earlier = read_tree(options.target);
    Shortage wanted{n, c.count};
    const int status = run_short_of(wanted, options);
    ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    const bool complete = WEXITSTATUS(status) == ended_complete;
    ended += !complete;
    const Tree found = read_tree(options.target);
    const bool finished = found.contains("version.txt") && !found.contains("jobferry.unfinished");
    const bool untouched = !complete && found == earlier;
    if (complete || (finished && !untouched)) EXPECT_EQ(difference(whole, found), "");
    const Summary again = migrate_with(*real_files(false), options, {});
    EXPECT_EQ(again.outcome, Outcome::complete)
        << summary_text(options, again) << (again.errors.empty() ? "" : describe(again.errors[0]));
    EXPECT_EQ(difference(whole, read_tree(options.target)), "");
    boost::filesystem::remove_all(options.target);
    boost::filesystem::remove_all(options.target + ".jobferry");
  }
  EXPECT_GT(ended, 0U) << "no allocation failed";
}

INSTANTIATE_TEST_SUITE_P(Shortages, Allocations,
                         testing::Values(Case{"Once", false, 1}, Case{"Twice", false, 2},
                                         Case{"OnceInACatchUp", false, 1, true},
                                         Case{"AWhileInACatchUp", true, 50, true}, Case{"AWhile", false, 50},
                                         Case{"ForEver", false, for_ever}, Case{"OnceInTheGraph", true, 1},
                                         Case{"TwiceInTheGraph", true, 2}, Case{"AWhileInTheGraph", true, 50},
                                         Case{"ForEverInTheGraph", true, for_ever}),
                         [](const auto& test) { return test.param.name; });

}  // namespace jobferry::test
