// Walks an archive and finds its jobs, always in the same order: by path, names compared bytewise. Holds the
// listings of the directories it is in and no more, so its memory does not grow with the number of jobs.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"
#include "jobferry/types.h"

namespace jobferry {

// The order of the walk, of paths from the root: by name, level by level, so that `a/b` comes before `a-b`.
bool path_order(std::string_view a, std::string_view b);

// The first name of a path from the root.
std::string cluster_of(const std::string& path);

// What the walk passes by.
struct Passed {
  std::map<std::string, std::uint64_t> left_behind;  // entries, by cluster (X8)
  std::vector<std::string> left_behind_jobs;         // directories that hold a meta.json
  std::vector<Error> unreadable;                     // directories: what is below them is not migrated

  void add(const Passed& other);
};

// Directories on the way down from the root, as device and inode: a followed link to one of them is a loop.
using Way = std::vector<std::pair<dev_t, ino_t>>;

// A directory two levels below a cluster: what lies in it are jobs.
struct Folder {
  std::string cluster, first, second;
  Way way;  // empty where links are not followed

  std::string text() const { return cluster + '/' + first + '/' + second; }
};

// Where a run takes its jobs from.
class JobSource {
 public:
  virtual ~JobSource() = default;

  // The next directory in a folder. Whether it is a job, its entries tell (stages.h).
  virtual std::optional<JobPath> next() = 0;

  // The same in two parts, for many threads: only the first must take turns. What jobs_in() passes by goes to
  // its caller, who hands it to pass().
  virtual std::optional<Folder> next_folder() = 0;
  virtual std::vector<JobPath> jobs_in(const Folder& folder, Passed& passed) const = 0;
  virtual void pass(const Passed& more) = 0;

  // A folder was not listed to its end, since it was to stop: there may be jobs that none of the above gave.
  virtual bool cut_short() const { return false; }
};

// All jobs of an archive.
class Walk : public JobSource {
 public:
  Walk(Files& files, const Archive& archive, bool follow_symlinks);

  std::optional<JobPath> next() override;
  std::optional<Folder> next_folder() override;
  std::vector<JobPath> jobs_in(const Folder& folder, Passed& passed) const override;
  void pass(const Passed& more) override { passed_.add(more); }
  bool cut_short() const override { return cut_short_; }

  const Passed& passed() const { return passed_; }

  // To be told of every entry that is passed by and counted as left behind, with its path from the root.
  // Called by every thread that walks, also at the same time.
  std::function<void(const std::string& path, FileType type)> tell_of;

  // Asked before each look at an entry of a folder: to follow links there is one at each of them. By every
  // thread that walks, also at the same time.
  std::function<bool()> stopped;

 private:
  // A directory whose entries are being walked: a cluster, or a directory in it.
  struct Level {
    std::string path;  // from the root of the archive
    std::vector<Entry> entries;
    std::size_t at = 0;
  };
  std::optional<std::vector<Entry>> list(const std::string& path, Passed& passed) const;
  Way onward(const Way& way, const std::string& path) const;
  bool loops(const Way& way, const std::string& path) const;
  void pass_by(const std::string& path, FileType type, Passed& passed) const;
  bool is_directory(const Way& way, const std::string& path, const Entry& entry, Passed& passed) const;

  Files& files_;
  const Archive& archive_;
  bool follow_;
  std::size_t next_cluster_ = 0;
  std::string cluster_;
  std::vector<Level> levels_;
  std::vector<Way> ways_;      // to each of the levels
  std::vector<JobPath> jobs_;  // of the folder at hand, the next one last
  Passed passed_;
  mutable std::atomic<bool> cut_short_{false};
};

}  // namespace jobferry
