// Every system call that touches the archives fails, in every way that disks fail: a clear end or none to be
// seen, the source as it was, and the same command completes. The program itself, with fault_shim.cpp in
// front of libc.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "corpus.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

struct Failure {
  std::string name;
  int code;  // 0: short reads and writes
  bool lasting;
};

void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.name; }

struct Ran {
  int code = 0;
  std::string said;
};

// The target's name is that of the source and more: calls on both count.
Ran run_program(const TempDir& temp, int version, const std::string& target,
                const std::vector<std::string>& settings) {
  const std::string said = temp.path("said");
  const pid_t child = ::fork();
  if (child == 0) {
    if (!std::freopen(said.c_str(), "w", stderr) || !std::freopen("/dev/null", "w", stdout)) ::_exit(126);
    for (const std::string& each : settings) {
      const std::size_t equals = each.find('=');
      ::setenv(each.substr(0, equals).c_str(), each.substr(equals + 1).c_str(), 1);
    }
    ::execl(JOBFERRY_PROGRAM, JOBFERRY_PROGRAM, "--src", temp.path("archive").c_str(), "--dst",
            target.c_str(), "--debug", "--data", version == 0 ? "copy" : "link", "--state",
            (temp.path("state-of-") + fs::path(target).filename().string()).c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read_file(said)};
}

}  // namespace

class SystemCalls : public testing::TestWithParam<std::tuple<Failure, int>> {};

TEST_P(SystemCalls, Fail) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has to be the first library";
#endif
  const auto& [failure, version] = GetParam();
  const TempDir temp;
  corpus::Plan plan;
  plan.version = version;
  plan.jobs = 3;
  plan.median_bytes = 500;
  corpus::make_archive(temp.path("archive"), plan);
  const Tree source = snapshot(temp.path("archive"));
  std::vector<std::string> settings = {"LD_PRELOAD=" FAULT_SHIM, "SHIM_UNDER=" + temp.path("archive"),
                                       "SHIM_COUNT=" + temp.path("count"),
                                       fmt::format("SHIM_ERRNO={}", failure.code)};
  ASSERT_EQ(run_program(temp, version, temp.path("archive-whole"), settings).code, 0);
  const Tree whole = read_tree(temp.path("archive-whole"));
  const int calls = std::stoi(read_file(temp.path("count")));
  ASSERT_GT(calls, 20);
  if (failure.lasting) settings.push_back("SHIM_LASTING=1");

  int ended = 0;
  const int step = failure.code == EIO && !failure.lasting ? 1 : 7;
  for (int n = 1 + failure.code % step; n <= calls; n += step) {
    const std::string target = temp.path(fmt::format("archive-{}", n));
    auto with_nth = settings;
    with_nth.push_back(fmt::format("SHIM_NTH={}", n));
    const Ran ran = run_program(temp, version, target, with_nth);
    SCOPED_TRACE(fmt::format("{} at call {}: exit code {}\n{}", failure.name, n, ran.code, ran.said));
    EXPECT_TRUE(ran.code == 0 || ran.code == 1 || ran.code == 3);
    EXPECT_TRUE(ran.code == 0 || !ran.said.empty()) << "an end without a word";
    if (failure.code == 0) EXPECT_EQ(ran.code, 0) << "short reads and writes are ordinary";
    const Tree found = read_tree(target);
    if (ran.code == 0 || (found.contains("version.txt") && !found.contains("jobferry.unfinished")))
      EXPECT_EQ(difference(whole, found), "");
    ended += ran.code != 0;
    const Ran again = run_program(temp, version, target, {});
    EXPECT_EQ(again.code, 0) << again.said;
    EXPECT_EQ(difference(whole, read_tree(target)), "");
  }
  if (failure.code != 0) EXPECT_GT(ended, 0) << "the shim has done nothing";
  EXPECT_EQ(difference(source, snapshot(temp.path("archive"))), "");
}

INSTANTIATE_TEST_SUITE_P(
    Ways, SystemCalls,
    testing::Combine(testing::Values(Failure{"EIO", EIO, false}, Failure{"EIO_on", EIO, true},
                                     Failure{"ENOSPC_on", ENOSPC, true}, Failure{"ENOSPC", ENOSPC, false},
                                     Failure{"EDQUOT_on", EDQUOT, true}, Failure{"EINTR", EINTR, false},
                                     Failure{"EMFILE", EMFILE, false}, Failure{"EMFILE_on", EMFILE, true},
                                     Failure{"EACCES", EACCES, false}, Failure{"EACCES_on", EACCES, true},
                                     Failure{"ESTALE_on", ESTALE, true}, Failure{"short", 0, false},
                                     Failure{"short_on", 0, true}),
                     testing::Values(0, 1)),
    [](const auto& test) {
      return fmt::format("{}_v{}", std::get<0>(test.param).name, std::get<1>(test.param));
    });

}  // namespace jobferry::test
