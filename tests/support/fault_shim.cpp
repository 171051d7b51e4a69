// A library to preload. The n-th libc call that touches a directory fails, once or from then on, reads or
// writes less than it should, or kills the process.
//
//   SHIM_UNDER    only calls count whose path, or the path of whose descriptor, is this one or is below it
//   SHIM_FAILURE  a number: that errno; SHORT: half of a read or write; KILL: SIGKILL before the call;
//                 HALF: SIGKILL after half of a write; THREAD: pthread_create fails, and only it counts
//   SHIM_CALLS    `locks`: only locks fail, which SQLite retries for ten seconds
//                 `reads`: only reads fail
//                 otherwise: all calls except locks
//   SHIM_NTH      number of the call that fails; 0: none
//   SHIM_LASTING  if set, all later calls fail too
//   SHIM_COUNT    this file gets the number of calls at the end of the process
//   SHIM_HIT      this file gets the name and the path of the n-th call
//
// A call counts only if it can fail in that way. For example, only a write can fill the disk.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace {

// What a call does. This decides how it can fail.
enum Trait : unsigned {
  asks = 0,
  opens = 1,       // returns a descriptor
  takes_room = 2,  // may need blocks, inodes or quota
  waits = 4,       // a signal can interrupt it
  reads = 8,
  writes = 16,
  locks = 32,
};

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

struct Failure {
  bool is(const char* word) const { return std::strcmp(text, word) == 0; }

  const char* text = setting("SHIM_FAILURE");
  int code = std::atoi(text);  // 0: no errno
  bool kills = is("KILL") || is("HALF");
  bool shortens = is("SHORT"), halves = is("HALF"), denies_threads = is("THREAD");
  long nth = std::atol(setting("SHIM_NTH"));
  bool lasting = *setting("SHIM_LASTING") != '\0';
  const char* which = setting("SHIM_CALLS");
  bool of_locks = std::strcmp(which, "locks") == 0, of_reads = std::strcmp(which, "reads") == 0;
};

const Failure& failure() {
  static const Failure of_this_process;
  return of_this_process;
}

std::atomic<long> calls{0};

// Its destructor runs at the end of the program.
struct Counter {
  ~Counter() {
    if (std::FILE* file = std::fopen(setting("SHIM_COUNT"), "w")) {
      std::fprintf(file, "%ld", calls.load());
      std::fclose(file);
    }
  }
} counter;

bool can_fail(unsigned traits) {
  const Failure& how = failure();
  if (how.denies_threads) return false;
  if (how.shortens) return traits & (reads | writes);
  if (how.halves) return traits & writes;
  if (how.kills) return true;
  if (how.of_reads) return traits & reads;
  if (how.of_locks != ((traits & locks) != 0)) return false;
  switch (how.code) {
    case ENOSPC:
    case EDQUOT:
      return traits & takes_room;
    case EMFILE:
      return traits & opens;
    case EINTR:
      return traits & waits;
    default:
      return true;
  }
}

constexpr std::size_t longest = 4096;

long raw_syscall(long number, const void* a, const void* b, std::size_t c) {
  static auto* const original = real<long(long, ...)>("syscall");
  return original(number, a, b, c);
}

// Finds the path of a descriptor; empty if it has none.
void path_of(int fd, char* path) {
  char link[64];
  if (fd == AT_FDCWD)
    std::strcpy(link, "/proc/self/cwd");
  else
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const long length = raw_syscall(SYS_readlink, link, path, longest - 1);
  path[std::max(length, 0L)] = '\0';
}

struct Place {
  Place(int fd) : at(fd) {}
  Place(const char* whole) : name(whole ? whole : "") {}
  Place(int directory, const char* below) : at(directory), name(below ? below : "") {}

  void resolve(char* path) const {
    path[0] = '\0';
    if (*name == '/') {
      std::strncat(path, name, longest - 1);
      return;
    }
    path_of(at, path);
    if (*name == '\0') return;
    const std::size_t length = std::strlen(path);
    if (length + 2 < longest) std::snprintf(path + length, longest - length, "/%s", name);
  }

  int at = AT_FDCWD;
  const char* name = "";
};

bool is_under(const char* path) {
  static const char* under = setting("SHIM_UNDER");
  static const std::size_t length = std::strlen(under);
  return length > 0 && std::strncmp(path, under, length) == 0 &&
         (path[length] == '/' || path[length] == '\0');
}

// Counts a call. True if it is one of those that fail.
bool is_due(const char* call, const char* path) {
  const long number = ++calls, nth = failure().nth;
  if (nth <= 0 || number < nth || (number > nth && !failure().lasting)) return false;
  if (number == nth)
    if (std::FILE* file = std::fopen(setting("SHIM_HIT"), "w")) {
      std::fprintf(file, "%s %s", call, path);
      std::fclose(file);
    }
  return true;
}

bool is_due(const char* call, unsigned traits, const Place& place) {
  if (!can_fail(traits)) return false;
  char path[longest];
  const int before = errno;
  place.resolve(path);
  const bool due = is_under(path) && is_due(call, path);
  errno = before;
  return due;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

// True if this call must fail. Sets errno.
bool fails(const char* call, unsigned traits, const Place& place) {
  if (!is_due(call, traits, place)) return false;
  if (failure().kills) die();
  errno = failure().code;
  return true;
}

// `move(size)` reads or writes up to `size` bytes.
template <class Move>
ssize_t transfer(const char* call, unsigned traits, int fd, std::size_t size, Move&& move) {
  if (!is_due(call, traits, fd)) return move(size);
  if (failure().shortens) return move(size > 1 ? size / 2 : size);
  if (failure().halves) (void)move(size / 2);
  if (failure().kills) die();
  errno = failure().code;
  return -1;
}

template <class Result>
Result failed() {
  if constexpr (std::is_pointer_v<Result>)
    return nullptr;
  else
    return -1;
}

}  // namespace

#define REAL(name) static auto* const original = real<decltype(::name)>(#name)

// A call that fails or is forwarded.
#define FORWARD(result, name, traits, place, parameters, ...)                      \
  result name parameters {                                                         \
    REAL(name);                                                                    \
    return fails(#name, traits, place) ? failed<result>() : original(__VA_ARGS__); \
  }

// A call that reads or writes `size` bytes of `fd`.
#define TRANSFER(name, traits, parameters, ...)                                                        \
  ssize_t name parameters {                                                                            \
    REAL(name);                                                                                        \
    return transfer(#name, traits, fd, size, [&](std::size_t part) { return original(__VA_ARGS__); }); \
  }

// A call that opens a path, with a mode if it may create the file.
#define OPEN(name, place, parameters, ...)                                           \
  int name parameters {                                                              \
    REAL(name);                                                                      \
    va_list list;                                                                    \
    va_start(list, flags);                                                           \
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                  \
    va_end(list);                                                                    \
    return fails(#name, traits_of(flags), place) ? -1 : original(__VA_ARGS__, mode); \
  }

// A call that closes a descriptor even if it fails.
#define CLOSE(result, name, place, parameters, argument)          \
  result name parameters {                                        \
    REAL(name);                                                   \
    const bool failing = fails(#name, takes_room | waits, place); \
    const int code = errno;                                       \
    const result ended = original(argument);                      \
    if (failing) errno = code;                                    \
    return failing ? -1 : ended;                                  \
  }

namespace {

unsigned traits_of(int flags) { return opens | waits | (flags & O_CREAT ? takes_room : 0U); }
unsigned traits_of(const char* mode) { return traits_of(*mode == 'r' ? O_RDONLY : O_CREAT); }

constexpr unsigned reading = reads | waits, writing = writes | waits | takes_room;

}  // namespace

extern "C" {

OPEN(open, Place(path), (const char* path, int flags, ...), path, flags)
OPEN(open64, Place(path), (const char* path, int flags, ...), path, flags)
OPEN(openat, Place(at, path), (int at, const char* path, int flags, ...), at, path, flags)
OPEN(openat64, Place(at, path), (int at, const char* path, int flags, ...), at, path, flags)
FORWARD(int, creat, traits_of(O_CREAT), path, (const char* path, mode_t mode), path, mode)
FORWARD(std::FILE*, fopen, traits_of(mode), path, (const char* path, const char* mode), path, mode)
FORWARD(std::FILE*, fopen64, traits_of(mode), path, (const char* path, const char* mode), path, mode)
FORWARD(DIR*, opendir, opens | waits, path, (const char* path), path)
FORWARD(DIR*, fdopendir, asks, fd, (int fd), fd)
CLOSE(int, close, fd, (int fd), fd)
CLOSE(int, closedir, ::dirfd(directory), (DIR * directory), directory)
FORWARD(dirent*, readdir, asks, ::dirfd(directory), (DIR * directory), directory)
FORWARD(dirent64*, readdir64, asks, ::dirfd(directory), (DIR * directory), directory)

TRANSFER(read, reading, (int fd, void* to, size_t size), fd, to, part)
TRANSFER(pread, reading, (int fd, void* to, size_t size, off_t at), fd, to, part, at)
TRANSFER(pread64, reading, (int fd, void* to, size_t size, off64_t at), fd, to, part, at)
TRANSFER(write, writing, (int fd, const void* from, size_t size), fd, from, part)
TRANSFER(pwrite, writing, (int fd, const void* from, size_t size, off_t at), fd, from, part, at)
TRANSFER(pwrite64, writing, (int fd, const void* from, size_t size, off64_t at), fd, from, part, at)
TRANSFER(copy_file_range, writing,
         (int from, off64_t* from_at, int fd, off64_t* at, size_t size, unsigned flags), from, from_at, fd,
         at, part, flags)
TRANSFER(sendfile, writing, (int fd, int from, off_t* at, size_t size), fd, from, at, part)
TRANSFER(sendfile64, writing, (int fd, int from, off64_t* at, size_t size), fd, from, at, part)

ssize_t readv(int fd, const iovec* pieces, int count) {
  REAL(readv);
  return transfer("readv", reading, fd, pieces->iov_len, [&](std::size_t size) {
    const iovec part{pieces->iov_base, size};
    return size == pieces->iov_len ? original(fd, pieces, count) : original(fd, &part, 1);
  });
}

ssize_t writev(int fd, const iovec* pieces, int count) {
  REAL(writev);
  return transfer("writev", writing, fd, pieces->iov_len, [&](std::size_t size) {
    const iovec part{pieces->iov_base, size};
    return size == pieces->iov_len ? original(fd, pieces, count) : original(fd, &part, 1);
  });
}

FORWARD(int, stat, asks, path, (const char* path, struct stat* s), path, s)
FORWARD(int, stat64, asks, path, (const char* path, struct stat64* s), path, s)
FORWARD(int, lstat, asks, path, (const char* path, struct stat* s), path, s)
FORWARD(int, lstat64, asks, path, (const char* path, struct stat64* s), path, s)
FORWARD(int, fstat, asks, fd, (int fd, struct stat* s), fd, s)
FORWARD(int, fstat64, asks, fd, (int fd, struct stat64* s), fd, s)
FORWARD(int, fstatat, asks, Place(at, path), (int at, const char* path, struct stat* s, int flags), at, path,
        s, flags)
FORWARD(int, fstatat64, asks, Place(at, path), (int at, const char* path, struct stat64* s, int flags), at,
        path, s, flags)
FORWARD(int, statx, asks, Place(at, path),
        (int at, const char* path, int flags, unsigned mask, struct statx* s), at, path, flags, mask, s)
FORWARD(int, access, asks, path, (const char* path, int mode), path, mode)
FORWARD(int, faccessat, asks, Place(at, path), (int at, const char* path, int mode, int flags), at, path,
        mode, flags)
FORWARD(ssize_t, readlink, asks, path, (const char* path, char* to, size_t size), path, to, size)
FORWARD(ssize_t, readlinkat, asks, Place(at, path), (int at, const char* path, char* to, size_t size), at,
        path, to, size)
FORWARD(int, statfs, waits, path, (const char* path, struct statfs* s), path, s)
FORWARD(int, statfs64, waits, path, (const char* path, struct statfs64* s), path, s)
FORWARD(int, fstatfs, waits, fd, (int fd, struct statfs* s), fd, s)
FORWARD(int, fstatfs64, waits, fd, (int fd, struct statfs64* s), fd, s)
FORWARD(int, statvfs, waits, path, (const char* path, struct statvfs* s), path, s)
FORWARD(int, statvfs64, waits, path, (const char* path, struct statvfs64* s), path, s)
FORWARD(int, fstatvfs, waits, fd, (int fd, struct statvfs* s), fd, s)
FORWARD(int, fstatvfs64, waits, fd, (int fd, struct statvfs64* s), fd, s)

FORWARD(int, mkdir, takes_room, path, (const char* path, mode_t mode), path, mode)
FORWARD(int, mkdirat, takes_room, Place(at, path), (int at, const char* path, mode_t mode), at, path, mode)
FORWARD(int, unlink, asks, path, (const char* path), path)
FORWARD(int, unlinkat, asks, Place(at, path), (int at, const char* path, int flags), at, path, flags)
FORWARD(int, rmdir, asks, path, (const char* path), path)
FORWARD(int, remove, asks, path, (const char* path), path)
FORWARD(int, link, takes_room, to, (const char* from, const char* to), from, to)
FORWARD(int, linkat, takes_room, Place(to_at, to),
        (int from_at, const char* from, int to_at, const char* to, int flags), from_at, from, to_at, to,
        flags)
FORWARD(int, symlink, takes_room, to, (const char* from, const char* to), from, to)
FORWARD(int, symlinkat, takes_room, Place(at, to), (const char* from, int at, const char* to), from, at, to)
FORWARD(int, rename, takes_room, to, (const char* from, const char* to), from, to)
FORWARD(int, renameat, takes_room, Place(to_at, to),
        (int from_at, const char* from, int to_at, const char* to), from_at, from, to_at, to)
FORWARD(int, renameat2, takes_room, Place(to_at, to),
        (int from_at, const char* from, int to_at, const char* to, unsigned flags), from_at, from, to_at, to,
        flags)

FORWARD(int, chmod, asks, path, (const char* path, mode_t mode), path, mode)
FORWARD(int, fchmod, asks, fd, (int fd, mode_t mode), fd, mode)
FORWARD(int, fchmodat, asks, Place(at, path), (int at, const char* path, mode_t mode, int flags), at, path,
        mode, flags)
FORWARD(int, chown, asks, path, (const char* path, uid_t uid, gid_t gid), path, uid, gid)
FORWARD(int, lchown, asks, path, (const char* path, uid_t uid, gid_t gid), path, uid, gid)
FORWARD(int, fchown, asks, fd, (int fd, uid_t uid, gid_t gid), fd, uid, gid)
FORWARD(int, fchownat, asks, Place(at, path), (int at, const char* path, uid_t uid, gid_t gid, int flags), at,
        path, uid, gid, flags)
FORWARD(int, futimens, asks, fd, (int fd, const timespec times[2]), fd, times)
FORWARD(int, utimensat, asks, Place(at, path), (int at, const char* path, const timespec times[2], int flags),
        at, path, times, flags)
FORWARD(int, utime, asks, path, (const char* path, const utimbuf* times), path, times)
FORWARD(ssize_t, getxattr, asks, path, (const char* path, const char* name, void* to, size_t size), path,
        name, to, size)
FORWARD(ssize_t, lgetxattr, asks, path, (const char* path, const char* name, void* to, size_t size), path,
        name, to, size)
FORWARD(ssize_t, fgetxattr, asks, fd, (int fd, const char* name, void* to, size_t size), fd, name, to, size)
FORWARD(ssize_t, listxattr, asks, path, (const char* path, char* to, size_t size), path, to, size)
FORWARD(ssize_t, llistxattr, asks, path, (const char* path, char* to, size_t size), path, to, size)
FORWARD(ssize_t, flistxattr, asks, fd, (int fd, char* to, size_t size), fd, to, size)
FORWARD(int, setxattr, takes_room, path,
        (const char* path, const char* name, const void* value, size_t size, int flags), path, name, value,
        size, flags)
FORWARD(int, fsetxattr, takes_room, fd, (int fd, const char* name, const void* value, size_t size, int flags),
        fd, name, value, size, flags)
FORWARD(int, fremovexattr, asks, fd, (int fd, const char* name), fd, name)

FORWARD(int, fsync, takes_room | waits, fd, (int fd), fd)
FORWARD(int, fdatasync, takes_room | waits, fd, (int fd), fd)
FORWARD(int, syncfs, takes_room, fd, (int fd), fd)
FORWARD(int, truncate, takes_room | waits, path, (const char* path, off_t size), path, size)
FORWARD(int, truncate64, takes_room | waits, path, (const char* path, off64_t size), path, size)
FORWARD(int, ftruncate, takes_room | waits, fd, (int fd, off_t size), fd, size)
FORWARD(int, ftruncate64, takes_room | waits, fd, (int fd, off64_t size), fd, size)
FORWARD(int, fallocate, takes_room | waits, fd, (int fd, int mode, off_t at, off_t size), fd, mode, at, size)
FORWARD(int, fallocate64, takes_room | waits, fd, (int fd, int mode, off64_t at, off64_t size), fd, mode, at,
        size)

int ioctl(int fd, unsigned long request, ...) {
  REAL(ioctl);
  va_list list;
  va_start(list, request);
  void* const argument = va_arg(list, void*);
  va_end(list);
  return fails("ioctl", takes_room | waits, fd) ? -1 : original(fd, request, argument);
}

// Locks and flags of descriptors.
#define CONTROL(name)                                                              \
  int name(int fd, int command, ...) {                                             \
    REAL(name);                                                                    \
    va_list list;                                                                  \
    va_start(list, command);                                                       \
    void* const argument = va_arg(list, void*);                                    \
    va_end(list);                                                                  \
    return fails(#name, locks | waits, fd) ? -1 : original(fd, command, argument); \
  }
CONTROL(fcntl)
CONTROL(fcntl64)

#define MAP(name, offset)                                                             \
  void* name(void* at, size_t size, int protection, int flags, int fd, offset from) { \
    REAL(name);                                                                       \
    if (fd >= 0 && fails(#name, asks, fd)) return MAP_FAILED;                         \
    return original(at, size, protection, flags, fd, from);                           \
  }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

// System calls without a function in libc, or that a library makes directly.
long syscall(long number, ...) {
  REAL(syscall);
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  const auto place = [&] { return Place(static_cast<int>(a[0]), reinterpret_cast<const char*>(a[1])); };
  if (number == SYS_openat2) {
    const auto* how = reinterpret_cast<const open_how*>(a[2]);
    if (fails("openat2", traits_of(static_cast<int>(how->flags)), place())) return -1;
  }
  if (number == SYS_statx && fails("statx", asks, place())) return -1;
  return original(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*work)(void*),
                   void* argument) {
  REAL(pthread_create);
  if (failure().denies_threads && is_due("pthread_create", "")) return EAGAIN;
  return original(thread, attributes, work, argument);
}

}  // extern "C"
