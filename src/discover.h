// Walks an archive and yields its jobs, always in the same order: by path, names compared bytewise. Holds the
// listings of the directories it is in and no more, so its memory does not grow with the number of jobs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive.h"
#include "files.h"
#include "job.h"

namespace jobferry {

// What the walk passes by.
struct Passed {
  std::map<std::string, std::uint64_t> left_behind;  // entries, by cluster (X8)
  std::vector<std::string> left_behind_jobs;         // directories that hold a meta.json
  std::vector<Error> unreadable;                     // directories: what is below them is not migrated
};

class Walk {
 public:
  Walk(Files& files, const Archive& archive, bool follow_symlinks);

  // The next directory three levels below a cluster. Whether it is a job, its entries tell (stages.h).
  std::optional<JobPath> next();

  const Passed& passed() const { return passed_; }

 private:
  // A directory whose entries are being walked: level 0 is a cluster, level 2 holds the jobs.
  struct Level {
    std::string path;  // from the root of the archive
    std::vector<Entry> entries;
    std::size_t at = 0;
    dev_t device = 0;
    ino_t inode = 0;
  };
  void enter(const std::string& path);
  bool loops(const std::string& path);
  bool step_into(const Entry& entry);
  void leave_behind(const Entry& entry);

  Files& files_;
  const Archive& archive_;
  bool follow_;
  std::size_t next_cluster_ = 0;
  std::string cluster_;
  std::vector<Level> levels_;
  Passed passed_;
};

}  // namespace jobferry
