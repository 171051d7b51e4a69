// A library to preload. Before each call that touches a file of the scene, it sends the call over a socket
// and waits for an answer, so another process can change the scene first.
//
//   ATTACK_UNDER   only calls count whose path, or the path of whose descriptor, begins with this
//   ATTACK_SOCKET  a descriptor (SOCK_SEQPACKET): gets `CALL PATH` and must answer with one byte
//   ATTACK_KILL    number of the call that kills the program, from 1; 0 or not set: none
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

namespace {

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Does not use readlink(), because this library replaces it.
std::string path_of(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const long length = real<long(long, ...)>("syscall")(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

std::string path_at(int at, const char* path) {
  constexpr const char* descriptors = "/proc/self/fd/";
  if (path && std::strncmp(path, descriptors, std::strlen(descriptors)) == 0) {
    char* rest = nullptr;
    const long fd = std::strtol(path + std::strlen(descriptors), &rest, 10);
    return path_of(static_cast<int>(fd)) + rest;
  }
  if (path && *path == '/') return path;
  const std::string directory = at == AT_FDCWD ? std::string() : path_of(at);
  return path && *path ? directory + '/' + path : directory;
}

void announce(const char* call, const std::string& path) {
  static std::mutex one_at_a_time;
  static const std::string under = setting("ATTACK_UNDER");
  static const int socket = *setting("ATTACK_SOCKET") ? std::atoi(setting("ATTACK_SOCKET")) : -1;
  static const long last = std::atol(setting("ATTACK_KILL"));
  static long calls = 0;
  if (under.empty() || path.compare(0, under.size(), under) != 0) return;
  const std::lock_guard lock(one_at_a_time);
  if (++calls == last) ::raise(SIGKILL);
  if (socket < 0) return;
  const std::string words = std::string(call) + ' ' + path;
  char answer = 0;
  if (::send(socket, words.data(), words.size(), MSG_NOSIGNAL) > 0) (void)::recv(socket, &answer, 1, 0);
}

// Keeps errno for the caller.
void before(const char* call, const std::string& path) {
  const int code = errno;
  announce(call, path);
  errno = code;
}
void before(const char* call, const char* path) { before(call, path_at(AT_FDCWD, path)); }
void before(const char* call, int fd) { before(call, path_of(fd)); }

}  // namespace

// WATCH(result, name, (parameters), (arguments), path or descriptor)
#define WATCH(result, name, parameters, arguments, ...) \
  result name parameters {                              \
    before(#name, __VA_ARGS__);                         \
    return real<result parameters>(#name) arguments;    \
  }
// The same for a call with an optional mode as its last parameter.
#define WATCH_OPEN(name, parameters, arguments, ...) \
  int name parameters {                              \
    va_list list;                                    \
    va_start(list, flags);                           \
    const mode_t mode = va_arg(list, mode_t);        \
    va_end(list);                                    \
    before(#name, __VA_ARGS__);                      \
    return real<int parameters>(#name) arguments;    \
  }

extern "C" {

WATCH_OPEN(open, (const char* path, int flags, ...), (path, flags, mode), path)
WATCH_OPEN(open64, (const char* path, int flags, ...), (path, flags, mode), path)
WATCH_OPEN(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode), path_at(at, path))
WATCH_OPEN(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode), path_at(at, path))

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2)
    before("openat2", path_at(static_cast<int>(a[0]), reinterpret_cast<const char*>(a[1])));
  return real<long(long, ...)>("syscall")(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

WATCH(std::FILE*, fopen, (const char* path, const char* mode), (path, mode), path)
WATCH(std::FILE*, fopen64, (const char* path, const char* mode), (path, mode), path)
WATCH(int, close, (int fd), (fd), fd)
WATCH(ssize_t, read, (int fd, void* to, size_t size), (fd, to, size), fd)
WATCH(ssize_t, pread, (int fd, void* to, size_t size, off_t at), (fd, to, size, at), fd)
WATCH(ssize_t, pread64, (int fd, void* to, size_t size, off64_t at), (fd, to, size, at), fd)
WATCH(ssize_t, write, (int fd, const void* from, size_t size), (fd, from, size), fd)
WATCH(ssize_t, pwrite, (int fd, const void* from, size_t size, off_t at), (fd, from, size, at), fd)
WATCH(ssize_t, pwrite64, (int fd, const void* from, size_t size, off64_t at), (fd, from, size, at), fd)
WATCH(int, ftruncate, (int fd, off_t size), (fd, size), fd)
WATCH(int, ftruncate64, (int fd, off64_t size), (fd, size), fd)
WATCH(int, syncfs, (int fd), (fd), fd)
WATCH(int, fsync, (int fd), (fd), fd)
WATCH(int, fdatasync, (int fd), (fd), fd)
WATCH(int, fchmod, (int fd, mode_t mode), (fd, mode), fd)
WATCH(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), fd)
WATCH(int, futimens, (int fd, const timespec times[2]), (fd, times), fd)

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  before("ioctl", fd);
  return real<int(int, unsigned long, ...)>("ioctl")(fd, request, argument);
}

WATCH(int, stat, (const char* path, struct stat* s), (path, s), path)
WATCH(int, lstat, (const char* path, struct stat* s), (path, s), path)
WATCH(int, fstat, (int fd, struct stat* s), (fd, s), fd)
WATCH(int, fstatat, (int at, const char* path, struct stat* s, int flags), (at, path, s, flags),
      path_at(at, path))
WATCH(int, stat64, (const char* path, struct stat64* s), (path, s), path)
WATCH(int, lstat64, (const char* path, struct stat64* s), (path, s), path)
WATCH(int, fstat64, (int fd, struct stat64* s), (fd, s), fd)
WATCH(int, fstatat64, (int at, const char* path, struct stat64* s, int flags), (at, path, s, flags),
      path_at(at, path))
WATCH(int, statx, (int at, const char* path, int flags, unsigned mask, struct statx* s),
      (at, path, flags, mask, s), path_at(at, path))
WATCH(int, statfs, (const char* path, struct statfs* s), (path, s), path)
WATCH(int, statvfs, (const char* path, struct statvfs* s), (path, s), path)
WATCH(int, access, (const char* path, int mode), (path, mode), path)
WATCH(ssize_t, readlink, (const char* path, char* to, size_t size), (path, to, size), path)
WATCH(ssize_t, readlinkat, (int at, const char* path, char* to, size_t size), (at, path, to, size),
      path_at(at, path))
WATCH(char*, realpath, (const char* path, char* to), (path, to), path)

WATCH(int, mkdir, (const char* path, mode_t mode), (path, mode), path)
WATCH(int, mkdirat, (int at, const char* path, mode_t mode), (at, path, mode), path_at(at, path))
WATCH(int, rmdir, (const char* path), (path), path)
WATCH(int, unlink, (const char* path), (path), path)
WATCH(int, unlinkat, (int at, const char* path, int flags), (at, path, flags), path_at(at, path))
WATCH(int, remove, (const char* path), (path), path)
WATCH(int, rename, (const char* from, const char* to), (from, to), to)
WATCH(int, renameat, (int from_at, const char* from, int to_at, const char* to), (from_at, from, to_at, to),
      path_at(to_at, to))
WATCH(int, link, (const char* from, const char* to), (from, to), to)
WATCH(int, linkat, (int from_at, const char* from, int to_at, const char* to, int flags),
      (from_at, from, to_at, to, flags), path_at(to_at, to))
WATCH(int, symlink, (const char* from, const char* to), (from, to), to)
WATCH(int, symlinkat, (const char* from, int at, const char* to), (from, at, to), path_at(at, to))
WATCH(int, chmod, (const char* path, mode_t mode), (path, mode), path)
WATCH(int, fchmodat, (int at, const char* path, mode_t mode, int flags), (at, path, mode, flags),
      path_at(at, path))
WATCH(int, chown, (const char* path, uid_t uid, gid_t gid), (path, uid, gid), path)
WATCH(int, lchown, (const char* path, uid_t uid, gid_t gid), (path, uid, gid), path)
WATCH(int, fchownat, (int at, const char* path, uid_t uid, gid_t gid, int flags), (at, path, uid, gid, flags),
      path_at(at, path))
WATCH(int, utimensat, (int at, const char* path, const timespec times[2], int flags),
      (at, path, times, flags), path_at(at, path))

WATCH(DIR*, opendir, (const char* path), (path), path)
WATCH(DIR*, fdopendir, (int fd), (fd), fd)
WATCH(dirent*, readdir, (DIR * directory), (directory), ::dirfd(directory))
WATCH(dirent64*, readdir64, (DIR * directory), (directory), ::dirfd(directory))

}  // extern "C"
