// The one seam to the disk. Real and dry-run files are here, failing ones in the tests: no other code asks
// which it has.
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

// What is kept of a file or directory beside its content.
struct FileInfo {
  FileType type = FileType::other;
  std::uint64_t size = 0;
  mode_t mode = 0644;  // permission bits only
  uid_t uid = 0;
  gid_t gid = 0;
  timespec mtime{};
  timespec ctime{};  // the last change of content or attributes, which nobody can set
  dev_t device = 0;
  ino_t inode = 0;
};

// The same file, whatever the paths to it: links and bind mounts do not hide it.
inline bool is_same_file(const FileInfo& a, const FileInfo& b) {
  return a.device == b.device && a.inode == b.inode;
}

// Whether files can have blocks in common (reflink), as far as the kind of file system tells: many may or may
// not. With subvolumes one file system has many device numbers.
enum class Sharing : std::uint8_t { unknown, never, on_a_device, across_devices };

// Space of a file system.
struct Space {
  std::uint64_t free_bytes = 0, used_bytes = 0;
  std::uint64_t free_inodes = 0, used_inodes = 0;  // free: the largest number where it has no fixed count
  Sharing sharing = Sharing::unknown;

  bool shares_blocks() const { return sharing >= Sharing::on_a_device; }
};

// What is to be written, piece by piece: no file has to be in memory as a whole.
class Pieces {
 public:
  virtual ~Pieces() = default;
  virtual std::string_view next() = 0;  // empty: there is no more
};

// Reading never changes anything, writing only ever touches the target. Every call may be made from any
// thread. Errors are `read-failed`, `not-a-regular-file`, `file-too-large`, `write-failed` and
// `out-of-resources`, and say the reason. A call that is interrupted is repeated; one that fails for want of
// descriptors, memory or processes is tried again for a third of a second before it is an error.
class Files {
 public:
  virtual ~Files() = default;

  // From here on nothing below this directory is listed, read, copied or linked through a symbolic link, even
  // if somebody puts one in the place of a directory meanwhile. Not where links are followed.
  virtual void confine(const std::string& root) = 0;

  virtual Result<std::vector<Entry>> list(const std::string& directory) = 0;  // sorted by name, bytewise
  virtual Result<FileInfo> info(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;  // whatever it is; links are not followed
  virtual Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) = 0;
  virtual Result<Space> space(const std::string& path) = 0;

  // The root of the target is opened once. From here on every path at or below it is reached through that
  // descriptor and stays beneath it, on its mount, whatever anybody makes of the path: no symbolic link is
  // followed, and nothing that somebody else has put there is written into or given away. The same descriptor
  // serves every sync: Linux reports a write-back error once to each open descriptor, so one opened later
  // would miss what another program's sync has already collected.
  //
  // False: there is nothing at this path; a link to nothing is an error. Called again it keeps to the
  // directory that it has opened, so these files serve one run only.
  virtual Result<bool> open_target(const std::string& root) = 0;
  // The same for a root that is made, with the directories that lead to it. `like` is the root of the source;
  // as root its target is closed to all others until set_attributes() gives it owner and mode.
  virtual Result<void> make_target(const std::string& root, const FileInfo& like) = 0;

  // A directory that its owner can write in, else with the mode and ownership of `like`. True if it was made,
  // false if it was there. Anything else of that name is an error.
  virtual Result<bool> make_directory(const std::string& path, const FileInfo& like) = 0;
  virtual Result<void> set_attributes(const std::string& directory, const FileInfo& like) = 0;
  // A new file with mode, mtime and ownership of `like`. Nothing stays of one that could not be completed.
  virtual Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) = 0;
  // The same in the place of a file that is there: whatever ends this, it is one or the other as a whole,
  // also after a loss of power. It is written beside it first, as `PATH.new`; one that is there is of a run
  // that was ended, and goes.
  virtual Result<void> replace(const std::string& path, Pieces& content, const FileInfo& like) = 0;
  // write() with the attributes of the file itself, as it is when it is opened.
  virtual Result<void> copy(const std::string& from, const std::string& to) = 0;
  virtual Result<void> reflink(const std::string& from, const std::string& to) = 0;
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // a file or an empty directory
  // Everything written below the root of the target is on disk.
  virtual Result<void> sync(const std::string& root) = 0;
};

// A content that is in memory.
class OnePiece : public Pieces {
 public:
  explicit OnePiece(std::string_view content) : content_(content) {}
  std::string_view next() override { return std::exchange(content_, {}); }

 private:
  std::string_view content_;
};

std::unique_ptr<Files> real_files(bool follow_symlinks);
// Reads what is there and only counts what would be written.
std::unique_ptr<Files> dry_files(bool follow_symlinks);

}  // namespace jobferry
