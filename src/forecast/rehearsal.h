// Migrates a sample of the jobs without writing them.
//
// The stages are those of a real run, on files that only count what would be written. So a rehearsal finds
// the same bad jobs and notes as a run, and its time is that of a run without writing. It works in rounds of
// about a second: after each one it looks at the clock, and the variation between rounds gives the interval
// of the duration.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/stages.h"
#include "forecast/census.h"
#include "forecast/estimate.h"

namespace jobferry {

// The results of the jobs that were tried.
struct Rehearsal {
  std::uint64_t tried = 0, migrated = 0, skipped = 0, carried_unread = 0;
  ErrorGroups bad;
  // What was measured, with what was known of the same jobs (JobSize).
  SampleSums bytes_in, bytes_out, blocks, inodes;
  std::uint64_t carried = 0, entries = 0;
  SampleSums kept_back;  // for each job that was not migrated: entries left behind only for that reason

  struct Noted {
    SampleSums places;  // for each job that has it
    std::string subject, file, pointer, detail;
  };
  std::map<std::string, Noted, std::less<>> notes;  // by code

  std::uint64_t gone = 0;  // jobs that were removed after the census
  double seconds = 0;
  SampleSums bytes_of_rounds, jobs_of_rounds;  // x; y: the seconds that they took
  std::optional<Error> failure;                // a lack of resources ended it

  void add(const Slot& slot, const JobSize& size, const DataTransfer& transfer);

 private:
  void add_notes(const Slot& slot);
};

struct RehearsalLimits {
  std::optional<std::chrono::seconds> time;  // none: try all jobs
  std::uint64_t least_jobs = 100;            // try as many even if they take longer
};

// The jobs, and what is needed to try them.
struct RehearsalInput {
  Files& dry_files;
  const Migration& migration;
  const DataTransfer& transfer;
  const std::vector<std::string>& jobs;
};

// Tries the jobs in their order, until all are tried or the time is up. Counts them in `progress`, if there
// is one.
Rehearsal rehearse(const RehearsalInput& input, const RehearsalLimits& limits, Progress* progress,
                   const Listener& listener);

}  // namespace jobferry
