// Files that are written outside the target. Even if others may write in the directory, they cannot redirect
// a write to another file. Readers see the old content or the new one.
#include "io/replace_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <regex>
#include <set>
#include <thread>

#include "program.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

constexpr uid_t another_user = 12345;

struct stat stat_of(const std::string& path) {
  struct stat s {};
  EXPECT_EQ(::lstat(path.c_str(), &s), 0) << path;
  return s;
}

std::string why(const Result<void>& done) { return done ? "" : done.error().what; }

// Records the names of files that are created in a directory.
class Arrivals {
 public:
  explicit Arrivals(const std::string& directory) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(events_, directory.c_str(), IN_CREATE), 0);
  }
  ~Arrivals() { ::close(events_); }

  std::vector<std::string> names() {
    std::vector<std::string> found;
    alignas(inotify_event) char buffer[65536];
    const ssize_t size = ::read(events_, buffer, sizeof buffer);
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      found.emplace_back(event->name);
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    return found;
  }

 private:
  int events_;
};

}  // namespace

TEST(ReplaceFile, LeavesOnlyTheNewContent) {
  const TempDir temp;
  write_tree(temp.path(), {{"old", "old"}, {"other", "other"}});
  ASSERT_EQ(::link(temp.path("old").c_str(), temp.path("hard").c_str()), 0);
  for (const char* name : {"old", "new"}) {
    EXPECT_EQ(why(check_writable(temp.path(name), Streams::refused)), "");
    EXPECT_EQ(why(write_file(temp.path(name), "content", Streams::refused)), "");
  }
  // The other name of a hard link keeps the old content.
  EXPECT_EQ(read_tree(temp.path()),
            (Tree{{"old", "content"}, {"new", "content"}, {"hard", "old"}, {"other", "other"}}));
}

TEST(ReplaceFile, CheckChangesNothing) {
  const TempDir temp;
  write_tree(temp.path(), {{"old", "old"}});
  fs::create_symlink("gone", temp.path("link"));
  const Tree before = snapshot(temp.path());
  for (const char* name : {"old", "new", "link"})
    EXPECT_EQ(why(check_writable(temp.path(name), Streams::written)), "");
  Tree after = snapshot(temp.path());
  EXPECT_EQ(difference(Tree{{"old", before.at("old")}, {"link", before.at("link")}},
                       Tree{{"old", after["old"]}, {"link", after["link"]}}),
            "");
  EXPECT_EQ(after.size(), before.size());
}

TEST(ReplaceFile, KeepsTheModeOfAnOldFileAndUsesTheMaskForANewOne) {
  const TempDir temp;
  const mode_t mask = ::umask(027);
  for (const mode_t mode : {0600U, 0644U, 0664U, 04755U}) {
    write_file(temp.path("old"), "old");
    ASSERT_EQ(::chmod(temp.path("old").c_str(), mode), 0);
    EXPECT_EQ(why(write_file(temp.path("old"), "new", Streams::refused)), "");
    EXPECT_EQ(stat_of(temp.path("old")).st_mode & 07777, mode & 0777);
  }
  EXPECT_EQ(why(write_file(temp.path("new"), "new", Streams::refused)), "");
  EXPECT_EQ(stat_of(temp.path("new")).st_mode & 07777, 0640U);
  ::umask(mask);
  if (::geteuid() != 0) GTEST_SKIP() << "giving a file to another user needs root";
  ASSERT_EQ(::chown(temp.path("old").c_str(), another_user, another_user), 0);
  EXPECT_EQ(why(write_file(temp.path("old"), "newer", Streams::refused)), "");
  EXPECT_EQ(stat_of(temp.path("old")).st_uid, another_user);
  EXPECT_EQ(stat_of(temp.path("old")).st_gid, another_user);
}

TEST(ReplaceFile, UsesUnpredictableTemporaryNames) {
  const TempDir temp;
  Arrivals arrivals(temp.path());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(why(write_file(temp.path("f"), "x", Streams::refused)), "");
  std::set<std::string> names;
  for (const std::string& name : arrivals.names()) names.insert(name);
  EXPECT_EQ(names.size(), 3U);
  for (const std::string& name : names)
    EXPECT_TRUE(std::regex_match(name, std::regex(R"(\.jobferry-[0-9a-f]{32}\.tmp)"))) << name;
}

TEST(ReplaceFile, FollowsLinksOfThisUser) {
  const TempDir temp;
  write_tree(temp.path(), {{"real/f", "old"}, {"links/", ""}});
  fs::create_symlink("../real/f", temp.path("links/relative"));
  fs::create_symlink(temp.path("real/f"), temp.path("links/absolute"));
  fs::create_symlink("relative", temp.path("links/twice"));
  fs::create_symlink("../real/new", temp.path("links/dangling"));
  fs::create_symlink("circle", temp.path("links/circle"));
  for (const std::string name : {"relative", "absolute", "twice"}) {
    EXPECT_EQ(why(write_file(temp.path("links/" + name), name, Streams::refused)), "");
    EXPECT_EQ(read_file(temp.path("real/f")), name);
    EXPECT_EQ(head_of_file(temp.path("links/" + name), 4), name.substr(0, 4));
  }
  EXPECT_EQ(why(write_file(temp.path("links/dangling"), "x", Streams::refused)), "");
  EXPECT_EQ(read_file(temp.path("real/new")), "x");
  const auto place = follow_links(temp.path("links/twice"));
  ASSERT_TRUE(static_cast<bool>(place));
  EXPECT_TRUE(fs::equivalent(*place, temp.path("real/f"))) << *place;
  EXPECT_NE(why(write_file(temp.path("links/circle"), "x", Streams::refused)).find("symbolic links"),
            std::string::npos);
  EXPECT_EQ(read_tree(temp.path("real")).size(), 2U);
  for (const auto& [name, content] : read_tree(temp.path("links")))
    EXPECT_EQ(content.find("x"), content.npos) << name;
}

TEST(ReplaceFile, FollowsNoLinkOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "a link of another user needs root";
  const TempDir temp;
  write_tree(temp.path(), {{"precious", "precious"}, {"dir/", ""}});
  fs::create_symlink("../precious", temp.path("dir/planted"));
  fs::create_symlink("planted", temp.path("dir/ours"));  // a link of ours to that link
  fs::create_symlink("../new", temp.path("dir/dangling"));
  for (const char* name : {"dir/planted", "dir/dangling"})
    ASSERT_EQ(::lchown(temp.path(name).c_str(), another_user, another_user), 0);
  const Tree before = snapshot(temp.path());
  for (const char* name : {"dir/planted", "dir/ours", "dir/dangling"})
    for (const Streams streams : {Streams::refused, Streams::written}) {
      const auto checked = check_writable(temp.path(name), streams);
      const auto written = write_file(temp.path(name), "overwritten", streams);
      for (const auto* done : {&checked, &written}) {
        ASSERT_FALSE(static_cast<bool>(*done)) << name;
        EXPECT_EQ(done->error().kind, Kind::output_failed);
        EXPECT_EQ(done->error().file, temp.path(name));
        EXPECT_NE(why(*done).find("belongs to another user (uid 12345)"), std::string::npos) << why(*done);
      }
      EXPECT_FALSE(static_cast<bool>(follow_links(temp.path(name))));
      EXPECT_EQ(head_of_file(temp.path(name), 100), "");
    }
  EXPECT_EQ(difference(before, snapshot(temp.path())), "");
}

TEST(ReplaceFile, WritesPipesAndDevicesDirectlyOrNotAtAll) {
  const TempDir temp;
  const std::string fifo = temp.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {fifo, std::string("/dev/null")}) {
    EXPECT_NE(why(check_writable(path, Streams::refused)).find("no regular file"), std::string::npos);
    EXPECT_NE(why(write_file(path, "x", Streams::refused)).find("no regular file"), std::string::npos);
    EXPECT_EQ(why(check_writable(path, Streams::written)), "");
  }
  EXPECT_EQ(why(write_file("/dev/null", "x", Streams::written)), "");
  EXPECT_TRUE(S_ISCHR(stat_of("/dev/null").st_mode));
  EXPECT_NE(why(write_file("/dev/full", "x", Streams::written)).find("No space left"), std::string::npos);

  // The content is larger than a pipe holds, and the reader opens it late.
  const std::string content(300'000, 'x');
  std::string got;
  std::thread reader([&] {
    std::this_thread::sleep_for(100ms);
    got = read_file(fifo);
  });
  EXPECT_EQ(why(write_file(fifo, content, Streams::written)), "");
  reader.join();
  EXPECT_EQ(got, content);
  EXPECT_TRUE(S_ISFIFO(stat_of(fifo).st_mode));
}

TEST(ReplaceFile, DoesNotWaitForAReaderAfterAStop) {
  const TempDir temp;
  ASSERT_EQ(::mkfifo(temp.path("fifo").c_str(), 0600), 0);
  std::atomic<bool> stop{false};
  std::thread signal([&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(why(write_file(temp.path("fifo"), "x", Streams::written, &stop)), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 900ms);
  signal.join();
  // If there is a reader, the content is still written.
  const int reader = ::open(temp.path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(why(write_file(temp.path("fifo"), "x", Streams::written, &stop)), "");
  char c = 0;
  EXPECT_EQ(::read(reader, &c, 1), 1);
  ::close(reader);
}

TEST(ReplaceFile, KeepsTheOldContentAfterAFailure) {
  const TempDir temp;
  write_tree(temp.path(), {{"dir/f", "old"}});
  const Tree before = snapshot(temp.path());
  const auto missing = write_file(temp.path("nowhere/f"), "new", Streams::refused);
  ASSERT_FALSE(static_cast<bool>(missing));
  EXPECT_EQ(missing.error().file, temp.path("nowhere/f"));
  EXPECT_NE(why(missing).find("No such file or directory"), std::string::npos);
  for (const char* path : {"dir", "dir/", "dir/.", "dir/..", ""})
    EXPECT_EQ(why(check_writable(*path ? temp.path(path) : path, Streams::written)), "it is a directory");

  // The disk takes only half of the content.
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto too_large = write_file(temp.path("dir/f"), std::string(20, 'x'), Streams::refused);
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, ignored);
  EXPECT_NE(why(too_large).find("File too large"), std::string::npos) << why(too_large);
  EXPECT_EQ(read_tree(temp.path()), (Tree{{"dir/f", "old"}}));
  EXPECT_EQ(snapshot(temp.path()).at("dir/f"), before.at("dir/f"));
}

TEST(Outputs, CannotBeRedirectedToOtherFiles) {
  if (::geteuid() != 0) GTEST_SKIP() << "a link of another user needs root";
  const Scene scene(plain_archive(2));
  write_tree(scene.path(), {{"precious", "precious"}, {"dir/", ""}});
  fs::create_symlink("../precious", scene.path("dir/planted"));
  ASSERT_EQ(::lchown(scene.path("dir/planted").c_str(), another_user, another_user), 0);
  const Tree before = scene.all();
  for (const Words& command : std::vector<Words>{{"--src", "a", "--dst", "b"},
                                                 {"plan", "--src", "a", "--dst", "b"},
                                                 {"verify", "a", "b"},
                                                 {"validate", "a"},
                                                 {"info", "a"}})
    for (const char* option : {"--metrics-file", "--report", "--html"}) {
      if (command[0] == "info" && option != std::string("--metrics-file")) continue;
      const Ran ran = scene.run(command + Words{option, "dir/planted"});
      EXPECT_EQ(ran.code, failed) << ran.text();
      EXPECT_NE(line_with(ran.err, {"dir/planted", "output-failed", "another user"}), "") << ran.text();
      EXPECT_EQ(difference(before, scene.all()), "");
    }
}

TEST(Outputs, MayGoToAnyKindOfStdout) {
  const Scene scene(plain_archive(3));
  const Words words = {"validate", "a", "--quiet", "--report", "/dev/stdout"};
  // Stdout is a file, which must not be replaced.
  const Ran ran = scene.run(words);
  EXPECT_EQ(ran.code, complete) << ran.text();
  EXPECT_NE(ran.out.find("jobferry-validate"), std::string::npos) << ran.text();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Ran piped = scene.run(words, [&] { ::dup2(ends[1], STDOUT_FILENO); });
  ::close(ends[1]);
  EXPECT_EQ(piped.code, complete) << piped.text();
  std::string got(65536, '\0');
  const ssize_t size = ::read(ends[0], got.data(), got.size());
  got.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  EXPECT_NE(got.find("jobferry-validate"), std::string::npos);
  ::close(ends[0]);
}

}  // namespace jobferry::test
