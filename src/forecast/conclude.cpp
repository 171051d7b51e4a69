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

WritingFactor writing_factor(const Migration& migration, const Travel& travel) {
  return migration.reads_data() ? with_data : travel.shared ? with_links : with_copies;
}

// What the state takes in bytes without any job, and for each (state.h). Seen with make_archive's archives of
// 1 to 20000 jobs: 25 kB beside the cluster.json, then 160 to 280 bytes a job; at most, the write-ahead log
// is there as well, whose size is that of what is recorded at a time.
struct StateSize {
  std::uint64_t empty, job;

  std::uint64_t with(std::uint64_t jobs) const { return empty + jobs * job; }
};
constexpr StateSize state_at_least{25'000, 160}, state_at_most{8'000'000, 400};

double number(std::uint64_t n) { return static_cast<double>(n); }

std::uint64_t jobs_of(const Faults& faults) {
  std::uint64_t jobs = 0;
  for (const auto& [kind, fault] : faults) jobs += fault.jobs;
  return jobs;
}

// Places in data files are as many as there is data, others as many as there are jobs.
double places_of(const Rehearsal::Noted& noted, const Estimate& jobs, const Census& census,
                 const Rehearsal& rehearsal) {
  const bool by_bytes = noted.places.yy != noted.places.n && noted.file.starts_with(names::data);
  if (by_bytes && rehearsal.bytes_in.x > 0)
    return noted.places.y / rehearsal.bytes_in.x * census.to_try.bytes_in.x;
  return noted.places.y / noted.places.n * jobs.value;
}

// What estimate_total() finds, with room for what no job of the sample shows.
Estimate total_of(const Sums& sums, const Known& known, const Estimate& counting) {
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

// Of jobs that are not migrated all entries stay behind. Where the sample has none of them, as many as jobs
// have on average.
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
  forecast.bytes_in = total_of(rehearsal.bytes_in, known.bytes_in, all) + number(rest.bytes_in);
  forecast.bytes_out =
      total_of(rehearsal.bytes_out, known.bytes_out, forecast.migrated) + number(rest.bytes_out);
  forecast.unseen = static_cast<std::uint64_t>(share(0).high);
}

// Rounds share a cache and a disk: with fewer than three of them, half as long or half as much again.
Estimate reading_time(const Migration& migration, const Census& census, const Rehearsal& rehearsal) {
  const bool by_bytes = migration.reads_data();
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

void conclude_duration(const Migration& migration, const Travel& travel, const Census& census,
                       const Rehearsal& rehearsal, Forecast& forecast) {
  const Estimate reading = reading_time(migration, census, rehearsal);
  const WritingFactor writing = writing_factor(migration, travel);
  forecast.duration = {reading.low, reading.value * writing.likely, reading.high * writing.most,
                       rehearsal.seconds};
}

// Beside the jobs: the root, the clusters, version.txt and the marker for a while, what is carried. Rounded
// up by a block for each file.
Needs needs_besides(const Migration& migration, const Travel& travel, const Census& census,
                    const Summary& besides) {
  const std::uint64_t clusters = migration.archive.clusters.size();
  const std::uint64_t files = besides.total().carried + clusters + 2;
  const std::uint64_t directories = census.directories() + clusters + 1;
  const std::uint64_t blocks =
      besides.total().bytes_out / block_size + files + directories * travel.directory_blocks;
  return {blocks * block_size, files + directories};
}

Estimate times(const Estimate& estimate, double factor) {
  return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

bool same_file_system(Files& files, const std::string& a, const std::string& b) {
  const auto first = files.info(a + "/."), second = files.info(b + "/.");
  return first && second && first->device == second->device;
}

void conclude_room(Files& files, const Basis& found, Forecast& forecast) {
  const Migration& migration = found.migration;
  const Census& census = found.census;
  const Rehearsal& rehearsal = found.rehearsal;
  const Needs rest = needs_besides(migration, found.travel, census, found.besides);
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

void conclude(Files& files, const Basis& found, Forecast& forecast) {
  forecast.sampled = true;
  forecast.tried = found.rehearsal.tried;
  forecast.to_try = found.census.to_try.jobs;
  conclude_bad(found.census, found.rehearsal, forecast);
  conclude_notes(found.census, found.rehearsal, found.besides, forecast);
  if (!forecast.has_estimates()) return;
  conclude_counts(found.census, found.rehearsal, found.besides, forecast);
  conclude_duration(found.migration, found.travel, found.census, found.rehearsal, forecast);
  conclude_room(files, found, forecast);
}

}  // namespace jobferry
