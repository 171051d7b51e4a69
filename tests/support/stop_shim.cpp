// A library to preload. It raises a signal at the n-th call on files below a directory, and counts the calls
// after that. On a remote or overloaded disk every call takes long, so the number of calls shows how long a
// stop takes there, on any machine.
//
//   STOP_UNDER   only calls count whose path, or the path of whose descriptor, begins with this
//   STOP_AT      number of the call that raises the signal; 0: none
//   STOP_SIGNAL  number of the signal
//   STOP_COUNT   this file gets `CALLS AFTER`: the number of all calls, and the largest number of calls that
//                one thread made after the signal
//   STOP_FULL    if set, file systems report less free space than used space
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool counts(const char* path) {
  static const char* under = setting("STOP_UNDER");
  return path && *under && std::strncmp(path, under, std::strlen(under)) == 0;
}

bool counts(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return counts(path);
}

bool counts(int at, const char* path) { return path && *path == '/' ? counts(path) : counts(at); }

long number(const char* name) { return std::atol(setting(name)); }

std::atomic<long> calls{0}, most_after{0};
std::atomic<bool> is_stopped{false};

// Its destructor runs at the end of the program.
struct Counter {
  ~Counter() {
    if (std::FILE* file = std::fopen(setting("STOP_COUNT"), "w")) {
      std::fprintf(file, "%ld %ld", calls.load(), most_after.load());
      std::fclose(file);
    }
  }
} counter;

void count() {
  static thread_local long after = 0;
  static const long at = number("STOP_AT");
  const int code = errno;
  if (is_stopped) {
    ++after;
    for (long most = most_after; after > most && !most_after.compare_exchange_weak(most, after);) {
    }
  }
  if (++calls == at) {
    std::raise(static_cast<int>(number("STOP_SIGNAL")));  // returns after the handler
    is_stopped = true;
  }
  errno = code;
}

template <class... Place>
void note(Place... place) {
  if (counts(place...)) count();
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  note(path);
  return real<int(const char*, int, ...)>("open")(path, flags, mode);
}

int openat(int at, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  note(at, path);
  return real<int(int, const char*, int, ...)>("openat")(at, path, flags, mode);
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) note(static_cast<int>(a[0]), reinterpret_cast<const char*>(a[1]));
  return real<long(long, ...)>("syscall")(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t read(int fd, void* to, size_t size) {
  note(fd);
  return real<ssize_t(int, void*, size_t)>("read")(fd, to, size);
}

ssize_t write(int fd, const void* from, size_t size) {
  note(fd);
  return real<ssize_t(int, const void*, size_t)>("write")(fd, from, size);
}

int fstat(int fd, struct stat* s) {
  note(fd);
  return real<int(int, struct stat*)>("fstat")(fd, s);
}

int stat(const char* path, struct stat* s) {
  note(path);
  return real<int(const char*, struct stat*)>("stat")(path, s);
}

int lstat(const char* path, struct stat* s) {
  note(path);
  return real<int(const char*, struct stat*)>("lstat")(path, s);
}

int fstatat(int at, const char* path, struct stat* s, int flags) {
  note(at, path);
  return real<int(int, const char*, struct stat*, int)>("fstatat")(at, path, s, flags);
}

int statvfs(const char* path, struct statvfs* s) {
  note(path);
  const int result = real<int(const char*, struct statvfs*)>("statvfs")(path, s);
  if (result == 0 && *setting("STOP_FULL")) s->f_bavail = s->f_bfree = s->f_blocks * 2 / 5;
  return result;
}

int mkdirat(int at, const char* path, mode_t mode) {
  note(at, path);
  return real<int(int, const char*, mode_t)>("mkdirat")(at, path, mode);
}

int linkat(int from_at, const char* from, int to_at, const char* to, int flags) {
  note(to_at, to);
  return real<int(int, const char*, int, const char*, int)>("linkat")(from_at, from, to_at, to, flags);
}

int unlinkat(int at, const char* path, int flags) {
  note(at, path);
  return real<int(int, const char*, int)>("unlinkat")(at, path, flags);
}

int fchmod(int fd, mode_t mode) {
  note(fd);
  return real<int(int, mode_t)>("fchmod")(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group) {
  note(fd);
  return real<int(int, uid_t, gid_t)>("fchown")(fd, user, group);
}

int futimens(int fd, const timespec times[2]) {
  note(fd);
  return real<int(int, const timespec*)>("futimens")(fd, times);
}

int syncfs(int fd) {
  note(fd);
  return real<int(int)>("syncfs")(fd);
}

// readdir() reads hundreds of entries with one access to the disk, so it counts once, here.
DIR* fdopendir(int fd) {
  note(fd);
  return real<DIR*(int)>("fdopendir")(fd);
}

}  // extern "C"
