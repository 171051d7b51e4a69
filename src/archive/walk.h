// Walks an archive and finds its jobs, always in the same order.
//
// Problem: an archive may hold millions of jobs, and it may hold anything else as well, such as files of
// other programs, links and loops of links. The order must not depend on the disk or on the number of
// threads.
// Idea: sort each directory listing by bytes and go through them depth first. A job is a directory three
// levels below a cluster, so no file has to be opened to find one.
// Cost: one listing for each directory. Only the listings on the way down to the current folder are in
// memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"
#include "jobferry/types.h"

namespace jobferry {

// The order of the walk, for paths from the root: by name, level by level, so that `a/b` comes before `a-b`.
bool path_order(std::string_view a, std::string_view b);

// What a walk found that is not part of any job.
struct LeftBehind {
  std::map<std::string, std::uint64_t> entries;  // how many, by cluster (X8)
  std::vector<std::string> jobs;                 // directories that hold a meta.json although they are no job
  std::vector<Error> unreadable;                 // directories: nothing below them is migrated

  void add(const LeftBehind& other);
};

// The directories above a folder. A followed link to one of them is a loop.
using Ancestors = std::vector<FileInfo>;

// A directory two levels below a cluster: the directories in it are jobs.
struct Folder {
  std::string cluster, first, second;
  Ancestors ancestors;  // empty if links are not followed

  std::string text() const { return cluster + '/' + first + '/' + second; }
};

// Where a run takes its jobs from.
class JobSource {
 public:
  virtual ~JobSource() = default;

  // The next directory in a folder. Only its entries say whether it is a job (stages.h).
  virtual std::optional<JobPath> next() = 0;

  // The same in two parts, for many threads. Calls of next_folder() must take turns, calls of jobs_in() need
  // not. The caller of jobs_in() hands what is left behind to add_left_behind(), which must take turns, too.
  virtual std::optional<Folder> next_folder() = 0;
  virtual std::vector<JobPath> jobs_in(const Folder& folder, LeftBehind& left_behind) const = 0;
  virtual void add_left_behind(const LeftBehind& more) = 0;

  // The walk was stopped within a folder, so there may be jobs that none of the above returned.
  virtual bool cut_short() const { return false; }
};

// All jobs of an archive.
class Walk : public JobSource {
 public:
  Walk(Files& files, const Archive& archive, bool follow_symlinks);

  std::optional<JobPath> next() override;
  std::optional<Folder> next_folder() override;
  std::vector<JobPath> jobs_in(const Folder& folder, LeftBehind& left_behind) const override;
  void add_left_behind(const LeftBehind& more) override { left_behind_.add(more); }
  bool cut_short() const override { return cut_short_; }

  const LeftBehind& left_behind() const { return left_behind_; }

  // Called for every entry that is left behind, with its path from the root. All threads that walk call it,
  // also at the same time.
  std::function<void(const std::string& path, FileType type)> on_left_behind;

  // Asked before each cluster. With links followed it is also asked before each entry of a folder, since each
  // of these needs a call to the disk. All threads that walk ask, also at the same time.
  std::function<bool()> stopped;

 private:
  // A directory whose entries are being walked: a cluster, or a directory in it.
  struct Level {
    std::string path;  // from the root of the archive
    std::vector<Entry> entries;
    Ancestors ancestors;  // of the entries
    std::size_t at = 0;
  };
  void enter(std::string path, const Ancestors& ancestors);
  std::optional<std::vector<Entry>> list(const std::string& path, LeftBehind& left_behind) const;
  Ancestors with(const Ancestors& ancestors, const std::string& path) const;
  bool is_loop(const Ancestors& ancestors, const std::string& path) const;
  void leave_behind(const std::string& path, FileType type, LeftBehind& left_behind) const;
  bool is_directory(const Ancestors& ancestors, const std::string& path, const Entry& entry,
                    LeftBehind& left_behind) const;

  Files& files_;
  const Archive& archive_;
  bool follow_;
  std::size_t next_cluster_ = 0;
  std::string cluster_;
  std::vector<Level> levels_;
  std::vector<JobPath> jobs_;  // of the current folder, the next one last
  LeftBehind left_behind_;
  mutable std::atomic<bool> cut_short_{false};
};

}  // namespace jobferry
