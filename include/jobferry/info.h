// What an archive holds, by the names and sizes of its files. Of all files, only version.txt is opened.
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

// All bytes are as on disk: the size of the content of a .gz is not known without reading it.
struct ClusterInfo {
  std::uint64_t jobs = 0;
  std::uint64_t empty = 0;         // jobs with an empty meta.json or data file: a migration skips them
  std::uint64_t without_meta = 0;  // jobs without meta.json: bad in a migration
  std::uint64_t without_data = 0;  // jobs with meta.json alone
  std::uint64_t files = 0;         // regular files, in jobs and in the cluster directory
  std::uint64_t meta_bytes = 0, plain_bytes = 0, gzip_bytes = 0;  // meta.json, data.json, data.json.gz
  std::uint64_t other_bytes = 0;
  std::optional<std::int64_t> first_start, last_start;  // by the names of the directories
  std::optional<std::uint64_t> highest_job_id;
  std::string largest_job;  // CLUSTER/JOB/PATH/START; the first in path order if there are several
  std::uint64_t largest_bytes = 0;

  std::uint64_t bytes() const { return meta_bytes + plain_bytes + gzip_bytes + other_bytes; }
  void add(const ClusterInfo& other);
};

struct InfoResult {
  std::optional<int> version;  // none if it is unknown: an unfinished target may have none
  bool unfinished = false;     // it is the target of a migration that did not end
  bool complete = false;       // everything was counted
  std::map<std::string, ClusterInfo> clusters;
  std::uint64_t root_files = 0, root_bytes = 0;  // regular files in the root, with version.txt
  std::uint64_t left_behind = 0;                 // entries that are not part of an archive or of a job
  std::vector<Error> unreadable;                 // directories and files, in path order
  std::vector<Error> errors;                     // why nothing, or not everything, could be counted
  double seconds = 0;

  ClusterInfo total() const;
};

// Never throws. The result is the same for any number of threads. Uses only progress and stop of the
// listener.
InfoResult info(const InfoOptions& options, const Listener& listener);

}  // namespace jobferry
