// Too few threads, processes or descriptors, too little memory, or a limit on file sizes. Every command ends
// within seconds: it manages with less or ends with a message. It never hangs and never ends by a signal.
#include <fmt/format.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

#include "corpus/corpus.h"
#include "limited.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

constexpr uid_t first_user = 54'321;  // of several users without processes

struct Command {
  std::string name;
  Words words;
};

void PrintTo(const Command& command, std::ostream* out) { *out << command.name; }

const std::vector<Command> commands = {
    {"migrate", {"--src", "archive", "--dst", "target", "--data", "copy", "--state", "state"}},
    {"plan", {"plan", "--src", "archive", "--dst", "target"}},
    {"verify", {"verify", "archive", "whole"}},
    {"validate", {"validate", "archive"}},
    {"info", {"info", "archive"}},
};

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) ::_exit(cannot_execute);
}

}  // namespace

class Shortage : public testing::TestWithParam<Command> {
 protected:
  void SetUp() override {
    corpus::Shape shape;
    shape.jobs = 12;
    shape.median_bytes = 5'000;
    corpus::make_archive(path("archive"), shape);
    ASSERT_EQ(run({"--src", "archive", "--dst", "whole", "--data", "copy"}).code, complete);
    whole_ = read_tree(path("whole"));
    sound_code_ = run(GetParam().words).code;
    ASSERT_TRUE(sound_code_ == complete || sound_code_ == bad_jobs) << sound_code_;
  }

  std::string path(const std::string& name = "") const {
    return temp_.path(name.empty() ? here : here + '/' + name);
  }

  Ran run(const Words& words, const Prepare& prepare = {}, const std::string& place = here) const {
    fs::create_directories(path());
    return run_for(20s, words, temp_.path(place), temp_.path(place + "-output"), prepare);
  }

  // Runs the command. After a migration, runs it again to complete it, with `afterwards` as its preparation.
  // Gives up after two runs that hang.
  Ran expect_sound_end(const std::string& what, const Words& more, const Prepare& prepare,
                       const Prepare& afterwards = {}, const std::string& place = here) {
    if (hangs_ >= 2) return {};
    const std::string target = temp_.path(place + "/target");
    fs::remove_all(target), fs::remove_all(temp_.path(place + "/state"));
    const Ran ran = run(GetParam().words + more, prepare, place);
    SCOPED_TRACE(fmt::format("{}: exit code {}\n{}", what, ran.code, ran.err));
    EXPECT_NE(ran.code, hung) << "it hangs";
    hangs_ += ran.code == hung;
    EXPECT_TRUE(ran.code == failed || ran.code == usage || ran.code == sound_code_);
    EXPECT_TRUE(ran.code != failed || !ran.err.empty()) << "it failed without a message";
    if (GetParam().name != "migrate") return ran;
    if (ran.code == complete) EXPECT_EQ(difference(whole_, read_tree(target)), "");
    EXPECT_EQ(run(GetParam().words, afterwards, place).code, complete);
    EXPECT_EQ(difference(whole_, read_tree(target)), "");
    return ran;
  }

  // A copy of the directory in which commands run. Runs in different places may overlap.
  std::string another_place(int number) const {
    const std::string place = fmt::format("{}{}", here, number);
    EXPECT_EQ(std::system(fmt::format("cp -a '{}' '{}'", path(), temp_.path(place)).c_str()), 0);
    return place;
  }

  static inline const std::string here = "here";

  const TempDir temp_;

 private:
  Tree whole_;
  int sound_code_ = 0;
  std::atomic<int> hangs_ = 0;
};

// Only k threads can be created, for every k.
TEST_P(Shortage, Threads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
  for (const int threads : {1, 2, 4, 9}) {
    int made = 0;
    for (int k = 0; k <= made + 1; ++k) {
      const auto prepare = [&] {
        const std::string nth = std::to_string(k), count = temp_.path("count");
        for (const auto& [name, value] : std::map<std::string, std::string>{{"LD_PRELOAD", FAULT_SHIM},
                                                                            {"SHIM_FAILURE", "THREAD"},
                                                                            {"SHIM_NTH", nth},
                                                                            {"SHIM_LASTING", "1"},
                                                                            {"SHIM_COUNT", count}})
          ::setenv(name.c_str(), value.c_str(), 1);
      };
      expect_sound_end(fmt::format("{} of {} threads", k - 1, threads),
                       {"--threads", std::to_string(threads)}, prepare);
      if (k == 0) made = std::stoi(read_file(temp_.path("count")));
    }
    EXPECT_GT(made, 0);
  }
}

// The same with the limit of the kernel on the processes of a user. Root has no such limit.
TEST_P(Shortage, Processes) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  // Each command has a separate user, because the tests run in parallel.
  const auto same = [](const Command& each) { return each.name == GetParam().name; };
  const auto user = first_user + static_cast<uid_t>(std::find_if(commands.begin(), commands.end(), same) -
                                                    commands.begin());
  const auto become = [user] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(cannot_execute);
  };
  fs::permissions(path(), fs::all_all);
  if (run({"--version"}, become).code != complete) GTEST_SKIP() << "another user cannot reach the program";
  Ran last;
  for (const rlim_t most : {1U, 2U, 3U, 4U, 6U, 8U, 12U}) {
    const auto limited = [&] {
      limit(RLIMIT_NPROC, most);
      become();
    };
    last = expect_sound_end(fmt::format("{} processes", most), {"--threads", "4"}, limited, become);
  }
  EXPECT_NE(last.code, failed) << "12 processes are not enough: " << last.err;
}

TEST_P(Shortage, Descriptors) {
  bool ended = false;
  for (rlim_t most = 8; most <= 40; ++most) {
    const Ran ran =
        expect_sound_end(fmt::format("{} descriptors", most), {}, [&] { limit(RLIMIT_NOFILE, most); });
    ended = ran.code != failed;
  }
  EXPECT_TRUE(ended) << "40 descriptors are not enough";
}

// From the n-th call to the archives on, no call gets a descriptor or memory, for n spread over all calls.
// That is an error of the command, never a finding about an archive.
TEST_P(Shortage, LastingShortage) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
  constexpr int runs = 8;
  std::vector<std::string> places;
  for (int i = 0; i < runs; ++i) places.push_back(another_place(i));
  for (const int failure : {EMFILE, ENOMEM}) {
    std::atomic<int> ended = 0;
    const auto run_short_of = [&](int nth, const std::string& place) {
      const auto prepare = [&] {
        for (const auto& [name, value] :
             std::map<std::string, std::string>{{"LD_PRELOAD", FAULT_SHIM},
                                                {"SHIM_UNDER", temp_.path(place)},
                                                {"SHIM_FAILURE", std::to_string(failure)},
                                                {"SHIM_NTH", std::to_string(nth)},
                                                {"SHIM_LASTING", "1"},
                                                {"SHIM_COUNT", temp_.path(place + "-count")}})
          ::setenv(name.c_str(), value.c_str(), 1);
      };
      const Ran ran =
          expect_sound_end(fmt::format("errno {} from call {} on", failure, nth), {}, prepare, {}, place);
      ended += ran.code == failed;
      // The command may succeed if the call was the last one, by a thread that only counts ahead.
      if (ran.code != failed)
        EXPECT_EQ((ran.out + ran.err).find(std::generic_category().message(failure)), std::string::npos);
    };
    run_short_of(0, here);
    const int calls = std::stoi(read_file(temp_.path(here + "-count")));
    {
      // A command waits before it gives up, so the runs overlap.
      std::vector<std::jthread> parallel;
      for (int i = 0; i < runs; ++i)
        parallel.emplace_back(run_short_of, 1 + i * calls / runs, places[static_cast<std::size_t>(i)]);
    }
    EXPECT_GT(calls, runs);
    EXPECT_GT(ended, runs / 2);
  }
}

// Begins with the least memory in which the program starts.
TEST_P(Shortage, AddressSpace) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer maps terabytes";
#endif
  constexpr rlim_t mib = 1U << 20;
  rlim_t least = mib;
  while (run({"--version"}, [&] { limit(RLIMIT_AS, least); }).code != complete) {
    least += mib / 2;
    ASSERT_LT(least, 1024 * mib);
  }
  int most_code = failed;
  for (rlim_t most = least; most < 2048 * mib; most += most < least + 16 * mib ? mib : most / 4) {
    const Ran ran = expect_sound_end(fmt::format("{} MiB", most / mib), {"--threads", "4"},
                                     [&] { limit(RLIMIT_AS, most); });
    most_code = ran.code;
  }
  EXPECT_NE(most_code, failed) << "2 GiB are not enough";
}

TEST_P(Shortage, FileSize) {
  for (const rlim_t most : {200U, 1'000U, 5'000U, 9'000U, 20'000U, 60'000U})
    expect_sound_end(fmt::format("{} bytes in a file", most), {}, [&] { limit(RLIMIT_FSIZE, most); });
}

namespace {

// A control group of this test, with a limit on the number of its processes and threads.
class ControlGroup {
 public:
  ControlGroup() {
    for (const std::string root : {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"}) {
      const std::string path = fmt::format("{}/jobferry-test-{}", root, ::getpid());
      boost::system::error_code failed;
      if (!fs::create_directory(path, failed)) continue;
      if (fs::exists(path + "/pids.max")) {
        path_ = path;
        return;
      }
      fs::remove(path, failed);
    }
  }
  ~ControlGroup() {
    boost::system::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  explicit operator bool() const { return !path_.empty(); }
  bool bound(int most) const { return put("pids.max", most); }
  bool enter() const { return put("cgroup.procs", ::getpid()); }

 private:
  bool put(const std::string& file, int number) const {
    const int fd = ::open((path_ + '/' + file).c_str(), O_WRONLY | O_CLOEXEC);
    const std::string text = std::to_string(number);
    const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) > 0;
    if (fd >= 0) ::close(fd);
    return done;
  }
  std::string path_;
};

}  // namespace

// The limit that containers and batch systems set.
TEST_P(Shortage, ControlGroup) {
  const ControlGroup group;
  if (!group) GTEST_SKIP() << "this process cannot make a control group with a limit on processes";
  for (const int most : {1, 2, 3, 4, 6, 8, 12}) {
    ASSERT_TRUE(group.bound(most));
    expect_sound_end(fmt::format("{} in the group", most), {"--threads", "4"}, [&] {
      if (!group.enter()) ::_exit(cannot_execute);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Commands, Shortage, testing::ValuesIn(commands),
                         [](const auto& test) { return test.param.name; });

}  // namespace jobferry::test
