// Counts everything in an archive without reading a file.
//
// Problem: an estimate for a whole archive needs something that is known of every job, but reading every job
// is what the migration itself does.
// Idea: list every directory and take the sizes of its files. This gives exact counts of jobs, files and
// bytes, and shows which jobs are skipped or bad for certain. For all other jobs it gives the room that they
// would need if they were copied. The sample then shows how much they really need in proportion to that
// (estimate.h).
// Cost: one listing for each directory and one call for each file. The memory grows with the number of
// directories CLUSTER/FIRST, at eight bytes each.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/space.h"
#include "engine/stages.h"
#include "forecast/estimate.h"
#include "forecast/sample.h"
#include "jobferry/forecast.h"

namespace jobferry {

// How data files get to the target, and what they take there.
struct DataTransfer {
  bool rewritten = false;              // the steps or --compress write new files
  bool shared = false;                 // unchanged files take no room: they are links or share their blocks
  bool needs_inode = true;             // unchanged files take an inode, as all but hard links do
  std::uint64_t directory_blocks = 1;  // for each directory; many file systems keep small ones in the inode
};
DataTransfer data_transfer_of(Files& files, const Migration& migration);

// What a job would take if it were copied.
struct JobSize {
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t blocks = 0, inodes = 0;  // with its directory
  std::uint64_t carried = 0;             // files
};
// The slot must have been listed.
JobSize size_of(Files& files, const DataTransfer& transfer, const Slot& slot);

// The sizes of many jobs.
struct PopulationSizes {
  std::uint64_t jobs = 0;
  Population bytes_in, bytes_out, blocks, inodes, carried;

  void add(const JobSize& size);
  void add(const PopulationSizes& other);
  // Forgets so many jobs that no longer exist.
  void forget(std::uint64_t gone);
};

// The user that reads the archive.
struct ReadingUser {
  uid_t user = 0;
  std::set<gid_t> groups;

  static ReadingUser current();
  // By the mode of the file; access control lists may decide otherwise.
  bool may_read(const FileInfo& file) const;
};

// Jobs with an error of the same kind, and the first of these errors.
struct ErrorGroup {
  std::uint64_t jobs = 0;
  Error example{};

  void add(const Error& error, std::uint64_t jobs_more = 1);
};
using ErrorGroups = std::map<Kind, ErrorGroup>;

// The first few of any number of paths, in path order.
class FirstPaths {
 public:
  static constexpr std::size_t most = 10;

  void add(std::string path);
  void add(FirstPaths&& other);
  std::vector<std::string> take() const { return {paths_.begin(), paths_.end()}; }

 private:
  std::set<std::string, decltype(&path_order)> paths_{&path_order};
};

// Each thread has one; they are added up at the end.
struct Census {
  std::map<std::string, ClusterCensus> clusters;
  PopulationSizes to_try;        // the jobs that are neither skipped nor bad by their directories
  ErrorGroups bad;               // the jobs that are bad by their directories
  ErrorGroup unreadable;         // jobs to be tried with files that this user may not read
  std::uint64_t folders = 0;     // directories CLUSTER/FIRST/SECOND with jobs to be tried
  std::set<std::size_t> firsts;  // hashes of the directories CLUSTER/FIRST with such jobs
  FirstPaths left_behind;        // entries
  std::vector<std::string> left_behind_jobs;
  std::vector<Error> unlisted;   // directories that cannot be listed, with an unknown number of jobs
  std::optional<Error> starved;  // a job that could not be listed for lack of resources
  bool complete = true;

  std::uint64_t directories() const { return folders + firsts.size(); }
  ClusterCensus total() const;
  void add(Census&& other);
};

struct CensusInput {
  Files& files;
  const Migration& migration;
  const Stages& stages;
  const DataTransfer& transfer;
};

// Lists all jobs on `plan.options.io_depth` threads. Every job that is to be tried is offered to the sample.
Census take_census(const CensusInput& input, Sample& sample, const Listener& listener);

}  // namespace jobferry
