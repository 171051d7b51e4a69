#include "io/files.h"

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
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "io/descriptor.h"
#include "json/reader.h"

namespace jobferry {

namespace {

Error failure(Kind kind, std::string_view verb, const std::string& path, int code) {
  return {.kind = is_want_of_resources(code) ? Kind::out_of_resources : kind,
          .what = fmt::format("cannot {}: {}", verb, std::generic_category().message(code)),
          .file = path};
}

// The kernel has refused a path (RESOLVE_BENEATH, RESOLVE_NO_XDEV).
Error led_away(std::string_view verb, const std::string& path) {
  return {
      .kind = Kind::write_failed,
      .what = fmt::format("cannot {}: the path leads out of the archive, or another file system is mounted "
                          "on it",
                          verb),
      .file = path};
}

Error read_failure(std::string_view verb, const std::string& path) {
  if (errno == EXDEV) return led_away(verb, path);
  if (errno != ELOOP) return failure(Kind::read_failed, verb, path, errno);
  return {.kind = Kind::not_a_regular_file,
          .what = "a symbolic link that may not be followed or leads in a circle",
          .file = path};
}

Error write_failure(std::string_view verb, const std::string& path) {
  if (errno == EXDEV) return led_away(verb, path);
  if (errno == ELOOP)
    return {.kind = Kind::write_failed,
            .what = fmt::format("cannot {}: it is, or is reached through, a link of another user", verb),
            .file = path};
  return failure(Kind::write_failed, verb, path, errno);
}

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

// As far as the type of the file system says: an XFS can have been made without reflinks.
Sharing sharing_at(const std::string& path) {
  struct statfs s;
  if (::statfs(path.c_str(), &s) != 0) return Sharing::unknown;
  switch (s.f_type) {
    case BTRFS_SUPER_MAGIC:
      return Sharing::across_devices;
    case XFS_SUPER_MAGIC:
      return Sharing::on_a_device;
    case EXT4_SUPER_MAGIC:  // ext2 and ext3 have the same number
    case TMPFS_MAGIC:
      return Sharing::never;
    default:
      return Sharing::unknown;
  }
}

// A directory below which paths are reached through its descriptor.
struct Root {
  std::string prefix;  // its path, with a slash
  Descriptor descriptor{-1};
  std::uint64_t resolve = 0;  // how openat2 has to resolve what is below
  int failure = 0;            // why there is no descriptor: then nothing below it can be reached

  explicit operator bool() const { return descriptor || failure != 0; }
};

// For kernels before 5.6 and sandboxes without openat2: opens one component after the other, and follows no
// link and no `..`.
int walk_below(int root, std::string_view path, int flags, mode_t mode) {
  Descriptor at(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  while (at) {
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    if (name == "..") {
      errno = EXDEV;
      return -1;
    }
    if (slash == path.npos)
      return ::openat(at.get(), name.empty() ? "." : name.c_str(), flags | O_NOFOLLOW, mode);
    path.remove_prefix(slash + 1);
    if (name.empty() || name == ".") continue;
    at.reset(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return -1;
}

class RealFiles : public Files {
 public:
  explicit RealFiles(bool follow) : follow_(follow), is_root_(::geteuid() == 0) {}

  void confine(const std::string& root) override {
    if (follow_) return;
    source_.prefix = root + '/';
    source_.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    source_.descriptor.reset(
        patiently([&] { return ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
    source_.failure = source_.descriptor ? 0 : errno;
  }

  Result<std::vector<Entry>> list(const std::string& directory) override {
    // readdir mostly knows the type of an entry. The iterators of the libraries ask the system for the status
    // of each, which takes twice as long.
    Descriptor descriptor(open_below(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor) return read_failure("list the directory", directory);
    const std::unique_ptr<DIR, int (*)(DIR*)> open(patiently([&] { return ::fdopendir(descriptor.get()); }),
                                                   ::closedir);
    if (!open) return failure(Kind::read_failed, "list the directory", directory, errno);
    descriptor.release();  // it is closed with `open`
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        auto type = type_of(directory, *entry);
        if (!type) return std::move(type.error());
        if (*type) entries.push_back({std::string(name), **type});
      }
      errno = 0;
    }
    if (errno != 0) return failure(Kind::read_failed, "list the directory", directory, errno);
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  Result<FileInfo> info(const std::string& path) override {
    struct stat s;
    if (look(path, follow_, s) != 0) return read_failure("look at it", path);
    return info_of(s);
  }

  Result<bool> exists(const std::string& path) override {
    struct stat s;
    if (look(path, false, s) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return read_failure("look at it", path);
  }

  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    const Descriptor file(open_source(path));
    struct stat s;
    if (!file || stat_of(file.get(), s) != 0) return read_failure("open", path);
    const FileInfo info = info_of(s);
    if (info.type != FileType::regular) return Error{Kind::not_a_regular_file, "not a regular file"};
    if (info.size > limit)
      return Error{Kind::file_too_large, fmt::format("{} bytes, more than {}", info.size, limit)};
    content.resize(static_cast<std::size_t>(info.size));
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t got = read_some(file.get(), content.data() + done, content.size() - done);
      if (got < 0) return read_failure("read", path);
      if (got == 0)
        return Error{Kind::read_failed, fmt::format("it shrank to {} bytes while it was read", done)};
      done += static_cast<std::size_t>(got);
    }
    return info;
  }

  Result<Space> space(const std::string& path) override {
    struct statvfs s;
    if (patiently([&] { return ::statvfs(path.c_str(), &s); }) != 0)
      return failure(Kind::read_failed, "ask for free space", path, errno);
    const bool fixed = s.f_files > 0;
    return Space{s.f_bavail * s.f_frsize, (s.f_blocks - s.f_bfree) * s.f_frsize,
                 fixed ? s.f_favail : std::numeric_limits<std::uint64_t>::max(), s.f_files - s.f_ffree,
                 sharing_at(path)};
  }

  bool may_write_in(const std::string& directory) override {
    const Place place = locate(directory);
    return ::faccessat(place.at(), place.below, W_OK | X_OK, 0) == 0;
  }

  Result<bool> open_target(const std::string& root) override {
    if (target_ && target_.prefix == root + '/') return true;
    Descriptor opened = open_directory(root);
    if (!opened && errno == ENOENT) {
      struct stat s;
      if (::lstat(root.c_str(), &s) != 0 && errno == ENOENT) return false;
      errno = ENOENT;  // a link to nothing
    }
    if (!opened) return write_failure("open the directory", root);
    keep_target(root, opened);
    return true;
  }

  Result<void> make_target(const std::string& root, const FileInfo& like) override {
    if (!target_)
      if (auto made = make_root(root, like); !made) return made;
    FileInfo closed = like;
    if (is_root_)
      closed.mode = 0700, closed.uid = ::geteuid(), closed.gid = ::getegid();
    else
      closed.mode |= 0700;
    if (give_attributes(target_.descriptor.get(), closed)) return {};
    return write_failure("set the mode and ownership", root);
  }

  Result<bool> make_directory(const std::string& path, const FileInfo& like) override {
    FileInfo writable = like;
    writable.mode |= 0700;
    const Parent parent = parent_of(path);
    if (!parent.directory) return write_failure("make the directory", path);
    const int at = parent.directory.get();
    const int made = patiently([&] { return ::mkdirat(at, parent.name, writable.mode); });
    if (made != 0 && errno != EEXIST) return write_failure("make the directory", path);
    struct stat s;
    if (patiently([&] { return ::fstatat(at, parent.name, &s, AT_SYMLINK_NOFOLLOW); }) != 0)
      return write_failure("look at the directory", path);
    if (!S_ISDIR(s.st_mode)) {
      errno = ENOTDIR;
      return write_failure("make the directory", path);
    }
    if (made != 0) return false;
    if (has_attributes(s, writable)) return true;
    if (auto done = set_attributes(path, writable); !done) return std::move(done.error());
    return true;
  }

  Result<void> set_attributes(const std::string& path, const FileInfo& like) override {
    const Descriptor directory(open_below(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory || !give_attributes(directory.get(), like))
      return write_failure("set the mode and ownership", path);
    return {};
  }

  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) override {
    return create(path, like, [&](int fd) { return write_pieces(fd, content, path); });
  }

  Result<void> replace(const std::string& path, Pieces& content, const FileInfo& like) override {
    const std::string beside = path + ".new";
    const auto left = exists(beside);
    if (!left) return Error{Kind::write_failed, left.error().what};
    if (*left)
      if (auto gone = remove(beside); !gone) return gone;
    const auto fill = [&](int fd) -> Result<void> {
      if (auto put = write_pieces(fd, content, path); !put) return put;
      if (patiently([&] { return ::fsync(fd); }) == 0) return {};
      return write_failure("sync", path);
    };
    if (auto done = create(beside, like, fill); !done) return done;
    const Parent parent = parent_of(path);
    const std::string name = std::string(parent.name) + ".new";
    const int at = parent.directory.get();
    if (parent.directory && patiently([&] { return ::renameat(at, name.c_str(), at, parent.name); }) == 0)
      return {};
    auto failed = write_failure("replace", path);
    (void)remove(beside);
    return failed;
  }

  Result<void> copy(const std::string& from, const std::string& to) override {
    FileInfo like;
    auto source = open_regular(from, O_RDONLY, like);
    if (!source) return std::move(source.error());
    return create(to, like, [&](int fd) -> Result<void> {
      char block[65536];
      while (true) {
        const ssize_t got = read_some(source->get(), block, sizeof block);
        if (got == 0) return {};
        if (got < 0) return read_failure("read", from);
        if (auto put = write_all(fd, {block, static_cast<std::size_t>(got)}, to); !put) return put;
      }
    });
  }

  Result<void> reflink(const std::string& from, const std::string& to) override {
    FileInfo like;
    auto source = open_regular(from, O_RDONLY, like);
    if (!source) return std::move(source.error());
    return create(to, like, [&](int fd) -> Result<void> {
      if (patiently([&] { return ::ioctl(fd, FICLONE, source->get()); }) != 0)
        return failure(Kind::write_failed, "share the blocks", to, errno);
      return {};
    });
  }

  // Links the file that was opened, even if another one is at its path by now.
  Result<void> link(const std::string& from, const std::string& to) override {
    FileInfo like;
    auto source = open_regular(from, O_PATH, like);
    if (!source) return std::move(source.error());
    const std::string opened = fmt::format("/proc/self/fd/{}", source->get());
    const Parent parent = parent_of(to);
    if (!parent.directory) return write_failure("link", to);
    const auto call = [&] {
      return ::linkat(AT_FDCWD, opened.c_str(), parent.directory.get(), parent.name, AT_SYMLINK_FOLLOW);
    };
    if (patiently(call) != 0) return failure(Kind::write_failed, "link", to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    const Parent parent = parent_of(path);
    if (!parent.directory) return write_failure("remove", path);
    const int at = parent.directory.get();
    int gone = patiently([&] { return ::unlinkat(at, parent.name, 0); });
    if (gone != 0 && errno == EISDIR)
      gone = patiently([&] { return ::unlinkat(at, parent.name, AT_REMOVEDIR); });
    if (gone != 0) return write_failure("remove", path);
    return {};
  }

  Result<void> sync(const std::string& root) override {
    const auto flush = [&](int fd) -> Result<void> {
      if (fd < 0 || patiently([&] { return ::syncfs(fd); }) != 0) return write_failure("sync", root);
      return {};
    };
    if (target_) {
      auto done = flush(target_.descriptor.get());
      return done ? check_still_there(root) : std::move(done);
    }
    const Descriptor directory(patiently([&] { return ::open(root.c_str(), O_RDONLY | O_CLOEXEC); }));
    return flush(directory.get());
  }

 private:
  // The directory from which a path is reached, and the rest of the path.
  struct Place {
    const Root* root;  // null: its path alone
    const char* below;

    int at() const { return root ? root->descriptor.get() : AT_FDCWD; }
  };

  Place locate(const std::string& path) const {
    for (const Root* root : {&target_, &source_}) {
      if (!*root) continue;
      if (path.starts_with(root->prefix)) {
        const char* below = path.c_str() + root->prefix.size();
        return {root, *below ? below : "."};
      }
      if (path.size() + 1 == root->prefix.size() && root->prefix.starts_with(path)) return {root, "."};
    }
    return {nullptr, path.c_str()};
  }

  // The directory in which an entry is made or removed, and the name of the entry.
  struct Parent {
    Descriptor directory;
    const char* name;  // in the path that was given
  };
  Parent parent_of(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == path.npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
    return {Descriptor(open_below(directory, O_PATH | O_DIRECTORY | O_CLOEXEC)),
            path.c_str() + (slash == path.npos ? 0 : slash + 1)};
  }

  int open_below(const std::string& path, int flags, mode_t mode = 0) const {
    const Place place = locate(path);
    if (!place.root) return patiently([&] { return ::open(path.c_str(), flags, mode); });
    if (!place.root->descriptor) {
      errno = place.root->failure;
      return -1;
    }
    return patiently([&] {
      open_how how{};
      how.flags = static_cast<std::uint64_t>(flags);
      how.mode = mode;
      how.resolve = place.root->resolve;
      // EAGAIN, which patiently() repeats: a directory above was renamed during the call.
      const long fd = ::syscall(SYS_openat2, place.at(), place.below, &how, sizeof how);
      const bool missing = fd < 0 && (errno == ENOSYS || errno == EPERM);
      return missing ? walk_below(place.at(), place.below, flags, mode) : static_cast<int>(fd);
    });
  }

  // In the target, attributes decide what is removed, so the path must be resolved safely. In the source they
  // only say what to read: every file is looked at again after it was opened.
  int look(const std::string& path, bool follow, struct stat& s) const {
    const Place place = locate(path);
    if (place.root == &target_ && target_) {
      const Descriptor found(open_below(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
      return found ? stat_of(found.get(), s) : -1;
    }
    if (place.root && !place.root->descriptor) {
      errno = place.root->failure;
      return -1;
    }
    return patiently(
        [&] { return ::fstatat(place.at(), place.below, &s, follow ? 0 : AT_SYMLINK_NOFOLLOW); });
  }

  static int stat_of(int fd, struct stat& s) {
    return patiently([&] { return ::fstat(fd, &s); });
  }
  static ssize_t read_some(int fd, char* to, std::size_t size) {
    return patiently([&] { return ::read(fd, to, size); });
  }

  // The owner of the directory above the target can move it and put another one in its place. Then this run
  // is not writing the target that the user has named.
  Result<void> check_still_there(const std::string& root) const {
    const Descriptor now = open_directory(root, O_PATH);
    struct stat ours {
    }, theirs{};
    const bool seen = now && stat_of(now.get(), theirs) == 0;
    const bool gone = !seen && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
    if (!seen && !gone) return write_failure("look at the directory", root);
    if (stat_of(target_.descriptor.get(), ours) != 0) return write_failure("look at the directory", root);
    if (seen && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino) return {};
    return Error{
        .kind = Kind::write_failed, .what = "the target was moved or replaced during the run", .file = root};
  }

  void keep_target(const std::string& root, Descriptor& opened) {
    target_.prefix = root + '/';
    target_.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    target_.descriptor.reset(opened.take());
  }

  // The directories that lead to the target get the attributes of the source's root. The target itself stays
  // closed for now.
  Result<void> make_root(const std::string& root, const FileInfo& like) {
    FileInfo open_to_all = like;
    open_to_all.mode = 0755;
    Descriptor made = open_directory(root, O_RDONLY, [&](int at, const std::string& name, bool last) {
      constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
      const mode_t mode = last ? 0700 : 0755;
      const bool ours = patiently([&] { return ::mkdirat(at, name.c_str(), mode); }) == 0;
      if (!ours && errno != EEXIST) return Descriptor(-1);
      Descriptor entered(patiently([&] { return ::openat(at, name.c_str(), flags); }));
      // If another user has put something there meanwhile, it is not given away.
      const bool gives = entered && !last && ours && is_empty(entered.get());
      return gives && !give_attributes(entered.get(), open_to_all) ? Descriptor(-1) : std::move(entered);
    });
    if (!made) return write_failure("make the directory", root);
    keep_target(root, made);
    return {};
  }

  static bool is_empty(int directory) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    Descriptor again(patiently([&] { return ::openat(directory, ".", flags); }));
    const std::unique_ptr<DIR, int (*)(DIR*)> open(again ? ::fdopendir(again.get()) : nullptr, ::closedir);
    if (!open) return false;
    again.release();
    int entries = 0;
    while (::readdir(open.get())) ++entries;
    return entries == 2;  // `.` and `..`
  }

  // None: the entry is gone. An entry that cannot be looked at may be a job, so then the listing fails.
  Result<std::optional<FileType>> type_of(const std::string& directory, const dirent& entry) {
    const bool told = entry.d_type != DT_UNKNOWN && !(follow_ && entry.d_type == DT_LNK);
    if (told)
      return std::optional(entry.d_type == DT_REG   ? FileType::regular
                           : entry.d_type == DT_DIR ? FileType::directory
                                                    : FileType::other);
    const std::string path = directory + '/' + entry.d_name;
    struct stat s;
    if (look(path, follow_, s) == 0) return std::optional(info_of(s).type);
    const bool dangling = entry.d_type == DT_LNK && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR);
    if (dangling) return std::optional(FileType::other);
    if (errno == ENOENT) return std::optional<FileType>();
    return failure(Kind::read_failed, fmt::format("look at its entry {}", json::excerpt(entry.d_name)),
                   directory, errno);
  }

  // The umask, ACLs and the setgid bit of the parent directory decide which attributes a new file has. Nearly
  // always they are right from the start, and one look costs less than two calls that change nothing.
  bool has_attributes(const struct stat& made, const FileInfo& like) const {
    const bool owned = !is_root_ || (made.st_uid == like.uid && made.st_gid == like.gid);
    return owned && (made.st_mode & 07777) == like.mode;
  }

  // Only the superuser can give files away. For other users a file belongs to the one who runs the migration.
  bool give_attributes(int fd, const FileInfo& like) const {
    struct stat made;
    if (stat_of(fd, made) != 0) return false;
    if (has_attributes(made, like)) return true;
    if (is_root_ && patiently([&] { return ::fchown(fd, like.uid, like.gid); }) != 0) return false;
    return patiently([&] { return ::fchmod(fd, like.mode); }) == 0;
  }

  // Does not wait for the writer of a FIFO, and does not change the access time if that is allowed.
  int open_source(const std::string& path) const {
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_ ? 0 : O_NOFOLLOW);
    const int fd = open_below(path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? open_below(path, flags) : fd;
  }

  // Opens a file and takes its attributes from the descriptor, so that attributes and content are of one
  // file.
  Result<Descriptor> open_regular(const std::string& path, int how, FileInfo& info) const {
    Descriptor file(how == O_PATH ? open_below(path, O_PATH | O_CLOEXEC | (follow_ ? 0 : O_NOFOLLOW))
                                  : open_source(path));
    struct stat s;
    if (!file || stat_of(file.get(), s) != 0) return read_failure("open", path);
    info = info_of(s);
    if (info.type == FileType::regular) return file;
    return Error{.kind = Kind::not_a_regular_file, .what = "not a regular file", .file = path};
  }

  static Result<void> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
      const ssize_t put = patiently([&] { return ::write(fd, content.data(), content.size()); });
      if (put < 0) return write_failure("write", path);
      content.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  static Result<void> write_pieces(int fd, Pieces& content, const std::string& path) {
    for (std::string_view piece = content.next(); !piece.empty(); piece = content.next())
      if (auto put = write_all(fd, piece, path); !put) return put;
    return {};
  }

  template <class Fill>  // Result<void> fill(int fd)
  Result<void> create(const std::string& path, const FileInfo& like, Fill&& fill) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Descriptor file(open_below(path, flags, like.mode & 0777));
    if (!file) return write_failure("create", path);
    const timespec times[2] = {like.mtime, like.mtime};
    Result<void> done;
    try {
      done = fill(file.get());
    } catch (...) {
      (void)remove(path);
      throw;
    }
    const bool complete = done && give_attributes(file.get(), like) &&
                          patiently([&] { return ::futimens(file.get(), times); }) == 0 &&
                          (file.close() == 0 || errno == EINTR);  // Linux closes it even then
    if (complete) return {};
    if (done) done = write_failure("write", path);
    (void)remove(path);
    return done;
  }

  const bool follow_;
  const bool is_root_;
  Root source_, target_;
};

class DryFiles : public RealFiles {
 public:
  using RealFiles::RealFiles;
  Result<void> make_target(const std::string&, const FileInfo&) override { return {}; }
  Result<bool> make_directory(const std::string&, const FileInfo&) override { return true; }
  Result<void> set_attributes(const std::string&, const FileInfo&) override { return {}; }
  Result<void> write(const std::string&, Pieces&, const FileInfo&) override { return {}; }
  Result<void> replace(const std::string&, Pieces&, const FileInfo&) override { return {}; }
  Result<void> copy(const std::string&, const std::string&) override { return {}; }
  Result<void> reflink(const std::string&, const std::string&) override { return {}; }
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
