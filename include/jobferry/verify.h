// Proves that a migration is right, without the code that made it. A second reader of JSON and a second
// implementation of the rules compare both archives. A difference that no rule demands is a finding.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/limits.h"
#include "jobferry/progress.h"
#include "jobferry/types.h"

namespace jobferry {

struct VerifyOptions {
  std::string source = "./var/job-archive";
  std::string target = "./var/job-archive-new";
  // The version that the target must have. None: the one in its version.txt, or in the marker of an
  // unfinished target.
  std::optional<int> to;
  unsigned threads = 0;  // 0: one for each core
  // For spot checks: a percentage of the jobs, chosen at random by the seed; one cluster, or one jobId in it.
  double sample = 100;
  std::uint64_t seed = 0;
  std::string cluster;
  std::optional<std::uint64_t> job;
  // Where an earlier verification stopped (VerifyResult::resume_from).
  std::string from;
  // The options that the migration had.
  std::vector<Override> overrides;
  bool check_data = false;
  bool follow_symlinks = false;
  std::uint64_t max_file_size = limits::file_size;  // bytes
  // How many findings are kept: the first ones in path order. All are counted.
  std::size_t most_findings = 1000;
};

// A difference that no rule explains. The kinds:
//
//   value-changed        another value than the source's or the one that a rule gives
//   rule-not-applied     a rule changes it, and it was not changed
//   member-lost          a member or element of the source is not there
//   member-added         one is there that neither the source has nor a rule makes
//   order-changed        all are there, in another order
//   not-compact          a rewritten file has white space (X2)
//   bytes-changed        a file that no rule changes is not the same byte for byte
//   attributes-changed   mode, mtime or ownership (section 9)
//   json-broken, gzip-broken        a file of the target that cannot be read as such
//   file-missing, file-unexpected   a file of the target, or an entry where none may be
//   job-missing          a sound job of the source that the target has not
//   job-unexpected       a job that the source has not, or that is bad or skipped there
//   job-id-differs, start-time-differs, job-count-differs
//                        the highest, the newest, the number of a cluster
//   cluster-bad          a cluster.json of the source that no step takes
//   cluster-missing      a cluster that is not there
//   version-wrong, marker-left      of the target's root
//   unreadable, not-checked         could not be looked at
struct Difference {
  std::string subject;  // CLUSTER/JOB/PATH/START, CLUSTER, or empty for the root
  std::string file;     // in the subject; empty: the directory itself
  std::string pointer;  // RFC 6901
  std::string kind;     // see above
  std::string rule;     // the rule that demands another value; empty: there is none
  std::string source;   // the value in the source, shortened
  std::string target;   // the value in the target, shortened

  auto operator<=>(const Difference&) const = default;
};

// A job that is not in the target, as the rules demand.
struct LeftOut {
  std::string job;
  std::string kind;  // `empty-file` if it is skipped, else the class of the bad job
  std::string file;
  std::string what;
};

struct ArchiveCounts {
  std::uint64_t jobs = 0;
  std::uint64_t files = 0;  // of these jobs, of the clusters and of the root
  std::uint64_t bytes = 0;
};

// What server operators check first.
struct ClusterEnds {
  std::uint64_t jobs = 0;
  std::uint64_t highest_job = 0;
  std::uint64_t newest_start = 0;

  bool operator==(const ClusterEnds&) const = default;
};

// agrees: no finding. differs: at least one finding. interrupted: no finding in what was compared.
enum class VerifyOutcome : std::uint8_t { agrees, differs, interrupted, failed };

struct VerifyResult {
  VerifyOutcome outcome = VerifyOutcome::failed;
  int from = 0, to = 0;
  bool complete = true;      // every job of both archives was compared
  bool has_version = false;  // the target has a version.txt
  ArchiveCounts source, target;
  // By cluster. Those of the source are without the jobs that are left out.
  std::map<std::string, ClusterEnds> source_ends, target_ends;
  std::map<std::string, std::uint64_t, std::less<>> changes;   // by rule: how often it changed a value
  std::map<std::string, std::uint64_t, std::less<>> findings;  // by kind: how many
  std::vector<Difference> found;                               // in path order
  std::vector<LeftOut> skipped, bad;                           // in path order
  std::uint64_t left_behind = 0;  // entries of the source that are not part of its jobs
  std::uint64_t unchecked = 0;    // jobs of clusters whose cluster.json is bad
  std::vector<Error> errors;      // why the archives could not be compared
  std::string resume_from;        // after an interruption: VerifyOptions::from to resume
  double seconds = 0;
};

// Never throws, and never writes anything. Uses only progress and stop of the listener: `bad` counts
// findings, and `bytes_out` what is read of the target.
VerifyResult verify(const VerifyOptions& options, const Listener& listener);

}  // namespace jobferry
