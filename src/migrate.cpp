// A run in order: the page to read first.
#include "jobferry/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <thread>
#include <utility>

#include "archive.h"
#include "checkpoints.h"
#include "clusters.h"
#include "discover.h"
#include "each_job.h"
#include "files.h"
#include "resume.h"
#include "run.h"
#include "space.h"
#include "stages.h"
#include "state.h"
#include "target.h"

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

// What the walk passed by, and what stands in the order of the walk whatever the order of the threads.
void settle(const Walk& walk, Target& target, Ledger& ledger, Summary& summary) {
  for (const Error& error : walk.passed().unreadable) ledger.add_unreadable(error);
  for (const auto& [cluster, count] : walk.passed().left_behind)
    summary.clusters[cluster].left_behind += count;
  std::vector<std::string>& jobs = summary.left_behind;
  jobs.insert(jobs.end(), walk.passed().left_behind_jobs.begin(), walk.passed().left_behind_jobs.end());
  std::sort(jobs.begin(), jobs.end(), path_order);
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  sort_by_path(summary.bad);
  sort_by_path(summary.skipped);
  for (const Error& error : summary.bad) target.tidy_up(error.subject);
  if (target.reused())
    for (const Error& error : summary.skipped) target.tidy_up(error.subject);
}

// False if the run was ended before the last job.
bool run_jobs(Files& files, const Plan& plan, Target& target, State* state, Ledger& ledger,
              const Listener& listener, Summary& summary) {
  const Options& options = plan.options;
  Walk walk(files, plan.archive, options.follow_symlinks);
  const Stages stages(files, plan, target, state);
  const Run run{walk, stages, ledger, listener, memory_for(options), threads_for(options), options.io_depth};
  bool all_jobs = false;
  {
    const CountAhead count(files, plan.archive, options.follow_symlinks, listener.progress);
    all_jobs = options.debug ? run_serial(run) : run_graph(run);
  }
  settle(walk, target, ledger, summary);
  return all_jobs;
}

Outcome fail(Summary& summary, Error error) {
  summary.errors.push_back(std::move(error));
  return Outcome::failed;
}

// Jobs that the state knows and the walk did not find. Looked for only if there are fewer than there were.
Result<void> find_vanished(Files& files, const Archive& archive, State& state, const Ledger& ledger,
                           Summary& summary) {
  if (ledger.seen_again() == state.known_jobs()) return {};
  std::vector<std::string> unwritten;
  state.each([&](const JobRecord& record) {
    const std::string directory = join(archive.root, record.job);
    for (const std::string_view name : {names::meta, names::data, names::data_gz})
      if (files.info(join(directory, name))) return;
    (record.outcome == outcome_migrated ? summary.vanished : unwritten).push_back(record.job);
  });
  std::sort(summary.vanished.begin(), summary.vanished.end(), path_order);
  return state.forget(unwritten);
}

// A run that was killed may have begun jobs that have left the source since: nobody replaces what is left of
// them, nor the directories that lead to them. Says whether something is left in this one.
Result<bool> remove_leftovers(Files& files, const Options& options, Target& target, State& state,
                              const std::string& directory, int levels_to_jobs) {
  if (levels_to_jobs == 0) {
    if (state.find(directory)) return true;
    if (auto gone = target.remove_job(directory); !gone) return std::move(gone.error());
    return false;
  }
  auto entries = files.list(join(options.target, directory));
  if (!entries) return std::move(entries.error());
  bool left = false;
  for (const Entry& entry : *entries) {
    const std::string path = directory.empty() ? entry.name : join(directory, entry.name);
    auto stays = entry.type == FileType::directory
                     ? remove_leftovers(files, options, target, state, path, levels_to_jobs - 1)
                     : Result<bool>(true);
    if (!stays) return stays;
    left |= *stays;
  }
  if (left) return true;
  if (auto gone = target.remove(directory); !gone) return std::move(gone.error());
  return false;
}

// Bad jobs and interruptions leave the target unfinished.
Outcome finalize(Target& target, const Options& options, bool all_jobs, Summary& summary) {
  if (!summary.errors.empty()) return Outcome::failed;
  if (!all_jobs) return Outcome::interrupted;
  if (summary.left_out > 0) return summary.bad.empty() ? Outcome::partial : Outcome::bad_jobs;
  if (!summary.bad.empty() && !options.accept_bad) return Outcome::bad_jobs;
  const auto begin = Clock::now();
  auto done = target.finalize();
  summary.sync_seconds += seconds_since(begin);
  if (!done) return fail(summary, std::move(done.error()));
  summary.finalized = !options.dry_run;
  return Outcome::complete;
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
  if (summary.bad.empty()) return {};
  const auto info = files.info(archive.root + "/.");
  if (info && info->device == archive.root_info.device && info->inode == archive.root_info.inode) return {};
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
    if (auto done = remember_target(files, options, *state); !done) return std::move(done.error());
  if (auto done = write_all_but_jobs(files, plan.archive, target, clusters, ledger, summary); !done)
    return std::move(done.error());
  const auto complain = [&](bool all_jobs) -> Result<bool> {
    auto found = check_source(files, plan.archive, summary);
    if (found && all_jobs) found = check_names(options, ledger);
    return found ? Result<bool>(all_jobs) : Result<bool>(Error(found.error()));
  };
  if (!state) return complain(run_jobs(files, plan, target, nullptr, ledger, listener, summary));

  Checkpoints checkpoints(files, *state, options.target, options.checkpoint_interval);
  ledger.record_in(checkpoints);
  const bool all_jobs = run_jobs(files, plan, target, state, ledger, listener, summary);
  const auto begin = Clock::now();
  auto recorded = checkpoints.finish();
  summary.sync_seconds += seconds_since(begin);
  if (recorded && all_jobs) recorded = find_vanished(files, plan.archive, *state, ledger, summary);
  if (recorded && all_jobs && summary.left_out == 0 && earlier.standing == Standing::interrupted)
    if (auto left = remove_leftovers(files, options, target, *state, "", 4); !left)
      recorded = std::move(left.error());
  if (!recorded) return std::move(recorded.error());
  return complain(all_jobs);
}

Outcome migrate_archive(Files& files, const Options& options, const Listener& listener, Summary& summary) {
  // Open the source.
  auto archive = open_archive(files, options.source);
  if (!archive) return fail(summary, std::move(archive.error()));
  summary.from = archive->version;
  files.confine(archive->root);

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
  if (!migrate_clusters(files, plan, summary, clusters)) return Outcome::failed;
  if (listener.aggregations)
    for (const auto& [cluster, rows] : summary.aggregations) listener.aggregations(cluster, rows);

  // Refuse what cannot end well, before anything is written.
  if (auto usable = check_target(files, *archive, options); !usable)
    return fail(summary, std::move(usable.error()));

  // Take up what an earlier run left.
  const bool goes_on = !options.restart && is_begun(options);
  const Error nothing_bad{Kind::option_invalid, "--only-bad: there is no earlier run to go on from"};
  if (options.only_bad && !goes_on) return fail(summary, Error(nothing_bad));
  if (!goes_on)
    if (auto space = check_space(files, plan, listener.stop); !space)
      return fail(summary, std::move(space.error()));
  auto earlier = take_up(files, *archive, options);
  if (!earlier) return fail(summary, std::move(earlier.error()));
  summary.resumed = earlier->standing != Standing::fresh;
  if (options.only_bad && !summary.resumed) return fail(summary, Error(nothing_bad));
  if (earlier->state)
    for (const auto& cluster : clusters)
      if (auto known = earlier->state->settle_cluster(cluster->file.name, cluster->source.view()); !known)
        return fail(summary, std::move(known.error()));

  // Write everything but the jobs, then the jobs.
  Target target(files, *archive, options, earlier->standing);
  summary.clusters[""].left_behind = archive->left_behind;
  summary.left_behind = archive->left_behind_jobs;
  summary.resumable = earlier->state != nullptr;
  const auto all_jobs = run_all(files, plan, *earlier, clusters, target, listener, summary);
  if (!all_jobs) return fail(summary, Error(all_jobs.error()));

  // version.txt comes last, so that no server starts on half an archive.
  const Outcome outcome = finalize(target, options, *all_jobs, summary);
  // Where that cannot be kept the next run completes once more what is complete.
  if (outcome == Outcome::complete && earlier->state) (void)remember_end(files, options, *earlier->state);
  if (outcome == Outcome::bad_jobs && summary.left_out == 0 && earlier->state)
    (void)remember_bad_jobs(*earlier->state);
  return outcome;
}

}  // namespace

ClusterCounts Summary::total() const {
  ClusterCounts sum;
  for (const auto& [name, counts] : clusters) {
    sum.migrated += counts.migrated;
    sum.skipped += counts.skipped;
    sum.bad += counts.bad;
    sum.carried_unread += counts.carried_unread;
    sum.carried += counts.carried;
    sum.left_behind += counts.left_behind;
    sum.bytes_in += counts.bytes_in;
    sum.bytes_out += counts.bytes_out;
  }
  return sum;
}

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
  } catch (const std::exception& error) {
    summary.outcome = fail(summary, {Kind::internal, fmt::format("the run cannot go on: {}", error.what())});
  }
  summary.seconds = seconds_since(begin);
  return summary;
}

}  // namespace jobferry
