#include "target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <tuple>
#include <utility>
#include <vector>

namespace jobferry {

namespace fs = boost::filesystem;

namespace {

Error unusable(const std::string& target, std::string what) {
  Error error{Kind::target_unusable, std::move(what)};
  error.file = target;
  return error;
}

// The path without links as far as it exists; what does not exist yet is appended.
fs::path resolved(const std::string& path) {
  boost::system::error_code code;
  fs::path whole = fs::absolute(path, code);
  const fs::path canonical = fs::weakly_canonical(whole, code);
  whole = code ? whole.lexically_normal() : canonical;
  return whole.filename() == "." || whole.filename() == "/" ? whole.parent_path() : whole;
}

bool same_place(Files& files, const fs::path& a, const fs::path& b) {
  if (a == b) return true;
  const auto x = files.info(a.native()), y = files.info(b.native());
  return x && y && x->device == y->device && x->inode == y->inode;
}

const std::string marker(names::unfinished);

// So that a directory can be written in until the end.
FileInfo writable(FileInfo like) {
  like.mode |= 0700;
  return like;
}

Result<void> remove_tree(Files& files, const std::string& directory) {
  const auto entries = files.list(directory);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    const std::string path = join(directory, entry.name);
    auto gone = entry.type == FileType::directory ? remove_tree(files, path) : files.remove(path);
    if (!gone) return gone;
  }
  return files.remove(directory);
}

// For files that the source does not have.
FileInfo as_of_now(FileInfo like) {
  like.mode = 0644;
  like.mtime = {0, UTIME_NOW};
  return like;
}

}  // namespace

Result<void> check_target(Files& files, const Archive& source, const Options& options) {
  const fs::path from = resolved(source.root), to = resolved(options.target);
  if (same_place(files, from, to)) return unusable(options.target, "source and target are the same");
  if (lies_in(files, options.target, source.root))
    return unusable(options.target, "the target lies inside the source");
  if (lies_in(files, source.root, options.target))
    return unusable(options.target, "the source lies inside the target");
  const std::string parent = standing_place(options.target);
  boost::system::error_code code;
  if (!fs::is_directory(parent, code))
    return unusable(options.target, fmt::format("{} is no directory", parent));
  if (::access(parent.c_str(), W_OK | X_OK) != 0)
    return unusable(options.target, fmt::format("no permission to write in {}", parent));
  const auto info = files.info(parent + "/.");
  if (options.data == DataMode::link && info && info->device != source.root_info.device)
    return unusable(options.target, "--data=link: source and target are on different file systems");
  return {};
}

Result<void> check_empty(Files& files, const std::string& target) {
  auto info = files.info(target + "/.");
  if (!info) {
    boost::system::error_code code;
    const bool nothing = fs::symlink_status(target, code).type() == fs::file_not_found;
    return nothing ? Result<void>() : unusable(target, "the target is no directory");
  }
  auto entries = files.list(target);
  if (!entries) return unusable(target, entries.error().what);
  if (entries->empty()) return {};
  const auto unfinished = [](const Entry& entry) { return entry.name == names::unfinished; };
  if (std::any_of(entries->begin(), entries->end(), unfinished))
    return unusable(
        target,
        fmt::format("the target holds an unfinished migration ({}): remove it, or name another target",
                    names::unfinished));
  return unusable(target, "the target is not empty");
}

std::vector<std::string> changed_since(Files& files, const std::string& target, const timespec& since) {
  constexpr std::size_t few = 3;
  std::vector<std::string> found;
  std::vector<std::string> directories = {target};
  const auto is_newer = [&](const std::string& path) {
    const auto info = files.info(path);
    return info && std::tie(info->ctime.tv_sec, info->ctime.tv_nsec) > std::tie(since.tv_sec, since.tv_nsec);
  };
  while (!directories.empty() && found.size() < few) {
    const std::string directory = std::move(directories.back());
    directories.pop_back();
    if (is_newer(directory + "/.")) found.push_back(directory);
    const auto entries = files.list(directory);
    if (!entries) continue;  // the run that follows will say why
    for (const Entry& entry : *entries) {
      const std::string path = join(directory, entry.name);
      if (entry.type == FileType::directory) directories.push_back(path);
      const bool ours =
          entry.name == names::meta || entry.name == names::cluster || entry.name == names::version;
      if (ours && is_newer(path)) found.push_back(path);
    }
  }
  found.resize(std::min(found.size(), few));
  return found;
}

bool lies_in(Files& files, const std::string& inner, const std::string& outer) {
  const fs::path top = resolved(outer);
  for (fs::path at = resolved(inner); !at.empty(); at = at.parent_path()) {
    if (same_place(files, at, top)) return true;
    if (at == at.parent_path()) break;
  }
  return false;
}

std::string resolved_path(const std::string& path) { return resolved(path).native(); }

Result<void> check_discard(Files& files, const std::string& target, bool ours) {
  const auto entries = files.list(target);
  if (!entries || entries->empty() || ours || files.info(join(target, marker))) return {};
  return unusable(target, "--restart: the target is not of an unfinished migration");
}

Result<void> discard_target(Files& files, const std::string& target, bool ours) {
  if (auto allowed = check_discard(files, target, ours); !allowed) return allowed;
  const auto entries = files.list(target);
  return !entries || entries->empty() ? Result<void>() : remove_tree(files, target);
}

std::string standing_place(const std::string& target) {
  boost::system::error_code code;
  fs::path at = resolved(target);
  while (!fs::exists(at, code) && at.has_parent_path()) at = at.parent_path();
  return at.native();
}

Target::Target(Files& files, const Archive& source, const Options& options, Standing standing)
    : files_(files),
      source_(source),
      root_(options.target),
      version_(options.to),
      mode_(options.data),
      standing_(standing),
      // An interrupted run may have left some without.
      modes_missing_(standing == Standing::interrupted) {}

Result<void> Target::create() {
  if (auto made = make_parents(); !made) return made;
  auto made = files_.make_directory(root_, source_.root_info);
  if (!made) return std::move(made.error());
  if ((source_.root_info.mode & 0700) != 0700) modes_missing_ = true;
  // An empty directory that stood there gets mode and ownership of the source's root, too.
  if (!*made)
    if (auto done = files_.set_attributes(root_ + "/.", writable(source_.root_info)); !done) return done;
  if (const auto info = files_.info(root_ + "/."); info) device_ = info->device;
  const auto marked = stands(marker);
  if (!marked) return Error(marked.error());
  if (!*marked)
    if (auto done = write(marker, unfinished_text(version_), as_of_now(source_.root_info)); !done)
      return done;
  if (reused())
    if (auto done = withdraw_version(); !done) return done;
  return mode_ == DataMode::reflink ? check_reflink(*made) : Result<void>();
}

// The target is unfinished for all to see first, then no server accepts it, then it changes.
Result<void> Target::withdraw_version() {
  if (auto done = files_.sync(root_); !done) return done;
  if (auto done = make_way(std::string(names::version)); !done) return done;
  return files_.sync(root_);
}

Result<void> Target::make_parents() {
  std::vector<fs::path> missing;
  boost::system::error_code code;
  for (fs::path at = resolved(root_).parent_path(); !at.empty() && !fs::exists(at, code);
       at = at.parent_path())
    missing.push_back(at);
  FileInfo like = source_.root_info;
  like.mode = 0755;
  for (auto at = missing.rbegin(); at != missing.rend(); ++at)
    if (auto made = files_.make_directory(at->native(), like); !made) return std::move(made.error());
  return {};
}

// --data=reflink where that cannot be done is told before any job is touched.
Result<void> Target::check_reflink(bool made_root) {
  if (source_.clusters.empty()) return {};
  const std::string probe = to("jobferry.probe");
  auto done = files_.reflink(from(join(source_.clusters[0], names::cluster)), probe, source_.root_info);
  if (done) return files_.remove(probe);
  (void)files_.remove(to(marker));
  if (made_root) (void)files_.remove(root_);
  return unusable(root_, fmt::format("--data=reflink: the file system does not share blocks between these "
                                     "files ({})",
                                     done.error().what));
}

Result<void> Target::make_directory(const std::string& path, const FileInfo& like) {
  if ((like.mode & 0700) != 0700) modes_missing_ = true;
  auto made = files_.make_directory(to(path), like);
  if (made && reused() && !*made) return files_.set_attributes(to(path), writable(like));
  if (made) return {};
  // Perhaps what leads to it is not there yet: mostly it is, so it is not asked for first.
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return std::move(made.error());
  if (auto parent = make_directory(path.substr(0, slash)); !parent) return parent;
  made = files_.make_directory(to(path), like);
  if (!made) return std::move(made.error());
  return {};
}

Result<void> Target::make_directory(const std::string& path) {
  auto like = files_.info(from(path) + "/.");
  if (!like) return std::move(like.error());
  return make_directory(path, *like);
}

Result<void> Target::make_job(const std::string& path, const FileInfo& like) {
  if (auto made = make_directory(path, like); !made) return made;
  return reused() ? empty(path) : Result<void>();
}

Result<void> Target::remove_job(const std::string& path) {
  const auto there = stands(path);
  if (!there) return Error(there.error());
  if (!*there) return {};
  if (auto done = empty(path); !done) return done;
  return remove(path);
}

Result<void> Target::empty(const std::string& directory) {
  const auto entries = files_.list(to(directory));
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries)
    if (auto done = remove(join(directory, entry.name)); !done) return done;
  return {};
}

Result<bool> Target::stands(const std::string& path) {
  auto found = files_.exists(to(path));
  if (!found) found.error().kind = Kind::write_failed;  // it is the target that cannot be used
  return found;
}

// Out of the way of a file that is to be written: what an earlier run left there.
Result<void> Target::make_way(const std::string& path) {
  if (!reused()) return {};
  const auto there = stands(path);
  if (!there) return Error(there.error());
  return *there ? remove(path) : Result<void>();
}

Result<void> Target::write(const std::string& path, std::string_view content, const FileInfo& like) {
  OnePiece piece(content);
  return write(path, piece, like);
}

Result<void> Target::write(const std::string& path, Pieces& content, const FileInfo& like) {
  if (auto free = make_way(path); !free) return free;
  return files_.write(to(path), content, like);
}

Result<void> Target::copy(const std::string& path, const FileInfo& like) {
  if (auto free = make_way(path); !free) return free;
  return files_.copy(from(path), to(path), like);
}

Result<void> Target::remove(const std::string& path) { return files_.remove(to(path)); }

void Target::tidy_up(const std::string& job) {
  const std::string second = job.substr(0, job.rfind('/')), first = second.substr(0, second.rfind('/'));
  (void)remove(second);
  (void)remove(first);
}

Result<void> Target::carry_data(const std::string& path, const FileInfo& like) {
  if (mode_ == DataMode::reflink) return files_.reflink(from(path), to(path), like);
  if (mode_ == DataMode::link) return files_.link(from(path), to(path));
  if (mode_ == DataMode::automatic && reflinks_) {
    if (files_.reflink(from(path), to(path), like)) return {};
    reflinks_ = false;
  }
  // A file can have too many links, or not be ours to link: then it is copied.
  if (mode_ == DataMode::automatic && like.device == device_ && files_.link(from(path), to(path))) return {};
  return files_.copy(from(path), to(path), like);
}

Result<void> Target::finalize() {
  if (modes_missing_)
    if (auto done = restore_attributes(""); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  const FileInfo like = source_.version_info ? *source_.version_info : as_of_now(source_.root_info);
  if (auto done = write(std::string(names::version), fmt::format("{}\n", version_), like); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  if (auto done = files_.remove(to(marker)); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  // The root's mode comes last: it may forbid all that was done above.
  return modes_missing_ ? files_.set_attributes(root_ + "/.", source_.root_info) : Result<void>();
}

// Modes that forbid writing could not be given before: now from the leaves up, but for the root.
Result<void> Target::restore_attributes(const std::string& path) {
  const auto entries = files_.list(path.empty() ? root_ : to(path));
  if (!entries) return {};  // nothing there: a dry run
  for (const Entry& entry : *entries) {
    if (entry.type != FileType::directory) continue;
    if (auto done = restore_attributes(path.empty() ? entry.name : join(path, entry.name)); !done)
      return done;
  }
  if (path.empty()) return {};
  auto like = files_.info(from(path) + "/.");
  if (!like && reused()) return {};  // of a job that is no longer in the source
  if (!like) return std::move(like.error());
  return files_.set_attributes(to(path), *like);
}

}  // namespace jobferry
