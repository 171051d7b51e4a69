// Tries every failure of every libc call that touches the source, the target or the state, in every mode of a
// migration. Runs the program itself, with support/fault_shim.cpp in front of libc. In every case:
//
//   - the program ends within a minute, with a known exit code and a message, or is killed by the shim;
//   - a target that it reports as complete has the bytes and attributes of an undisturbed run;
//   - the source is unchanged;
//   - the next command of a user completes the target, with the same bytes.
//
// A test is one mode and one failure. It tries every n-th call, with another n and another first call for
// each failure, or every call if JOBFERRY_LARGE is set. Each test prints the number of runs that it
// disturbed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "corpus/corpus.h"
#include "engine/resume.h"
#include "engine/state.h"
#include "limited.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

using Settings = std::map<std::string, std::string>;

// A run may touch only `work`, which contains archive, target and target.jobferry. `kept` is a copy of the
// starting point.
class Workplace {
 public:
  std::string path(const std::string& name) const { return temp_.path("work/" + name); }
  std::string archive() const { return path("archive"); }
  std::string target() const { return path("target"); }
  std::string work() const { return temp_.path("work"); }
  Tree all() const { return snapshot(work()); }

  // Runs the program for at most a minute.
  Ran run(const Words& words, Settings settings = {}) const {
    const Words common = {"--src", archive(), "--dst", target(), "--log-level", "warn"};
    fs::remove(temp_.path("hit"));
    const auto prepare = [&] {
      if (settings.empty()) return;
      ::setenv("LD_PRELOAD", FAULT_SHIM, 1);
      settings["SHIM_UNDER"] = work();
      settings["SHIM_COUNT"] = temp_.path("count");
      settings["SHIM_HIT"] = temp_.path("hit");
      for (const auto& [name, value] : settings) ::setenv(name.c_str(), value.c_str(), 1);
    };
    return run_for(60s, common + words, temp_.path(), temp_.path("output"), prepare);
  }
  int calls() const { return std::stoi(read_file(temp_.path("count"))); }
  std::string hit() const { return read_file(temp_.path("hit")); }  // the call that failed; empty: none

  void keep() { shell("rm -rf kept && cp -a work kept"); }
  // Does not copy the archive: nothing changes it, and the state knows its files by their inodes.
  void put_back() const {
    remove_target();
    shell("for each in target target.jobferry; do [ ! -e kept/$each ] || cp -a kept/$each work; done");
  }
  // Directories in it may be closed to ordinary users.
  void remove_target() const {
    shell("[ ! -e work/target ] || chmod -R u+rwX work/target; rm -rf work/target work/target.jobferry");
  }
  void shell(const std::string& command) const {
    const std::string whole = fmt::format("cd {} && {}", temp_.path(), command);
    ASSERT_EQ(std::system(whole.c_str()), 0) << whole;
  }

 private:
  TempDir temp_;
};

const Words serially = {"--debug"};

Words job_files(const Workplace& place) {
  Words paths;
  for (const auto& [path, content] : read_tree(place.archive()))
    if (path.ends_with("/meta.json") && !content.empty()) paths.push_back(place.path("archive/" + path));
  return paths;
}

void append(const std::string& path, const std::string& what) {
  std::string content = read_file(path);
  write_file(path, content.insert(content.rfind('}'), what));
}

void nothing(const Workplace&, const Words&) {}

void interrupted_run(const Workplace& place, const Words& words) {
  ASSERT_EQ(place.run(words, {{"SHIM_FAILURE", "KILL"}, {"SHIM_NTH", "0"}}).code, complete);
  const int calls = place.calls();
  place.remove_target();
  const std::string nth = std::to_string(calls * 3 / 4);
  ASSERT_EQ(place.run(words, {{"SHIM_FAILURE", "KILL"}, {"SHIM_NTH", nth}}).code, -SIGKILL);
}

void complete_run(const Workplace& place, const Words& words) { ASSERT_EQ(place.run(words).code, complete); }

// Since an earlier run, one job has changed, one is gone, and one is new.
void grown_source(const Workplace& place, const Words& words) {
  const Words jobs = job_files(place);
  ASSERT_GE(jobs.size(), 4U);
  const std::string late = fs::path(jobs[0]).parent_path().string(),
                    gone = fs::path(jobs[1]).parent_path().string();
  place.shell("mv " + late + " late");
  complete_run(place, words);
  place.shell("mv late " + late + " && rm -r " + gone);
  append(jobs[2], ",\"added\":1");
}

// An admin has changed modes, owners and times in the target.
void touched_target(const Workplace& place, const Words& words) {
  grown_source(place, words);
  place.shell(
      "chmod 0750 work/target && find work/target -mindepth 1 -type d -exec chmod 2770 {} + "
      "-exec touch -d 2001-01-01 {} +");
  if (::geteuid() == 0) place.shell("find work/target -type d -exec chown 1234:1234 {} +");
}

// The same with read-only directories.
void closed_target(const Workplace& place, const Words& words) {
  grown_source(place, words);
  place.shell("find work/target -mindepth 1 -type d -exec chmod 0570 {} + && chmod 0510 work/target");
  if (::geteuid() == 0) place.shell("find work/target -type d -exec chown 1234:1234 {} +");
}

void written_target(const Workplace& place, const Words& words) {
  complete_run(place, words);
  std::this_thread::sleep_for(50ms);  // the clock of the file system has a resolution of some milliseconds
  place.shell("f=$(find work/target -name meta.json -size +0 | head -n 1) && sed -i 's/}$/,\"tag\":1}/' $f");
}

void mended_job(const Workplace& place, const Words& words) {
  const std::string broken = job_files(place).at(0), sound = read_file(broken);
  write_file(broken, "{");
  Words all_jobs = words;
  std::erase(all_jobs, "--only-bad");
  ASSERT_EQ(place.run(all_jobs).code, bad_jobs);
  write_file(broken, sound);
}

struct Mode {
  std::string name;
  int version;         // of the source
  Words words, again;  // of the disturbed run, and of the next one
  void (*prepare)(const Workplace&, const Words&);
  enum Kind { writes, only_looks, keeps_no_state } kind = writes;
  int code = complete;       // of the undisturbed run; some are refused
  bool keeps_times = false;  // the target stays newer than the end of the run that made it
};

const Words copying = serially + Words{"--data", "copy"};
const Words restarting = copying + Words{"--restart", "--yes"};

const std::vector<Mode> modes = {
    {"Fresh", 0, copying, copying, nothing},
    {"Graph", 0, {"--threads", "2"}, {"--threads", "2"}, nothing},
    {"Resume", 0, copying, copying, interrupted_run},
    {"CatchUp", 0, copying, copying, grown_source},
    {"CatchUpOfTouched", 0, copying, copying, touched_target},
    {"CatchUpOfClosed", 0, copying, copying, closed_target},
    {"CatchUpOfWritten", 0, copying, copying, written_target, Mode::writes, failed, true},
    {"RestartOfUnfinished", 0, restarting, copying, interrupted_run},
    {"RestartOfComplete", 0, restarting, copying, complete_run},
    {"OnlyBad", 0, copying + Words{"--only-bad"}, copying + Words{"--only-bad"}, mended_job},
    {"Repair", 3, serially + Words{"--repair"}, serially + Words{"--repair"}, nothing},
    {"Compress", 1, copying + Words{"--compress", "gzip"}, copying + Words{"--compress", "gzip"}, nothing},
    {"Link", 1, serially + Words{"--data", "link"}, serially + Words{"--data", "link"}, nothing},
    {"LinkResume", 1, serially + Words{"--data", "link"}, serially + Words{"--data", "link"},
     interrupted_run},
    {"NoState", 0, copying + Words{"--no-state"}, copying + Words{"--no-state"}, nothing,
     Mode::keeps_no_state},
    {"DryRun", 0, copying + Words{"--dry-run"}, {}, nothing, Mode::only_looks},
    {"DryRunOfUnfinished", 0, copying + Words{"--dry-run"}, {}, interrupted_run, Mode::only_looks, failed},
    {"DryRunOfComplete", 0, copying + Words{"--dry-run"}, {}, grown_source, Mode::only_looks, failed},
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

struct Failure {
  std::string name, setting;
  bool lasting;
  int stride;              // tries every n-th call
  int large_stride = 1;    // with JOBFERRY_LARGE; larger if a run waits before it gives up
  std::string calls = {};  // the kind of calls, see the shim

  bool kills() const { return setting == "KILL" || setting == "HALF"; }
  // Only a file of the source that cannot be read makes a bad job.
  bool blames_a_file() const {
    return setting == std::to_string(EIO) || setting == std::to_string(EACCES) ||
           setting == std::to_string(ESTALE);
  }
  // These happen on any system, so the run must succeed.
  bool is_ordinary() const { return setting == "SHORT" || setting == std::to_string(EINTR); }
  bool fills_the_disk() const {
    return setting == std::to_string(ENOSPC) || setting == std::to_string(EDQUOT);
  }
};

void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.name; }

std::string code(int number) { return std::to_string(number); }

constexpr bool once = false, from_then_on = true;
constexpr int one_call = 100'000;  // a stride beyond all calls

const std::vector<Failure> failures = {
    {"kill", "KILL", once, 19},
    {"half_and_kill", "HALF", once, 11},
    {"EIO", code(EIO), once, 19},
    {"EIO_on", code(EIO), from_then_on, 37},
    {"EIO_of_reads", code(EIO), once, 2, 1, "reads"},
    {"ENOSPC", code(ENOSPC), once, 23},
    {"ENOSPC_on", code(ENOSPC), from_then_on, 29},
    {"EDQUOT", code(EDQUOT), once, 43},
    {"EDQUOT_on", code(EDQUOT), from_then_on, 47},
    {"EMFILE", code(EMFILE), once, 29},
    {"EMFILE_on", code(EMFILE), from_then_on, one_call, 5},
    {"ENOMEM", code(ENOMEM), once, 97},
    {"ENOMEM_on", code(ENOMEM), from_then_on, one_call, 5},
    {"EAGAIN", code(EAGAIN), once, 101},
    {"EAGAIN_on", code(EAGAIN), from_then_on, one_call, 5},
    {"EACCES", code(EACCES), once, 41},
    {"EACCES_on", code(EACCES), from_then_on, 53},
    {"ESTALE", code(ESTALE), once, 61},
    {"ESTALE_on", code(ESTALE), from_then_on, 59},
    {"EINTR", code(EINTR), once, 17},
    {"short", "SHORT", once, 13},
    {"short_on", "SHORT", from_then_on, 17},
    {"no_lock", code(ENOLCK), once, one_call, 7, "locks"},
    {"no_lock_on", code(ENOLCK), from_then_on, one_call, 7, "locks"},
};

// The target without the times of directories and version.txt, which depend on the time of the run.
Tree outcome_in(const std::string& target) {
  Tree all = snapshot(target);
  for (auto& [path, entry] : all) {
    const bool is_directory = entry.starts_with('4');
    if (!is_directory && path != "version.txt") continue;
    Words words = words_of(entry);
    words.at(2).clear();
    entry = fmt::format("{}", fmt::join(words, " "));
  }
  return all;
}

// The starting point and the result of a mode.
struct Scenario {
  void make(const Mode& mode) {
    corpus::Shape shape;
    shape.version = mode.version;
    shape.jobs = 5;
    shape.clusters = 1;
    shape.median_bytes = 500;
    shape.gzip_share = 0.4;
    corpus::make_archive(place.archive(), shape);
    // The migration can set this mode only after it has written the files of the job.
    fs::permissions(fs::path(job_files(place).at(2)).parent_path(), fs::owner_read | fs::owner_exe);
    mode.prepare(place, mode.again.empty() ? copying : mode.again);
    // The copy of the target will be newer than the end of the run that made it.
    if (!mode.keeps_times && fs::exists(place.path("target.jobferry"))) {
      const auto state = State::open(place.path("target.jobferry"));
      ASSERT_TRUE(state);
      if ((*state)->value("finished")) ASSERT_TRUE((*state)->set({{"finished", "4000000000000000000"}}));
    }
    place.keep();
    begun = outcome_in(place.target());
    source = snapshot(place.archive());
    whole_run = place.run(mode.words);
    ASSERT_EQ(whole_run.code, mode.code) << whole_run.text();
    whole = outcome_in(place.target());
    is_made = true;
  }

  bool is_made = false;
  Workplace place;
  Tree source, begun, whole;
  Ran whole_run;
};

int disturbed_runs = 0, all_calls = 0;

class Total : public testing::Environment {
  void TearDown() override {
    fmt::print("[ disturbed] {} runs in all, of {} in the large form\n", disturbed_runs, all_calls);
  }
};
[[maybe_unused]] const auto* const total = testing::AddGlobalTestEnvironment(new Total);

}  // namespace

class Sweep : public testing::TestWithParam<std::tuple<Mode, Failure>> {
 protected:
  Settings settings(int nth) const {
    Settings all = {{"SHIM_FAILURE", failure.setting}, {"SHIM_NTH", std::to_string(nth)}};
    if (failure.lasting) all["SHIM_LASTING"] = "1";
    all["SHIM_CALLS"] = failure.calls;
    return all;
  }

  // Keeps one scene, because the tests of a mode follow each other.
  Scenario& scene() {
    static std::pair<std::string, std::unique_ptr<Scenario>> made;
    if (made.first != mode.name) {
      made = {mode.name, std::make_unique<Scenario>()};
      made.second->make(mode);
    }
    return *made.second;
  }

  void expect_sound_end(const Scenario& scene, const Ran& ran, const std::string& hit) const {
    EXPECT_NE(ran.code, hung) << "it hangs";
    const bool killed = failure.kills() && !hit.empty();
    const bool may_be_bad =
        failure.blames_a_file() && (failure.lasting || hit.find("/work/archive") != hit.npos);
    EXPECT_TRUE(killed ? ran.code == -SIGKILL
                       : ran.code == complete || ran.code == failed || (ran.code == bad_jobs && may_be_bad));
    // A summary with bad jobs is a reason too.
    const bool has_reason =
        !ran.err.empty() || (ran.code == bad_jobs && !line_with(ran.out, {"Not complete"}).empty());
    EXPECT_TRUE(ran.code <= 0 || has_reason) << "it failed without a message";
    if (is_ordinary(hit) || hit.empty()) EXPECT_EQ(ran.code, scene.whole_run.code);
    EXPECT_EQ(difference(scene.source, snapshot(scene.place.archive())), "") << "the source was changed";
  }

  // SQLite treats an interrupted sync as a failure.
  bool is_ordinary(const std::string& hit) const {
    return failure.is_ordinary() && !hit.starts_with("fdatasync");
  }

  void expect_sound_target(const Scenario& scene, const Ran& ran) const {
    const Tree found = outcome_in(scene.place.target());
    // Servers cannot enter the target until its root has its final owner and mode.
    const bool is_open = found.contains(".") && found.at(".") == scene.whole.at(".");
    const bool looks_complete = is_open && found.contains("version.txt") && !found.contains(marker);
    if (ran.code == complete || (looks_complete && found != scene.begun))
      EXPECT_EQ(difference(scene.whole, found), "") << "it is reported as complete";
  }

  void expect_completed(const Scenario& scene) const {
    Ran again = scene.place.run(mode.again);
    if (mode.kind == Mode::keeps_no_state && again.code == failed) {
      EXPECT_NE(again.err, "");
      scene.place.remove_target();
      again = scene.place.run(mode.again);
    }
    EXPECT_EQ(again.code, scene.whole_run.code) << "the next run: " << again.text();
    EXPECT_EQ(difference(scene.whole, outcome_in(scene.place.target())), "") << "after the next run";
  }

  // The first call to try, a different one for each test.
  int first_of(int calls, int stride) const {
    const auto row_of = [](const auto& rows, const auto& mine) {
      return std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == mine.name; }) -
             rows.begin();
    };
    const auto place = (row_of(modes, mode) * 31 + row_of(failures, failure) * 53) % 100;
    return 1 + static_cast<int>(place) * std::min(stride, calls) / 100;
  }

  void disturb(const Scenario& scene, int nth) {
    scene.place.put_back();
    const Tree before = mode.kind == Mode::only_looks ? scene.place.all() : Tree();
    const Ran ran = scene.place.run(mode.words, settings(nth));
    const std::string hit = scene.place.hit();
    SCOPED_TRACE(fmt::format("{} at call {} ({}): {}", failure.name, nth, hit,
                             fmt::format("exit code {}\n{}", ran.code, ran.err)));
    hits += !hit.empty();
    hangs += ran.code == hung;
    ends += ran.code != complete;
    expect_sound_end(scene, ran, hit);
    if (mode.kind == Mode::only_looks) {
      EXPECT_EQ(difference(before, scene.place.all()), "") << "a dry run changed something";
      return;
    }
    expect_sound_target(scene, ran);
    expect_completed(scene);
  }

  const Mode mode = std::get<0>(GetParam());
  const Failure failure = std::get<1>(GetParam());
  int runs = 0, hits = 0, ends = 0, hangs = 0;
};

TEST_P(Sweep, EndsSoundlyAndIsCompletedByTheNextRun) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
  Scenario& made = scene();
  ASSERT_TRUE(made.is_made);
  made.place.put_back();
  ASSERT_EQ(made.place.run(mode.words, settings(0)).code, made.whole_run.code);
  const int calls = made.place.calls();
  const bool large = std::getenv("JOBFERRY_LARGE");
  const int stride = large ? failure.large_stride : failure.stride;
  // SQLite waits ten seconds for a lock, so without JOBFERRY_LARGE only one mode tries this.
  const int last = failure.calls == "locks" && mode.name != "Resume" && !large ? 0 : calls;
  for (int nth = first_of(calls, stride); nth <= last && hangs < 2; nth += stride, ++runs) disturb(made, nth);
  if (runs > 0) EXPECT_GT(hits, 0) << "the shim did nothing";
  // A full disk need not stop a dry run: it writes nothing.
  const bool must_be_seen = failure.lasting && !failure.is_ordinary() &&
                            !(mode.kind == Mode::only_looks && failure.fills_the_disk());
  if (runs > 5 && must_be_seen) EXPECT_GT(ends, 0) << "no run failed";
  disturbed_runs += runs, all_calls += calls / failure.large_stride;
  RecordProperty("DisturbedRuns", runs);
  fmt::print("[ disturbed] {} {}: {} of {} runs, {} ended otherwise\n", mode.name, failure.name, runs, calls,
             ends);
}

INSTANTIATE_TEST_SUITE_P(Modes, Sweep,
                         testing::Combine(testing::ValuesIn(modes), testing::ValuesIn(failures)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param).name;
                         });

}  // namespace jobferry::test
