// What an archive holds, without opening any file of it but version.txt: sizes and names tell enough.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/progress.h"

namespace jobferry {

struct InfoOptions {
  std::string archive = "./var/job-archive";
  unsigned threads = 0;  // 0: one for each core
  bool follow_symlinks = false;
};

// All bytes are those on disk. What a .gz would take decompressed only its content tells for sure.
struct ClusterInfo {
  std::uint64_t jobs = 0;
  std::uint64_t empty = 0;         // of these, with an empty meta.json or data file: a migration skips them
  std::uint64_t without_meta = 0;  // of these, without meta.json: bad in a migration
  std::uint64_t without_data = 0;  // of these, with meta.json alone
  std::uint64_t files = 0;         // regular ones, in jobs and in the cluster directory
  std::uint64_t meta_bytes = 0, plain_bytes = 0, gzip_bytes = 0;  // meta.json, data.json, data.json.gz
  std::uint64_t other_bytes = 0;
  std::optional<std::int64_t> first_start, last_start;  // as the directories say
  std::optional<std::uint64_t> highest_job_id;
  std::string largest_job;  // CLUSTER/JOB/PATH/START; of several the first in path order
  std::uint64_t largest_bytes = 0;

  std::uint64_t bytes() const { return meta_bytes + plain_bytes + gzip_bytes + other_bytes; }
  void add(const ClusterInfo& other);
};

struct InfoResult {
  std::optional<int> version;  // none: an unfinished target has none yet
  bool unfinished = false;     // the target of a migration that did not end
  bool complete = false;       // all was looked at
  std::map<std::string, ClusterInfo> clusters;
  std::uint64_t root_files = 0, root_bytes = 0;  // regular files in the root, version.txt too
  std::uint64_t left_behind = 0;                 // entries that are not part of an archive, or of no job
  std::vector<Error> unreadable;                 // directories and files, in path order
  std::vector<Error> errors;                     // why nothing (or not all) could be looked at
  double seconds = 0;

  ClusterInfo total() const;
};

// Never throws. The same result whatever the threads. Uses progress->jobs and stop of the listener.
InfoResult info(const InfoOptions& options, const Listener& listener);

}  // namespace jobferry
