// Migrates an archive: options in, a summary out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/options.h"
#include "jobferry/progress.h"
#include "jobferry/types.h"

namespace jobferry {

struct ClusterCounts {
  std::uint64_t migrated = 0;        // jobs
  std::uint64_t skipped = 0;         // jobs (X6)
  std::uint64_t bad = 0;             // jobs (X12)
  std::uint64_t carried_unread = 0;  // data files of migrated jobs that no step had to read (X11)
  std::uint64_t carried = 0;         // other files, byte for byte (X8)
  std::uint64_t left_behind = 0;     // directory entries (X8)
  std::uint64_t bytes_in = 0;        // of the files read or carried, as they are on disk
  std::uint64_t bytes_out = 0;
};

// All notes of one code.
struct NoteCount {
  std::uint64_t count = 0;                     // places
  std::uint64_t subjects = 0;                  // jobs and clusters
  std::string subject, file, pointer, detail;  // the example: of the subject that comes first in path order
};

// hidden_jobs: directories could not be listed, so it is unknown which jobs are missing partial: the selected
// jobs are done, others are not
enum class Outcome : std::uint8_t {
  complete,
  nothing_to_do,
  bad_jobs,
  hidden_jobs,
  interrupted,
  partial,
  failed
};
std::string_view name_of(Outcome outcome);

// How much a run did, and when. Its size is bounded: when it is full, neighbours are joined and each moment
// lasts twice as long. Only reports use it; no byte of a target depends on it.
struct Timeline {
  struct Moment {
    std::uint64_t jobs = 0;  // done, with any outcome
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };
  static constexpr std::size_t most_moments = 240;

  double step = 0.01;           // seconds that each moment lasts
  double seconds = 0;           // when the last job was done
  std::vector<Moment> moments;  // from the moment when the first job could begin

  void add(double at, const Moment& done);
};

// How many jobs have which size: element n counts jobs of 2^(n-1) to 2^n - 1 bytes, element 0 empty ones.
using SizeCounts = std::array<std::uint64_t, 65>;

// The result of a run. Its size depends on what is wrong in an archive, not on the number of jobs.
struct Summary {
  Outcome outcome = Outcome::failed;
  int from = 0, to = 0;
  bool finalized = false;                               // the target has its version.txt
  std::map<std::string, ClusterCounts> clusters;        // by name; "" counts the files of the root
  std::map<std::string, NoteCount, std::less<>> notes;  // by code
  std::vector<Error> bad;                               // jobs, in path order
  std::vector<Error> skipped;                           // jobs, in path order
  std::vector<Error> unlisted;           // directories that could not be listed and hide jobs, in path order
  std::vector<std::string> left_behind;  // directories left behind that hold a meta.json, in order
  std::map<std::string, std::vector<AggregationRow>> aggregations;  // by cluster
  std::vector<Error> errors;                                        // what stopped the run
  bool resumed = false;                                             // it continued an earlier run
  std::uint64_t unchanged = 0;        // jobs that an earlier run has done; the counts above include them
  std::uint64_t left_out = 0;         // jobs that were not selected and are not done
  std::vector<std::string> vanished;  // jobs in the target that are no longer in the source, in order
  bool resumable = false;             // the same command continues from here
  double seconds = 0;
  double sync_seconds = 0;  // of these, spent at the end until everything is on disk
  // Only of jobs that this run did itself, without `unchanged`.
  Timeline timeline;
  SizeCounts sizes{};  // of migrated jobs, by bytes_in

  ClusterCounts total() const;
};

// Migrates or repairs an archive. Never throws, and never writes to the source.
Summary migrate(const Options& options, const Listener& listener);

}  // namespace jobferry
