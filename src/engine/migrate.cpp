// A run in order: the page to read first.
#include "jobferry/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <thread>
#include <utility>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "archive/walk.h"
#include "engine/checkpoints.h"
#include "engine/clusters.h"
#include "engine/resume.h"
#include "engine/run.h"
#include "engine/space.h"
#include "engine/stages.h"
#include "engine/state.h"
#include "engine/target.h"
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

// What the walk passed by, and what is in the order of the walk whatever the order of the threads. False if
// the run was ended before all was tidied up.
Result<bool> settle(const Walk& walk, Target& target, Ledger& ledger, Summary& summary) {
  for (const Error& error : walk.left_behind().unreadable) ledger.add_unlisted(error);
  for (const auto& [cluster, count] : walk.left_behind().entries)
    summary.clusters[cluster].left_behind += count;
  std::vector<std::string>& jobs = summary.left_behind;
  jobs.insert(jobs.end(), walk.left_behind().jobs.begin(), walk.left_behind().jobs.end());
  std::sort(jobs.begin(), jobs.end(), path_order);
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  sort_by_path(summary.bad);
  sort_by_path(summary.skipped);
  sort_by_path(summary.unlisted);
  std::vector<const std::vector<Error>*> not_written = {&summary.bad};
  if (target.reused()) not_written.push_back(&summary.skipped);
  for (const auto* errors : not_written)
    for (const Error& error : *errors) {
      if (ledger.ended()) return false;
      if (auto tidy = target.tidy_up(error.subject); !tidy) return std::move(tidy.error());
    }
  return true;
}

// False if the run was ended before the last job.
Result<bool> run_jobs(Files& files, const Plan& plan, Target& target, State* state, Ledger& ledger,
                      const Listener& listener, Summary& summary) {
  const Options& options = plan.options;
  Walk walk(files, plan.archive, options.follow_symlinks);
  walk.stopped = [&] { return ledger.ended(); };
  const Stages stages(files, plan, target, state);
  const Run run{walk, stages, ledger, listener, memory_for(options), threads_for(options), options.io_depth};
  bool all_jobs = false;
  {
    const CountAhead count(files, plan.archive, options.follow_symlinks, listener.progress, listener.stop);
    all_jobs = options.debug ? run_serial(run) : run_graph(run);
  }
  // Jobs that could not be listed for want of resources may be there: that is no end.
  const auto& unreadable = walk.left_behind().unreadable;
  const auto starved = std::find_if(unreadable.begin(), unreadable.end(),
                                    [](const Error& error) { return error.kind == Kind::out_of_resources; });
  if (starved != unreadable.end()) return Error(*starved);
  auto settled = settle(walk, target, ledger, summary);
  return settled ? Result<bool>(all_jobs && *settled) : std::move(settled);
}

Outcome fail(Summary& summary, Error error) {
  summary.errors.push_back(std::move(error));
  return Outcome::failed;
}

bool is_stopped(const Listener& listener) { return listener.stop && *listener.stop; }

// Jobs that the state knows and the walk did not find. Looked for only if there are fewer than there were.
// False if the run was ended before it knew all of them.
Result<bool> find_vanished(Files& files, const Archive& archive, State& state, Target& target,
                           const Ledger& ledger, Summary& summary) {
  if (ledger.seen_again() == state.known_jobs()) return true;
  std::vector<std::string> unwritten, begun;
  auto looked = state.each([&](const JobRecord& record) -> Result<void> {
    if (ledger.ended()) return {};
    const std::string directory = join(archive.root, record.job);
    for (const std::string_view name : {names::meta, names::data, names::data_gz}) {
      const auto there = files.exists(join(directory, name));
      if (!there) return Error(there.error());
      if (*there) return {};
    }
    if (record.outcome == outcome_begun) begun.push_back(record.job);
    (record.outcome == outcome_migrated ? summary.vanished : unwritten).push_back(record.job);
    return {};
  });
  if (!looked) return std::move(looked.error());
  std::sort(summary.vanished.begin(), summary.vanished.end(), path_order);
  if (ledger.ended()) return false;
  // What a run that was ended has left of them.
  for (const std::string& job : begun) {
    if (auto gone = target.remove_job(job); !gone) return std::move(gone.error());
    if (auto tidy = target.tidy_up(job); !tidy) return std::move(tidy.error());
  }
  if (auto forgotten = state.forget(unwritten); !forgotten) return std::move(forgotten.error());
  return true;
}

// A run that was killed may have begun jobs that have left the source since: nobody replaces what is left of
// them, nor the directories that lead to them. Removed is only what we have made: in a target that has never
// been complete that is all, and of jobs what no row says is done. Says whether something is left in this
// directory; of a run that was ended that is all.
Result<bool> remove_leftovers(Files& files, const Options& options, Target& target, State& state,
                              const Ledger& ledger, const std::string& directory, int levels_to_jobs) {
  if (ledger.ended()) return true;
  if (levels_to_jobs == 0) {
    const auto record = state.find(directory);
    if (!record) return Error(record.error());
    if (*record) return true;
    if (auto gone = target.remove_job(directory); !gone) return std::move(gone.error());
    return false;
  }
  auto entries = files.list(join(options.target, directory));
  if (!entries) return std::move(entries.error());
  bool left = false;
  for (const Entry& entry : *entries) {
    const std::string path = join(directory, entry.name);
    auto stays = entry.type == FileType::directory
                     ? remove_leftovers(files, options, target, state, ledger, path, levels_to_jobs - 1)
                     : Result<bool>(true);
    if (!stays) return stays;
    left |= *stays;
  }
  if (left) return true;
  if (auto gone = target.remove(directory); !gone) return std::move(gone.error());
  return false;
}

// Bad jobs, hidden ones and interruptions leave the target unfinished.
Outcome end_of(const Options& options, bool all_jobs, const Summary& summary) {
  if (!summary.errors.empty()) return Outcome::failed;
  if (!all_jobs) return Outcome::interrupted;
  // Who accepts bad jobs knows which; what is hidden here nobody knows.
  if (!summary.unlisted.empty()) return Outcome::hidden_jobs;
  if (summary.left_out > 0) return summary.bad.empty() ? Outcome::partial : Outcome::bad_jobs;
  return summary.bad.empty() || options.accept_bad ? Outcome::complete : Outcome::bad_jobs;
}

// version.txt comes last, so that no server starts on half an archive. The marker goes once the state knows
// the target by its files.
Result<void> finalize(Files& files, const Archive& archive, const Options& options, Target& target,
                      State* state) {
  if (auto done = target.write_version(); !done) return done;
  if (state)
    if (auto done = remember_files(files, archive, options, *state); !done) return done;
  if (auto done = target.remove_marker(); !done) return done;
  return state ? remember_end(*state) : Result<void>();
}

// --job for a job that there is not would else go unnoticed.
Result<void> check_names(const Options& options, const Ledger& ledger) {
  for (std::size_t i = 0; i < options.jobs.size(); ++i) {
    const JobName& name = options.jobs[i];
    if (ledger.names_found().contains(i + 1)) continue;
    return Error{Kind::option_invalid, fmt::format("--job: the archive has no job {}/{}{}{}", name.cluster,
                                                   name.id, name.start.empty() ? "" : "/", name.start)};
  }
  return {};
}

// Unmounted, renamed or replaced: what could not be read then says nothing about the jobs.
Result<void> check_source(Files& files, const Archive& archive, const Summary& summary) {
  if (summary.bad.empty() && summary.unlisted.empty()) return {};
  const auto info = files.info(archive.root + "/.");
  if (!info && info.error().kind == Kind::out_of_resources) return Error(info.error());
  if (info && is_same_file(*info, archive.root_info)) return {};
  Error error{Kind::read_failed, "the source archive went away during the run"};
  error.file = archive.root;
  return error;
}

// Everything but the jobs, then the jobs. False if it was ended before the last one.
Result<bool> run_all(Files& files, const Plan& plan, const Earlier& earlier, MigratedClusters& clusters,
                     Target& target, const Listener& listener, Summary& summary) {
  State* state = earlier.state.get();
  const Options& options = plan.options;
  Ledger ledger(summary, listener);
  if (auto done = target.create(); !done) return std::move(done.error());
  if (state)
    if (auto done = remember_target(*state, earlier.target.id); !done) return std::move(done.error());
  if (auto whole = write_all_but_jobs(files, plan.archive, target, clusters, ledger, summary);
      !whole || !*whole)
    return whole;
  const auto complain = [&](bool all_jobs) -> Result<bool> {
    auto found = check_source(files, plan.archive, summary);
    if (found && all_jobs) found = check_names(options, ledger);
    return found ? Result<bool>(all_jobs) : Result<bool>(Error(found.error()));
  };
  if (!state) {
    auto all_jobs = run_jobs(files, plan, target, nullptr, ledger, listener, summary);
    return all_jobs ? complain(*all_jobs) : std::move(all_jobs);
  }

  Checkpoints checkpoints(files, *state, options.target, options.checkpoint_interval);
  ledger.record_in(checkpoints);
  auto all_jobs = run_jobs(files, plan, target, state, ledger, listener, summary);
  const auto begin = Clock::now();
  auto recorded = checkpoints.finish();
  summary.sync_seconds += seconds_since(begin);
  if (!all_jobs) return all_jobs;
  if (recorded) recorded = state->set_unlisted(summary.unlisted);
  if (!recorded) return std::move(recorded.error());
  if (!*all_jobs || !summary.errors.empty() || !summary.unlisted.empty()) return complain(*all_jobs);
  if (auto known = find_vanished(files, plan.archive, *state, target, ledger, summary); !known || !*known)
    return known;
  // Where a server or an admin may have been since, what no row knows need not be ours.
  const bool ours_alone = earlier.target.standing == Standing::interrupted && !earlier.target.was_complete;
  if (summary.left_out == 0 && ours_alone)
    for (const std::string& cluster : plan.archive.clusters) {
      const auto there = files.exists(join(options.target, cluster));
      if (!there) return Error(there.error());
      if (!*there) continue;
      const auto left = remove_leftovers(files, options, target, *state, ledger, cluster, 3);
      if (!left) return Error(left.error());
      if (ledger.ended()) return false;
    }
  return complain(true);
}

Outcome migrate_archive(Files& files, const Options& options, const Listener& listener, Summary& summary) {
  // Open the source.
  files.confine(options.source);
  auto archive = open_archive(files, options.source);
  if (!archive) return fail(summary, std::move(archive.error()));
  summary.from = archive->version;

  // Plan the chain of steps.
  if (archive->version == options.to && !options.repair) return Outcome::nothing_to_do;
  if (archive->version == options.to && archive->version == 0)
    return fail(summary,
                {Kind::version_unknown, "version 0 cannot be repaired, only migrated: no server accepts it"});
  auto chain = plan_chain(archive->version, options.to);
  if (!chain) return fail(summary, std::move(chain.error()));
  Plan plan{options, *archive, std::move(*chain), {}};

  // Migrate the cluster files in memory. From here on clusters are constant.
  MigratedClusters clusters;
  if (!migrate_clusters(files, plan, summary, clusters, listener.stop)) return Outcome::failed;
  if (is_stopped(listener)) return Outcome::interrupted;
  if (listener.aggregations)
    for (const auto& [cluster, rows] : summary.aggregations) listener.aggregations(cluster, rows);

  // Refuse what cannot end well, before anything is written.
  if (auto usable = check_target(files, *archive, options); !usable)
    return fail(summary, std::move(usable.error()));

  // Find out what an earlier run left, and go on from there.
  const auto begun = options.restart ? Result<bool>(false) : is_begun(options, listener.stop);
  if (!begun) return fail(summary, Error(begun.error()));
  const Error nothing_bad{Kind::option_invalid, "--only-bad: there is no earlier run to go on from"};
  if (options.only_bad && !*begun) return fail(summary, Error(nothing_bad));
  if (!*begun)
    if (auto space = check_space(files, plan, listener.stop); !space)
      return fail(summary, std::move(space.error()));
  if (is_stopped(listener)) return Outcome::interrupted;
  auto earlier = take_up(files, *archive, options, listener.stop);
  if (!earlier) return fail(summary, std::move(earlier.error()));
  if (earlier->stopped || is_stopped(listener)) return Outcome::interrupted;
  State* state = earlier->state.get();
  summary.resumed = earlier->target.standing != Standing::fresh;
  if (options.only_bad && !summary.resumed) return fail(summary, Error(nothing_bad));
  if (state)
    for (const auto& cluster : clusters)
      if (auto known = state->settle_cluster(cluster->file.name, cluster->source.view()); !known)
        return fail(summary, std::move(known.error()));

  // Write everything but the jobs, then the jobs.
  Target target(files, *archive, options, earlier->target, earlier->state.get());
  summary.clusters[""].left_behind = archive->left_behind;
  summary.left_behind = archive->left_behind_jobs;
  summary.resumable = state != nullptr;
  const auto all_jobs = run_all(files, plan, *earlier, clusters, target, listener, summary);
  if (!all_jobs) return fail(summary, Error(all_jobs.error()));

  // Complete it, or say why it is not.
  const Outcome outcome = end_of(options, *all_jobs, summary);
  if (outcome == Outcome::complete) {
    const auto begin = Clock::now();
    const auto restored = target.restore_modes(listener.stop);
    if (!restored) return fail(summary, Error(restored.error()));
    if (!*restored) return Outcome::interrupted;
    auto done = finalize(files, *archive, options, target, state);
    summary.sync_seconds += seconds_since(begin);
    if (!done) return fail(summary, std::move(done.error()));
    summary.finalized = !options.dry_run;
  }
  const bool tried_all = summary.left_out == 0 && state;
  if (tried_all && (outcome == Outcome::bad_jobs || outcome == Outcome::hidden_jobs))
    if (auto done = remember_phase(*state, outcome == Outcome::bad_jobs ? phase_bad_jobs : phase_hidden_jobs);
        !done)
      return fail(summary, std::move(done.error()));
  return outcome;
}

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
  // No memory, no thread to be had, or a defect: whatever it is, the caller gets an answer.
  try {
    summary.outcome = migrate_archive(files, options, listener, summary);
  } catch (...) {
    summary.outcome = fail(summary, error_of(std::current_exception()));
  }
  // Whoever ends a run that waits for another program need not hear of that.
  const auto is_wait = [](const Error& error) { return error.kind == Kind::in_use; };
  if (is_stopped(listener) && summary.outcome == Outcome::failed &&
      std::all_of(summary.errors.begin(), summary.errors.end(), is_wait)) {
    summary.outcome = Outcome::interrupted;
    summary.errors.clear();
  }
  summary.seconds = seconds_since(begin);
  return summary;
}

}  // namespace jobferry
