#include "forecast/conclude.h"
#include "io/paths.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/resume.h"
#include "engine/space.h"
#include "engine/target.h"
#include "forecast/estimate.h"

namespace jobferry {

namespace {

// How many times longer a run takes than its rehearsal, which reads, changes and encodes but does not write.
//
// Measured with make_archive's archives of version 0 (2000 jobs, to versions 1 and 3) and of version 1 (4000
// jobs, to version 3), with source and target on one file system: seven real runs and seven runs with
// --dry-run, in turns. The wait for the disk at the end is included. `likely` is the median on ext4 in a busy
// virtual machine, `most` the maximum there. In memory (tmpfs) the medians are 1.1, 1.8 and 3.6. If only
// meta.json is read, most of the work is to make directories, files and links, so the file system decides.
// With copies the sizes of the data files (here 25 kB) decide as well, since a rehearsal does not read them.
struct WritingFactor {
  double likely, most;
};
constexpr WritingFactor with_data{5, 11}, with_links{15, 34}, with_copies{62, 75};

WritingFactor writing_factor(const Migration& migration, const DataTransfer& transfer) {
  return migration.reads_data() ? with_data : transfer.shared ? with_links : with_copies;
}

// How many bytes the state takes (state.h), without jobs and for each job. Measured with make_archive's
// archives of 1 to 20000 jobs: 25 kB besides the cluster.json, and 160 to 280 bytes for each job. The upper
// bound includes the write-ahead log, whose size depends on how much is recorded at a time.
struct StateSize {
  std::uint64_t empty, job;

  std::uint64_t with(std::uint64_t jobs) const { return empty + jobs * job; }
};
constexpr StateSize state_at_least{25'000, 160}, state_at_most{8'000'000, 400};

double number(std::uint64_t n) { return static_cast<double>(n); }

std::uint64_t jobs_of(const ErrorGroups& faults) {
  std::uint64_t jobs = 0;
  for (const auto& [kind, group] : faults) jobs += group.jobs;
  return jobs;
}

// Places in data files are proportional to the bytes of data, all others to the number of jobs.
double places_of(const Rehearsal::Noted& noted, const Estimate& jobs, const Census& census,
                 const Rehearsal& rehearsal) {
  const bool by_bytes = noted.places.yy != noted.places.n && noted.file.starts_with(names::data);
  if (by_bytes && rehearsal.bytes_in.x > 0)
    return noted.places.y / rehearsal.bytes_in.x * census.to_try.bytes_in.x;
  return noted.places.y / noted.places.n * jobs.value;
}

// An estimate of a total, with room for jobs that are like none of the sample.
Estimate total_of(const SampleSums& sums, const Population& known, const Estimate& counting) {
  return with_unseen(estimate_total(sums, known, counting), sums, known);
}

void conclude_notes(const Census& census, const Rehearsal& rehearsal, const Summary& besides,
                    Forecast& forecast) {
  for (const auto& [code, noted] : rehearsal.notes) {
    const Estimate jobs =
        estimate_count(static_cast<std::uint64_t>(noted.places.n), rehearsal.tried, forecast.to_try);
    const bool all = rehearsal.tried == forecast.to_try;
    forecast.notes[code] = {jobs,           all ? noted.places.y : places_of(noted, jobs, census, rehearsal),
                            noted.places.y, noted.subject,
                            noted.file,     noted.pointer,
                            noted.detail};
  }
  for (const auto& [code, note] : besides.notes) {
    NoteForecast& all = forecast.notes[code];
    all.places += number(note.count);
    all.places_seen += number(note.count);
    all.subjects = all.subjects + number(note.subjects);
    if (!all.subject.empty() && all.subject < note.subject) continue;
    all.subject = note.subject;
    all.file = note.file;
    all.pointer = note.pointer;
    all.detail = note.detail;
  }
}

// All entries of a job that is not migrated are left behind. If the sample has no such job, the mean number
// of entries of a job is assumed.
Estimate kept_back(const Rehearsal& rehearsal, const Estimate& not_migrated) {
  if (rehearsal.kept_back.n > 0 || not_migrated.exact())
    return estimate_places(rehearsal.kept_back, not_migrated);
  const double mean = number(rehearsal.entries) / number(std::max<std::uint64_t>(rehearsal.tried, 1));
  return {0, 0, not_migrated.high * mean};
}

void conclude_counts(const Census& census, const Rehearsal& rehearsal, const Summary& besides,
                     Forecast& forecast) {
  const ClusterCounts rest = besides.total();
  const ClusterCensus counted = census.total();
  const PopulationSizes& known = census.to_try;
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
  forecast.bytes_in = total_of(rehearsal.bytes_in, known.bytes_in, all) + number(rest.bytes_in);
  forecast.bytes_out =
      total_of(rehearsal.bytes_out, known.bytes_out, forecast.migrated) + number(rest.bytes_out);
  forecast.unseen = static_cast<std::uint64_t>(share(0).high);
}

// The rounds of a rehearsal share a cache and a disk. With fewer than three rounds the interval is from half
// to one and a half of the estimate.
Estimate reading_time(const Migration& migration, const Census& census, const Rehearsal& rehearsal) {
  const bool by_bytes = migration.reads_data();
  const SampleSums& rounds = by_bytes ? rehearsal.bytes_of_rounds : rehearsal.jobs_of_rounds;
  const double all = by_bytes ? census.to_try.bytes_in.x : number(census.to_try.jobs);
  const double value = rounds.x > 0 ? rounds.y / rounds.x * all : 0;
  if (rounds.n < 3) return {value, value / 2, value * 1.5};
  // The whole run counts as a number of rounds. It is larger than that of the rehearsal, so that the estimate
  // is never exact.
  const double population = std::max(rounds.n * all / rounds.x, rounds.n + 1);
  const Estimate estimate =
      estimate_total(rounds, {population, all, rounds.xx / rounds.n * population}, Estimate::of(population));
  return {value, estimate.low, std::max(estimate.high, value)};
}

void conclude_duration(const Migration& migration, const DataTransfer& transfer, const Census& census,
                       const Rehearsal& rehearsal, Forecast& forecast) {
  const Estimate reading = reading_time(migration, census, rehearsal);
  const WritingFactor writing = writing_factor(migration, transfer);
  forecast.duration = {reading.low, reading.value * writing.likely, reading.high * writing.most,
                       rehearsal.seconds};
}

// The room for everything but the jobs: the root, the clusters, version.txt, the marker and the carried
// files. Sizes are rounded up by a block for each file.
Needs needs_besides(const Migration& migration, const DataTransfer& transfer, const Census& census,
                    const Summary& besides) {
  const std::uint64_t clusters = migration.archive.clusters.size();
  const std::uint64_t files = besides.total().carried + clusters + 2;
  const std::uint64_t directories = census.directories() + clusters + 1;
  const std::uint64_t blocks =
      besides.total().bytes_out / block_size + files + directories * transfer.directory_blocks;
  return {blocks * block_size, files + directories};
}

Estimate times(const Estimate& estimate, double factor) {
  return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

bool same_file_system(Files& files, const std::string& a, const std::string& b) {
  const auto first = files.info(a + "/."), second = files.info(b + "/.");
  return first && second && first->device == second->device;
}

void conclude_room(Files& files, const Evidence& found, Forecast& forecast) {
  const Migration& migration = found.migration;
  const Census& census = found.census;
  const Rehearsal& rehearsal = found.rehearsal;
  const Needs rest = needs_besides(migration, found.transfer, census, found.besides);
  RoomForecast& room = forecast.room;
  const Estimate blocks = total_of(rehearsal.blocks, census.to_try.blocks, forecast.migrated);
  room.bytes = times(blocks, number(block_size)) + number(rest.bytes);
  room.inodes = total_of(rehearsal.inodes, census.to_try.inodes, forecast.migrated) + number(rest.inodes);
  room.place = nearest_existing(migration.options.target);
  const std::string state = nearest_existing(state_directory(migration.options));
  if (migration.options.keep_state && same_file_system(files, state, room.place)) {
    room.state_bytes = state_at_least.with(census.to_try.jobs);
    room.state_bytes_most = state_at_most.with(census.to_try.jobs);
  }
  const auto space = files.space(room.place);
  if (!space) return;
  room.free_bytes = space->free_bytes;
  if (space->free_inodes != std::numeric_limits<std::uint64_t>::max()) room.free_inodes = space->free_inodes;
}

}  // namespace

// The bad jobs of the census are exact; those of the sample are scaled up to all jobs.
void conclude_bad(const Census& census, const Rehearsal& rehearsal, Forecast& forecast) {
  const auto estimate = [&](std::uint64_t found) {
    return estimate_count(found, rehearsal.tried, forecast.to_try);
  };
  forecast.bad = estimate(jobs_of(rehearsal.bad)) + number(jobs_of(census.bad));
  for (const auto& [kind, group] : census.bad)
    forecast.bad_classes[std::string(name_of(kind))] = {Estimate::of(number(group.jobs)), group.example};
  for (const auto& [kind, group] : rehearsal.bad) {
    BadForecast& bad = forecast.bad_classes[std::string(name_of(kind))];
    const bool first = bad.example.subject.empty() || path_order(group.example.subject, bad.example.subject);
    if (first) bad.example = group.example;
    bad.jobs = estimate(group.jobs) + bad.jobs.value;
  }
}

void conclude(Files& files, const Evidence& found, Forecast& forecast) {
  forecast.sampled = true;
  forecast.tried = found.rehearsal.tried;
  forecast.to_try = found.census.to_try.jobs;
  conclude_bad(found.census, found.rehearsal, forecast);
  conclude_notes(found.census, found.rehearsal, found.besides, forecast);
  if (!forecast.has_estimates()) return;
  conclude_counts(found.census, found.rehearsal, found.besides, forecast);
  conclude_duration(found.migration, found.transfer, found.census, found.rehearsal, forecast);
  conclude_room(files, found, forecast);
}

}  // namespace jobferry
