// Preloaded into the program: the n-th call that touches a file of the archives fails, once or from then on,
// or does less than it was asked for.
//
//   SHIM_UNDER    calls count whose path, or whose file's path, has this in it
//   SHIM_NTH      which of them; 0: none
//   SHIM_ERRNO    with what; 0: reads and writes are short instead
//   SHIM_LASTING  set: and all that follow
//   SHIM_COUNT    file that gets the number of calls at the end
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
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

std::atomic<long> calls{0};

// Its end is that of the program.
struct Counter {
  ~Counter() {
    if (std::FILE* file = std::fopen(setting("SHIM_COUNT"), "w")) {
      std::fprintf(file, "%ld", calls.load());
      std::fclose(file);
    }
  }
} counter;

bool is_due() {
  static const long nth = std::atol(setting("SHIM_NTH"));
  static const bool lasting = *setting("SHIM_LASTING") != '\0';
  const long number = ++calls;
  return nth > 0 && (number == nth || (lasting && number > nth));
}

bool counts(const char* path) {
  static const char* under = setting("SHIM_UNDER");
  return path && *under && std::strstr(path, under);
}

bool counts(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return counts(path);
}

int wanted_errno() {
  static const int code = std::atoi(setting("SHIM_ERRNO"));
  return code;
}

// True if this call is to fail; errno says how.
template <class Place>
bool fails(Place place) {
  if (!counts(place) || wanted_errno() == 0 || !is_due()) return false;
  errno = wanted_errno();
  return true;
}

// How much a read or write may do.
std::size_t shortened(int fd, std::size_t size) {
  if (wanted_errno() != 0 || !counts(fd) || !is_due()) return size;
  return size > 1 ? size / 2 : size;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (fails(path)) return -1;
  return real<int(const char*, int, ...)>("open")(path, flags, mode);
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a) each = va_arg(list, long);
  va_end(list);
  // Relative to the root of the source.
  if (number == SYS_openat2 && counts(static_cast<int>(a[0])) && wanted_errno() != 0 && is_due()) {
    errno = wanted_errno();
    return -1;
  }
  return real<long(long, ...)>("syscall")(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t read(int fd, void* to, size_t size) {
  if (fails(fd)) return -1;
  return real<ssize_t(int, void*, size_t)>("read")(fd, to, shortened(fd, size));
}

ssize_t write(int fd, const void* from, size_t size) {
  if (fails(fd)) return -1;
  return real<ssize_t(int, const void*, size_t)>("write")(fd, from, shortened(fd, size));
}

int close(int fd) {
  const bool failing = fails(fd);
  const int code = errno, result = real<int(int)>("close")(fd);
  if (failing) errno = code;
  return failing ? -1 : result;
}

int mkdir(const char* path, mode_t mode) {
  return fails(path) ? -1 : real<int(const char*, mode_t)>("mkdir")(path, mode);
}

int lstat(const char* path, struct stat* s) {
  return fails(path) ? -1 : real<int(const char*, struct stat*)>("lstat")(path, s);
}

int stat(const char* path, struct stat* s) {
  return fails(path) ? -1 : real<int(const char*, struct stat*)>("stat")(path, s);
}

int fstat(int fd, struct stat* s) { return fails(fd) ? -1 : real<int(int, struct stat*)>("fstat")(fd, s); }

int linkat(int from_at, const char* from, int to_at, const char* to, int flags) {
  return fails(to)
             ? -1
             : real<int(int, const char*, int, const char*, int)>("linkat")(from_at, from, to_at, to, flags);
}

int remove(const char* path) { return fails(path) ? -1 : real<int(const char*)>("remove")(path); }
int unlink(const char* path) { return fails(path) ? -1 : real<int(const char*)>("unlink")(path); }
int syncfs(int fd) { return fails(fd) ? -1 : real<int(int)>("syncfs")(fd); }
int fchmod(int fd, mode_t mode) { return fails(fd) ? -1 : real<int(int, mode_t)>("fchmod")(fd, mode); }

int futimens(int fd, const timespec times[2]) {
  return fails(fd) ? -1 : real<int(int, const timespec*)>("futimens")(fd, times);
}

DIR* fdopendir(int fd) { return fails(fd) ? nullptr : real<DIR*(int)>("fdopendir")(fd); }

dirent* readdir(DIR* directory) {
  return fails(::dirfd(directory)) ? nullptr : real<dirent*(DIR*)>("readdir")(directory);
}

}  // extern "C"
