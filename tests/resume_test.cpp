// A run is killed or loses power at any call, or the source changes between runs. The same command then
// completes the target, with the same bytes.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <regex>
#include <thread>

#include "archive/layout.h"
#include "corpus/corpus.h"
#include "engine/resume.h"
#include "engine/run.h"
#include "engine/state.h"
#include "engine/state_overview.h"
#include "forwarding.h"
#include "reports.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

const std::string marker = "jobferry.unfinished";

// tests/large.sh runs more than an ordinary run of the suite has time for.
int as_large(int small, int large) { return std::getenv("JOBFERRY_LARGE") ? large : small; }

class CountingFiles : public ForwardingFiles {
 public:
  std::uint64_t calls() const { return calls_; }
  // The number of such calls on paths that contain the word.
  std::uint64_t calls(const std::string& call, const std::string& word) const {
    return static_cast<std::uint64_t>(std::count_if(seen_.begin(), seen_.end(), [&](const auto& one) {
      return one.first == call && one.second.find(word) != one.second.npos;
    }));
  }

 private:
  Result<void> before(std::string_view call, const std::string& path) override {
    const std::lock_guard lock(mutex_);
    ++calls_;
    seen_.emplace_back(call, path);
    return {};
  }
  std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::vector<std::pair<std::string, std::string>> seen_;
};

// Kills its process before the n-th call. If that call makes a file, half of the file may be written before.
class KilledFiles : public ForwardingFiles {
 public:
  explicit KilledFiles(std::uint64_t nth) : nth_(nth) {}

 private:
  Result<void> before(std::string_view call, const std::string& path) override {
    if (++calls_ != nth_) return {};
    const bool makes_a_file = call == "write" || call == "copy" || call == "link" || call == "reflink";
    if (makes_a_file && nth_ % 2) std::ofstream(path) << "{\"half";
    ::kill(::getpid(), SIGKILL);
    return {};
  }
  const std::uint64_t nth_;
  std::atomic<std::uint64_t> calls_{0};
};

// Simulates a power loss at the n-th call: any part of the changes since the last sync may be lost.
class PowerlessFiles : public ForwardingFiles {
 public:
  PowerlessFiles(std::uint64_t nth, unsigned seed) : nth_(nth), random_(seed) {}

  Result<void> sync(const std::string& path) override {
    std::size_t before_it = 0;
    {
      const std::lock_guard lock(mutex_);
      before_it = unsynced_.size();
    }
    auto done = ForwardingFiles::sync(path);
    const std::lock_guard lock(mutex_);
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + static_cast<std::ptrdiff_t>(before_it));
    return done;
  }

 private:
  struct Change {
    std::string call, path, content;  // of a file that was removed
  };
  Result<void> before(std::string_view call, const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (++calls_ == nth_) lose();
    static const std::set<std::string_view> changes = {"make_directory", "write",   "replace", "copy",
                                                       "link",           "reflink", "remove"};
    if (!changes.contains(call)) return {};
    const bool is_file = fs::is_regular_file(path);
    if (call == "make_directory" && fs::exists(path)) return {};
    const bool has_gone = call == "remove" || call == "replace";
    unsynced_.push_back({std::string(call), path, has_gone && is_file ? read_file(path) : ""});
    return {};
  }
  void lose() {
    boost::system::error_code ignored;
    for (auto change = unsynced_.rbegin(); change != unsynced_.rend(); ++change) {
      const auto fortune = random_() % 3;
      if (fortune == 0) continue;  // this change was not lost
      if (change->call == "remove") {
        if (!fs::exists(change->path)) std::ofstream(change->path) << change->content;
      } else if (change->call == "replace") {
        if (!change->content.empty()) std::ofstream(change->path) << change->content;
      } else if (change->call == "write" && fortune == 1 && fs::is_regular_file(change->path)) {
        const auto size = fs::file_size(change->path);
        fs::resize_file(change->path, size ? random_() % size : 0, ignored);
      } else {
        fs::remove(change->path, ignored);  // removes a directory only if it is empty
      }
    }
    ::kill(::getpid(), SIGKILL);
  }

  const std::uint64_t nth_;
  std::mt19937 random_;
  std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::vector<Change> unsynced_;
};

void make_source(const TempDir& temp, int version, std::uint64_t jobs, unsigned seed = 1) {
  corpus::Shape shape;
  shape.version = version;
  shape.jobs = jobs;
  shape.seed = seed;
  shape.median_bytes = 500;
  corpus::make_archive(temp.path("source"), shape);
}

Options options_for(const TempDir& temp, const std::string& target, bool serial) {
  Options options;
  options.source = temp.path("source");
  options.target = temp.path(target);
  options.debug = serial;
  options.threads = 2;
  options.data = DataMode::copy;
  options.checkpoint_interval = std::chrono::milliseconds(1);
  return options;
}

// Migrates in a separate process, which these files kill. True if they did.
bool is_killed(const std::function<std::unique_ptr<Files>()>& make_files, const Options& options) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto files = make_files();
    (void)migrate_with(*files, options, {});
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

// A target that a server would accept must be complete. A server accepts it if version.txt has the number,
// with or without a newline. It does not accept an empty or incomplete number.
std::string wrong_before_resume(const Tree& whole, const std::string& target) {
  Tree found = read_tree(target);
  found.erase(marker);
  const auto version = found.find("version.txt");
  const std::string& line = whole.at("version.txt");
  if (version == found.end() || (version->second != line && version->second + '\n' != line)) return "";
  version->second = line;
  return difference(whole, found);
}

struct Whole {
  Tree tree;
  std::uint64_t calls = 0;  // of an uninterrupted run
  Summary summary;
};

Whole run_whole(const TempDir& temp, bool serial) {
  CountingFiles files;
  Whole whole;
  whole.summary = migrate_with(files, options_for(temp, "whole", serial), {});
  whole.tree = read_tree(temp.path("whole"));
  whole.calls = files.calls();
  return whole;
}

std::string why(const Options& options, const Summary& summary) {
  std::string text = summary_text(options, summary);
  for (const Error& error : summary.errors) text += describe(error) + '\n';
  return text;
}

// The contents of a report, without times and without what only a resumed run has.
std::string report_of(const Summary& summary) {
  std::string text;
  for (const auto& [name, c] : summary.clusters)
    text += fmt::format("{} {} {} {} {} {} {} {} {}\n", name, c.migrated, c.skipped, c.bad, c.carried_unread,
                        c.carried, c.left_behind, c.bytes_in, c.bytes_out);
  for (const auto& [code, n] : summary.notes)
    text += fmt::format("{} {} {} {} {} {} {}\n", code, n.count, n.subjects, n.subject, n.file, n.pointer,
                        n.detail);
  for (const Error& error : summary.skipped) text += describe(error) + '\n';
  for (const Error& error : summary.bad) text += describe(error) + '\n';
  return text;
}

void expect_completed(const Whole& whole, const Options& options) {
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  EXPECT_EQ(difference(whole.tree, read_tree(options.target)), "");
  EXPECT_EQ(report_of(summary), report_of(whole.summary));
  const auto state = read_state_overview(options.target + ".jobferry");
  ASSERT_TRUE(state);
  EXPECT_TRUE(is_complete(*state));
}

std::string refusal(const Options& options) {
  const Summary summary = migrate_with(*real_files(false), options, {});
  return summary.errors.empty() ? "not refused" : describe(summary.errors[0]);
}

}  // namespace

class Killed : public testing::TestWithParam<int> {};

TEST_P(Killed, AtEveryCall) {
  const TempDir temp;
  make_source(temp, GetParam(), static_cast<std::uint64_t>(as_large(4, 30)));
  const Whole whole = run_whole(temp, true);
  ASSERT_EQ(whole.summary.outcome, Outcome::complete);
  std::uint64_t kills = 0;
  for (std::uint64_t n = 1; n <= whole.calls; ++n) {
    SCOPED_TRACE(fmt::format("killed at call {}", n));
    const Options options = options_for(temp, fmt::format("target{}", n), true);
    // Checkpoints run on a separate thread, so the number of calls varies.
    kills += is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
    EXPECT_EQ(wrong_before_resume(whole.tree, options.target), "");
    expect_completed(whole, options);
    fs::remove_all(options.target);
  }
  EXPECT_GE(kills, whole.calls / 2);
}

INSTANTIATE_TEST_SUITE_P(Versions, Killed, testing::Values(0, 1));

// A job that a killed run did not finish disappears from the source. The next run removes all of its files.
TEST(Killed, AndThenAJobIsGone) {
  const TempDir temp;
  make_source(temp, 0, 4);
  const Whole whole = run_whole(temp, true);
  const Tree source = read_tree(temp.path("source"));
  std::string gone;  // the last job
  for (const auto& [path, content] : whole.tree)
    if (path.ends_with("/meta.json")) gone = fs::path(path).parent_path().string();
  std::uint64_t kills = 0;
  for (std::uint64_t n = 1; n <= whole.calls; ++n) {
    const Options options = options_for(temp, fmt::format("target{}", n), true);
    kills += is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
    fs::rename(options.source + '/' + gone, temp.path("aside"));
    const Summary summary = migrate_with(*real_files(false), options, {});
    fs::rename(temp.path("aside"), options.source + '/' + gone);
    SCOPED_TRACE(fmt::format("killed at call {}", n));
    EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
    const Tree found = read_tree(options.target);
    const bool kept = !summary.vanished.empty();
    for (const auto& [path, content] : whole.tree) {
      const bool of_it = path.starts_with(gone + '/');
      EXPECT_EQ(found.contains(path), !of_it || kept) << path;
      if (found.contains(path)) EXPECT_EQ(found.at(path), content) << path;
    }
    for (const auto& [path, content] : found) EXPECT_TRUE(whole.tree.contains(path)) << path;
  }
  EXPECT_GE(kills, whole.calls / 2);
}

// A job that was migrated and is now empty is removed with its directories.
TEST(CatchUp, AJobThatIsNowSkippedIsRemoved) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0));
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  write_file(options.source + "/c/0/001/100/data.json", "");
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete);
  EXPECT_EQ(summary.skipped.size(), 1U);
  Options anew = options;
  anew.target = temp.path("anew");
  ASSERT_EQ(migrate_with(*real_files(false), anew, {}).outcome, Outcome::complete);
  EXPECT_EQ(difference(read_tree(anew.target), read_tree(options.target)), "");
}

// Several kills in one migration, each run with another number of threads, and in the catch-up that follows.
TEST(Killed, ManyTimesInTheGraph) {
  std::mt19937 random(7);
  int kills = 0;
  for (int round = 0; round < as_large(8, 50); ++round) {
    const TempDir temp;
    make_source(temp, 0, 30, static_cast<unsigned>(round));
    const Whole whole = run_whole(temp, false);
    Options options = options_for(temp, "target", false);
    for (int i = 0; i < 4; ++i) {
      const auto n = 1 + random() % whole.calls;
      options.threads = static_cast<unsigned>(1 + random() % 3);
      kills += is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
      EXPECT_EQ(wrong_before_resume(whole.tree, options.target), "");
    }
    expect_completed(whole, options);
  }
  EXPECT_GE(kills, as_large(8, 50));
}

class PowerLoss : public testing::TestWithParam<int> {};

TEST_P(PowerLoss, LosesNothingThatTheStateCallsDone) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  const TempDir temp;
  make_source(temp, GetParam() % 2, 20);
  const Whole whole = run_whole(temp, GetParam() % 3 == 0);
  int kills = 0;
  for (int i = 0; i < as_large(10, 100); ++i) {
    const Options options = options_for(temp, fmt::format("target{}", i), GetParam() % 3 == 0);
    for (int loss = 0; loss < 2; ++loss) {
      const auto n = 1 + random() % whole.calls;
      const auto seed = static_cast<unsigned>(random());
      SCOPED_TRACE(fmt::format("without power at call {}", n));
      kills += is_killed([n, seed] { return std::make_unique<PowerlessFiles>(n, seed); }, options);
      EXPECT_EQ(wrong_before_resume(whole.tree, options.target), "");
    }
    expect_completed(whole, options);
  }
  EXPECT_GE(kills, as_large(10, 100));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerLoss, testing::Range(1, 6));

TEST(Resume, DoesNotReadFinishedJobsAgain) {
  const TempDir temp;
  make_source(temp, 0, 6);
  const Options options = options_for(temp, "target", true);
  CountingFiles first, second;
  ASSERT_EQ(migrate_with(first, options, {}).outcome, Outcome::complete);
  const Summary again = migrate_with(second, options, {});
  EXPECT_EQ(again.outcome, Outcome::complete);
  EXPECT_TRUE(again.resumed);
  const ClusterCounts total = again.total();
  EXPECT_EQ(again.unchanged, total.migrated + total.skipped);
  EXPECT_GT(first.calls("read", "data.json"), 0U);
  EXPECT_EQ(second.calls("read", "meta.json"), 0U);
  EXPECT_EQ(second.calls("read", "data.json"), 0U);
  EXPECT_EQ(second.calls("write", "meta.json"), 0U);
}

// A first run before the downtime, then a second one for jobs that are new, changed or gone since.
TEST(CatchUp, MigratesWhatHasChangedSince) {
  const TempDir temp;
  make_source(temp, 0, 12);
  const Options options = options_for(temp, "target", false);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  const Tree before = read_tree(options.source);
  const Tree first = read_tree(options.target);
  std::vector<std::string> jobs;
  for (const auto& [path, content] : before)
    if (path.ends_with("/meta.json") && !content.empty() && first.contains(path))
      jobs.push_back(fs::path(path).parent_path().string());
  ASSERT_GE(jobs.size(), 4U);

  // One job is removed, one changes, one becomes bad, one is new.
  const std::string gone = jobs[0], changed = jobs[1], broken = jobs[2], fresh = jobs[3];
  const Tree kept = read_tree(options.source + '/' + fresh);
  fs::remove_all(options.source + '/' + gone);
  std::string meta = read_file(options.source + '/' + changed + "/meta.json");
  meta.replace(meta.rfind('}'), 1, ",\"added\":1}");
  write_file(options.source + '/' + changed + "/meta.json", meta);
  write_file(options.source + '/' + broken + "/meta.json", "{");
  Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::bad_jobs) << why(options, summary);
  EXPECT_EQ(summary.vanished, std::vector<std::string>{gone});
  Tree found = read_tree(options.target);
  EXPECT_FALSE(found.contains("version.txt"));
  EXPECT_TRUE(found.contains(marker));
  for (const auto& [path, content] : found) EXPECT_FALSE(path.starts_with(broken + '/')) << path;
  EXPECT_NE(found[changed + "/meta.json"].find("\"added\":1"), std::string::npos);

  // The bad job is fixed: the target is complete again, and the same as after a single run.
  write_file(options.source + '/' + broken + "/meta.json", before.at(broken + "/meta.json"));
  summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  Options anew = options;
  anew.target = temp.path("anew");
  ASSERT_EQ(migrate_with(*real_files(false), anew, {}).outcome, Outcome::complete);
  found = read_tree(options.target);
  for (auto at = found.begin(); at != found.end();)
    at = at->first.starts_with(gone + '/') ? found.erase(at) : std::next(at);
  EXPECT_EQ(difference(read_tree(anew.target), found), "");
}

TEST(CatchUp, KilledAtEveryCall) {
  const TempDir temp;
  make_source(temp, 0, 4);
  for (std::uint64_t n = 1; n < 200; ++n) {
    const Options options = options_for(temp, fmt::format("target{}", n), true);
    ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
    // A new inode makes the file count as changed.
    for (const auto& entry : fs::recursive_directory_iterator(options.source))
      if (entry.path().filename() == "meta.json") {
        const std::string content = read_file(entry.path().string());
        fs::remove(entry.path());
        write_file(entry.path().string(), content);
        break;
      }
    const Tree whole = read_tree(options.target);
    SCOPED_TRACE(fmt::format("killed at call {}", n));
    const bool killed = is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
    EXPECT_EQ(wrong_before_resume(whole, options.target), "");
    const Summary summary = migrate_with(*real_files(false), options, {});
    EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
    EXPECT_EQ(difference(whole, read_tree(options.target)), "");
    if (!killed) return;
  }
}

// A run with --restart is killed at any call, with a complete or unfinished target. The command without
// --restart then completes it, and no deleted job counts as done.
TEST(Restart, KilledAtEveryCall) {
  for (const bool was_complete : {true, false}) {
    const TempDir temp;
    make_source(temp, 0, 4);
    const Whole whole = run_whole(temp, true);
    bool killed = true;
    int kills = 0;
    for (std::uint64_t n = 1; killed; ++n) {
      SCOPED_TRACE(fmt::format("killed at call {}, {}", n, was_complete ? "complete" : "interrupted"));
      Options options = options_for(temp, fmt::format("target{}", n), true);
      if (was_complete)
        ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
      else
        ASSERT_TRUE(is_killed([&] { return std::make_unique<KilledFiles>(whole.calls - 14); }, options));
      options.restart = true;
      killed = is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
      kills += killed;
      options.restart = false;
      EXPECT_EQ(wrong_before_resume(whole.tree, options.target), "");
      const Summary summary = migrate_with(*real_files(false), options, {});
      EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
      EXPECT_EQ(difference(whole.tree, read_tree(options.target)), "");
    }
    EXPECT_GT(kills, static_cast<int>(whole.calls));
  }
}

// A state that is inconsistent or cannot be read does not count as empty.
TEST(State, ThatIsDamagedDeletesNothing) {
  const std::pair<std::string, std::string> damages[] = {
      {"a row", "UPDATE jobs SET outcome = 'x' WHERE job = (SELECT max(job) FROM jobs)"},
      {"the class of a bad job", "UPDATE jobs SET outcome = 'bad', class = 'no-such-class'"},
      {"notes", "UPDATE jobs SET notes = '{'"},
      {"a table that is gone", "DROP TABLE jobs"},
      {"noise behind the first page", "PRAGMA wal_checkpoint(TRUNCATE)"}};
  for (const auto& [what, change] : damages) {
    SCOPED_TRACE(what);
    const TempDir temp;
    make_source(temp, 0, 4);
    write_file(temp.path("source/birch/40/999/1/meta.json"), "{");  // keeps the target unfinished
    const Options options = options_for(temp, "target", true);
    ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::bad_jobs);
    const std::string file = options.target + ".jobferry/state.db";
    ASSERT_EQ(read_state_overview(options.target + ".jobferry")->outcomes.at("migrated"), 4U);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, change.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);  // what is in the log is in the file now
    if (change.starts_with("PRAGMA")) {
      std::string bytes = read_file(file);
      ASSERT_GT(bytes.size(), 8192U);
      for (std::size_t at = 4096; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 7);
      write_file(file, bytes);
    }
    Tree before = read_tree(options.target);
    ASSERT_FALSE(before.contains("version.txt"));
    const std::string words = refusal(options);
    EXPECT_NE(words.find("state-unusable"), std::string::npos) << words;
    Tree after = read_tree(options.target);
    EXPECT_EQ(before.erase(marker) + after.erase(marker), 2U);  // it has a new id
    EXPECT_EQ(difference(before, after), "");
  }
}

// SQLite would wait for a FIFO to open.
TEST(State, IsMadeOfRegularFiles) {
  const TempDir temp;
  const std::string state = temp.path("state");
  ASSERT_TRUE(State::open(state));
  for (const std::string name : {"state.db", "state.db-journal", "state.db-wal", "state.db-shm"}) {
    SCOPED_TRACE(name);
    const std::string path = state + '/' + name;
    const std::string kept = fs::exists(path) ? read_file(path) : "";
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto opened = State::open(state);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().file, path);
    const auto seen = read_state_overview(state);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().kind, Kind::state_unusable);
    fs::remove(path);
    if (!kept.empty()) write_file(path, kept);
  }
}

// An unfinished target belongs to the state with the ID of its marker, a complete one is known by its files.
// Inodes and devices do not matter.
TEST(Identity, OfAnInterruptedTargetIsItsMarker) {
  const TempDir temp;
  make_source(temp, 0, 4);
  const Whole whole = run_whole(temp, true);
  const Options options = options_for(temp, "target", true);
  const auto interrupt = [&] {
    fs::remove_all(options.target);
    fs::remove_all(options.target + ".jobferry");
    ASSERT_TRUE(is_killed([&] { return std::make_unique<KilledFiles>(whole.calls - 14); }, options));
  };
  const auto copy_of_target = [&] {
    write_tree(temp.path("copy"), read_tree(options.target));
    fs::remove_all(options.target);
    fs::rename(temp.path("copy"), options.target);
  };
  // A copy has other inodes. The run resumes.
  interrupt();
  copy_of_target();
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  EXPECT_TRUE(summary.resumed);
  EXPECT_EQ(difference(whole.tree, read_tree(options.target)), "");
  // A target of another migration, or one that was deleted and made again, is refused and left alone.
  for (const std::string& other :
       {marker_text({3, new_id()}), std::string("jobferry 1 version=3"), std::string()}) {
    interrupt();
    fs::remove_all(options.target);
    write_tree(options.target, {{"c/0/001/100/meta.json", "{}"}});
    if (!other.empty()) write_file(options.target + '/' + marker, other);
    const Tree before = read_tree(options.target);
    const std::string words = refusal(options);
    EXPECT_NE(words.find("the target and the state beside it do not belong together"), std::string::npos)
        << words;
    EXPECT_EQ(difference(before, read_tree(options.target)), "");
  }
}

namespace {

// Copies with times, owners and modes, as an admin does before an upgrade.
void copy_all(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  ASSERT_EQ(std::system(fmt::format("cp -a '{}' '{}'", from, to).c_str()), 0);
}

}  // namespace

// If only the target or only its state is replaced by an older copy, they do not fit: the state may list jobs
// that the target does not have, and the run would then complete without them.
TEST(Identity, OfAnOlderCopyIsAnother) {
  const TempDir temp;
  make_source(temp, 1, 8);
  const Whole whole = run_whole(temp, true);
  const Options options = options_for(temp, "target", true);
  const std::string state = options.target + ".jobferry", aside = temp.path("aside");
  std::string job;
  for (const auto& [path, content] : whole.tree)
    if (path.ends_with("/meta.json")) job = fs::path(path).parent_path().string();
  const auto interrupt_at = [&](std::uint64_t call) {
    ASSERT_TRUE(is_killed([&] { return std::make_unique<KilledFiles>(call); }, options));
  };
  const auto touch_source = [&] { write_file(options.source + '/' + job + "/added", "later"); };
  const auto run = [&] {
    const Summary summary = migrate_with(*real_files(false), options, {});
    EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  };
  struct Story {
    std::string name;
    std::function<void()> first, second;  // the runs before and after the copy
  };
  Options restarted = options;
  restarted.restart = true;
  const std::vector<Story> stories = {
      {"two that were ended", [&] { interrupt_at(whole.calls / 3); }, [&] { interrupt_at(whole.calls / 2); }},
      {"one that was ended, and its end", [&] { interrupt_at(whole.calls / 3); }, run},
      {"a catch-up", run, [&] { touch_source(), run(); }},
      {"a restart that was ended", run,
       [&] {
         ASSERT_TRUE(is_killed([] { return std::make_unique<KilledFiles>(60); }, restarted));
         ASSERT_NE(difference(whole.tree, read_tree(options.target)), "");
       }},
  };
  for (const auto& [name, first, second] : stories)
    for (const std::string& copied : {options.target, state}) {
      SCOPED_TRACE(fmt::format("{}: {}", name, copied));
      fs::remove_all(options.target), fs::remove_all(state);
      fs::remove(options.source + '/' + job + "/added");
      first();
      copy_all(copied, aside);
      second();
      fs::remove_all(copied);
      fs::rename(aside, copied);
      const Tree before = read_tree(options.target);
      const std::string words = refusal(options);
      EXPECT_NE(words.find("an older copy"), std::string::npos) << words;
      EXPECT_EQ(difference(before, read_tree(options.target)), "");
    }
}

namespace {

// A complete target of four jobs, and one of these jobs that a test changes.
struct CatchUpScene {
  CatchUpScene() {
    make_source(temp, 0, 4);
    options = options_for(temp, "target", true);
    EXPECT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
    whole = read_tree(options.target);
    for (const auto& [path, content] : whole)
      if (path.ends_with("/meta.json")) job = fs::path(path).parent_path().string();
  }
  std::string in_source(const std::string& name) const { return options.source + '/' + job + '/' + name; }

  // Changes the source, kills the catch-up at its n-th call, changes the source again and completes. Repeats
  // this for every n.
  void kill_at_every_call(const std::function<void()>& change, const std::function<void()>& change_again,
                          const std::function<void()>& check) {
    int kills = 0;
    for (std::uint64_t n = 1;; ++n) {
      SCOPED_TRACE(fmt::format("killed at call {}", n));
      change();
      const bool killed = is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
      change_again();
      const Summary summary = migrate_with(*real_files(false), options, {});
      EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
      check();
      if (!killed) break;
      ++kills;
    }
    EXPECT_GT(kills, 20);
  }

  TempDir temp;
  Options options;
  Tree whole;
  std::string job;
};

}  // namespace

// A job changes, a catch-up is killed while it writes the job, and the change is undone. The row of the first
// run must not count, because the target may have the changed job.
TEST(CatchUp, AChangeThatIsTakenBackCostsNoJob) {
  CatchUpScene scene;
  scene.kill_at_every_call([&] { write_file(scene.in_source("added"), std::string(100'000, 'x')); },
                           [&] { fs::remove(scene.in_source("added")); },
                           [&] { EXPECT_EQ(difference(scene.whole, read_tree(scene.options.target)), ""); });
}

// A catch-up is killed while it writes a new job, and the job disappears from the source. The next run
// removes it, and keeps files that others put into the complete target.
TEST(CatchUp, KilledAndThenANewJobIsGone) {
  CatchUpScene scene;
  const std::string theirs = fs::path(scene.job).parent_path().parent_path().string() + "/999/1/notes";
  write_file(scene.options.target + '/' + theirs, "theirs");
  scene.whole[theirs] = "theirs";
  const fs::path cluster = fs::path(scene.job).begin()->string();
  const std::string fresh = scene.options.source + '/' + cluster.string() + "/7/007/1577840000";
  std::string meta = read_file(scene.in_source("meta.json"));
  const auto replace = [&](const std::string& name, const std::string& value) {
    meta = std::regex_replace(meta, std::regex("\"" + name + "\": *[0-9]+"), "\"" + name + "\":" + value);
  };
  replace("jobId", "7007");
  replace("startTime", "1577840000");
  scene.kill_at_every_call(
      [&] { write_file(fresh + "/meta.json", meta), write_file(fresh + "/note", std::string(100'000, 'x')); },
      [&] { fs::remove_all(scene.options.source + '/' + cluster.string() + "/7"); },
      [&] {
        Tree found = read_tree(scene.options.target);
        // A job that was written completely may stay, as a job that only the target has.
        if (found.contains(cluster.string() + "/7/007/1577840000/meta.json"))
          fs::remove_all(scene.options.target + '/' + cluster.string() + "/7"),
              found = read_tree(scene.options.target);
        EXPECT_EQ(difference(scene.whole, found), "");
      });
}

// An admin removed version.txt so that no server starts. Files of others in the target stay.
TEST(CatchUp, OfATargetWithoutVersionKeepsWhatItDoesNotKnow) {
  CatchUpScene scene;
  write_file(scene.options.target + "/aspen/9/999/1/meta.json", "theirs");
  fs::remove(scene.options.target + "/version.txt");
  const Summary summary = migrate_with(*real_files(false), scene.options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(scene.options, summary);
  Tree expected = scene.whole;
  expected["aspen/9/999/1/meta.json"] = "theirs";
  EXPECT_EQ(difference(expected, read_tree(scene.options.target)), "");
}

// A source that cannot be read is no reason to delete migrated jobs.
TEST(CatchUp, AJobThatCannotBeReadNowKeepsItsCopy) {
  class Unlisted : public ForwardingFiles {
   public:
    explicit Unlisted(std::string directory) : directory_(std::move(directory)) {}

   private:
    Result<void> before(std::string_view call, const std::string& path) override {
      if (call == "list" && path == directory_) return Error{Kind::read_failed, "planned failure"};
      return {};
    }
    const std::string directory_;
  };
  CatchUpScene scene;
  Unlisted files(scene.options.source + '/' + scene.job);
  const Summary summary = migrate_with(files, scene.options, {});
  EXPECT_EQ(summary.outcome, Outcome::bad_jobs) << why(scene.options, summary);
  Tree found = read_tree(scene.options.target);
  found.erase(marker);
  found["version.txt"] = scene.whole["version.txt"];
  EXPECT_EQ(difference(scene.whole, found), "");
  const Summary again = migrate_with(*real_files(false), scene.options, {});
  EXPECT_EQ(again.outcome, Outcome::complete) << why(scene.options, again);
  EXPECT_EQ(again.unchanged, 4U);
  EXPECT_EQ(difference(scene.whole, read_tree(scene.options.target)), "");
}

// A run is killed about when it writes the marker, and the next run is refused.
TEST(Resume, TheMarkerOfAnEarlyKillKeepsItsId) {
  const TempDir temp;
  make_source(temp, 0, 4);
  const Whole whole = run_whole(temp, true);
  for (std::uint64_t n = 1; n < 30; ++n) {
    SCOPED_TRACE(fmt::format("killed at call {}", n));
    Options options = options_for(temp, fmt::format("target{}", n), true);
    for (int twice = 0; twice < 2; ++twice) {
      (void)is_killed([n] { return std::make_unique<KilledFiles>(n); }, options);
      options.only_bad = true;
      (void)migrate_with(*real_files(false), options, {});
      options.only_bad = false;
    }
    expect_completed(whole, options);
  }
}

// The clock is set back, before the end of the run and the times of the files. A file that differs is
// migrated again, whether it is newer or older.
TEST(CatchUp, TheClockMayGoBack) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0));
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  {
    const auto state = State::open(state_directory(options));
    ASSERT_TRUE(state);
    ASSERT_TRUE((*state)->set({{"finished", "4000000000000000000"}, {"started", "2096-10-02T07:06:40Z"}}));
  }
  const std::string meta = options.source + "/c/0/001/100/meta.json";
  std::string content = read_file(meta);
  write_file(meta, content.insert(content.rfind('}'), ",\"added\":1"));
  fs::last_write_time(meta, 1'000'000'000);
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  EXPECT_EQ(summary.unchanged, 0U);
  EXPECT_NE(read_file(options.target + "/c/0/001/100/meta.json").find("added"), std::string::npos);
}

// Jobs depend on their cluster.json.
TEST(CatchUp, AChangedClusterFileChangesItsJobs) {
  const TempDir temp;
  Tree tree = plain_archive(0);
  write_tree(temp.path("source"), tree);
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  std::string cluster = tree["c/cluster.json"];
  cluster.insert(cluster.rfind('}'), " ");
  write_file(temp.path("source/c/cluster.json"), cluster);
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete);
  EXPECT_EQ(summary.unchanged, 0U);
}

TEST(Resume, IsRefusedWithOtherOptions) {
  const TempDir temp;
  make_source(temp, 0, 3);
  Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  const Tree before = read_tree(options.target);
  options.compress = Compression::none;
  const std::string words = refusal(options);
  EXPECT_NE(words.find("state-unusable: the options of this run and of the one that began the target differ: "
                       "then `--to 3 --data copy`"),
            std::string::npos)
      << words;
  EXPECT_NE(words.find("now `--to 3 --data copy --compress none`"), std::string::npos) << words;
  EXPECT_EQ(difference(before, read_tree(options.target)), "");
  options.restart = true;
  EXPECT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  EXPECT_NE(difference(before, read_tree(options.target)), "");
}

TEST(Resume, OfATargetThatIsGoneStartsOver) {
  const TempDir temp;
  make_source(temp, 0, 3);
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  const Tree whole = read_tree(options.target);
  fs::remove_all(options.target);
  const Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  EXPECT_FALSE(summary.resumed);
  EXPECT_EQ(difference(whole, read_tree(options.target)), "");
}

TEST(Resume, IsRefusedOnAnotherTarget) {
  const TempDir temp;
  make_source(temp, 0, 3);
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  fs::rename(options.target, temp.path("aside"));
  write_file(temp.path("target/precious"), "mine");
  EXPECT_NE(refusal(options).find("the target and the state beside it do not belong together"),
            std::string::npos);
  Options restart = options;
  restart.restart = true;
  EXPECT_NE(refusal(restart).find("--restart: the target is not of an unfinished migration"),
            std::string::npos);
  EXPECT_EQ(read_file(temp.path("target/precious")), "mine");
}

TEST(CatchUp, IsRefusedIfAServerWroteIntoTheTarget) {
  const TempDir temp;
  make_source(temp, 0, 3);
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  const Tree tree = read_tree(options.target);
  const auto meta = std::find_if(tree.begin(), tree.end(),
                                 [](const auto& file) { return file.first.ends_with("/meta.json"); });
  ASSERT_NE(meta, tree.end());
  std::this_thread::sleep_for(
      std::chrono::milliseconds(50));  // the clock of the file system has a resolution of some milliseconds
  write_file(options.target + '/' + meta->first, meta->second + ' ');
  const std::string words = refusal(options);
  EXPECT_NE(words.find("has been changed since"), std::string::npos) << words;
  EXPECT_NE(words.find(meta->first), std::string::npos) << words;
  EXPECT_TRUE(fs::exists(options.target + "/version.txt"));
}

TEST(Lock, ASecondRunIsRefused) {
  const TempDir temp;
  make_source(temp, 0, 3);
  const Options options = options_for(temp, "target", true);
  {
    const auto held = State::open(state_directory(options));
    ASSERT_TRUE(held);
    const std::string words = refusal(options);
    EXPECT_NE(words.find("another jobferry is at work on this target (host "), std::string::npos) << words;
    EXPECT_NE(words.find(fmt::format("pid {}", ::getpid())), std::string::npos) << words;
    EXPECT_FALSE(fs::exists(options.target));
  }
  // A lock file without its process has no effect.
  EXPECT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
}

TEST(Lock, NamesItsHolderInTheStatus) {
  const TempDir temp;
  make_source(temp, 0, 3);
  const Options options = options_for(temp, "target", true);
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  auto held = State::open(state_directory(options));
  ASSERT_TRUE(held);
  auto seen = read_state_overview(state_directory(options));
  ASSERT_TRUE(seen);
  EXPECT_NE(seen->holder.find(fmt::format("pid {}, since ", ::getpid())), std::string::npos) << seen->holder;
  EXPECT_FALSE(is_complete(*seen));
  EXPECT_TRUE(to_text(status_document(*seen)).starts_with("Migration running\n"))
      << to_text(status_document(*seen));
  (*held).reset();
  seen = read_state_overview(state_directory(options));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->holder, "");
  EXPECT_TRUE(is_complete(*seen));
}

TEST(State, IsKeptOutsideOfArchives) {
  const TempDir temp;
  make_source(temp, 0, 3);
  Options options = options_for(temp, "target", true);
  for (const std::string inside : {"target/state", "source/state"}) {
    options.state = temp.path(inside);
    EXPECT_NE(refusal(options).find("--state: it lies in an archive"), std::string::npos);
  }
  options.target += '/';
  options.state.clear();
  EXPECT_EQ(state_directory(options), temp.path("target.jobferry"));
}

// Selected jobs, then the rest, then a bad one: the target ends up the same.
TEST(Selection, OfJobsByNameAndOfBadOnes) {
  const TempDir temp;
  make_source(temp, 0, 8);
  const Whole whole = run_whole(temp, true);
  std::vector<std::string> jobs;
  for (const auto& [path, content] : whole.tree)
    if (path.ends_with("/meta.json")) jobs.push_back(fs::path(path).parent_path().string());
  ASSERT_GE(jobs.size(), 4U);
  const auto name_of_job = [](const std::string& path) {
    const fs::path job(path);
    auto part = job.begin();
    const std::string cluster = (part++)->string();
    const std::uint64_t thousands = std::stoull((part++)->string());
    return JobName{cluster, thousands * 1000 + std::stoull((part++)->string()), ""};
  };
  Options options = options_for(temp, "target", true);
  options.only_bad = true;
  EXPECT_NE(refusal(options).find("--only-bad: there is no earlier run"), std::string::npos);
  options.only_bad = false;

  options.jobs = {name_of_job(jobs[1]), name_of_job(jobs[2])};
  Summary summary = migrate_with(*real_files(false), options, {});
  EXPECT_EQ(summary.outcome, Outcome::partial) << why(options, summary);
  EXPECT_EQ(summary.total().migrated, 2U);
  const Tree two = read_tree(options.target);
  EXPECT_TRUE(two.contains(jobs[1] + "/meta.json"));
  EXPECT_FALSE(two.contains(jobs[0] + "/meta.json"));
  EXPECT_FALSE(two.contains("version.txt"));
  options.jobs = {{"nowhere", 7, ""}};
  EXPECT_NE(refusal(options).find("--job: the archive has no job nowhere/7"), std::string::npos);

  // One job is bad. Once it is fixed, --only-bad tries only this job again.
  options.jobs.clear();
  const std::string broken = options.source + '/' + jobs[0] + "/meta.json", sound = read_file(broken);
  write_file(broken, "{");
  EXPECT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::bad_jobs);
  write_file(broken, sound);
  options.only_bad = true;
  CountingFiles counting;
  summary = migrate_with(counting, options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << why(options, summary);
  EXPECT_EQ(counting.calls("read", "meta.json"), 1U);
  EXPECT_EQ(difference(whole.tree, read_tree(options.target)), "");
}

TEST(Resume, WithoutStateNothingIsKept) {
  const TempDir temp;
  make_source(temp, 0, 3);
  Options options = options_for(temp, "target", true);
  options.keep_state = false;
  ASSERT_EQ(migrate_with(*real_files(false), options, {}).outcome, Outcome::complete);
  EXPECT_FALSE(fs::exists(temp.path("target.jobferry")));
  EXPECT_NE(refusal(options).find("the target is not empty"), std::string::npos);
}

namespace {

// A source that is unmounted at the n-th call.
class UnmountedFiles : public ForwardingFiles {
 public:
  UnmountedFiles(std::string source, std::uint64_t nth) : source_(std::move(source)), nth_(nth) {}

 private:
  Result<void> before(std::string_view, const std::string&) override {
    if (++calls_ == nth_) fs::rename(source_, source_ + ".away");
    return {};
  }
  const std::string source_;
  const std::uint64_t nth_;
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace

TEST(VanishedSource, EndsTheRunAndCostsNothing) {
  const TempDir temp;
  make_source(temp, 0, 5);
  const Whole whole = run_whole(temp, true);
  for (std::uint64_t n = 1; n < whole.calls; n += 3) {
    const Options options = options_for(temp, fmt::format("target{}", n), true);
    UnmountedFiles files(options.source, n);
    const Summary summary = migrate_with(files, options, {});
    SCOPED_TRACE(fmt::format("away at call {}: {}", n, why(options, summary)));
    EXPECT_TRUE(summary.outcome == Outcome::failed || summary.outcome == Outcome::complete);
    // Checkpoints run on a separate thread, so a run may end before its n-th call.
    if (fs::exists(options.source + ".away")) fs::rename(options.source + ".away", options.source);
    expect_completed(whole, options);
  }
}

namespace {

// A disk that another program fills at the n-th file.
class FillingFiles : public ForwardingFiles {
 public:
  FillingFiles(std::string filler, std::uint64_t nth, bool with_inodes)
      : filler_(std::move(filler)), nth_(nth), with_inodes_(with_inodes) {}

 private:
  Result<void> before(std::string_view call, const std::string&) override {
    if (call != "write" || ++writes_ != nth_) return {};
    boost::system::error_code full;
    for (int i = 0; with_inodes_ && !full; ++i)
      fs::create_directories(fmt::format("{}/{}", filler_, i), full);
    if (with_inodes_) return {};
    std::ofstream file(filler_);
    const std::string block(4096, 'x');
    while (file << block << std::flush) {
    }
    return {};
  }
  const std::string filler_;
  const std::uint64_t nth_;
  const bool with_inodes_;
  std::atomic<std::uint64_t> writes_{0};
};

}  // namespace

struct SmallDisk {
  std::string name, options;
  bool of_inodes;
};
class FullDisk : public testing::TestWithParam<SmallDisk> {};

TEST_P(FullDisk, KeepsItsStateAndResumes) {
  const TempDir temp;
  make_source(temp, 0, 20);
  const Whole whole = run_whole(temp, true);
  const std::string disk = temp.path("disk");
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, GetParam().options.c_str()) != 0)
    GTEST_SKIP() << "only root can mount a small disk";
  for (const std::uint64_t nth : {15U, 25U, 35U}) {
    Options options = options_for(temp, fmt::format("disk/target{}", nth), true);
    options.state = temp.path(fmt::format("state{}", nth));
    FillingFiles files(disk + "/filler", nth, GetParam().of_inodes);
    const Summary summary = migrate_with(files, options, {});
    EXPECT_EQ(summary.outcome, Outcome::failed);
    ASSERT_FALSE(summary.errors.empty());
    EXPECT_NE(describe(summary.errors[0]).find("No space left on device"), std::string::npos);
    EXPECT_NE(summary_text(options, summary)
                  .find("Make room at the target, or repair its disk, and run the same "
                        "command again to resume."),
              std::string::npos);
    fs::remove_all(disk + "/filler");
    const auto real = real_files(false);
    const Summary again = migrate_with(*real, options, {});
    EXPECT_EQ(again.outcome, Outcome::complete) << why(options, again);
    EXPECT_GT(again.unchanged, 0U);
    EXPECT_EQ(difference(whole.tree, read_tree(options.target)), "");
  }
  ::umount(disk.c_str());
}

INSTANTIATE_TEST_SUITE_P(Disks, FullDisk,
                         testing::Values(SmallDisk{"bytes", "size=8m", false},
                                         SmallDisk{"inodes", "size=80m,nr_inodes=600", true}),
                         [](const auto& test) { return test.param.name; });

}  // namespace jobferry::test
