// A plan in order: what the source holds, whether the target can be used, what a sample of the jobs becomes,
// and what follows from that.
#include "jobferry/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "archive.h"
#include "census.h"
#include "clusters.h"
#include "command.h"
#include "estimate.h"
#include "files.h"
#include "rehearsal.h"
#include "resume.h"
#include "space.h"
#include "target.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// The most jobs that are tried unless more are asked for. Their paths take some 100 bytes each.
constexpr std::size_t most_tried = 200'000;

// How much longer a run takes than its rehearsal: what writing adds to reading, changing and encoding. Real
// runs and --dry-run in turns, seven of each, on make_archive's archives of version 0 (2000 jobs, to 1 and 3)
// and 1 (4000 jobs, to 3), the wait for the disk at the end counted in, source and target on one file system.
// `likely` is the median on ext4 in a busy virtual machine, `most` the most that any turn took there. In
// memory (tmpfs) the medians are 1.1, 1.8 and 3.6: where only meta.json is read there is little to do but to
// make directories, files and links, so that the file system decides. With copies the sizes of the data files
// do so, too (here 25 kB), since a rehearsal does not read them.
struct WritingFactor {
  double likely, most;
};
constexpr WritingFactor with_data{5, 11}, with_links{15, 34}, with_copies{62, 75};

WritingFactor writing_factor(const Plan& plan, const Travel& travel) {
  return plan.reads_data() ? with_data : travel.shared ? with_links : with_copies;
}

// What a job takes in the state, in bytes (state.h), and the state without any, with its write-ahead log.
constexpr std::uint64_t state_bytes_per_job = 400, state_bytes_at_least = 8U << 20;

// How many directories with a meta.json are named.
constexpr std::size_t most_named = 10;

std::string advice_for(Kind kind) {
  switch (kind) {
    case Kind::not_an_archive:
      return "name a job archive with --src: a directory with version.txt, or with directories that hold a "
             "cluster.json";
    case Kind::version_unknown:
      return "name another version with --to, or take a jobferry that knows this one";
    case Kind::target_unusable:
      return "name another target with --dst, or make room in this one";
    case Kind::state_unusable:
      return "see `jobferry status`; wait for the other run, name its options, or another --dst or --state";
    case Kind::cluster_bad:
      return "mend this cluster.json: no job is migrated before that";
    case Kind::option_invalid:
      return "correct the option";
    case Kind::read_failed:
      return "run it as a user who may read the archive; see that the disk is sound";
    default:
      return "mend these jobs or remove them, or complete without them: --accept-bad";
  }
}

void obstruct(Forecast& forecast, Error error) {
  std::string advice = advice_for(error.kind);
  forecast.obstacles.push_back({std::move(error), std::move(advice)});
}

void obstruct_by(Forecast& forecast, const Result<void>& done) {
  if (!done) obstruct(forecast, done.error());
}

double number(std::uint64_t n) { return static_cast<double>(n); }

// --- What is known from the start ---

Result<std::vector<Leg>> chain_of(const Archive& archive, const Options& options) {
  if (archive.version == options.to && archive.version == 0 && options.repair)
    return Error{Kind::version_unknown, "version 0 cannot be repaired, only migrated: no server accepts it"};
  return plan_chain(archive.version, options.to);
}

void look_at_target(Files& files, const Plan& plan, Forecast& forecast) {
  if (auto usable = check_target(files, plan.archive, plan.options); !usable)
    return obstruct(forecast, std::move(usable.error()));
  const auto standing = look_ahead(files, plan.archive, plan.options);
  if (!standing) return obstruct(forecast, standing.error());
  forecast.goes_on = *standing != Standing::fresh;
}

// --- Counting ---

Sample sample_for(const ForecastOptions& options) {
  if (options.sample_jobs) return {options.seed, static_cast<std::size_t>(*options.sample_jobs)};
  if (options.sample_percent)
    return {options.seed, std::numeric_limits<std::size_t>::max(), *options.sample_percent / 100};
  return {options.seed, most_tried};
}

Census count(Files& files, const Plan& plan, const Travel& travel, Sample& sample, const Listener& listener,
             Forecast& forecast) {
  Target nowhere(files, plan.archive, plan.options, Standing::fresh);
  const Stages stages(files, plan, nowhere, nullptr);
  const auto begin = Clock::now();
  Census census = take_census(files, plan, stages, travel, sample, listener);
  forecast.counting_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  forecast.interrupted = !census.complete;
  forecast.clusters = census.clusters;
  forecast.left_behind_root = plan.archive.left_behind;
  std::vector<std::string>& named = census.left_behind_jobs;
  named.insert(named.end(), plan.archive.left_behind_jobs.begin(), plan.archive.left_behind_jobs.end());
  std::sort(named.begin(), named.end(), path_order);
  forecast.left_behind_jobs = named.size();
  named.resize(std::min(named.size(), most_named));
  forecast.left_behind_some = named;
  forecast.to_try = census.to_try.jobs;
  return census;
}

// --- From the sample to all ---

std::uint64_t jobs_of(const Faults& faults) {
  std::uint64_t jobs = 0;
  for (const auto& [kind, fault] : faults) jobs += fault.jobs;
  return jobs;
}

// Known ones are certain, those of the sample stand for more.
void conclude_bad(const Census& census, const Rehearsal& rehearsal, Forecast& forecast) {
  const auto estimate = [&](std::uint64_t found) {
    return estimate_count(found, rehearsal.tried, forecast.to_try);
  };
  forecast.bad = estimate(jobs_of(rehearsal.bad)) + number(jobs_of(census.bad));
  for (const auto& [kind, fault] : census.bad)
    forecast.bad_classes[std::string(name_of(kind))] = {Estimate::of(number(fault.jobs)), fault.example};
  for (const auto& [kind, fault] : rehearsal.bad) {
    BadForecast& bad = forecast.bad_classes[std::string(name_of(kind))];
    const bool first = bad.example.subject.empty() || path_order(fault.example.subject, bad.example.subject);
    if (first) bad.example = fault.example;
    bad.jobs = estimate(fault.jobs) + bad.jobs.value;
  }
}

// Places in data files are as many as there is data, so that most of them may lie in a few large jobs: then
// the interval spans what follows from the number of jobs and what follows from their bytes.
Estimate places_of(const Rehearsal::Noted& noted, const Estimate& jobs, const Census& census,
                   const Rehearsal& rehearsal) {
  const Estimate by_jobs = estimate_places(noted.places, jobs);
  const bool one_each = noted.places.yy == noted.places.n;
  if (by_jobs.exact() || one_each || !noted.file.starts_with(names::data)) return by_jobs;
  // The jobs without the note have no place in them.
  Sums sums = noted.in_bytes;
  sums.n = rehearsal.bytes_in.n;
  sums.x = rehearsal.bytes_in.x;
  sums.xx = rehearsal.bytes_in.xx;
  const Estimate by_bytes = estimate_total(sums, census.to_try.bytes_in, jobs);
  const Estimate skewed = with_long_tail(by_bytes);
  return {by_bytes.value, std::min(by_jobs.low, skewed.low), std::max(by_jobs.high, skewed.high)};
}

void conclude_notes(const Census& census, const Rehearsal& rehearsal, const Summary& besides,
                    Forecast& forecast) {
  for (const auto& [code, noted] : rehearsal.notes) {
    const Estimate jobs =
        estimate_count(static_cast<std::uint64_t>(noted.places.n), rehearsal.tried, forecast.to_try);
    forecast.notes[code] = {places_of(noted, jobs, census, rehearsal),
                            jobs,
                            noted.subject,
                            noted.file,
                            noted.pointer,
                            noted.detail};
  }
  for (const auto& [code, note] : besides.notes) {
    NoteForecast& all = forecast.notes[code];
    all.places = all.places + number(note.count);
    all.subjects = all.subjects + number(note.subjects);
    if (!all.subject.empty() && all.subject < note.subject) continue;
    all.subject = note.subject;
    all.file = note.file;
    all.pointer = note.pointer;
    all.detail = note.detail;
  }
}

// Of jobs that are not migrated all entries stay behind. Where the sample has none of them, as many as jobs
// have on average.
Estimate kept_back(const Rehearsal& rehearsal, const Estimate& not_migrated) {
  if (rehearsal.kept_back.n > 0 || not_migrated.exact())
    return estimate_places(rehearsal.kept_back, not_migrated);
  const double mean = number(rehearsal.entries) / number(std::max<std::uint64_t>(rehearsal.tried, 1));
  return {0, 0, not_migrated.high * mean};
}

// `besides`: what is migrated beside the jobs, all of it known.
void conclude_counts(const Census& census, const Rehearsal& rehearsal, const Summary& besides,
                     Forecast& forecast) {
  const ClusterCounts rest = besides.total();
  const ClusterCensus counted = census.total();
  const KnownSizes& known = census.to_try;
  const auto share = [&](std::uint64_t found) {
    return estimate_count(found, rehearsal.tried, forecast.to_try);
  };
  forecast.migrated = share(rehearsal.migrated);
  forecast.skipped = share(rehearsal.skipped) + number(counted.skipped);
  forecast.carried_unread = share(rehearsal.carried_unread);
  forecast.carried = forecast.exact() ? Estimate::of(number(rehearsal.carried))
                                      : estimate_kept(known.carried, forecast.migrated);
  forecast.carried = forecast.carried + number(rest.carried);
  forecast.left_behind = kept_back(rehearsal, share(rehearsal.tried - rehearsal.migrated)) +
                         number(counted.left_behind) + number(forecast.left_behind_root) +
                         number(rest.left_behind);
  const Estimate all = Estimate::of(number(forecast.to_try));
  forecast.bytes_in = estimate_total(rehearsal.bytes_in, known.bytes_in, all) + number(rest.bytes_in);
  forecast.bytes_out =
      estimate_total(rehearsal.bytes_out, known.bytes_out, forecast.migrated) + number(rest.bytes_out);
  forecast.unseen = static_cast<std::uint64_t>(share(0).high);
}

// Rounds share a cache and a disk: with fewer than three of them, half as long or half as much again.
Estimate reading_time(const Plan& plan, const Census& census, const Rehearsal& rehearsal) {
  const bool by_bytes = plan.reads_data();
  const Sums& rounds = by_bytes ? rehearsal.bytes_of_rounds : rehearsal.jobs_of_rounds;
  const double all = by_bytes ? census.to_try.bytes_in.x : number(census.to_try.jobs);
  const double value = rounds.x > 0 ? rounds.y / rounds.x * all : 0;
  if (rounds.n < 3) return {value, value / 2, value * 1.5};
  // Of so many rounds as the whole would have: they are not to be exact even if they were all.
  const double population = std::max(rounds.n * all / rounds.x, rounds.n + 1);
  const Estimate estimate =
      estimate_total(rounds, {population, all, rounds.xx / rounds.n * population}, Estimate::of(population));
  return {value, estimate.low, std::max(estimate.high, value)};
}

void conclude_duration(const Plan& plan, const Travel& travel, const Census& census,
                       const Rehearsal& rehearsal, Forecast& forecast) {
  const Estimate reading = reading_time(plan, census, rehearsal);
  const WritingFactor writing = writing_factor(plan, travel);
  forecast.duration = {reading.low, reading.value * writing.likely, reading.high * writing.most,
                       rehearsal.seconds};
}

// Beside the jobs: the root, the clusters, version.txt and the marker for a while, what is carried. Rounded
// up by a block for each file.
Needs needs_besides(const Plan& plan, const Census& census, const Summary& besides) {
  const std::uint64_t clusters = plan.archive.clusters.size();
  const std::uint64_t files = besides.total().carried + clusters + 2;
  const std::uint64_t directories = census.directories() + clusters + 1;
  const std::uint64_t blocks = besides.total().bytes_out / block_size + files + directories;
  return {blocks * block_size, files + directories};
}

Estimate times(const Estimate& estimate, double factor) {
  return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

bool same_file_system(Files& files, const std::string& a, const std::string& b) {
  const auto first = files.info(a + "/."), second = files.info(b + "/.");
  return first && second && first->device == second->device;
}

void conclude_room(Files& files, const Plan& plan, const Census& census, const Rehearsal& rehearsal,
                   const Summary& besides, Forecast& forecast) {
  const Needs rest = needs_besides(plan, census, besides);
  RoomForecast& room = forecast.room;
  const Estimate blocks = estimate_total(rehearsal.blocks, census.to_try.blocks, forecast.migrated);
  room.bytes = times(blocks, number(block_size)) + number(rest.bytes);
  room.inodes =
      estimate_total(rehearsal.inodes, census.to_try.inodes, forecast.migrated) + number(rest.inodes);
  room.place = standing_place(plan.options.target);
  const std::string state = standing_place(state_directory(plan.options));
  if (plan.options.keep_state && same_file_system(files, state, room.place))
    room.state_bytes = state_bytes_at_least + state_bytes_per_job * census.to_try.jobs;
  const auto space = files.space(room.place);
  if (!space) return;
  room.free_bytes = space->free_bytes;
  if (space->free_inodes != std::numeric_limits<std::uint64_t>::max()) room.free_inodes = space->free_inodes;
}

// --- What stands in the way ---

void judge_bad(const Options& options, Forecast& forecast) {
  if (options.accept_bad) return;
  for (const auto& [name, bad] : forecast.bad_classes) {
    Error error = bad.example;
    error.what = fmt::format("{}{:.0f} bad jobs, for example: {}", bad.jobs.exact() ? "" : "about ",
                             std::max(1.0, std::round(bad.jobs.value)), error.what);
    obstruct(forecast, std::move(error));
  }
}

// Jobs that this user cannot read, as their modes say; the sample may have met some of them already.
void judge_permissions(const Census& census, const Options& options, Forecast& forecast) {
  const Fault& unreadable = census.unreadable;
  const bool seen = forecast.bad_classes.contains(name_of(Kind::read_failed));
  if (unreadable.jobs == 0 || seen) return;
  Error error = unreadable.example;
  error.what = fmt::format("{} jobs have files that this user may not read, for example: {}", unreadable.jobs,
                           error.what);
  std::string advice = advice_for(error.kind);
  (options.accept_bad ? forecast.warnings : forecast.obstacles).push_back({error, advice});
}

std::uint64_t whole(double n) { return static_cast<std::uint64_t>(std::ceil(std::max(n, 0.0))); }

void judge_room(const Options& options, Forecast& forecast) {
  const RoomForecast& room = forecast.room;
  if (!room.free_bytes) return;
  Space free;
  free.free_bytes = *room.free_bytes;
  free.free_inodes = room.free_inodes.value_or(std::numeric_limits<std::uint64_t>::max());
  const auto check = [&](double bytes, double inodes) {
    return check_room(options.target, {whole(bytes) + room.state_bytes, whole(inodes)}, free);
  };
  const std::string advice = advice_for(Kind::target_unusable);
  // What an earlier run has written is there already.
  std::vector<Obstacle>& likely = forecast.goes_on ? forecast.warnings : forecast.obstacles;
  if (auto fits = check(room.bytes.value, room.inodes.value); !fits)
    likely.push_back({std::move(fits.error()), advice});
  else if (auto surely = check(room.bytes.high, room.inodes.high); !surely)
    forecast.warnings.push_back({std::move(surely.error()), advice});
}

// --- All together ---

void conclude(Files& files, const Plan& plan, const Travel& travel, Census& census,
              const Rehearsal& rehearsal, const Summary& besides, Forecast& forecast) {
  census.to_try.forget(rehearsal.gone);
  forecast.tried = rehearsal.tried;
  forecast.to_try = census.to_try.jobs;
  conclude_bad(census, rehearsal, forecast);
  conclude_notes(census, rehearsal, besides, forecast);
  if (!forecast.has_estimates()) return;
  conclude_counts(census, rehearsal, besides, forecast);
  conclude_duration(plan, travel, census, rehearsal, forecast);
  conclude_room(files, plan, census, rehearsal, besides, forecast);
  judge_room(plan.options, forecast);
}

void look_into_archive(Files& files, const ForecastOptions& how, const Listener& listener,
                       Forecast& forecast) {
  Options options = how.migration;
  options.dry_run = false;  // the run that is planned is one that writes

  // Open the source.
  auto archive = open_archive(files, options.source);
  if (!archive) return obstruct(forecast, std::move(archive.error()));
  forecast.from = archive->version;
  forecast.nothing_to_do = archive->version == options.to && !options.repair;
  files.confine(archive->root);

  // The steps, and the cluster files as they become.
  auto chain = chain_of(*archive, options);
  const bool has_way = static_cast<bool>(chain) && !forecast.nothing_to_do;
  Plan plan{options, *archive, has_way ? std::move(*chain) : std::vector<Leg>(), {}};
  if (!chain && !forecast.nothing_to_do) obstruct(forecast, std::move(chain.error()));
  Summary besides;
  MigratedClusters clusters;
  if (has_way) (void)migrate_clusters(files, plan, besides, clusters);
  for (Error& error : besides.errors) obstruct(forecast, std::move(error));
  forecast.aggregations = std::move(besides.aggregations);
  if (!forecast.nothing_to_do) look_at_target(files, plan, forecast);

  // Count everything, and choose the sample on the way.
  Sample sample = sample_for(how);
  const Travel travel = travel_of(files, plan);
  Census census = count(files, plan, travel, sample, listener, forecast);
  // The steps look up in every cluster.json: without one of them no job is tried.
  const bool can_try = has_way && plan.clusters.size() == archive->clusters.size();
  if (!can_try || forecast.interrupted) {
    conclude_bad(census, {}, forecast);
    if (!forecast.nothing_to_do) judge_bad(options, forecast);
    return;
  }

  // Migrate what is no job, then the sample, into nothing.
  Listener quiet;  // what the sample says is no run's
  quiet.stop = listener.stop;
  Ledger ledger(besides, quiet);
  Target nowhere(files, *archive, options, Standing::fresh);
  obstruct_by(forecast, write_all_but_jobs(files, *archive, nowhere, clusters, ledger, besides));
  Effort effort;
  if (!how.sample_jobs && !how.sample_percent) effort.time = how.sample_time;
  const Rehearsal rehearsal = rehearse(files, plan, travel, sample.take(), effort, quiet);
  forecast.interrupted = listener.stop && *listener.stop;

  conclude(files, plan, travel, census, rehearsal, besides, forecast);
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
    look_into_archive(*files, options, listener, forecast);
  } catch (const std::exception& error) {
    // No memory, no thread to be had, or a defect.
    obstruct(forecast, {Kind::internal, fmt::format("the plan cannot be made: {}", error.what())});
  }
  return forecast;
}

}  // namespace jobferry
