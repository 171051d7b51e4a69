// What a migration is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "jobferry/limits.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry {

// How unchanged data files travel (section 9 of the contract).
enum class DataMode : std::uint8_t { automatic, link, reflink, copy };
// What becomes of data files' compression.
enum class Compression : std::uint8_t { keep, gzip, none };

// How much time a .gz may take: `normal` is as small as servers write them, `fast` several times as fast.
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
  // Where the run keeps what it has done, so that the same run goes on where it was (state.h). Empty:
  // TARGET.jobferry.
  std::string state;
  bool keep_state = true;
  // Limits the run to these jobs, or to those that were bad in the last run. Others that are not done yet are
  // left out, and so the target stays unfinished.
  std::vector<JobName> jobs;
  bool only_bad = false;
  bool restart = false;  // throws away what an earlier run left: target and state
  // How often what is done is synced and recorded.
  std::chrono::milliseconds checkpoint_interval{10'000};
};

}  // namespace jobferry
