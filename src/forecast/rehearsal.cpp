#include "forecast/rehearsal.h"

#include <algorithm>
#include <span>

#include "base/threads.h"
#include "engine/run.h"
#include "engine/target.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// How many jobs a round has. The first round is small, since its jobs may be huge. Later rounds take about a
// second, so that the time to start their threads does not matter.
constexpr std::size_t first_round = 50, least_round = 20, largest_round = 2000;
constexpr double seconds_of_round = 1;

std::size_t next_round(double jobs, double seconds) {
  if (jobs == 0) return first_round;
  const double wanted = jobs / std::max(seconds, 1e-3) * seconds_of_round;
  return static_cast<std::size_t>(
      std::clamp(wanted, static_cast<double>(least_round), static_cast<double>(largest_round)));
}

double as_number(std::uint64_t n) { return static_cast<double>(n); }

// A server may remove a job during the rehearsal.
bool has_gone(Files& files, const Slot& slot) {
  if (slot.fate == Fate::foreign) return true;
  return slot.fate == Fate::bad && !files.info(slot.source);
}

}  // namespace

void Rehearsal::add(const Slot& slot, const JobSize& size, const DataTransfer& transfer) {
  const bool done = slot.fate == Fate::migrated;
  ++tried;
  migrated += done;
  skipped += slot.fate == Fate::skipped;
  if (slot.fate == Fate::bad) bad[slot.error->kind].add(*slot.error);
  carried_unread += done && slot.carried_unread;

  // A data file that is carried as it is may take nothing at the target.
  const bool shared = slot.carries_data() && transfer.shared;
  const std::uint64_t shared_blocks = shared ? blocks_of(slot.data->info->size) : 0;
  const std::uint64_t linked = slot.carries_data() && !transfer.needs_inode;
  const auto if_done = [&](std::uint64_t n) { return done ? as_number(n) : 0; };
  bytes_in.add(as_number(size.bytes_in), as_number(slot.bytes_in));
  bytes_out.add(as_number(size.bytes_out), if_done(slot.bytes_out));
  blocks.add(as_number(size.blocks), if_done(transfer.directory_blocks + slot.blocks_out - shared_blocks));
  inodes.add(as_number(size.inodes), if_done(slot.entries_out - linked));
  entries += slot.entries;
  carried += done ? slot.carried.size() : 0;
  if (!done) kept_back.add(1, as_number(slot.entries) - as_number(slot.left_behind));
  if (done) add_notes(slot);
}

void Rehearsal::add_notes(const Slot& slot) {
  const std::vector<Note>& all = slot.job.notes.all();  // sorted by code
  for (std::size_t i = 0; i < all.size();) {
    const Note& first = all[i];
    double places = 0;
    for (; i < all.size() && all[i].code == first.code; ++i) places += as_number(all[i].count);
    auto found = notes.find(first.code);
    if (found == notes.end()) found = notes.emplace(first.code, Noted{}).first;
    Noted& noted = found->second;
    noted.places.add(1, places);
    if (!noted.subject.empty() && noted.subject < slot.subject) continue;
    noted.subject = slot.subject;
    noted.file = first.file;
    noted.pointer = first.pointer;
    noted.detail = first.detail;
  }
}

Rehearsal rehearse(const RehearsalInput& input, const RehearsalLimits& limits, Progress* progress,
                   const Listener& listener) {
  Files& files = input.dry_files;
  const Migration& migration = input.migration;
  Rehearsal rehearsal;
  double bytes = 0;
  Target nowhere(files, migration.archive, migration.options, {}, nullptr);
  const Stages stages(files, migration, nowhere, nullptr);
  Summary unused;
  Ledger ledger(unused, listener);
  if (progress) {
    progress->seconds_to_try = limits.time ? limits.time->count() : 0;
    progress->to_try = input.jobs.size();
  }
  ledger.observe_with([&](const Slot& slot) {
    if (progress) {
      ++progress->tried;
      progress->done(slot.subject);
    }
    if (has_gone(files, slot)) {
      ++rehearsal.gone;
      return;
    }
    const JobSize size = size_of(files, input.transfer, slot);
    bytes += as_number(size.bytes_in);
    rehearsal.add(slot, size, input.transfer);
  });

  std::span<const std::string> left(input.jobs);
  const auto begin = Clock::now();
  while (!left.empty() && !ledger.must_stop()) {
    const bool enough = rehearsal.tried >= limits.least_jobs;
    if (limits.time && enough && Clock::now() - begin >= *limits.time) break;
    const double tried = as_number(rehearsal.tried), bytes_before = bytes;
    const auto round = left.first(std::min(left.size(), next_round(tried, rehearsal.seconds)));
    left = left.subspan(round.size());
    ChosenJobs chosen(round);
    const auto round_begin = Clock::now();
    const Run run{chosen,
                  stages,
                  ledger,
                  listener,
                  memory_for(migration.options),
                  threads_or_default(migration.options.threads),
                  migration.options.io_depth};
    migration.options.debug ? run_serial(run) : run_graph(run);
    const double seconds = std::chrono::duration<double>(Clock::now() - round_begin).count();
    rehearsal.seconds += seconds;
    rehearsal.bytes_of_rounds.add(bytes - bytes_before, seconds);
    rehearsal.jobs_of_rounds.add(as_number(rehearsal.tried) - tried, seconds);
  }
  if (!unused.errors.empty()) rehearsal.failure = std::move(unused.errors.front());
  return rehearsal;
}

}  // namespace jobferry
