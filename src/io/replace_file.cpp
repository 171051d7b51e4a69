#include "io/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "io/descriptor.h"

namespace jobferry {

namespace {

using namespace std::chrono_literals;

Error failure(const std::string& path, std::string what) {
  Error error{Kind::output_failed, std::move(what)};
  error.file = path;
  return error;
}

Error failure_of(const std::string& path, std::string_view verb, int code) {
  Error error = failure(path, fmt::format("cannot {}: {}", verb, std::generic_category().message(code)));
  if (code == EMFILE || code == ENFILE || code == ENOMEM) error.kind = Kind::out_of_resources;
  return error;
}

// The entry that a path names, in a directory that was opened once. All calls go to that directory, even if
// the path leads elsewhere later.
struct Place {
  Descriptor directory{-1};
  std::string name;
  std::string path;                  // of the entry, after following links
  std::optional<struct stat> there;  // none: there is nothing
  bool by_kernel = false;  // a link of /proc that only the kernel can follow, such as that of /dev/stdout

  bool is_file() const { return !by_kernel && (!there || S_ISREG(there->st_mode)); }
};

// Links in /proc/PID/fd lead to open files, which may have no path.
bool is_of_proc(int directory) {
  struct statfs s;
  return ::fstatfs(directory, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

// The target of a link, as a path. Empty, with the reason in errno, on failure.
std::string target_of(int link, const std::string& directory) {
  std::array<char, 4096> to{};
  const ssize_t length = ::readlinkat(link, "", to.data(), to.size());
  if (length <= 0 || static_cast<std::size_t>(length) == to.size()) {
    if (length >= 0) errno = ENAMETOOLONG;
    return {};
  }
  const std::string target(to.data(), static_cast<std::size_t>(length));
  return target.starts_with('/') ? target : directory + '/' + target;
}

Result<Place> find(const std::string& given) {
  constexpr int most_links = 16;
  std::string path = given;
  for (int links = 0; links < most_links; ++links) {
    const std::size_t slash = path.rfind('/');
    Place place;
    place.path = path;
    place.name = slash == path.npos ? path : path.substr(slash + 1);
    const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    if (place.name.empty() || place.name == "." || place.name == "..")
      return failure(given, "it is a directory");
    place.directory =
        Descriptor(patiently([&] { return ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
    if (!place.directory) return failure_of(given, "open the directory " + directory, errno);
    const Descriptor entry(patiently([&] {
      return ::openat(place.directory.get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }));
    if (!entry && errno == ENOENT) return place;
    struct stat s;
    if (!entry || ::fstat(entry.get(), &s) != 0) return failure_of(given, "look at it", errno);
    place.there = s;
    if (!S_ISLNK(s.st_mode)) return place;
    if (s.st_uid != 0 && s.st_uid != ::geteuid())
      return failure(given,
                     fmt::format("{} is a symbolic link that belongs to another user (uid {}), which is "
                                 "not followed",
                                 path, s.st_uid));
    if (is_of_proc(place.directory.get())) {
      place.by_kernel = true;
      if (::fstatat(place.directory.get(), place.name.c_str(), &s, 0) != 0)
        return failure_of(given, "look at it", errno);
      place.there = s;
      return place;
    }
    path = target_of(entry.get(), directory);
    if (path.empty()) return failure_of(given, "follow the link", errno);
  }
  return failure_of(given, "follow the link", ELOOP);
}

// A place that can be written in the requested way.
Result<Place> find_usable(const std::string& given, Streams streams) {
  auto place = find(given);
  if (!place) return place;
  if (place->there && S_ISDIR(place->there->st_mode)) return failure(given, "it is a directory");
  if (!place->is_file() && streams == Streams::refused)
    return failure(given, "it is no regular file, and something else cannot be replaced as a whole");
  if (place->there && S_ISSOCK(place->there->st_mode)) return failure(given, "it is a socket");
  // A user who may write in the directory could replace the file in any case, but its mode says not to.
  const int flags = AT_EACCESS | (place->by_kernel ? 0 : AT_SYMLINK_NOFOLLOW);
  if (place->there && ::faccessat(place->directory.get(), place->name.c_str(), W_OK, flags) != 0)
    return failure_of(given, "write it", errno);
  return place;
}

Result<std::string> new_name(const std::string& given) {
  std::array<unsigned char, 16> bytes{};
  ssize_t got = 0;
  do got = ::getrandom(bytes.data(), bytes.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(bytes.size())) return failure_of(given, "get random bytes", errno);
  return fmt::format(".jobferry-{:02x}.tmp", fmt::join(bytes, ""));
}

// A temporary file beside the place. It is removed unless it takes the place.
class Beside {
 public:
  static Result<Beside> make(const std::string& given, const Place& place) {
    // Closed to others until it gets the mode of the old file. If there is none, it gets the usual mode.
    const mode_t mode = place.there ? 0600 : 0666;
    for (int tries = 0;; ++tries) {
      auto name = new_name(given);
      if (!name) return std::move(name.error());
      constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
      Descriptor file(patiently([&] { return ::openat(place.directory.get(), name->c_str(), flags, mode); }));
      if (file) return Beside(place.directory.get(), std::move(*name), std::move(file));
      if (errno != EEXIST || tries == 3) return failure_of(given, "make a file in its directory", errno);
    }
  }
  Beside(Beside&& other) noexcept
      : directory_(other.directory_), name_(std::exchange(other.name_, {})), file_(std::move(other.file_)) {}
  ~Beside() {
    if (!name_.empty()) ::unlinkat(directory_, name_.c_str(), 0);
  }

  // False: errno says why.
  bool write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t put = ::write(file_.get(), content.data(), content.size());
      if (put < 0 && errno != EINTR) return false;
      if (put > 0) content.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

  // No user gets more rights than the old file gave: without its group, the rights of the group are removed.
  bool become_like(const struct stat& old) {
    mode_t mode = old.st_mode & 0777;
    const bool kept = ::fchown(file_.get(), old.st_uid, old.st_gid) == 0 ||
                      ::fchown(file_.get(), static_cast<uid_t>(-1), old.st_gid) == 0;
    if (!kept) mode &= ~static_cast<mode_t>(0070);
    return ::fchmod(file_.get(), mode) == 0;
  }

  bool take(const Place& place) {
    if (file_.close() != 0 && errno != EINTR) return false;
    if (::renameat(directory_, name_.c_str(), directory_, place.name.c_str()) != 0) return false;
    name_.clear();
    return true;
  }

 private:
  Beside(int directory, std::string name, Descriptor file)
      : directory_(directory), name_(std::move(name)), file_(std::move(file)) {}

  int directory_;
  std::string name_;  // empty: it has taken the place
  Descriptor file_;
};

bool is_stopped(const std::atomic<bool>* stop) { return stop && *stop; }

// Writes pipes and devices in pieces that do not block, because a reader may never come. After a stop it
// waits only a few more moments.
class Stream {
 public:
  explicit Stream(const std::atomic<bool>* stop) : stop_(stop) {}

  // Appends to what is there already, such as a summary on the same stdout.
  Descriptor open(const Place& place) {
    const int flags =
        O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (place.by_kernel ? 0 : O_NOFOLLOW);
    while (true) {
      Descriptor stream(::openat(place.directory.get(), place.name.c_str(), flags));
      const bool waits = !stream && (errno == ENXIO || errno == EINTR) && S_ISFIFO(place.there->st_mode);
      if (!waits || !may_wait()) return stream;
      std::this_thread::sleep_for(pause);
    }
  }

  bool write(int stream, std::string_view content) {
    while (!content.empty()) {
      const ssize_t put = ::write(stream, content.data(), content.size());
      if (put > 0) content.remove_prefix(static_cast<std::size_t>(put));
      if (put >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN || !may_wait()) return false;
      pollfd ready{stream, POLLOUT, 0};
      (void)::poll(&ready, 1, static_cast<int>(pause.count()));
    }
    return true;
  }

 private:
  static constexpr std::chrono::milliseconds pause = 50ms;

  bool may_wait() {
    if (!is_stopped(stop_) || waits_left_-- > 0) return true;
    errno = EINTR;
    return false;
  }

  const std::atomic<bool>* stop_;
  int waits_left_ = 6;  // once it is to stop
};

Result<void> write_stream(const std::string& given, const Place& place, std::string_view content,
                          const std::atomic<bool>* stop) {
  Stream how(stop);
  const Descriptor stream = how.open(place);
  if (!stream) return failure_of(given, "open it", errno);
  if (!how.write(stream.get(), content)) return failure_of(given, "write it", errno);
  return {};
}

}  // namespace

Result<std::string> follow_links(const std::string& path) {
  auto place = find(path);
  if (!place) return std::move(place.error());
  return std::move(place->path);
}

Result<void> check_writable(const std::string& path, Streams streams) {
  const auto place = find_usable(path, streams);
  if (!place) return Error(place.error());
  if (!place->is_file()) return {};
  auto beside = Beside::make(path, *place);
  return beside ? Result<void>() : std::move(beside.error());
}

Result<void> write_file(const std::string& path, std::string_view content, Streams streams,
                        const std::atomic<bool>* stop) {
  const auto place = find_usable(path, streams);
  if (!place) return Error(place.error());
  if (!place->is_file()) return write_stream(path, *place, content, stop);
  auto beside = Beside::make(path, *place);
  if (!beside) return std::move(beside.error());
  const bool written = beside->write(content) && (!place->there || beside->become_like(*place->there));
  if (!written || !beside->take(*place)) return failure_of(path, "write it", errno);
  return {};
}

std::string head_of_file(const std::string& path, std::size_t most) {
  const auto place = find(path);
  if (!place || !place->there || !S_ISREG(place->there->st_mode) || place->by_kernel) return {};
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const Descriptor file(
      patiently([&] { return ::openat(place->directory.get(), place->name.c_str(), flags); }));
  std::string content(file ? most : 0, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

}  // namespace jobferry
