// Properties of every migration, tried on generated archives.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <set>

#include "archive/layout.h"
#include "corpus/corpus.h"
#include "flat.h"
#include "io/codec.h"
#include "reports.h"
#include "schema_validator.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

constexpr std::size_t jobs = 60;

corpus::Shape shape_of(int version, std::uint64_t seed) {
  corpus::Shape shape;
  shape.version = version;
  shape.seed = seed;
  shape.jobs = jobs;
  shape.median_bytes = 15'000;
  return shape;
}

struct How {
  bool debug = false;
  unsigned threads = 1;
  std::uint64_t memory = 0;
};

Options options(const How& how) {
  Options options;
  options.debug = how.debug;
  options.threads = how.threads;
  options.memory = how.memory;
  options.repair = true;
  return options;
}

// The path of an archive, and the results of its migrations.
class Archives {
 public:
  explicit Archives(const corpus::Shape& shape) { planted_ = corpus::make_archive(path("source"), shape); }
  std::string path(const std::string& name) const { return temp_.path(name); }
  const std::vector<corpus::Planted>& planted() const { return planted_; }

  Tree migrate(const std::string& from, const std::string& to, int version, const How& how = {}) {
    const Summary summary = run(path(from), path(to), version, options(how));
    EXPECT_EQ(summary.outcome, Outcome::complete) << summary_text({}, summary);
    return read_tree(path(to));
  }

 private:
  TempDir temp_;
  std::vector<corpus::Planted> planted_;
};

std::string content_of(const std::string& path, const std::string& bytes) {
  if (!path.ends_with(".gz")) return bytes;
  Codec codec;
  Buffer content;
  const bool sound = static_cast<bool>(codec.inflate(bytes, 0xFFFFFFFF, content));
  EXPECT_TRUE(sound) << path;
  return std::string(content.view());
}

std::optional<DocumentKind> kind_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name == names::cluster) return DocumentKind::cluster;
  if (name == names::meta) return DocumentKind::job_meta;
  if (name == names::data || name == names::data_gz) return DocumentKind::job_data;
  return {};
}

struct Seed {
  int version;
  std::uint64_t seed;
};

void PrintTo(const Seed& seed, std::ostream* out) {
  *out << "version " << seed.version << ", seed " << seed.seed;
}

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  for (int version = 0; version <= newest_version; ++version)
    for (std::uint64_t seed = 1; seed <= 3; ++seed) all.push_back({version, seed});
  return all;
}

}  // namespace

class Generated : public testing::TestWithParam<Seed> {};

// X10: the flow graph writes the same bytes as the serial runner.
TEST_P(Generated, ThreadsAndMemoryDoNotChangeTheResult) {
  Archives archives(shape_of(GetParam().version, GetParam().seed));
  const Tree expected = archives.migrate("source", "debug", newest_version, {true});
  EXPECT_GT(expected.size(), jobs);
  int number = 0;
  for (const How& how : {How{true}, How{false, 1}, How{false, 2}, How{false, 8}, How{false, 2, 100'000}}) {
    const Tree found = archives.migrate("source", fmt::format("again{}", ++number), newest_version, how);
    EXPECT_EQ(difference(expected, found), "") << how.threads << " threads, memory " << how.memory;
  }
}

// X10: a chain of steps gives the same result as its steps one by one.
TEST_P(Generated, StepsCompose) {
  Archives archives(shape_of(GetParam().version, GetParam().seed));
  std::string last = "source";
  for (int version = GetParam().version + 1; version <= newest_version; ++version) {
    const std::string next = fmt::format("v{}", version);
    archives.migrate(last, next, version);
    last = next;
  }
  if (last == "source") return;
  EXPECT_EQ(difference(read_tree(archives.path(last)), archives.migrate("source", "whole", newest_version)),
            "");
}

TEST_P(Generated, OutputKeepsToTheSchemas) {
  Archives archives(shape_of(GetParam().version, GetParam().seed));
  const Tree before = read_tree(archives.path("source"));
  const Tree after = archives.migrate("source", "newest", newest_version);
  std::size_t checked = 0;
  for (const auto& [path, bytes] : after) {
    const auto kind = kind_of(path);
    if (!kind) continue;
    const auto origin = before.find(path);
    ASSERT_NE(origin, before.end()) << path;
    if (find_violation(GetParam().version, *kind, content_of(path, origin->second))) continue;
    const auto violation = find_violation(newest_version, *kind, content_of(path, bytes));
    EXPECT_FALSE(violation) << path << violation->pointer << " " << violation->keyword;
    ++checked;
  }
  EXPECT_GT(checked, jobs) << "too few jobs of the archive satisfy their schemas";
}

// X1, checked by another reader: every data point keeps its text.
TEST_P(Generated, DataPointsKeepTheirText) {
  Archives archives(shape_of(GetParam().version, GetParam().seed));
  const Tree before = read_tree(archives.path("source"));
  const Tree after = archives.migrate("source", "newest", newest_version);
  std::size_t points = 0;
  for (const auto& [path, bytes] : after) {
    if (kind_of(path) != DocumentKind::job_data) continue;
    if (GetParam().version > 0) {  // no step changes it
      EXPECT_EQ(bytes, before.at(path)) << path;
      continue;
    }
    const auto old_flat = flatten(content_of(path, before.at(path))),
               new_flat = flatten(content_of(path, bytes));
    for (const auto& [pointer, text] : old_flat) {
      if (pointer.find("/data/") == pointer.npos && pointer.find("/statisticsSeries/") == pointer.npos)
        continue;
      const auto found = new_flat.find(pointer);
      ASSERT_TRUE(found != new_flat.end() && found->second == text) << path << pointer;
      ++points;
    }
  }
  EXPECT_TRUE(points > 10'000 || GetParam().version > 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Generated, testing::ValuesIn(seeds()), [](const auto& test) {
  return fmt::format("v{}_seed{}", test.param.version, test.param.seed);
});

class FromVersion2 : public testing::TestWithParam<std::uint64_t> {};

// Section 8: `exclusive` returns, and members that version 3 added or moved stay in their places.
TEST_P(FromVersion2, UpAndDownGivesBack) {
  Archives archives(shape_of(2, GetParam()));
  const Tree before = archives.migrate("source", "repaired", 2);
  archives.migrate("source", "up", 3);
  const Tree after = archives.migrate("up", "down", 2);
  EXPECT_EQ(before.size(), after.size());
  for (const auto& [path, text] : before) {
    if (!path.ends_with(names::meta)) {
      EXPECT_EQ(after.at(path), text) << path;
      continue;
    }
    const auto old_flat = flatten(text), new_flat = flatten(after.at(path));
    for (const auto& [pointer, value] : old_flat) {
      const bool mapped = value == "\"stopped\"" || (pointer == "/requestedMemory" && value == "0");
      const std::string name = pointer == "/load_avg" ? "/cpu_load_avg" : pointer;
      const auto found =
          new_flat.contains(pointer) ? new_flat.find(pointer) : new_flat.find("/footprint" + name);
      if (!mapped) EXPECT_TRUE(found != new_flat.end()) << path << pointer;
      const bool footprint_won = old_flat.contains("/footprint" + name);
      if (!mapped && found != new_flat.end() && !footprint_won)
        EXPECT_EQ(found->second, value) << path << pointer;
    }
  }
}

// A step down and up again gives the same archive.
TEST_P(FromVersion2, TheStepDownLosesOnlyStates) {
  Archives archives(shape_of(2, GetParam()));
  const Tree up = archives.migrate("source", "up", 3);
  archives.migrate("up", "down", 2);
  const Tree again = archives.migrate("down", "again", 3);
  for (const auto& [path, text] : up) {
    const bool state_lost = text.find("\"node_fail\"") != text.npos ||
                            text.find("\"boot_fail\"") != text.npos || text.find("\"deadline\"") != text.npos;
    if (!state_lost) EXPECT_EQ(again.at(path), text) << path;
  }
  EXPECT_EQ(again.size(), up.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, FromVersion2, testing::Values(1, 2, 3));

class WithBadJobs : public testing::TestWithParam<Seed> {};

// X12: each bad job is reported with its class and place, and the others are written.
TEST_P(WithBadJobs, EachIsReportedAndTheOthersAreMigrated) {
  corpus::Shape bad_shape = shape_of(GetParam().version, GetParam().seed);
  bad_shape.jobs = 300;
  bad_shape.median_bytes = 3'000;
  bad_shape.bad["all"] = 0.4;
  Archives archives(bad_shape);
  const int to = GetParam().version < 3 ? 3 : 2;
  const Summary summary = run(archives.path("source"), archives.path("target"), to, options({false, 2}));
  EXPECT_EQ(summary.outcome, Outcome::bad_jobs);
  EXPECT_FALSE(fs::exists(archives.path("target") + "/version.txt"));
  EXPECT_TRUE(fs::exists(archives.path("target") + "/jobferry.unfinished"));

  std::map<std::string, const Error*> reported;
  for (const Error& error : summary.bad) reported[error.subject] = &error;
  for (const Error& error : summary.skipped) reported[error.subject] = &error;
  std::set<std::string> kinds;
  for (const corpus::Planted& planted : archives.planted()) {
    ASSERT_TRUE(reported.contains(planted.job)) << planted.job << " " << planted.kind;
    const Error& error = *reported[planted.job];
    kinds.insert(planted.kind);
    EXPECT_EQ(name_of(error.kind), planted.kind) << describe(error);
    if (!planted.file.empty()) EXPECT_EQ(error.file, planted.file) << describe(error);
    if (!planted.pointer.empty()) EXPECT_EQ(error.pointer, planted.pointer) << describe(error);
  }
  EXPECT_EQ(reported.size(), archives.planted().size()) << "a job is bad without a planted defect";
  EXPECT_GE(kinds.size(), 8U);
  EXPECT_EQ(summary.total().migrated, bad_shape.jobs - reported.size());
}

TEST_P(WithBadJobs, AcceptBadCompletes) {
  corpus::Shape bad_shape = shape_of(GetParam().version, GetParam().seed);
  bad_shape.bad["all"] = 0.3;
  Archives archives(bad_shape);
  Options accepting = options({false, 2});
  accepting.accept_bad = true;
  const Summary summary =
      run(archives.path("source"), archives.path("target"), GetParam().version < 3 ? 3 : 2, accepting);
  EXPECT_EQ(summary.outcome, Outcome::complete);
  EXPECT_FALSE(summary.bad.empty());
  EXPECT_TRUE(fs::exists(archives.path("target") + "/version.txt"));
  EXPECT_FALSE(fs::exists(archives.path("target") + "/jobferry.unfinished"));
  for (const Error& error : summary.bad)
    EXPECT_FALSE(fs::exists(archives.path("target") + '/' + error.subject)) << error.subject;
}

INSTANTIATE_TEST_SUITE_P(Seeds, WithBadJobs,
                         testing::Values(Seed{0, 1}, Seed{0, 2}, Seed{1, 1}, Seed{2, 1}, Seed{3, 1}),
                         [](const auto& test) {
                           return fmt::format("v{}_seed{}", test.param.version, test.param.seed);
                         });

namespace {

// Records every change below a directory, as the kernel reports it.
class Watcher {
 public:
  explicit Watcher(const std::string& root) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    watch(root);
    for (fs::recursive_directory_iterator at(root), end; at != end; ++at)
      if (at->symlink_status().type() == fs::directory_file) watch(at->path().string());
  }
  ~Watcher() { ::close(fd_); }

  std::vector<std::string> events() const {
    alignas(inotify_event) char buffer[65536];
    std::vector<std::string> found;
    for (ssize_t length; (length = ::read(fd_, buffer, sizeof buffer)) > 0;)
      for (char* at = buffer; at < buffer + length;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        found.push_back(fmt::format("{:#x} {}", event->mask, event->len ? event->name : ""));
        at += sizeof(inotify_event) + event->len;
      }
    return found;
  }

 private:
  void watch(const std::string& directory) {
    // The kernel reports the close of a file that was open for writing, even if nothing was written.
    constexpr auto changes = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE;
    EXPECT_GE(::inotify_add_watch(fd_, directory.c_str(), changes), 0);
  }
  int fd_;
};

}  // namespace

TEST(Source, IsNeverOpenedForWriting) {
  Archives archives(shape_of(0, 1));
  const Tree before = read_tree(archives.path("source"));
  const Watcher watcher(archives.path("source"));
  Options copying = options({false, 2});
  copying.data = DataMode::copy;  // a hard link would change a link count
  ASSERT_EQ(run(archives.path("source"), archives.path("target"), 3, copying).outcome, Outcome::complete);
  EXPECT_EQ(watcher.events(), std::vector<std::string>());
  EXPECT_EQ(difference(before, read_tree(archives.path("source"))), "");
}

TEST(Source, WatcherSeesWriting) {
  Archives archives(shape_of(0, 1));
  const Watcher watcher(archives.path("source"));
  write_file(archives.path("source") + "/new.txt", "x");
  EXPECT_FALSE(watcher.events().empty());
}

}  // namespace jobferry::test
