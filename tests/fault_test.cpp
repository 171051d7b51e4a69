// The n-th call to the disk fails, for every n. The run ends with a clear error, or the job is bad and the
// others are migrated. No job is lost, no file is incomplete, and no unfinished target gets a version.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>

#include "corpus/corpus.h"
#include "engine/run.h"
#include "forwarding.h"
#include "reports.h"
#include "tree.h"

namespace jobferry::test {

namespace {

// How a call fails: with an error, as real failures do, or by an exception, which no call should throw.
enum class Failure { error, no_memory, defect };

// One call fails. If `lasting`, every later call of the same kind fails too.
class FailingFiles : public ForwardingFiles {
 public:
  FailingFiles(std::uint64_t nth, bool lasting, Failure failure = Failure::error)
      : nth_(nth), lasting_(lasting), failure_(failure) {}

  std::uint64_t calls() const { return calls_; }
  const std::string& failed() const { return failed_; }

 private:
  Result<void> before(std::string_view call, const std::string& path) override {
    const std::uint64_t number = ++calls_;
    const bool first = number == nth_;
    if (first) failed_ = call, place_ = path;
    if (!first && !(lasting_ && number > nth_ && call == failed_)) return {};
    if (failure_ == Failure::no_memory) throw std::bad_alloc();
    if (failure_ == Failure::defect) throw std::runtime_error("planned defect");
    const bool reads = call == "list" || call == "info" || call == "exists" || call == "read" ||
                       call == "space" || call == "open_target";
    Error error{reads ? Kind::read_failed : Kind::write_failed, "planned failure"};
    error.file = place_;
    return error;
  }

  const std::uint64_t nth_;
  const bool lasting_;
  const Failure failure_;
  std::atomic<std::uint64_t> calls_{0};
  std::string failed_, place_;
};

Options serial(const TempDir& temp, const std::string& target, DataMode data) {
  Options options;
  options.source = temp.path("source");
  options.target = temp.path(target);
  options.debug = true;
  options.data = data;
  return options;
}

// Every entry must be as in the complete target. A job that is not reported as bad must be complete.
std::string wrong_in(const Tree& whole, const Tree& found, const Summary& summary) {
  std::string out;
  for (const auto& [path, content] : found) {
    const auto expected = whole.find(path);
    const bool left_over =
        path == "jobferry.unfinished" || (path.back() == '/' && summary.outcome == Outcome::failed);
    const bool known = left_over || (expected != whole.end() && expected->second == content);
    if (!known) out += "unexpected or torn: " + path + '\n';
  }
  if (summary.outcome == Outcome::failed) return out;
  for (const auto& entry : whole) {
    const std::string& path = entry.first;
    const auto bad = [&](const Error& error) { return path.starts_with(error.subject); };
    const bool reported = std::any_of(summary.bad.begin(), summary.bad.end(), bad) ||
                          std::any_of(summary.unlisted.begin(), summary.unlisted.end(), bad);
    if (!found.contains(path) && !reported && path != "version.txt")
      out += "lost without a word: " + path + '\n';
  }
  return out;
}

}  // namespace

class EveryCall : public testing::TestWithParam<std::tuple<int, DataMode, bool, Failure>> {};

TEST_P(EveryCall, FailsOnce) {
  const auto [version, data, lasting, failure] = GetParam();
  const TempDir temp;
  corpus::Shape shape;
  shape.version = version;
  shape.jobs = 3;
  shape.median_bytes = 500;
  corpus::make_archive(temp.path("source"), shape);
  const Tree source = read_tree(temp.path("source"));
  FailingFiles sound(0, false);
  ASSERT_EQ(migrate_with(sound, serial(temp, "whole", data), {}).outcome, Outcome::complete);
  const Tree whole = read_tree(temp.path("whole"));

  for (std::uint64_t n = 1; n <= sound.calls(); ++n) {
    FailingFiles files(n, lasting, failure);
    const std::string target = fmt::format("target{}", n);
    const Summary summary = migrate_with(files, serial(temp, target, data), {});
    const Tree found = read_tree(temp.path(target));
    SCOPED_TRACE(fmt::format("call {} ({}) fails\n{}", n, files.failed(), summary_text({}, summary)));
    EXPECT_EQ(wrong_in(whole, found, summary), "");
    if (summary.outcome == Outcome::complete) {
      EXPECT_EQ(difference(whole, found), "");
    } else {
      EXPECT_FALSE(summary.errors.empty() && summary.bad.empty() && summary.unlisted.empty())
          << "it failed without a message";
    }
    const bool finished = found.contains("version.txt") && !found.contains("jobferry.unfinished");
    EXPECT_TRUE(!finished || summary.outcome == Outcome::complete || files.failed() == "sync" ||
                files.failed() == "set_attributes" ||
                (failure != Failure::error && files.failed() == "info"));
    // Without the fault, the same run completes the target.
    const auto sound_again = real_files(false);
    const Summary resumed = migrate_with(*sound_again, serial(temp, target, data), {});
    EXPECT_EQ(resumed.outcome, Outcome::complete) << summary_text({}, resumed);
    EXPECT_EQ(difference(whole, read_tree(temp.path(target))), "");
  }
  EXPECT_EQ(difference(source, read_tree(temp.path("source"))), "");
}

INSTANTIATE_TEST_SUITE_P(
    Faults, EveryCall,
    testing::Combine(testing::Values(0, 1), testing::Values(DataMode::automatic, DataMode::copy),
                     testing::Bool(), testing::Values(Failure::error, Failure::no_memory, Failure::defect)));

// The same in the flow graph, which must not lose a job either. Which call fails depends on the threads.
TEST(EveryCall, FailsOnceInTheGraph) {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 3;
  shape.median_bytes = 500;
  corpus::make_archive(temp.path("source"), shape);
  Options options = serial(temp, "whole", DataMode::copy);
  options.debug = false;
  options.threads = 2;
  FailingFiles sound(0, false);
  ASSERT_EQ(migrate_with(sound, options, {}).outcome, Outcome::complete);
  const Tree whole = read_tree(temp.path("whole"));
  for (const Failure failure : {Failure::error, Failure::no_memory, Failure::defect}) {
    for (std::uint64_t n = 1; n <= sound.calls(); ++n) {
      FailingFiles files(n, false, failure);
      options.target = temp.path(fmt::format("target{}-{}", static_cast<int>(failure), n));
      const Summary summary = migrate_with(files, options, {});
      SCOPED_TRACE(fmt::format("call {} ({}) fails\n{}", n, files.failed(), summary_text({}, summary)));
      EXPECT_EQ(wrong_in(whole, read_tree(options.target), summary), "");
    }
  }
}

namespace {

// A target with little space, and a source on another file system.
class SmallDisk : public FailingFiles {
 public:
  SmallDisk(std::uint64_t free_bytes, std::uint64_t free_inodes)
      : FailingFiles(0, false), space_{free_bytes, 1ULL << 40, free_inodes, 1ULL << 40} {}
  Result<Space> space(const std::string&) override { return space_; }

 private:
  Space space_;
};

}  // namespace

// An archive that fits is migrated. One that does not fit is refused before anything is written. Space is
// counted in detail only if it may be too small.
TEST(Space, IsCheckedBeforeAnythingIsWritten) {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 20;
  shape.gzip_share = 0;
  shape.pretty_share = 1;  // counted by its size after compacting
  shape.quirks = false;
  const corpus::Made made = corpus::make_archive(temp.path("source"), shape, [](const corpus::Planted&) {});
  constexpr std::uint64_t plenty = 1ULL << 39;
  struct Case {
    std::uint64_t bytes, inodes;
    Outcome outcome;
    std::string words;
  };
  const std::vector<Case> cases = {{1000, plenty, Outcome::failed, "the target needs about"},
                                   {plenty, 30, Outcome::failed, "inodes, 30 are free there"},
                                   {made.bytes * 7 / 10, plenty, Outcome::complete, ""},
                                   {plenty, plenty, Outcome::complete, ""}};
  int number = 0;
  for (const Case& c : cases) {
    SmallDisk files(c.bytes, c.inodes);
    const std::string target = fmt::format("target{}", ++number);
    const Summary summary = migrate_with(files, serial(temp, target, DataMode::copy), {});
    EXPECT_EQ(summary.outcome, c.outcome) << summary_text({}, summary);
    if (c.outcome == Outcome::complete) continue;
    EXPECT_EQ(summary.errors.at(0).kind, Kind::target_unusable);
    EXPECT_NE(summary.errors[0].what.find(c.words), std::string::npos) << summary.errors[0].what;
    EXPECT_TRUE(read_tree(temp.path(target)).empty());
    EXPECT_FALSE(boost::filesystem::exists(temp.path(target)));
  }
}

namespace {

// A disk that cannot read a copied file.
class BrokenExtra : public FailingFiles {
 public:
  BrokenExtra() : FailingFiles(0, false) {}
  Result<void> copy(const std::string& from, const std::string& to) override {
    if (!from.ends_with("/extra")) return FailingFiles::copy(from, to);
    return Error{Kind::read_failed, "cannot read: Input/output error"};
  }
};

}  // namespace

// A copied file that cannot be read does not end the run. Its job is bad and leaves nothing in the target.
TEST(ReadFailure, OfACarriedFileIsABadJob) {
  const TempDir temp;
  Tree tree = plain_archive(0);
  tree["c/0/001/100/extra"] = "x";
  tree["c/0/002/100/meta.json"] = tree["c/0/001/100/meta.json"];
  tree["c/0/002/100/meta.json"].replace(tree["c/0/002/100/meta.json"].find("\"jobId\":1"), 9, "\"jobId\":2");
  write_tree(temp.path("source"), tree);
  BrokenExtra files;
  const Summary summary = migrate_with(files, serial(temp, "target", DataMode::copy), {});
  EXPECT_EQ(summary.outcome, Outcome::bad_jobs);
  ASSERT_EQ(summary.bad.size(), 1U);
  EXPECT_EQ(describe(summary.bad[0]), "c/0/001/100 extra: read-failed: cannot read: Input/output error");
  const Tree target = read_tree(temp.path("target"));
  EXPECT_TRUE(target.contains("c/0/002/100/meta.json"));
  for (const auto& [path, content] : target) EXPECT_FALSE(path.starts_with("c/0/001")) << path;
}

// A file that cannot be read makes its job bad and has no other effect.
TEST(ReadFailure, IsABadJob) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0));
  for (std::uint64_t n = 1; n < 1000; ++n) {
    FailingFiles files(n, false);
    const Summary summary = migrate_with(files, serial(temp, fmt::format("target{}", n), DataMode::copy), {});
    if (summary.outcome != Outcome::bad_jobs || summary.bad[0].file != "meta.json") continue;
    EXPECT_EQ(describe(summary.bad[0]), "c/0/001/100 meta.json: read-failed: planned failure");
    return;
  }
  FAIL() << "meta.json was not read";
}

namespace {

class UnreadableGzip : public FailingFiles {
 public:
  explicit UnreadableGzip(Kind kind) : FailingFiles(0, false), kind_(kind) {}
  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    if (!path.ends_with(".gz")) return FailingFiles::read(path, limit, content);
    return Error{kind_, "cannot read: planned failure"};
  }

 private:
  const Kind kind_;
};

}  // namespace

// The second of two data files replaces a damaged first one, but not one that the disk failed to read.
TEST(ReadFailure, OfTheFirstOfTwoDataFilesIsNoReasonToUseTheSecond) {
  Tree tree = plain_archive(0);
  tree["c/0/001/100/data.json.gz"] = gzipped(tree["c/0/001/100/data.json"]);
  for (const Kind kind : {Kind::read_failed, Kind::out_of_resources}) {
    const TempDir temp;
    write_tree(temp.path("source"), tree);
    UnreadableGzip files(kind);
    const Summary summary = migrate_with(files, serial(temp, "target", DataMode::copy), {});
    const bool bad = kind == Kind::read_failed;
    EXPECT_EQ(summary.outcome, bad ? Outcome::bad_jobs : Outcome::failed);
    const std::vector<Error>& told = bad ? summary.bad : summary.errors;
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].kind, kind);
    EXPECT_EQ(told[0].file, "data.json.gz");
    EXPECT_FALSE(read_tree(temp.path("target")).contains("c/0/001/100/data.json"));
  }
}

}  // namespace jobferry::test
