#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

namespace jobferry {

namespace {

Error failure(Kind kind, std::string_view verb, const std::string& path, int code) {
  Error error{kind, fmt::format("cannot {}: {}", verb, std::generic_category().message(code))};
  error.file = path;
  return error;
}

Error read_failure(std::string_view verb, const std::string& path) {
  if (errno != ELOOP) return failure(Kind::read_failed, verb, path, errno);
  Error error{Kind::not_a_regular_file, "a symbolic link that may not be followed or leads in a circle"};
  error.file = path;
  return error;
}

Error write_failure(std::string_view verb, const std::string& path) {
  return failure(Kind::write_failed, verb, path, errno);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }
  void release() { fd_ = -1; }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

FileInfo info_of(const struct stat& s) {
  const FileType type = S_ISREG(s.st_mode)   ? FileType::regular
                        : S_ISDIR(s.st_mode) ? FileType::directory
                                             : FileType::other;
  return {type,
          static_cast<std::uint64_t>(s.st_size),
          s.st_mode & 07777,
          s.st_uid,
          s.st_gid,
          s.st_mtim,
          s.st_ctim,
          s.st_dev,
          s.st_ino};
}

// As far as that can be told without trying: XFS can be made without it.
Sharing sharing_at(const std::string& path) {
  struct statfs s;
  if (::statfs(path.c_str(), &s) != 0) return Sharing::unknown;
  switch (s.f_type) {
    case BTRFS_SUPER_MAGIC:
      return Sharing::across_devices;
    case XFS_SUPER_MAGIC:
      return Sharing::on_a_device;
    case EXT4_SUPER_MAGIC:  // and its elders
    case TMPFS_MAGIC:
      return Sharing::never;
    default:
      return Sharing::unknown;
  }
}

class RealFiles : public Files {
 public:
  explicit RealFiles(bool follow) : follow_(follow), is_root_(::geteuid() == 0) {}

  void confine(const std::string& root) override {
    if (follow_) return;
    confined_ = root + '/';
    root_.reset(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  Result<std::vector<Entry>> list(const std::string& directory) override {
    // Boost's iterator asks for the status of each entry; readdir mostly has the type at hand, and walks
    // twice as fast.
    Descriptor descriptor(open_below(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor) return read_failure("list the directory", directory);
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(descriptor.get()), ::closedir);
    if (!open) return failure(Kind::read_failed, "list the directory", directory, errno);
    descriptor.release();  // it is closed with `open`
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") entries.push_back({std::string(name), type_of(directory, *entry)});
      errno = 0;
    }
    if (errno != 0) return failure(Kind::read_failed, "list the directory", directory, errno);
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  Result<FileInfo> info(const std::string& path) override {
    struct stat s;
    if ((follow_ ? ::stat(path.c_str(), &s) : ::lstat(path.c_str(), &s)) != 0)
      return read_failure("look at it", path);
    return info_of(s);
  }

  Result<bool> exists(const std::string& path) override {
    struct stat s;
    if (::lstat(path.c_str(), &s) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return read_failure("look at it", path);
  }

  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    const Descriptor file(open_source(path));
    struct stat s;
    if (!file || ::fstat(file.get(), &s) != 0) return read_failure("open", path);
    const FileInfo info = info_of(s);
    if (info.type != FileType::regular) return Error{Kind::not_a_regular_file, "not a regular file"};
    if (info.size > limit)
      return Error{Kind::file_too_large, fmt::format("{} bytes, more than {}", info.size, limit)};
    content.resize(static_cast<std::size_t>(info.size));
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return read_failure("read", path);
      if (got == 0)
        return Error{Kind::read_failed, fmt::format("it shrank to {} bytes while it was read", done)};
      done += static_cast<std::size_t>(got);
    }
    return info;
  }

  Result<Space> space(const std::string& path) override {
    struct statvfs s;
    if (::statvfs(path.c_str(), &s) != 0)
      return failure(Kind::read_failed, "ask for free space", path, errno);
    const bool fixed = s.f_files > 0;
    return Space{s.f_bavail * s.f_frsize, (s.f_blocks - s.f_bfree) * s.f_frsize,
                 fixed ? s.f_favail : std::numeric_limits<std::uint64_t>::max(), s.f_files - s.f_ffree,
                 sharing_at(path)};
  }

  Result<bool> make_directory(const std::string& path, const FileInfo& like) override {
    FileInfo writable = like;
    writable.mode |= 0700;
    if (::mkdir(path.c_str(), writable.mode) != 0) {
      if (errno == EEXIST) return false;
      return write_failure("make the directory", path);
    }
    struct stat made;
    const bool looked = ::lstat(path.c_str(), &made) == 0;
    if (looked && has_attributes(made, writable)) return true;
    if (auto done = set_attributes(path, writable); !done) return std::move(done.error());
    return true;
  }

  Result<void> set_attributes(const std::string& path, const FileInfo& like) override {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory || !give_attributes(directory.get(), like))
      return write_failure("set the mode and ownership", path);
    return {};
  }

  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) override {
    return create(path, like, [&](int fd) -> Result<void> {
      for (std::string_view piece = content.next(); !piece.empty(); piece = content.next())
        if (auto put = write_all(fd, piece, path); !put) return put;
      return {};
    });
  }

  Result<void> copy(const std::string& from, const std::string& to, const FileInfo& like) override {
    const Descriptor source(open_source(from));
    if (!source) return read_failure("open", from);
    return create(to, like, [&](int fd) -> Result<void> {
      char block[65536];
      while (true) {
        const ssize_t got = ::read(source.get(), block, sizeof block);
        if (got == 0) return {};
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return read_failure("read", from);
        if (auto put = write_all(fd, {block, static_cast<std::size_t>(got)}, to); !put) return put;
      }
    });
  }

  Result<void> reflink(const std::string& from, const std::string& to, const FileInfo& like) override {
    const Descriptor source(open_source(from));
    if (!source) return read_failure("open", from);
    return create(to, like, [&](int fd) -> Result<void> {
      if (::ioctl(fd, FICLONE, source.get()) != 0) return write_failure("share the blocks", to);
      return {};
    });
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    if (!is_confined(from)) {
      const int flags = follow_ ? AT_SYMLINK_FOLLOW : 0;
      if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0)
        return write_failure("link", to);
      return {};
    }
    // What was opened is what is linked, whatever stands at its path by now.
    const Descriptor source(open_below(from, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return read_failure("open", from);
    const std::string opened = fmt::format("/proc/self/fd/{}", source.get());
    if (::linkat(AT_FDCWD, opened.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return write_failure("link", to);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return write_failure("remove", path);
    return {};
  }

  Result<void> sync(const std::string& path) override {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!directory || ::syncfs(directory.get()) != 0) return write_failure("sync", path);
    return {};
  }

 private:
  // An entry that cannot be looked at is none that we read.
  FileType type_of(const std::string& directory, const dirent& entry) {
    const bool told = entry.d_type != DT_UNKNOWN && !(follow_ && entry.d_type == DT_LNK);
    if (told)
      return entry.d_type == DT_REG   ? FileType::regular
             : entry.d_type == DT_DIR ? FileType::directory
                                      : FileType::other;
    const auto found = info(directory + '/' + entry.d_name);
    return found ? found->type : FileType::other;
  }

  // Looked at instead of guessed: umask, ACLs and the setgid bit of the parent all have a say in it. Nearly
  // every file has what it should from the start, and one look costs less than two calls that change nothing.
  bool has_attributes(const struct stat& made, const FileInfo& like) const {
    const bool owned = !is_root_ || (made.st_uid == like.uid && made.st_gid == like.gid);
    return owned && (made.st_mode & 07777) == like.mode;
  }

  // Ownership can be given away by root alone; for others a file belongs to who runs the migration.
  bool give_attributes(int fd, const FileInfo& like) const {
    struct stat made;
    if (::fstat(fd, &made) != 0) return false;
    if (has_attributes(made, like)) return true;
    if (is_root_ && ::fchown(fd, like.uid, like.gid) != 0) return false;
    return ::fchmod(fd, like.mode) == 0;
  }

  bool is_confined(const std::string& path) const { return root_ && path.starts_with(confined_); }

  // A kernel before 5.6, or a sandbox, has no openat2: then only the last part of the path is safe.
  int open_below(const std::string& path, int flags) const {
    if (!is_confined(path)) return ::open(path.c_str(), flags);
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    while (true) {
      const long fd = ::syscall(SYS_openat2, root_.get(), path.c_str() + confined_.size(), &how, sizeof how);
      if (fd < 0 && errno == EAGAIN) continue;  // something above it was renamed at this moment
      if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return ::open(path.c_str(), flags);
      return static_cast<int>(fd);
    }
  }

  // Without waiting for a FIFO's writer, and without touching the access time where that is allowed.
  int open_source(const std::string& path) const {
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_ ? 0 : O_NOFOLLOW);
    const int fd = open_below(path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? open_below(path, flags) : fd;
  }

  static Result<void> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
      const ssize_t put = ::write(fd, content.data(), content.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return write_failure("write", path);
      content.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  template <class Fill>  // Result<void> fill(int fd)
  Result<void> create(const std::string& path, const FileInfo& like, Fill&& fill) {
    Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, like.mode & 0777));
    if (!file) return write_failure("create", path);
    const timespec times[2] = {like.mtime, like.mtime};
    Result<void> done = fill(file.get());
    const bool complete =
        done && give_attributes(file.get(), like) && ::futimens(file.get(), times) == 0 && file.close() == 0;
    if (complete) return {};
    if (done) done = write_failure("write", path);
    ::unlink(path.c_str());
    return done;
  }

  const bool follow_;
  const bool is_root_;
  std::string confined_;  // with a slash
  Descriptor root_{-1};
};

class DryFiles : public RealFiles {
 public:
  using RealFiles::RealFiles;
  Result<bool> make_directory(const std::string&, const FileInfo&) override { return true; }
  Result<void> set_attributes(const std::string&, const FileInfo&) override { return {}; }
  Result<void> write(const std::string&, Pieces&, const FileInfo&) override { return {}; }
  Result<void> copy(const std::string&, const std::string&, const FileInfo&) override { return {}; }
  Result<void> reflink(const std::string&, const std::string&, const FileInfo&) override { return {}; }
  Result<void> link(const std::string&, const std::string&) override { return {}; }
  Result<void> remove(const std::string&) override { return {}; }
  Result<void> sync(const std::string&) override { return {}; }
};

}  // namespace

std::unique_ptr<Files> real_files(bool follow_symlinks) {
  return std::make_unique<RealFiles>(follow_symlinks);
}

std::unique_ptr<Files> dry_files(bool follow_symlinks) { return std::make_unique<DryFiles>(follow_symlinks); }

}  // namespace jobferry
