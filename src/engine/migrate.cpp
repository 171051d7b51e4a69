// The run in order. Begin to read here: MigrationRun::run() calls one step after the other.
#include "jobferry/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "archive/walk.h"
#include "base/threads.h"
#include "engine/checkpoints.h"
#include "engine/clusters.h"
#include "engine/leftovers.h"
#include "engine/recorded_target.h"
#include "engine/resume.h"
#include "engine/run.h"
#include "engine/space.h"
#include "engine/stages.h"
#include "engine/state.h"
#include "engine/target.h"
#include "engine/target_checks.h"
#include "io/files.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void sort_by_path(std::vector<Error>& errors) {
  std::stable_sort(errors.begin(), errors.end(),
                   [](const Error& a, const Error& b) { return path_order(a.subject, b.subject); });
}

class MigrationRun {
 public:
  MigrationRun(Files& files, const Options& options, const Listener& listener, Summary& summary)
      : files_(files), options_(options), listener_(listener), summary_(summary) {}

  Outcome run() {
    using Step = End (MigrationRun::*)();
    constexpr Step steps[] = {
        &MigrationRun::open_source,          // everything else depends on its version and its clusters
        &MigrationRun::find_steps,           // no steps may lead from its version to --to
        &MigrationRun::prepare_clusters,     // a bad cluster.json stops the run before any job is touched
        &MigrationRun::check_target_path,    // refuse an impossible target before anything is written
        &MigrationRun::check_room,           // a disk that is full after hours has cost these hours
        &MigrationRun::begin_or_resume,      // an earlier run may have left work to build on
        &MigrationRun::record_clusters,      // jobs that depend on another cluster.json are done again
        &MigrationRun::create_target,        // its marker is on disk before anything else is in it
        &MigrationRun::write_cluster_files,  // jobs lie in the directories of the clusters
        &MigrationRun::write_jobs,           // and record each one once it is on disk
        &MigrationRun::remove_leftovers,     // parts of jobs that are no longer in the source
        &MigrationRun::check_answers,        // the source may have gone away, or --job may name no job
        &MigrationRun::conclude,             // bad, hidden or remaining jobs leave the target unfinished
        &MigrationRun::complete_target,      // version.txt comes last: no server starts on half an archive
    };
    for (const Step step : steps)
      if (const End end = (this->*step)()) return *end;
    return Outcome::complete;
  }

 private:
  // How the run ends here; empty: it continues.
  using End = std::optional<Outcome>;

  End fail(Error error) {
    summary_.errors.push_back(std::move(error));
    return Outcome::failed;
  }
  End fail_unless(Result<void> done) { return done ? End() : fail(std::move(done.error())); }
  // The same for a step that says false if the run was stopped before its end.
  End stop_unless(Result<bool> whole) {
    if (!whole) return fail(std::move(whole.error()));
    return *whole ? End() : End(Outcome::interrupted);
  }
  End stop_if_asked() const { return is_stopped() ? End(Outcome::interrupted) : End(); }
  bool is_stopped() const { return listener_.stop && *listener_.stop; }
  State* state() { return start_.state.get(); }

  End open_source() {
    files_.confine(options_.source);
    auto archive = open_archive(files_, options_.source);
    if (!archive) return fail(std::move(archive.error()));
    archive_ = std::move(*archive);
    summary_.from = archive_.version;
    return {};
  }

  End find_steps() {
    if (archive_.version == options_.to && !options_.repair) return Outcome::nothing_to_do;
    if (archive_.version == options_.to && archive_.version == 0)
      return fail(
          {Kind::version_unknown, "version 0 cannot be repaired, only migrated: no server accepts it"});
    auto chain = find_chain(archive_.version, options_.to);
    if (!chain) return fail(std::move(chain.error()));
    migration_.chain = std::move(*chain);
    return {};
  }

  // In memory. From here on the clusters are constant.
  End prepare_clusters() {
    if (!migrate_clusters(files_, migration_, summary_, clusters_, listener_.stop)) return Outcome::failed;
    if (is_stopped()) return Outcome::interrupted;
    if (listener_.aggregations)
      for (const auto& [cluster, rows] : summary_.aggregations) listener_.aggregations(cluster, rows);
    return {};
  }

  End check_target_path() { return fail_unless(check_target(files_, archive_, options_)); }

  // What an earlier run has written takes no room again, so then there is nothing to check.
  End check_room() {
    const auto begun = options_.restart ? Result<bool>(false) : has_earlier_run(options_, listener_.stop);
    if (!begun) return fail(Error(begun.error()));
    if (*begun) return stop_if_asked();
    if (options_.only_bad) return fail(nothing_to_resume());
    const End full = fail_unless(check_space(files_, migration_, listener_.stop));
    return full ? full : stop_if_asked();
  }

  static Error nothing_to_resume() {
    return {Kind::option_invalid, "--only-bad: there is no earlier run to resume"};
  }

  End begin_or_resume() {
    auto start = resume_or_begin(files_, archive_, options_, listener_.stop);
    if (!start) return fail(std::move(start.error()));
    start_ = std::move(*start);
    if (start_.stopped || is_stopped()) return Outcome::interrupted;
    summary_.resumed = start_.target.state != TargetState::fresh;
    if (options_.only_bad && !summary_.resumed) return fail(nothing_to_resume());
    return {};
  }

  End record_clusters() {
    if (!state()) return {};
    for (const auto& cluster : clusters_)
      if (auto known = state()->record_cluster(cluster->file.name, cluster->source.view()); !known)
        return fail(std::move(known.error()));
    return {};
  }

  End create_target() {
    ledger_.emplace(summary_, listener_);
    target_.emplace(files_, archive_, options_, start_.target, state());
    summary_.clusters[""].left_behind = archive_.left_behind;
    summary_.left_behind = archive_.left_behind_jobs;
    summary_.resumable = state() != nullptr;
    auto done = target_->create();
    if (done && state()) done = record_marker(*state(), start_.target.id);
    return fail_unless(std::move(done));
  }

  End write_cluster_files() {
    return stop_unless(write_clusters({files_, archive_, *target_, *ledger_, summary_}, clusters_));
  }

  End write_jobs() {
    if (!state()) return fail_unless(run_jobs());
    Checkpoints checkpoints(files_, *state(), options_.target, options_.checkpoint_interval);
    ledger_->record_in(&checkpoints);
    auto done = run_jobs();
    const auto begin = Clock::now();
    auto recorded = checkpoints.finish();
    ledger_->record_in(nullptr);
    summary_.sync_seconds += seconds_since(begin);
    if (done && recorded) recorded = state()->set_unlisted(summary_.unlisted);
    return fail_unless(done ? std::move(recorded) : std::move(done));
  }

  // Sets all_jobs_ if the run has come to the last job.
  Result<void> run_jobs() {
    Walk walk(files_, archive_, options_.follow_symlinks);
    walk.stopped = [this] { return ledger_->must_stop(); };
    const Stages stages(files_, migration_, *target_, state());
    const Run run{walk,
                  stages,
                  *ledger_,
                  listener_,
                  memory_for(options_),
                  threads_or_default(options_.threads),
                  options_.io_depth};
    {
      const CountAhead count(files_, archive_, options_.follow_symlinks, listener_.progress, listener_.stop);
      all_jobs_ = options_.debug ? run_serial(run) : run_graph(run);
    }
    const LeftBehind& left_behind = walk.left_behind();
    // Directories that could not be listed for lack of resources say nothing about the archive. The run
    // fails.
    const auto starved =
        std::find_if(left_behind.unreadable.begin(), left_behind.unreadable.end(),
                     [](const Error& error) { return error.kind == Kind::out_of_resources; });
    if (starved != left_behind.unreadable.end()) return Error(*starved);
    add_to_summary(left_behind);
    auto whole = Leftovers(files_, archive_, *target_, *ledger_).remove_empty_directories(summary_);
    if (!whole) return std::move(whole.error());
    all_jobs_ = all_jobs_ && *whole;
    return {};
  }

  // What the walk found besides jobs. The summary lists everything in path order, whatever the order of the
  // threads was.
  void add_to_summary(const LeftBehind& left_behind) {
    for (const Error& error : left_behind.unreadable) ledger_->add_unlisted(error);
    for (const auto& [cluster, count] : left_behind.entries) summary_.clusters[cluster].left_behind += count;
    std::vector<std::string>& jobs = summary_.left_behind;
    jobs.insert(jobs.end(), left_behind.jobs.begin(), left_behind.jobs.end());
    std::sort(jobs.begin(), jobs.end(), path_order);
    jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
    for (auto* errors : {&summary_.bad, &summary_.skipped, &summary_.unlisted}) sort_by_path(*errors);
  }

  // Only after a run that has seen every job: what it has not seen is not gone.
  End remove_leftovers() {
    if (!state() || !all_jobs_ || !summary_.errors.empty() || !summary_.unlisted.empty()) return {};
    Leftovers leftovers(files_, archive_, *target_, *ledger_);
    if (const End end = stop_unless(leftovers.remove_begun(*state(), summary_))) return end;
    // In a target that was complete, what no row knows may be a server's or an administrator's.
    const bool ours_alone = start_.target.state == TargetState::interrupted && !start_.target.was_complete;
    if (summary_.left_out > 0 || !ours_alone) return {};
    return stop_unless(leftovers.remove_unknown(*state(), options_.target));
  }

  End check_answers() {
    auto sound = check_source();
    if (sound && all_jobs_) sound = check_names();
    return fail_unless(std::move(sound));
  }

  // If the source was unmounted, renamed or replaced, what could not be read says nothing about the jobs.
  Result<void> check_source() {
    if (summary_.bad.empty() && summary_.unlisted.empty()) return {};
    const auto info = files_.info(archive_.root + "/.");
    if (!info && info.error().kind == Kind::out_of_resources) return Error(info.error());
    if (info && is_same_file(*info, archive_.root_info)) return {};
    return Error{.kind = Kind::read_failed,
                 .what = "the source archive was moved, replaced or unmounted during the run",
                 .file = archive_.root};
  }

  // A job that --job names and that does not exist must not go unnoticed.
  Result<void> check_names() {
    for (std::size_t i = 0; i < options_.jobs.size(); ++i) {
      const JobName& name = options_.jobs[i];
      if (ledger_->names_found().contains(i + 1)) continue;
      return Error{Kind::option_invalid, fmt::format("--job: the archive has no job {}/{}{}{}", name.cluster,
                                                     name.id, name.start.empty() ? "" : "/", name.start)};
    }
    return {};
  }

  End conclude() {
    const Outcome outcome = outcome_of_jobs();
    if (outcome == Outcome::complete) return {};
    if (summary_.left_out == 0 && state()) {
      if (outcome == Outcome::bad_jobs)
        if (const End end = fail_unless(record_phase(*state(), phase_bad_jobs))) return end;
      if (outcome == Outcome::hidden_jobs)
        if (const End end = fail_unless(record_phase(*state(), phase_hidden_jobs))) return end;
    }
    return outcome;
  }

  Outcome outcome_of_jobs() const {
    if (!summary_.errors.empty()) return Outcome::failed;
    if (!all_jobs_) return Outcome::interrupted;
    // --accept-bad covers bad jobs, which the report names. How many jobs a directory hides is not known.
    if (!summary_.unlisted.empty()) return Outcome::hidden_jobs;
    if (summary_.left_out > 0) return summary_.bad.empty() ? Outcome::partial : Outcome::bad_jobs;
    return summary_.bad.empty() || options_.accept_bad ? Outcome::complete : Outcome::bad_jobs;
  }

  End complete_target() {
    const auto begin = Clock::now();
    if (const End end = stop_unless(target_->restore_modes(listener_.stop))) return end;
    auto done = finalize();
    summary_.sync_seconds += seconds_since(begin);
    if (!done) return fail(std::move(done.error()));
    summary_.finalized = !options_.dry_run;
    return {};
  }

  // The marker goes only after the state can identify the target by its files.
  Result<void> finalize() {
    auto done = target_->write_version();
    if (done && state()) done = record_files(files_, archive_, options_, *state());
    if (done) done = target_->remove_marker();
    if (done && state()) done = record_completion(*state());
    return done;
  }

  Files& files_;
  const Options& options_;
  const Listener& listener_;
  Summary& summary_;
  Archive archive_;
  Migration migration_{options_, archive_, {}, {}};
  MigratedClusters clusters_;
  RunStart start_;
  std::optional<Target> target_;
  std::optional<Ledger> ledger_;
  bool all_jobs_ = false;
};

}  // namespace

Summary migrate(const Options& options, const Listener& listener) {
  const auto files =
      options.dry_run ? dry_files(options.follow_symlinks) : real_files(options.follow_symlinks);
  return migrate_with(*files, options, listener);
}

Summary migrate_with(Files& files, const Options& options, const Listener& listener) {
  Summary summary;
  summary.to = options.to;
  const auto begin = Clock::now();
  // The caller gets a summary even if there is no memory or no thread, or if jobferry has a defect.
  try {
    summary.outcome = MigrationRun(files, options, listener, summary).run();
  } catch (...) {
    summary.outcome = Outcome::failed;
    summary.errors.push_back(error_of(std::current_exception()));
  }
  // A user who stops a run that waits for another program need not hear about that program.
  const auto is_wait = [](const Error& error) { return error.kind == Kind::in_use; };
  const bool stopped = listener.stop && *listener.stop;
  if (stopped && summary.outcome == Outcome::failed &&
      std::all_of(summary.errors.begin(), summary.errors.end(), is_wait)) {
    summary.outcome = Outcome::interrupted;
    summary.errors.clear();
  }
  summary.seconds = seconds_since(begin);
  return summary;
}

}  // namespace jobferry
