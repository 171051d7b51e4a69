#include "io/state_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "io/paths.h"
#include "io/replace_file.h"

namespace jobferry {

namespace {

Error unusable(const std::string& path, std::string what, Kind kind = Kind::state_unusable) {
  return {.kind = kind, .what = std::move(what), .file = path};
}

Error cannot(std::string_view verb, const std::string& path) {
  if (errno == ELOOP)
    return unusable(path,
                    fmt::format("cannot {}: it is, or is reached through, a link of another user", verb));
  return unusable(path, fmt::format("cannot {}: {}", verb, std::generic_category().message(errno)),
                  is_want_of_resources(errno) ? Kind::out_of_resources : Kind::state_unusable);
}

// Repeats a call on a lock that a signal has interrupted. EAGAIN is an answer here.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  for (int again = 0; result < 0 && errno == EINTR && again < 100; ++again) result = call();
  return result;
}

struct flock whole_file() {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return whole;
}

std::string first_line(int fd) {
  std::array<char, 400> text{};
  const ssize_t size = uninterrupted([&] { return ::pread(fd, text.data(), text.size() - 1, 0); });
  const std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(line.substr(0, line.find('\n')));
}

}  // namespace

Error in_use(const std::string& path, const std::string& holder) {
  return {.kind = Kind::in_use,
          .what = fmt::format("another jobferry is at work on this target ({})", holder),
          .file = path};
}

Result<StateDirectory> StateDirectory::open_or_make(const std::string& path) {
  Descriptor opened = open_directory(path, O_RDONLY, [](int at, const std::string& name, bool) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int made = patiently([&] { return ::mkdirat(at, name.c_str(), 0755); });
    if (made != 0 && errno != EEXIST) return Descriptor(-1);
    return Descriptor(patiently([&] { return ::openat(at, name.c_str(), flags); }));
  });
  if (!opened) return cannot("open the directory", path);
  return StateDirectory(std::move(opened), path);
}

Result<StateDirectory> StateDirectory::open_existing(const std::string& path) {
  Descriptor opened = open_directory(path);
  if (!opened && errno != ENOENT && errno != ENOTDIR) return cannot("open the directory", path);
  return StateDirectory(std::move(opened), path);
}

Result<void> StateDirectory::check_usable(const std::string& path) {
  const std::string place = nearest_existing(path);
  struct stat s {};
  if (::stat(place.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))
    return unusable(path, fmt::format("cannot make the directory: {} is no directory", place));
  if (::access(place.c_str(), W_OK | X_OK) != 0 && errno != ENOENT)
    return unusable(path,
                    fmt::format("cannot write in {}: {}", place, std::generic_category().message(errno)));
  for (const std::string_view name : {"/lock", "/state.db"}) {
    const std::string file = path + std::string(name);
    if (::access(file.c_str(), W_OK) != 0 && errno != ENOENT)
      return unusable(path, fmt::format("cannot write {}: {}", file, std::generic_category().message(errno)));
  }
  constexpr std::string_view magic = "SQLite format 3";
  const std::string head = head_of_file(path + "/state.db", magic.size());
  if (head.empty() || head == magic) return {};
  return unusable(path, "state.db is no state of a migration");
}

Result<void> StateDirectory::check_owner() const {
  struct stat s {};
  if (patiently([&] { return ::fstat(descriptor_.get(), &s); }) != 0) return cannot("look at it", path_);
  const uid_t self = ::geteuid();
  if (s.st_uid != self && s.st_uid != 0)
    return unusable(
        path_, fmt::format("it belongs to user {}, and {}: run as that user, or, if you trust what is in "
                           "it, `chown -R {}` it",
                           s.st_uid,
                           self == 0 ? "root accepts only a state of its own"
                                     : "only a state of your own or of root is accepted",
                           self));
  const bool of_others = (s.st_mode & S_IWOTH) || (self == 0 && (s.st_mode & S_IWGRP) && s.st_gid != 0);
  if (of_others)
    return unusable(path_, "other users may write in this directory: forbid that with `chmod go-w`");
  return {};
}

Result<void> StateDirectory::check_files() const {
  for (const std::string_view suffix : {"", "-journal", "-wal", "-shm"}) {
    const std::string name = "state.db" + std::string(suffix);
    struct stat s {};
    const auto look = [&] { return ::fstatat(descriptor_.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW); };
    if (patiently(look) != 0) {
      if (errno == ENOENT) continue;
      return cannot("look at it", path_of(name));
    }
    if (!S_ISREG(s.st_mode)) return unusable(path_of(name), "it is no regular file");
  }
  return {};
}

Result<bool> StateDirectory::has_database() const {
  if (::faccessat(descriptor_.get(), "state.db", R_OK, 0) == 0) return true;
  if (errno == ENOENT) return false;
  return cannot("open it", database_name());
}

bool StateDirectory::has_write_ahead_log() const {
  return ::faccessat(descriptor_.get(), "state.db-wal", F_OK, 0) == 0;
}

std::string StateDirectory::database_path() const {
  return fmt::format("/proc/self/fd/{}/state.db", descriptor_.get());
}

std::string StateDirectory::path_of(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

// A link in the place of the lock, symbolic or hard, would have this run write into a file that somebody else
// has chosen.
Result<void> StateDirectory::lock(const std::string& words) {
  const std::string file = path_of("lock");
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  lock_.reset(patiently([&] { return ::openat(descriptor_.get(), "lock", flags, 0644); }));
  if (!lock_) return cannot("open it", file);
  struct stat s {};
  if (patiently([&] { return ::fstat(lock_.get(), &s); }) != 0) return cannot("look at it", file);
  if (!S_ISREG(s.st_mode) || s.st_nlink > 1)
    return unusable(file, "it is not the lock of a state, but a link");
  struct flock whole = whole_file();
  if (uninterrupted([&] { return ::fcntl(lock_.get(), F_OFD_SETLK, &whole); }) != 0) {
    if (errno != EAGAIN && errno != EACCES) return cannot("lock it", file);
    return in_use(file, first_line(lock_.get()));
  }
  const std::string text = words + '\n';
  if (uninterrupted([&] { return ::ftruncate(lock_.get(), 0); }) != 0 ||
      uninterrupted([&] { return ::pwrite(lock_.get(), text.data(), text.size(), 0); }) < 0)
    return cannot("write it", file);
  return {};
}

Result<std::string> StateDirectory::lock_holder() const {
  const std::string name = path_of("lock");
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  const Descriptor file(patiently([&] { return ::openat(descriptor_.get(), "lock", flags); }));
  if (!file) {
    // A user who may only read the state cannot ask for the lock. The rest of the state is still worth
    // showing.
    if (errno == ENOENT || errno == EACCES || errno == EROFS) return std::string();
    return cannot("open it", name);
  }
  struct flock whole = whole_file();
  if (uninterrupted([&] { return ::fcntl(file.get(), F_OFD_GETLK, &whole); }) != 0)
    return cannot("ask for its lock", name);
  return whole.l_type == F_UNLCK ? std::string() : first_line(file.get());
}

}  // namespace jobferry
