// The one seam between the program and the disk. Real and dry-run files are implemented here, failing ones
// and files in memory in the tests. No other code asks which of them it has.
//
// Archives are reached through Files alone. Two smaller headers beside this one serve the files that are no
// archive: replace_file.h writes reports, pages and metrics, state_directory.h keeps the state of a
// migration. No other folder than this one calls the system for a file (tools/check_layers.py).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "jobferry/error.h"

namespace jobferry {

enum class FileType : std::uint8_t { regular, directory, other };  // other: links, sockets, devices, ...

struct Entry {
  std::string name;
  FileType type = FileType::other;
};

// The attributes of a file or directory.
struct FileInfo {
  FileType type = FileType::other;
  std::uint64_t size = 0;
  mode_t mode = 0644;  // permission bits only
  uid_t uid = 0;
  gid_t gid = 0;
  timespec mtime{};
  timespec ctime{};  // the last change of content or attributes, which only the kernel sets
  dev_t device = 0;
  ino_t inode = 0;
};

// Both describe one file or directory, whatever paths lead to it.
inline bool is_same_file(const FileInfo& a, const FileInfo& b) {
  return a.device == b.device && a.inode == b.inode;
}

// Whether files can share blocks (reflink), as far as the type of the file system says. A file system with
// subvolumes has several device numbers, so files may share blocks across devices.
enum class Sharing : std::uint8_t { unknown, never, on_a_device, across_devices };

// The space of a file system.
struct Space {
  std::uint64_t free_bytes = 0, used_bytes = 0;
  std::uint64_t free_inodes = 0, used_inodes = 0;  // free: the largest number where it has no fixed count
  Sharing sharing = Sharing::unknown;

  bool shares_blocks() const { return sharing >= Sharing::on_a_device; }
};

// The content of a file that is written piece by piece, so that it need not be in memory as a whole.
class Pieces {
 public:
  virtual ~Pieces() = default;
  virtual std::string_view next() = 0;  // empty: there is no more
};

// Reading changes nothing, and writing touches only the target. Every call may be made from any thread.
// Errors are `read-failed`, `not-a-regular-file`, `file-too-large`, `write-failed` and `out-of-resources`,
// with the reason. A call that a signal interrupts is repeated. A call that fails for lack of descriptors,
// memory or processes is repeated for a third of a second before it is an error.
class Files {
 public:
  virtual ~Files() = default;

  // From here on nothing below this directory is listed, read, copied or linked through a symbolic link, even
  // if another process replaces a directory by one. Has no effect if links are to be followed.
  virtual void confine(const std::string& root) = 0;

  virtual Result<std::vector<Entry>> list(const std::string& directory) = 0;  // sorted by name, bytewise
  virtual Result<FileInfo> info(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;  // of any type; links are not followed
  virtual Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) = 0;
  virtual Result<Space> space(const std::string& path) = 0;
  // Whether this user may create and remove entries in a directory.
  virtual bool may_write_in(const std::string& directory) = 0;

  // Opens the root of the target, once. From here on every path at or below it is reached through that
  // descriptor and stays beneath it, on its mount, even if another process moves or replaces directories: no
  // symbolic link is followed, and nothing that another user has put there is written to or given away. The
  // same descriptor serves every sync: Linux reports a write-back error once to each open descriptor, so a
  // descriptor that is opened later misses an error that the sync of another program has collected.
  //
  // False: there is nothing at this path. A link to nothing is an error. A second call keeps the directory
  // that is open, so an object of this class serves one run only.
  virtual Result<bool> open_target(const std::string& root) = 0;
  // Makes the root of the target, and the directories that lead to it, and opens it as above. `like` is the
  // root of the source. For the superuser the target is closed to all others until set_attributes() gives it
  // its owner and mode.
  virtual Result<void> make_target(const std::string& root, const FileInfo& like) = 0;

  // Makes a directory with the mode and ownership of `like`, and with all rights for its owner. False: the
  // directory exists already. Anything else of that name is an error.
  virtual Result<bool> make_directory(const std::string& path, const FileInfo& like) = 0;
  virtual Result<void> set_attributes(const std::string& directory, const FileInfo& like) = 0;
  // Writes a new file with mode, mtime and ownership of `like`. Removes it again if it cannot be completed.
  virtual Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) = 0;
  // Replaces a file. Whatever ends this call, the path has the old file or the new one as a whole, also after
  // a loss of power. The new one is first written beside it as `PATH.new`; a file of that name is left over
  // from an interrupted run and is removed.
  virtual Result<void> replace(const std::string& path, Pieces& content, const FileInfo& like) = 0;
  // write() with the attributes that the source file has when it is opened.
  virtual Result<void> copy(const std::string& from, const std::string& to) = 0;
  virtual Result<void> reflink(const std::string& from, const std::string& to) = 0;
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file or an empty directory
  // When this returns, everything that was written below the root of the target is on disk.
  virtual Result<void> sync(const std::string& root) = 0;
};

// A content that is in memory as a whole.
class OnePiece : public Pieces {
 public:
  explicit OnePiece(std::string_view content) : content_(content) {}
  std::string_view next() override { return std::exchange(content_, {}); }

 private:
  std::string_view content_;
};

std::unique_ptr<Files> real_files(bool follow_symlinks);
// Reads the disk like real files, but writes nothing.
std::unique_ptr<Files> dry_files(bool follow_symlinks);

}  // namespace jobferry
