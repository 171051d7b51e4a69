// File descriptors, and the way to a directory that leads through nobody else's links.
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

// There may be more of these in a moment, or with fewer threads. They say nothing about a file.
inline bool is_want_of_resources(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM || code == EAGAIN || code == ENOBUFS;
}

// Makes a call again that was interrupted, and after a pause one that failed for want of resources: a third
// of a second in all. A negative result or a null pointer is a failure with its reason in errno.
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
  // What went wrong before is more than what a close may say.
  void reset(int fd) {
    const int code = errno;
    if (fd_ >= 0) ::close(fd_);
    errno = code;
    fd_ = fd;
  }

 private:
  int fd_;
};

// Makes a directory on the way that is not there (`last`: the one at the end) and opens it. Without a
// descriptor the reason is in errno.
using MakeDirectory = std::function<Descriptor(int at, const std::string& name, bool last)>;

// Opens the directory at a path (`how`: O_RDONLY or O_PATH), one component after the other. Links are
// followed that belong to root or to this user. One of somebody else is refused (ELOOP) at the end of the
// path, and as root anywhere on the way: its owner may replace it at any time, and would lead us to whatever
// they like.
Descriptor open_directory(const std::string& path, int how = O_RDONLY, const MakeDirectory& make = {});

// The path without links as far as it exists. As it is, but absolute, where open_directory() refuses it: who
// uses it then is refused as well.
std::string path_without_links(const std::string& path);

}  // namespace jobferry
