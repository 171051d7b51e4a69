// The sibling archive: made beside the source, unfinished until version.txt stands in it (X13).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive.h"
#include "files.h"
#include "jobferry/migrate.h"

namespace jobferry {

// What an earlier run made of the target.
enum class Standing : std::uint8_t { fresh, interrupted, complete };

// Refuses a target that is, holds or lies in the source (also through links); a place without permission.
// Nothing is written.
Result<void> check_target(Files& files, const Archive& source, const Options& options);

// Refuses a target that is neither empty nor to be made.
Result<void> check_empty(Files& files, const std::string& target);

// Refuses to throw away what no unfinished run has left, as discard_target() does.
Result<void> check_discard(Files& files, const std::string& target, bool ours);

// A target that an earlier run left, whole: only with the marker in it, or where `ours` says so.
Result<void> discard_target(Files& files, const std::string& target, bool ours);

// Something in a finished target is newer than `since` (in the sense of FileInfo::ctime): the first few such
// paths. Hard links of data files do not count, since the source has them as well.
std::vector<std::string> changed_since(Files& files, const std::string& target, const timespec& since);

// `inner` is `outer` or lies below it, through whatever links; compared by inode, too, so that bind mounts do
// not hide it.
bool lies_in(Files& files, const std::string& inner, const std::string& outer);

// The path without links as far as it exists.
std::string resolved_path(const std::string& path);

// The nearest directory at or above the target that exists, without links.
std::string standing_place(const std::string& target);

// All paths are relative to both roots. May be used from any thread.
class Target {
 public:
  // What an earlier run left there is replaced where it stands in the way.
  Target(Files& files, const Archive& source, const Options& options, Standing standing);

  // The directory and the marker that says it is unfinished. Withdraws version.txt of a finished one.
  Result<void> create();

  // A directory and what leads to it, like those of the source.
  Result<void> make_directory(const std::string& path);
  Result<void> make_directory(const std::string& path, const FileInfo& like);

  // The same for the directory of a job; nothing is in it then.
  Result<void> make_job(const std::string& path, const FileInfo& like);
  // A job that is not to be there any more, if it is.
  Result<void> remove_job(const std::string& path);
  bool reused() const { return standing_ != Standing::fresh; }

  Result<void> write(const std::string& path, std::string_view content, const FileInfo& like);
  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like);
  Result<void> copy(const std::string& path, const FileInfo& like);
  // A data file that nobody changed: reflink, hard link or copy (section 9).
  Result<void> carry_data(const std::string& path, const FileInfo& like);
  Result<void> remove(const std::string& path);
  // Removes the directories above a job (CLUSTER/FIRST/SECOND/START) that was not written, unless others use
  // them. Not while jobs are being written.
  void tidy_up(const std::string& job);

  // Modes of directories, then version.txt, once all else is on disk; the marker goes last.
  Result<void> finalize();

 private:
  std::string from(const std::string& path) const { return join(source_.root, path); }
  std::string to(const std::string& path) const { return join(root_, path); }
  Result<void> make_parents();
  Result<void> withdraw_version();
  Result<bool> stands(const std::string& path);
  Result<void> make_way(const std::string& path);
  Result<void> empty(const std::string& directory);
  Result<void> check_reflink(bool made_root);
  Result<void> restore_attributes(const std::string& path);

  Files& files_;
  const Archive& source_;
  std::string root_;
  int version_;
  DataMode mode_;
  const Standing standing_;
  dev_t device_ = 0;
  std::atomic<bool> reflinks_{true};        // until one fails
  std::atomic<bool> modes_missing_{false};  // a directory cannot have its mode yet: it forbids writing
};

}  // namespace jobferry
