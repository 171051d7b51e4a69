// A disk accepts data and fails later, when the kernel writes them back: an ext4 in a sparse file on a small
// tmpfs that is full. The kernel reports the error once to each open descriptor. Another program that syncs
// the same disk may get the report too, even first. In every case the run ends with an error and without
// version.txt, and once there is space the same command completes.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include "program.h"
#include "tree.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

bool run_tool(const std::string& command) {
  return std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) == 0;
}

// Gives this process a mount namespace. The kernel removes its mounts and loop devices with the process,
// however it ends.
bool has_own_mounts() {
  static const bool alone =
      ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return alone;
}

class Mounted {
 public:
  explicit Mounted(std::string place) : place_(std::move(place)) { fs::create_directories(place_); }
  ~Mounted() { unmount(); }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

  bool tmpfs(const std::string& options, unsigned long flags = 0) {
    mounted_ = ::mount("tmpfs", place_.c_str(), "tmpfs", flags, options.c_str()) == 0;
    return mounted_;
  }
  bool image(const std::string& file) {
    mounted_ = run_tool(fmt::format("mount -t ext4 -o loop,errors=continue '{}' '{}'", file, place_));
    return mounted_;
  }
  // False if a file in it is still open.
  bool unmount() {
    const bool done = !mounted_ || ::umount(place_.c_str()) == 0;
    if (!done) ::umount2(place_.c_str(), MNT_DETACH);
    mounted_ = false;
    return done;
  }
  std::string path(const std::string& name) const { return place_ + '/' + name; }

 private:
  std::string place_;
  bool mounted_ = false;
};

// Fills a disk, but leaves this many bytes.
void fill(const std::string& file, std::uint64_t leave) {
  struct statvfs s {};
  ASSERT_EQ(::statvfs(fs::path(file).parent_path().c_str(), &s), 0);
  const std::uint64_t free = s.f_bavail * s.f_frsize;
  std::ofstream out(file);
  const std::string block(4096, 'x');
  for (std::uint64_t put = 0; put + leave < free && out << block << std::flush; put += block.size()) {
  }
}

// An ext4 in a sparse file. Its data need space in the tmpfs below it.
class ThinDisk {
 public:
  explicit ThinDisk(const TempDir& temp) : below_(temp.path("below")), disk_(temp.path("disk")) {}

  bool make(bool journal) {
    const std::string kind = journal ? "-J size=4" : "-O ^has_journal";
    return below_.tmpfs("size=24m") && run_tool("truncate -s 64M '" + image() + "'") &&
           run_tool("mkfs.ext4 -q -F " + kind + " -E lazy_itable_init=0,nodiscard '" + image() + "'") &&
           disk_.image(image());
  }
  void make_room() { fs::remove(below_.path("filler")); }
  void fill_up() { fill(below_.path("filler"), 3U << 20); }
  // Makes room, repairs the disk and mounts it again. Data that were only in memory are lost.
  bool repair() {
    make_room();
    if (!below_.tmpfs("size=80m", MS_REMOUNT)) return false;
    if (!disk_.unmount()) return false;
    (void)run_tool("fsck.ext4 -f -y '" + image() + "'");  // its exit code is not 0 if it repaired something
    return disk_.image(image());
  }
  std::string path(const std::string& name = "") const { return disk_.path(name); }

 private:
  std::string image() const { return below_.path("image"); }

  Mounted below_, disk_;
};

// A call of the run that touches the disk. Before each, the test decides whether the other program syncs.
struct Call {
  std::string name;
  int number = 0;
};
struct Moment {
  std::string name;
  std::function<bool(const Call&)> is_now;
  // Without a journal, Linux reports an error in blocks of the file system itself to one program only. Errors
  // in the blocks of files are reported to all.
  bool needs_journal = false;
};
void PrintTo(const Moment& moment, std::ostream* out) { *out << moment.name; }

Moment at_call(int number) {
  return {fmt::format("AtCall{}", number), [=](const Call& call) { return call.number == number; }, true};
}

// The kernel writes nothing back in the few seconds of a run unless a program syncs.
const std::vector<Moment> moments = {
    {"Never", [](const Call&) { return false; }},
    {"BeforeEverySync", [](const Call& call) { return call.name == "syncfs"; }},
    {"AfterEveryFile", [](const Call& call) { return call.name == "close"; }},
    at_call(100),
    at_call(200),
    at_call(300),
    at_call(400),
    at_call(500),
    at_call(600)};

// Whether there is a complete target, and the options of the next run.
struct Mode {
  std::string name;
  bool complete_before;
  Words more;
};
void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

const std::vector<Mode> modes = {
    {"Fresh", false, {}}, {"CatchUp", true, {}}, {"Restart", true, {"--restart", "--yes"}}};

// Jobs of half a megabyte, with different contents.
Tree large_jobs(int first, int last) {
  Tree tree;
  std::minstd_rand random(1);
  for (int id = first; id <= last; ++id) {
    std::string values = "[1";
    while (values.size() < 500'000) values += fmt::format(",{}", random());
    tree = tree + job(0, id) +
           Tree{{subject_of(id) + "/data.json",
                 replaced(plain_archive(0).at("c/0/001/100/data.json"), "[1,null,1.0]", values + ']')}};
  }
  return tree;
}

class Writeback : public testing::TestWithParam<std::tuple<Mode, Moment>> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
    if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a disk";
    if (!has_own_mounts()) GTEST_SKIP() << "this process cannot have a mount namespace";
    if (!run_tool("command -v mkfs.ext4 && command -v fsck.ext4")) GTEST_SKIP() << "needs e2fsprogs";
    if (!disk_.make(std::get<1>(GetParam()).needs_journal))
      GTEST_SKIP() << "there are no loop devices, or there is no ext4";
  }

  Words words() const {
    return {"--src",   temp_.path("source"),
            "--dst",   disk_.path("target"),
            "--state", temp_.path("state"),
            "--to",    "3",
            "--debug", "--quiet"};
  }

  Ran run(const Words& more, const Prepare& prepare = {}) const {
    return Child(JOBFERRY_PROGRAM, words() + more, temp_.path(), temp_.path("output"), prepare).wait();
  }

  // Runs while another program syncs the disk. Counts in `heard` how often that program got an error. After
  // an error there is room, so the disk keeps all later data.
  Ran run_beside_another(const Words& more, const Moment& moment, int& heard) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    std::jthread another([&, socket = ends[0]] {
      Call call;
      const int disk = ::open(disk_.path().c_str(), O_RDONLY | O_CLOEXEC);
      char words[8192];
      for (ssize_t length = 0; (length = ::recv(socket, words, sizeof words, 0)) > 0;
           (void)::send(socket, "", 1, 0)) {
        call.name = words_of(std::string(words, static_cast<std::size_t>(length)))[0];
        ++call.number;
        if (!moment.is_now(call) || ::syncfs(disk) == 0) continue;
        ++heard;
        disk_.make_room();
      }
      ::close(disk);
    });
    Child child(JOBFERRY_PROGRAM, words() + more, temp_.path(), temp_.path("output"), [&] {
      ::fcntl(ends[1], F_SETFD, 0);
      ::setenv("LD_PRELOAD", ATTACK_SHIM, 1);
      ::setenv("ATTACK_UNDER", disk_.path("target").c_str(), 1);
      ::setenv("ATTACK_SOCKET", std::to_string(ends[1]).c_str(), 1);
    });
    ::close(ends[1]);
    const Ran ran = child.wait();
    another.join();
    ::close(ends[0]);
    return ran;
  }

  const TempDir temp_;
  ThinDisk disk_{temp_};
};

TEST_P(Writeback, ErrorsAreNoticedInEveryCase) {
  const auto& [mode, moment] = GetParam();
  const Tree few = plain_archive(0) + large_jobs(2, 4), many = few + large_jobs(5, 24);
  write_tree(temp_.path("source"), mode.complete_before ? few : many);
  if (mode.complete_before) {
    const Ran before = run({});
    ASSERT_EQ(before.code, complete) << before.text();
    write_tree(temp_.path("source"), many);
  }
  const Ran beside =
      Child(JOBFERRY_PROGRAM,
            {"--src", temp_.path("source"), "--dst", temp_.path("whole"), "--to", "3", "--quiet"},
            temp_.path(), temp_.path("output"), {})
          .wait();
  ASSERT_EQ(beside.code, complete) << beside.text();
  disk_.fill_up();

  int heard = 0;
  const Ran ran = run_beside_another(mode.more, moment, heard);
  EXPECT_EQ(ran.code, failed) << ran.text();
  EXPECT_NE(ran.err.find("cannot sync: "), std::string::npos) << ran.text();
  EXPECT_FALSE(fs::exists(disk_.path("target/version.txt")));

  ASSERT_TRUE(disk_.repair());
  EXPECT_FALSE(fs::exists(disk_.path("target/version.txt")));
  const Ran again = run({});
  EXPECT_EQ(again.code, complete) << again.text();
  EXPECT_EQ(difference(read_tree(temp_.path("whole")), read_tree(disk_.path("target"))), "");
  if (moment.name == "AfterEveryFile") EXPECT_GT(heard, 0) << "the disk did not fail";
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Writeback,
                         testing::Combine(testing::ValuesIn(modes), testing::ValuesIn(moments)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param).name;
                         });

// A file system that is mounted again may have another device number, as after a reboot. Its target is still
// the same, complete or unfinished.
TEST(Remount, ChangesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a disk";
  if (!has_own_mounts()) GTEST_SKIP() << "this process cannot have a mount namespace";
  if (!run_tool("command -v mkfs.ext4")) GTEST_SKIP() << "needs e2fsprogs";
  const Scene scene(plain_archive(0) + job(0, 2) + Tree{{"c/0/003/100/meta.json", "{"}});
  const Words words = {"--src", "a", "--dst", "disk/b", "--state", "state", "--quiet"};
  for (const char* image : {"image", "other"})
    ASSERT_TRUE(run_tool(fmt::format("truncate -s 8M '{0}' && mkfs.ext4 -q -F '{0}'", scene.path(image))));
  Mounted disk(scene.path("disk"));
  std::vector<std::unique_ptr<Mounted>> others;
  if (!disk.image(scene.path("image"))) GTEST_SKIP() << "there are no loop devices, or there is no ext4";
  const auto device = [&] {
    struct stat s {};
    EXPECT_EQ(::stat(disk.path("b").c_str(), &s), 0);
    return s.st_dev;
  };
  const auto mount_elsewhere = [&] {
    const dev_t before = device();
    for (int attempt = 0; attempt < 4 && device() == before; ++attempt) {
      ASSERT_TRUE(disk.unmount());
      // Another mount takes the first free loop device, so ours gets a different one.
      const std::string other = scene.path(fmt::format("other{}", others.size()));
      ASSERT_TRUE(run_tool(fmt::format("cp '{}' '{}'", scene.path("other"), other)));
      ASSERT_TRUE(others.emplace_back(std::make_unique<Mounted>(other + "-at"))->image(other));
      ASSERT_TRUE(disk.image(scene.path("image")));
    }
    EXPECT_NE(device(), before) << "the device number is still the same";
  };
  EXPECT_EQ(scene.run(words).code, bad_jobs);
  mount_elsewhere();
  write_file(scene.path("a/c/0/003/100/meta.json"), job(0, 3).at("c/0/003/100/meta.json"));
  const Ran resumed = scene.run(words);
  EXPECT_EQ(resumed.code, complete) << resumed.text();
  mount_elsewhere();
  write_tree(scene.path("a"), job(0, 4));
  const Ran caught_up = scene.run(words);
  EXPECT_EQ(caught_up.code, complete) << caught_up.text();
  EXPECT_EQ(scene.migrate(3).code, complete);
  Tree found = read_tree(disk.path("b"));
  EXPECT_EQ(difference(read_tree(scene.path("b")), found), "");
}

// After a catch-up that failed on a full disk, the same command completes once there is space.
TEST(FullDiskInACatchUp, IsNoObstacleOnceThereIsSpace) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a disk";
  if (!has_own_mounts()) GTEST_SKIP() << "this process cannot have a mount namespace";
  for (const std::uint64_t left : {0U, 1U << 12, 1U << 14, 1U << 16, 1U << 19}) {
    SCOPED_TRACE(fmt::format("{} bytes left", left));
    const Scene scene(plain_archive(0) + large_jobs(2, 3));
    Mounted disk(scene.path("disk"));
    ASSERT_TRUE(disk.tmpfs("size=8m"));
    const Words words = {"--src", "a", "--dst", "disk/b", "--to", "3", "--state", "state", "--quiet"};
    ASSERT_EQ(scene.run(words).code, complete);
    write_tree(scene.path("a"), large_jobs(4, 5));
    ASSERT_EQ(scene.migrate(3).code, complete);
    fill(disk.path("filler"), left);
    const Ran full = scene.run(words);
    EXPECT_EQ(full.code, failed) << full.text();
    EXPECT_NE(full.err.find("No space left on device"), std::string::npos) << full.text();
    fs::remove(disk.path("filler"));
    const Ran again = scene.run(words);
    EXPECT_EQ(again.code, complete) << again.text();
    EXPECT_EQ(difference(read_tree(scene.path("b")), read_tree(disk.path("b"))), "");
  }
}

}  // namespace

}  // namespace jobferry::test
