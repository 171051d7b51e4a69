// Migrates a sample into nothing, with the stages of a real run, and adds up what an estimate needs to know
// of each job.
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

// What became of the jobs that were tried.
struct Rehearsal {
  std::uint64_t tried = 0, migrated = 0, skipped = 0, carried_unread = 0;
  Faults bad;
  // Beside what is known of the same jobs (JobSize).
  Sums bytes_in, bytes_out, blocks, inodes;
  std::uint64_t carried = 0, entries = 0;
  Sums kept_back;  // of the jobs that were not migrated: entries that are left behind for that alone

  struct Noted {
    Sums places;    // of the jobs that have it
    Sums in_bytes;  // the same, beside the bytes of these jobs
    std::string subject, file, pointer, detail;
  };
  std::map<std::string, Noted, std::less<>> notes;  // by code

  std::uint64_t gone = 0;  // jobs that were there when they were counted
  double seconds = 0;
  Sums bytes_of_rounds, jobs_of_rounds;  // beside them: seconds
  std::optional<Error> failure;          // want of resources ended it

  void add(const Slot& slot, const JobSize& size, const Travel& travel);

 private:
  void add_notes(const Slot& slot, std::uint64_t bytes);
};

// Tries the jobs in their order until they, or the time, are at an end.
struct Effort {
  std::optional<std::chrono::seconds> time;  // none: all of them
  std::uint64_t least_jobs = 100;            // whatever time they take
  Progress* progress = nullptr;              // told of each of them
};
Rehearsal rehearse(Files& dry_files, const Migration& migration, const Travel& travel,
                   const std::vector<std::string>& jobs, const Effort& effort, const Listener& listener);

}  // namespace jobferry
