// Proves a migration without the engine that made it: another reader of JSON and another statement of the
// rules look at both archives, and whatever differs without a rule that demands it is a finding.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/progress.h"
#include "jobferry/types.h"

namespace jobferry {

struct VerifyOptions {
  std::string source = "./var/job-archive";
  std::string target = "./var/job-archive-new";
  // The version that the target must have; none: what its version.txt says, of an unfinished one its mark.
  std::optional<int> to;
  unsigned threads = 0;  // 0: one for each core
  // Spot checks: so many percent of the jobs, chosen by a hash of their paths and the seed; one cluster, or
  // one jobId in it.
  double sample = 100;
  std::uint64_t seed = 0;
  std::string cluster;
  std::optional<std::uint64_t> job;
  // Where an earlier verification stopped (VerifyResult::go_on).
  std::string from;
  // As the migration had them.
  std::vector<Override> overrides;
  bool check_data = false;
  bool follow_symlinks = false;
  std::uint64_t max_file_size = 0xFFFFFFFF;
  // So many findings are kept, those that come first in path order; all are counted.
  std::size_t most_findings = 1000;
};

// Something in the target that no rule explains.
struct Difference {
  std::string subject;  // CLUSTER/JOB/PATH/START, CLUSTER, or empty for the root
  std::string file;     // in it; empty: the directory
  std::string pointer;  // RFC 6901
  std::string kind;     // `value-changed`, `member-lost`, `job-missing`, ...: verify_document.cpp lists them
  std::string rule;     // that demands another value; empty: none does
  std::string source;   // what the source has, shortened
  std::string target;   // what the target has, shortened
};

// A job that is rightly not in the target.
struct LeftOut {
  std::string job;
  std::string kind;  // `empty-file`: skipped; else the class of the bad job
  std::string file;
  std::string what;
};

struct ArchiveCounts {
  std::uint64_t jobs = 0;
  std::uint64_t files = 0;  // of these jobs, of the clusters and of the root
  std::uint64_t bytes = 0;
};

// What server operators look at first.
struct ClusterEnds {
  std::uint64_t jobs = 0;
  std::uint64_t highest_job = 0;
  std::uint64_t newest_start = 0;

  bool operator==(const ClusterEnds&) const = default;
};

// agrees: nothing was found. differs: something was. interrupted: what was looked at agrees.
enum class VerifyOutcome : std::uint8_t { agrees, differs, interrupted, failed };

struct VerifyResult {
  VerifyOutcome outcome = VerifyOutcome::failed;
  int from = 0, to = 0;
  bool complete = true;      // every job of both sides was looked at
  bool has_version = false;  // version.txt stands in the target
  ArchiveCounts source, target;
  // By cluster; of the source without the jobs that are left out.
  std::map<std::string, ClusterEnds> source_ends, target_ends;
  std::map<std::string, std::uint64_t, std::less<>> changes;   // by rule: how often it changed something
  std::map<std::string, std::uint64_t, std::less<>> findings;  // by kind: how many
  std::vector<Difference> found;                               // in path order
  std::vector<LeftOut> skipped, bad;                           // in path order
  std::uint64_t left_behind = 0;  // entries of the source that are none of its jobs
  std::uint64_t unchecked = 0;    // jobs of clusters whose cluster.json is bad
  std::vector<Error> errors;      // why it could not be done
  std::string go_on;              // after an interruption: VerifyOptions::from of the one that goes on
  double seconds = 0;
};

// Never throws; never writes anything. Of the listener: progress (jobs, bad for findings, bytes_in, bytes_out
// for what is read of the target) and stop.
VerifyResult verify(const VerifyOptions& options, const Listener& listener);

}  // namespace jobferry
