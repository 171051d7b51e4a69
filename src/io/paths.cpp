#include "io/paths.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace jobferry {

namespace fs = std::filesystem;

namespace {

// The path without links as far as it exists, and the rest as it is.
fs::path resolved(const std::string& path) {
  std::error_code code;
  fs::path whole = fs::absolute(path, code);
  const fs::path canonical = fs::weakly_canonical(whole, code);
  whole = code ? whole.lexically_normal() : canonical;
  return whole.filename() == "." || whole.filename().empty() ? whole.parent_path() : whole;
}

// False: there is nothing at the path. A path that cannot be looked at is an error.
Result<bool> look(const fs::path& path, struct stat& s) {
  if (::stat(path.c_str(), &s) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return Error{.kind = errno == ENOMEM ? Kind::out_of_resources : Kind::target_unusable,
               .what = fmt::format("cannot look at it: {}", std::generic_category().message(errno)),
               .file = path.native()};
}

Result<bool> same_place(const fs::path& a, const fs::path& b) {
  if (a == b) return true;
  struct stat x, y;
  auto both = look(a, x);
  if (both && *both) both = look(b, y);
  if (!both || !*both) return both;
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

}  // namespace

Result<bool> lies_in(const std::string& inner, const std::string& outer) {
  const fs::path top = resolved(outer);
  for (fs::path at = resolved(inner); !at.empty(); at = at.parent_path()) {
    auto same = same_place(at, top);
    if (!same || *same) return same;
    if (at == at.parent_path()) break;
  }
  return false;
}

std::string resolved_path(const std::string& path) { return resolved(path).native(); }

std::string nearest_existing(const std::string& path) {
  std::error_code code;
  fs::path at = resolved(path);
  while (!fs::exists(at, code) && at.has_parent_path()) at = at.parent_path();
  return at.native();
}

Result<bool> is_same_place(const std::string& a, const std::string& b) {
  return same_place(resolved(a), resolved(b));
}

}  // namespace jobferry
