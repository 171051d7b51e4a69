// `jobferry plan` in order: what the source holds, whether the target can be used, what happens to a sample
// of the jobs, and what follows from that for all jobs.
#include "jobferry/forecast.h"
#include "io/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "archive/layout.h"
#include "base/text.h"
#include "engine/clusters.h"
#include "engine/command_words.h"
#include "engine/resume.h"
#include "engine/space.h"
#include "engine/target.h"
#include "engine/target_checks.h"
#include "forecast/conclude.h"
#include "io/files.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// The largest sample unless the user asks for more. Each path takes about 100 bytes.
constexpr std::size_t most_tried = 200'000;

// A lack of resources says nothing about the migration: it means that the plan has failed.
void add_obstacle(Forecast& forecast, Error error) {
  forecast.failed |= error.kind == Kind::out_of_resources;
  forecast.obstacles.push_back(std::move(error));
}

void fail(Forecast& forecast, Error error) {
  forecast.failed = true;
  add_obstacle(forecast, std::move(error));
}

Result<std::vector<Leg>> chain_of(const Archive& archive, const Options& options) {
  if (archive.version == options.to && archive.version == 0 && options.repair)
    return Error{Kind::version_unknown, "version 0 can only be migrated, not repaired: no server accepts it"};
  return find_chain(archive.version, options.to);
}

// Whether reflinks work. A run finds out by trying (Target::create); a plan can only ask the file systems.
void judge_reflink(Files& files, const Migration& migration, Forecast& forecast) {
  if (migration.options.data != DataMode::reflink || migration.archive.clusters.empty()) return;
  const std::string place = nearest_existing(migration.options.target);
  const auto there = files.space(place), here = files.space(migration.archive.root);
  const auto info = files.info(place + "/.");
  if (!there || !here || !info) return;
  const bool one_device = info->device == migration.archive.root_info.device;
  if (one_device && there->shares_blocks()) return;
  const bool apart =
      !one_device && (there->sharing != here->sharing || there->sharing == Sharing::on_a_device);
  const bool never = apart || there->sharing == Sharing::never;
  Error error{.kind = Kind::target_unusable,
              .what = fmt::format("--data=reflink: {}",
                                  never ? "source and target cannot share blocks on these file systems"
                                        : "it is not known whether source and target can share blocks"),
              .file = migration.options.target};
  (never ? forecast.obstacles : forecast.warnings).push_back(std::move(error));
}

void check_target_ahead(Files& files, const Migration& migration, const std::atomic<bool>* stop,
                        Forecast& forecast) {
  if (auto usable = check_target(files, migration.archive, migration.options); !usable)
    return add_obstacle(forecast, std::move(usable.error()));
  const auto standing = predict_target_state(files, migration.archive, migration.options, stop);
  if (stop && *stop) return;
  if (!standing) return add_obstacle(forecast, standing.error());
  forecast.goes_on = *standing != TargetState::fresh;
  judge_reflink(files, migration, forecast);
}

Sample sample_for(const ForecastOptions& options) {
  if (options.sample_jobs) return {options.seed, static_cast<std::size_t>(*options.sample_jobs)};
  if (options.sample_percent)
    return {options.seed, std::numeric_limits<std::size_t>::max(), *options.sample_percent / 100};
  return {options.seed, most_tried};
}

// The names of the entries that open_archive() counts as left behind.
std::vector<std::string> left_behind_in_root(Files& files, const Archive& archive) {
  std::vector<std::string> left;
  const auto entries = files.list(archive.root);
  if (!entries) return left;
  const auto holds = [](const std::vector<std::string>& all, const std::string& name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  for (const Entry& entry : *entries)
    if (entry.name != names::version && !holds(archive.clusters, entry.name) &&
        !holds(archive.carried, entry.name))
      left.push_back(entry.name);
  return left;
}

Census count(Files& files, const Migration& migration, const DataTransfer& transfer, Sample& sample,
             const Listener& listener) {
  Target nowhere(files, migration.archive, migration.options, {}, nullptr);
  const Stages stages(files, migration, nowhere, nullptr);
  return take_census({files, migration, stages, transfer}, sample, listener);
}

void report_counts(Files& files, const Migration& migration, Census& census, Forecast& forecast) {
  forecast.interrupted = !census.complete;
  forecast.clusters = census.clusters;
  forecast.left_behind_root = migration.archive.left_behind;
  for (std::string& name : left_behind_in_root(files, migration.archive))
    census.left_behind.add(std::move(name));
  forecast.left_behind_some = census.left_behind.take();
  std::vector<std::string>& named = census.left_behind_jobs;
  named.insert(named.end(), migration.archive.left_behind_jobs.begin(),
               migration.archive.left_behind_jobs.end());
  std::sort(named.begin(), named.end(), path_order);
  forecast.left_behind_jobs = named.size();
  named.resize(std::min(named.size(), FirstPaths::most));
  forecast.left_behind_jobs_some = named;
  forecast.to_try = census.to_try.jobs;
}

void judge_bad(const Options& options, Forecast& forecast) {
  if (options.accept_bad) return;
  for (const auto& [name, bad] : forecast.bad_classes) {
    Error error = bad.example;
    const auto jobs = static_cast<std::uint64_t>(std::max(1.0, std::round(bad.jobs.value)));
    error.what = fmt::format("{}{}, for example: {}", bad.jobs.exact() ? "" : "about ",
                             plural(jobs, "bad job"), error.what);
    add_obstacle(forecast, std::move(error));
  }
}

// Jobs that this user may not read by their modes. The sample may have reported some of them already.
void judge_permissions(const Census& census, const Options& options, Forecast& forecast) {
  const ErrorGroup& unreadable = census.unreadable;
  const bool seen = forecast.bad_classes.contains(name_of(Kind::read_failed));
  if (unreadable.jobs == 0 || seen) return;
  Error error = unreadable.example;
  error.what = fmt::format("{} {} files that this user may not read, for example: {}",
                           plural(unreadable.jobs, "job"), unreadable.jobs == 1 ? "has" : "have", error.what);
  (options.accept_bad ? forecast.warnings : forecast.obstacles).push_back(std::move(error));
}

std::uint64_t whole(double n) { return static_cast<std::uint64_t>(std::ceil(std::max(n, 0.0))); }

void judge_room(const Options& options, Forecast& forecast) {
  const RoomForecast& room = forecast.room;
  if (!forecast.has_estimates() || !room.free_bytes) return;
  Space free;
  free.free_bytes = *room.free_bytes;
  free.free_inodes = room.free_inodes.value_or(std::numeric_limits<std::uint64_t>::max());
  const auto check = [&](double bytes, std::uint64_t state, double inodes) {
    return check_room(options.target, {whole(bytes) + state, whole(inodes)}, free);
  };
  // What an earlier run has written takes no further room, so this may be wrong.
  std::vector<Error>& likely = forecast.goes_on ? forecast.warnings : forecast.obstacles;
  if (auto fits = check(room.bytes.value, room.state_bytes, room.inodes.value); !fits)
    likely.push_back(std::move(fits.error()));
  else if (auto surely = check(room.bytes.high, room.state_bytes_most, room.inodes.high); !surely)
    forecast.warnings.push_back(std::move(surely.error()));
}

void plan_migration(Files& files, const ForecastOptions& how, const Listener& listener, Forecast& forecast) {
  Options options = how.migration;
  options.dry_run = false;  // the planned run writes

  // Open the source.
  files.confine(options.source);
  auto archive = open_archive(files, options.source);
  if (!archive) return fail(forecast, std::move(archive.error()));
  forecast.from = archive->version;
  forecast.nothing_to_do = archive->version == options.to && !options.repair;

  // The steps, and the migrated cluster files.
  auto chain = chain_of(*archive, options);
  const bool has_way = static_cast<bool>(chain) && !forecast.nothing_to_do;
  Migration migration{options, *archive, has_way ? std::move(*chain) : std::vector<Leg>(), {}};
  if (!chain && !forecast.nothing_to_do) add_obstacle(forecast, std::move(chain.error()));
  Summary besides;
  MigratedClusters clusters;
  if (has_way) (void)migrate_clusters(files, migration, besides, clusters, listener.stop);
  for (Error& error : besides.errors) add_obstacle(forecast, std::move(error));
  forecast.aggregations = std::move(besides.aggregations);
  if (!forecast.nothing_to_do) check_target_ahead(files, migration, listener.stop, forecast);

  if (listener.stop && *listener.stop) {
    forecast.interrupted = true;
    return;
  }

  // Count everything, and choose the sample at the same time.
  Sample sample = sample_for(how);
  const DataTransfer transfer = data_transfer_of(files, migration);
  const auto begin = Clock::now();
  Census census = count(files, migration, transfer, sample, listener);
  forecast.counting_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  report_counts(files, migration, census, forecast);
  if (census.starved) return fail(forecast, std::move(*census.starved));
  for (Error& error : census.unlisted) {
    error.what = "it hides an unknown number of jobs: " + error.what;
    add_obstacle(forecast, std::move(error));
  }
  // The steps need every cluster.json. If one is missing, no job is tried.
  const bool can_try = has_way && migration.clusters.size() == archive->clusters.size();
  if (!can_try || forecast.interrupted) {
    conclude_bad(census, {}, forecast);  // the jobs that are bad by their directories
    if (!forecast.nothing_to_do) judge_bad(options, forecast);
    return;
  }

  // Migrate everything but the jobs, then the sample, without writing.
  Listener quiet;  // does not report single jobs of the sample
  quiet.stop = listener.stop;
  Ledger ledger(besides, quiet);
  Target nowhere(files, *archive, options, {}, nullptr);
  if (const auto done = write_clusters({files, *archive, nowhere, ledger, besides}, clusters); !done)
    add_obstacle(forecast, done.error());
  const std::vector<std::string> chosen = sample.take();
  RehearsalLimits limits;
  if (!how.sample_jobs && !how.sample_percent) limits.time = how.sample_time;
  const Rehearsal rehearsal =
      rehearse({files, migration, transfer, chosen}, limits, listener.progress, quiet);
  if (rehearsal.failure) return fail(forecast, *rehearsal.failure);
  forecast.interrupted = listener.stop && *listener.stop;
  census.to_try.forget(rehearsal.gone);

  // Draw the conclusions, and look for obstacles.
  conclude(files, {migration, transfer, census, rehearsal, besides}, forecast);
  judge_room(options, forecast);
  judge_bad(options, forecast);
  judge_permissions(census, options, forecast);
}

}  // namespace

Forecast forecast(const ForecastOptions& options, const Listener& listener) {
  Forecast forecast;
  forecast.to = options.migration.to;
  forecast.seed = options.seed;
  try {
    forecast.command = command_for(options.migration);
    const auto files = dry_files(options.migration.follow_symlinks);
    plan_migration(*files, options, listener, forecast);
  } catch (...) {
    fail(forecast, error_of(std::current_exception()));
  }
  return forecast;
}

}  // namespace jobferry
