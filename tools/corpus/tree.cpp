#include "corpus/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace jobferry::corpus {

namespace fs = boost::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

}  // namespace

Tree::Tree(fs::path root) : root_(std::move(root)) {}

void Tree::add_directory(const std::string& path) const {
  boost::system::error_code problem;
  fs::create_directories(root_ / path, problem);
  if (problem) throw std::system_error(problem.value(), std::generic_category(), (root_ / path).string());
}

void Tree::add_file(const std::string& path, std::string_view bytes, std::uint64_t mtime) {
  const fs::path full = root_ / path;
  const int file = ::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0) fail(full);
  made_.files += 1;
  made_.bytes += bytes.size();
  bool sound = true;
  while (sound && !bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    sound = written >= 0 || errno == EINTR;
  }
  const timespec time{static_cast<std::time_t>(mtime), 0};
  const std::array<timespec, 2> times = {time, time};
  sound = sound && ::futimens(file, times.data()) == 0;
  if (::close(file) != 0 || !sound) fail(full);
}

void Tree::add_link(const std::string& path, const char* target) const {
  if (::symlink(target, (root_ / path).c_str()) != 0) fail(root_ / path);
}

}  // namespace jobferry::corpus
