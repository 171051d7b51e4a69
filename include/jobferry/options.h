// The options of a migration.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "jobferry/limits.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry {

// How the target gets unchanged data files (section 9 of the contract).
enum class DataMode : std::uint8_t { automatic, link, reflink, copy };
// Whether data files are compressed, decompressed or left as they are.
enum class Compression : std::uint8_t { keep, gzip, none };

// `normal` makes a .gz as small as servers do, `fast` makes it several times as fast.
enum class CompressLevel : std::uint8_t { normal, fast };

struct Options {
  std::string source = "./var/job-archive";
  std::string target = "./var/job-archive-new";
  int to = newest_version;
  bool debug = false;
  unsigned threads = 0;                             // 0: one for each core
  unsigned io_depth = 16;                           // jobs that are listed and read at a time
  std::uint64_t memory = 0;                         // bytes of job data in flight; 0: a quarter of RAM
  std::uint64_t max_file_size = limits::file_size;  // bytes
  std::vector<Override> overrides;
  DataMode data = DataMode::automatic;
  Compression compress = Compression::keep;
  CompressLevel compress_level = CompressLevel::normal;
  bool check_data = false;
  bool accept_bad = false;
  bool follow_symlinks = false;
  bool dry_run = false;
  bool repair = false;
  // The directory where the run records what it has done, so that the same command can continue (state.h).
  // Empty: TARGET.jobferry.
  std::string state;
  bool keep_state = true;
  // Selects these jobs, or those that were bad in the last run. If jobs remain that were not selected, the
  // target stays unfinished.
  std::vector<JobName> jobs;
  bool only_bad = false;
  bool restart = false;  // deletes what an earlier run has left: target and state
  // How often the run syncs the target and records the jobs that are done.
  std::chrono::milliseconds checkpoint_interval{10'000};
};

}  // namespace jobferry
