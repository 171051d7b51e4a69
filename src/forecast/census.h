// Counts all of an archive without reading a file: what its directories show, and what the jobs that will be
// tried would take if they were written as they are.
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

// How data files come to the target, and what that costs there.
struct Travel {
  bool rewritten = false;              // steps or --compress make other files of them
  bool shared = false;                 // those that stay as they are take no bytes there
  bool needs_inode = true;             // they take an inode: all but hard links
  std::uint64_t directory_blocks = 1;  // a directory takes: many file systems keep small ones in the inode
};
Travel travel_of(Files& files, const Migration& migration);

// What a job would take if it were written as it is. The sample tells what becomes of it.
struct JobSize {
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t blocks = 0, inodes = 0;  // with its directory
  std::uint64_t carried = 0;             // files
};
// Of a slot that has been listed.
JobSize size_of(Files& files, const Travel& travel, const Slot& slot);

// Of many jobs.
struct KnownSizes {
  std::uint64_t jobs = 0;
  Known bytes_in, bytes_out, blocks, inodes, carried;

  void add(const JobSize& size);
  void add(const KnownSizes& other);
  // So many of the jobs are no longer there.
  void forget(std::uint64_t gone);
};

// Who reads the archive.
struct Reader {
  uid_t user = 0;
  std::set<gid_t> groups;

  static Reader myself();
  // By its mode; access control lists may say otherwise.
  bool may_read(const FileInfo& file) const;
};

// Jobs that have the same wrong with them, and the first of them.
struct Fault {
  std::uint64_t jobs = 0;
  Error example{};

  void add(const Error& error, std::uint64_t jobs_more = 1);
};
using Faults = std::map<Kind, Fault>;

// The first few of any number of paths, in their order.
class FirstPaths {
 public:
  static constexpr std::size_t most = 10;

  void add(std::string path);
  void add(FirstPaths&& other);
  std::vector<std::string> take() const { return {paths_.begin(), paths_.end()}; }

 private:
  std::set<std::string, decltype(&path_order)> paths_{&path_order};
};

// One for each thread, added up in the end. Grows with the number of thousands of jobIds, eight bytes each.
struct Census {
  std::map<std::string, ClusterCensus> clusters;
  KnownSizes to_try;             // all jobs that are neither skipped nor bad by what their directories show
  Faults bad;                    // the bad ones of these
  Fault unreadable;              // jobs to be tried with files whose mode forbids reading
  std::uint64_t folders = 0;     // CLUSTER/FIRST/SECOND in which there are jobs to be tried
  std::set<std::size_t> firsts;  // CLUSTER/FIRST, the same
  FirstPaths left_behind;        // entries
  std::vector<std::string> left_behind_jobs;
  std::vector<Error> unlisted;   // directories that hide an unknown number of jobs
  std::optional<Error> starved;  // a job that could not be looked at for want of resources
  bool complete = true;

  std::uint64_t directories() const { return folders + firsts.size(); }
  ClusterCensus total() const;
  void add(Census&& other);
};

// Every job that is to be tried is offered to the sample.
Census take_census(Files& files, const Migration& migration, const Stages& stages, const Travel& travel,
                   Sample& sample, const Listener& listener);

}  // namespace jobferry
