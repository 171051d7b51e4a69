// File descriptors, and how to open a directory without following links of other users.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace jobferry {

// Resources of which there may be more in a moment, or with fewer threads. These errors say nothing about a
// file.
inline bool is_want_of_resources(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM || code == EAGAIN || code == ENOBUFS;
}

// Repeats a call that a signal has interrupted and, after a pause, one that failed for lack of resources, for
// a third of a second in all. A negative result or a null pointer is a failure with its reason in errno.
template <class Call>
auto patiently(Call&& call) {
  using namespace std::chrono_literals;
  constexpr int most_interruptions = 100;
  int interruptions = 0;
  for (std::chrono::milliseconds pause = 1ms;;) {
    const auto result = call();
    bool failed = false;
    if constexpr (std::is_pointer_v<std::remove_cv_t<decltype(result)>>)
      failed = result == nullptr;
    else
      failed = result < 0;
    if (!failed) return result;
    if (errno == EINTR && ++interruptions < most_interruptions) continue;
    if (!is_want_of_resources(errno) || pause > 256ms) return result;
    const int code = errno;
    std::this_thread::sleep_for(pause);
    errno = code;
    pause *= 4;
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.take()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.take());
    return *this;
  }
  ~Descriptor() { reset(-1); }
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }
  int take() { return std::exchange(fd_, -1); }
  void release() { fd_ = -1; }
  // Keeps errno: the error that came before matters more than an error of close().
  void reset(int fd) {
    const int code = errno;
    if (fd_ >= 0) ::close(fd_);
    errno = code;
    fd_ = fd;
  }

 private:
  int fd_;
};

// Makes and opens a missing directory of a path; `last` is true for the one at its end. If there is no
// descriptor, the reason is in errno.
using MakeDirectory = std::function<Descriptor(int at, const std::string& name, bool last)>;

// Opens the directory at a path, one component after the other; `how` is O_RDONLY or O_PATH. Follows links
// that belong to root or to this user. A link of another user is refused (ELOOP) at the end of the path and,
// for the superuser, anywhere in it: its owner could replace it at any time and lead the run to any place.
Descriptor open_directory(const std::string& path, int how = O_RDONLY, const MakeDirectory& make = {});

// The path without links, as far as it exists. A path that open_directory() refuses is only made absolute, so
// that whoever opens it is refused as well.
std::string path_without_links(const std::string& path);

}  // namespace jobferry
