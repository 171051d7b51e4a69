#include "io/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace jobferry {

namespace {

// The target of a link. Empty, with the reason in errno, if it may not be followed or is no link.
std::string followed(int at, const char* name, bool last) {
  const int code = errno;
  const Descriptor link(patiently([&] { return ::openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC); }));
  struct stat s {};
  if (!link || patiently([&] { return ::fstat(link.get(), &s); }) != 0) return {};
  errno = code;
  if (!S_ISLNK(s.st_mode)) return {};
  const uid_t self = ::geteuid();
  const bool trusted = s.st_uid == 0 || s.st_uid == self || (self != 0 && !last);
  errno = ELOOP;
  if (!trusted) return {};
  std::array<char, 4096> to{};
  const ssize_t length = ::readlinkat(link.get(), "", to.data(), to.size());
  const bool whole = length > 0 && static_cast<std::size_t>(length) < to.size();
  return whole ? std::string(to.data(), static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

Descriptor open_directory(const std::string& path, int how, const MakeDirectory& make) {
  const int wanted = how | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  constexpr int reachable = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  constexpr int most_links = 40;
  const auto enter = [](int at, const char* name, int flags) {
    return Descriptor(patiently([&] { return ::openat(at, name, flags); }));
  };
  int links = 0;
  std::string rest = path;
  Descriptor at = enter(AT_FDCWD, rest.starts_with('/') ? "/" : ".", reachable);
  while (at) {
    rest.erase(0, rest.find_first_not_of('/'));
    if (rest.empty()) return enter(at.get(), ".", wanted);
    const std::string name = rest.substr(0, rest.find('/'));
    rest.erase(0, name.size());
    const bool last = rest.find_first_not_of('/') == rest.npos;
    Descriptor next = enter(at.get(), name.c_str(), last ? wanted : reachable);
    if (!next && errno == ENOENT && make) next = make(at.get(), name, last);
    if (next && last) return next;
    if (!next && (errno == ENOTDIR || errno == ELOOP) && ++links <= most_links) {
      const std::string to = followed(at.get(), name.c_str(), last);
      if (to.empty()) break;
      rest.insert(0, to);
      if (!to.starts_with('/')) continue;
      next = enter(AT_FDCWD, "/", reachable);
    }
    at = std::move(next);
  }
  return Descriptor(-1);
}

std::string path_without_links(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path whole = fs::absolute(path, ignored);
  while (whole.has_relative_path() && (whole.filename() == "." || whole.filename().empty()))
    whole = whole.parent_path();
  fs::path missing;
  for (fs::path at = whole;; at = at.parent_path()) {
    const Descriptor directory = open_directory(at.native(), O_PATH);
    if (!directory && errno != ENOENT) break;
    if (directory) {
      const fs::path real = fs::read_symlink("/proc/self/fd/" + std::to_string(directory.get()), ignored);
      struct stat s {};
      const bool named = ::fstat(directory.get(), &s) == 0 && s.st_nlink > 0 && real.is_absolute();
      if (!named) break;
      return (missing.empty() ? real : real / missing).native();
    }
    if (at == at.parent_path()) break;
    missing = missing.empty() ? at.filename() : at.filename() / missing;
  }
  return whole.native();
}

}  // namespace jobferry
