#include "engine/target.h"
#include "io/paths.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/state.h"

namespace jobferry {

namespace fs = std::filesystem;

namespace {

Error unusable(const std::string& target, std::string what) {
  Error error{Kind::target_unusable, std::move(what)};
  error.file = target;
  return error;
}

// So that a directory can be written in until the end.
FileInfo writable(FileInfo like) {
  like.mode |= 0700;
  return like;
}

bool is_stopped(const std::atomic<bool>* stop) { return stop && *stop; }

bool is_writable(const FileInfo& directory) { return (directory.mode & 0700) == 0700; }

// What is in a directory of a finished target cannot always be removed: its mode may be that of the source.
Result<void> make_writable(Files& files, const std::string& directory) {
  const auto now = files.info(directory + "/.");
  if (!now) return Error(now.error());
  return is_writable(*now) ? Result<void>() : files.set_attributes(directory, writable(*now));
}

// False: it was stopped.
Result<bool> remove_tree(Files& files, const std::string& directory, const std::atomic<bool>* stop) {
  if (auto ready = make_writable(files, directory); !ready) return std::move(ready.error());
  const auto entries = files.list(directory);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    if (is_stopped(stop)) return false;
    const std::string path = join(directory, entry.name);
    if (entry.type == FileType::directory) {
      auto whole = remove_tree(files, path, stop);
      if (!whole || !*whole) return whole;
    } else if (auto gone = files.remove(path); !gone) {
      return std::move(gone.error());
    }
  }
  if (auto gone = files.remove(directory); !gone) return std::move(gone.error());
  return true;
}

// It is the target that cannot be used: no job is bad for that.
Error of_target(Error error) {
  if (error.kind == Kind::read_failed) error.kind = Kind::write_failed;
  return error;
}

// For files that the source does not have.
FileInfo as_of_now(FileInfo like) {
  like.mode = 0644;
  like.mtime = {0, UTIME_NOW};
  return like;
}

}  // namespace

Result<void> check_target(Files& files, const Archive& source, const Options& options) {
  const auto refuse_if = [&](Result<bool> found, std::string_view why) -> Result<void> {
    if (!found) return std::move(found.error());
    return *found ? Result<void>(unusable(options.target, std::string(why))) : Result<void>();
  };
  if (auto sound = refuse_if(is_same_place(source.root, options.target), "source and target are the same");
      !sound)
    return sound;
  if (auto sound = refuse_if(lies_in(options.target, source.root), "the target lies inside the source");
      !sound)
    return sound;
  if (auto sound = refuse_if(lies_in(source.root, options.target), "the source lies inside the target");
      !sound)
    return sound;
  const std::string parent = standing_place(options.target);
  std::error_code code;
  if (!fs::is_directory(parent, code))
    return unusable(options.target, fmt::format("{} is no directory", parent));
  if (::access(parent.c_str(), W_OK | X_OK) != 0)
    return unusable(options.target, fmt::format("no permission to write in {}", parent));
  const auto info = files.info(parent + "/.");
  if (options.data == DataMode::link && info && info->device != source.root_info.device)
    return unusable(options.target, "--data=link: source and target are on different file systems");
  return {};
}

Result<std::optional<std::vector<Entry>>> entries_of_target(Files& files, const std::string& target) {
  const auto refused = [&](Error& error) {
    return error.kind == Kind::out_of_resources ? std::move(error) : unusable(target, error.what);
  };
  auto opened = files.open_target(target);
  if (!opened) return refused(opened.error());
  if (!*opened) return std::optional<std::vector<Entry>>();
  auto entries = files.list(target);
  if (!entries) return refused(entries.error());
  return std::optional(std::move(*entries));
}

Result<void> check_empty(Files& files, const std::string& target) {
  const auto entries = entries_of_target(files, target);
  if (!entries) return Error(entries.error());
  if (!*entries || (*entries)->empty()) return {};
  const auto unfinished = [](const Entry& entry) { return entry.name == names::unfinished; };
  if (std::any_of((*entries)->begin(), (*entries)->end(), unfinished))
    return unusable(
        target,
        fmt::format("the target holds an unfinished migration ({}): remove it, or name another target",
                    names::unfinished));
  return unusable(target, "the target is not empty");
}

Result<void> write_marker(Files& files, const std::string& target, const Marker& marker) {
  const std::string path = join(target, names::unfinished);
  const auto there = files.exists(path);
  if (!there) return Error(there.error());
  if (*there)
    if (auto gone = files.remove(path); !gone) return gone;
  auto root = files.info(target + "/.");
  if (!root) return std::move(root.error());
  const std::string text = marker_text(marker);
  OnePiece content(text);
  return files.write(path, content, as_of_now(*root));
}

Result<void> renew_marker(Files& files, const std::string& target, const Marker& marker) {
  auto root = files.info(target + "/.");
  if (!root) return std::move(root.error());
  const std::string text = marker_text(marker);
  OnePiece content(text);
  return files.replace(join(target, names::unfinished), content, as_of_now(*root));
}

Result<bool> empty_target(Files& files, const std::string& target, const std::atomic<bool>* stop) {
  const auto entries = files.list(target);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    if (is_stopped(stop)) return false;
    if (entry.name == names::unfinished) continue;
    const std::string path = join(target, entry.name);
    if (entry.type == FileType::directory) {
      auto whole = remove_tree(files, path, stop);
      if (!whole || !*whole) return whole;
    } else if (auto gone = files.remove(path); !gone) {
      return std::move(gone.error());
    }
  }
  return true;
}

Result<std::vector<std::string>> changed_since(Files& files, const std::string& target, const timespec& since,
                                               const std::atomic<bool>* stop) {
  constexpr std::size_t few = 3;
  std::vector<std::string> found;
  std::vector<std::string> directories = {target};
  while (!directories.empty() && found.size() < few && !is_stopped(stop)) {
    const std::string directory = std::move(directories.back());
    directories.pop_back();
    const auto entries = files.list(directory);
    if (!entries) return Error(entries.error());
    for (const Entry& entry : *entries) {
      const std::string path = join(directory, entry.name);
      if (entry.type == FileType::directory) directories.push_back(path);
      const bool ours =
          entry.name == names::meta || entry.name == names::cluster || entry.name == names::version;
      if (!ours) continue;
      const auto info = files.info(path);
      if (!info) return Error(info.error());
      if (std::tie(info->ctime.tv_sec, info->ctime.tv_nsec) > std::tie(since.tv_sec, since.tv_nsec))
        found.push_back(path);
    }
  }
  found.resize(std::min(found.size(), few));
  return found;
}

Target::Target(Files& files, const Archive& source, const Options& options, Beginning beginning, State* state)
    : files_(files),
      source_(source),
      root_(options.target),
      version_(options.to),
      mode_(options.data),
      dry_run_(options.dry_run),
      beginning_(std::move(beginning)),
      state_(state),
      // An interrupted run may have left some without.
      modes_missing_(beginning_.standing == Standing::interrupted) {}

// The target is unfinished for all to see first, then no server accepts it, then that is on disk, then it
// changes.
Result<void> Target::create() {
  if (auto done = reused() ? begin_again() : begin(); !done) return done;
  if (const auto info = files_.info(root_ + "/."); info) device_ = info->device;
  if (auto done = files_.sync(root_); !done) return done;
  return mode_ == DataMode::reflink ? check_reflink() : Result<void>();
}

Result<void> Target::begin() {
  if (auto made = files_.make_target(root_, source_.root_info); !made) return made;
  root_like_ = source_.root_info;
  if (dry_run_) return {};
  // Once more, of the directory that was opened: only a marker may be in it, of a run that came no further.
  const auto entries = files_.list(root_);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries)
    if (entry.name != names::unfinished) return unusable(root_, "the target is not empty");
  return write_marker(files_, root_, marker());
}

Result<void> Target::begin_again() {
  auto root = files_.info(root_ + "/.");
  if (!root) return std::move(root.error());
  if (!was_complete()) root_like_ = source_.root_info;
  if (!is_writable(*root)) {
    if (was_complete())
      if (auto known = state_->add_directory({"", root->mode}); !known) return known;
    if (auto done = files_.set_attributes(root_ + "/.", writable(*root)); !done) return done;
  }
  const auto seen = read_marker(files_, root_);
  if (!seen) return Error(seen.error());
  const bool whole = seen->marked == Marked::yes;
  if (auto done = (whole ? renew_marker : write_marker)(files_, root_, marker()); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  return make_way(std::string(names::version));
}

// --data=reflink where that cannot be done is told before any job is touched.
Result<void> Target::check_reflink() {
  if (source_.clusters.empty()) return {};
  const std::string probe = to("jobferry.probe");
  if (auto free = make_way("jobferry.probe"); !free) return free;
  auto done = files_.reflink(from(join(source_.clusters[0], names::cluster)), probe);
  if (done) return files_.remove(probe);
  if (done.error().kind == Kind::out_of_resources) return done;
  if (!reused()) {
    (void)files_.remove(to(std::string(names::unfinished)));
    (void)files_.set_attributes(root_ + "/.", source_.root_info);
  }
  return unusable(root_, fmt::format("--data=reflink: the file system does not share blocks between these "
                                     "files ({})",
                                     done.error().what));
}

// So that something can be made or removed in it. An admin may have given the directories of a target that
// was complete to somebody else: that stays, and its mode is given back at the end, whatever ends the run
// before.
Result<void> Target::open_for_writing(const std::string& path) {
  auto now = files_.info(to(path) + "/.");
  if (!now) return of_target(std::move(now.error()));
  if (is_writable(*now)) return {};
  if (was_complete())
    if (auto known = state_->add_directory({path, now->mode}); !known) return known;
  modes_missing_ = true;
  return files_.set_attributes(to(path), writable(*now));
}

// A directory that is there is an admin's, one that is not is ours: a run may end before it has its
// attributes.
Result<void> Target::make_or_keep(const std::string& path, const FileInfo& like) {
  const auto there = is_there(path);
  if (!there) return Error(there.error());
  if (*there) return open_for_writing(path);
  if (const std::size_t slash = path.rfind('/'); slash != path.npos)
    if (auto parent = make_directory(path.substr(0, slash)); !parent) return parent;
  if (auto known = state_->add_directory({path, {}}); !known) return known;
  auto made = files_.make_directory(to(path), like);
  return made ? Result<void>() : Result<void>(std::move(made.error()));
}

Result<void> Target::make_directory(const std::string& path, const FileInfo& like) {
  if ((like.mode & 0700) != 0700) modes_missing_ = true;
  if (was_complete()) return make_or_keep(path, like);
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
  const auto there = is_there(path);
  if (!there) return Error(there.error());
  if (!*there) return {};
  for (const std::string& directory : {path.substr(0, path.rfind('/')), path})
    if (auto open = open_for_writing(directory); !open) return open;
  if (auto done = empty(path); !done) return done;
  return remove(path);
}

Result<void> Target::clear_job(const std::string& path) {
  const auto there = is_there(path);
  if (!there) return Error(there.error());
  if (!*there) return {};
  auto open = open_for_writing(path);
  return open ? empty(path) : std::move(open);
}

Result<void> Target::empty(const std::string& directory) {
  const auto entries = files_.list(to(directory));
  if (!entries) return of_target(entries.error());
  for (const Entry& entry : *entries)
    if (auto done = remove(join(directory, entry.name)); !done) return done;
  return {};
}

Result<bool> Target::is_there(const std::string& path) {
  auto found = files_.exists(to(path));
  return found ? std::move(found) : Result<bool>(of_target(std::move(found.error())));
}

// Out of the way of a file that is to be written: what an earlier run left there.
Result<void> Target::make_way(const std::string& path) {
  if (!reused()) return {};
  const auto there = is_there(path);
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

Result<void> Target::copy(const std::string& path) {
  if (auto free = make_way(path); !free) return free;
  return files_.copy(from(path), to(path));
}

Result<void> Target::remove(const std::string& path) { return files_.remove(to(path)); }

Result<void> Target::tidy_up(const std::string& job) {
  std::string path = job;
  for (int level = 0; level < 2; ++level) {
    path.resize(path.rfind('/'));
    const auto there = is_there(path);
    if (!there) return Error(there.error());
    if (!*there) continue;
    const auto entries = files_.list(to(path));
    if (!entries) return Error(entries.error());
    if (!entries->empty()) return {};
    if (auto open = open_for_writing(path.substr(0, path.rfind('/'))); !open) return open;
    if (auto gone = remove(path); !gone) return gone;
  }
  return {};
}

Result<void> Target::carry_data(const std::string& path, const FileInfo& like) {
  if (mode_ == DataMode::reflink) return files_.reflink(from(path), to(path));
  if (mode_ == DataMode::link) return files_.link(from(path), to(path));
  if (mode_ == DataMode::automatic && reflinks_) {
    auto shared = files_.reflink(from(path), to(path));
    if (shared || shared.error().kind == Kind::out_of_resources) return shared;
    reflinks_ = false;
  }
  // A file can have too many links, or not be ours to link: then it is copied.
  if (mode_ == DataMode::automatic && like.device == device_ && files_.link(from(path), to(path))) return {};
  return files_.copy(from(path), to(path));
}

Result<bool> Target::restore_modes(const std::atomic<bool>* stop) {
  if (dry_run_) return true;
  if (was_complete()) return restore_changed(stop);
  return modes_missing_ ? restore_attributes("", stop) : true;
}

// What this run, or one that was ended, has opened or made.
Result<bool> Target::restore_changed(const std::atomic<bool>* stop) {
  const auto changed = state_->directories();
  if (!changed) return Error(changed.error());
  for (const State::Directory& directory : *changed) {
    if (is_stopped(stop)) return false;
    if (directory.path.empty()) {
      auto root = files_.info(root_ + "/.");
      if (!root) return of_target(std::move(root.error()));
      root_like_ = *root;
      root_like_->mode = directory.mode.value_or(root->mode);
    } else if (auto done = give_back(directory.path, directory.mode); !done) {
      return std::move(done.error());
    }
  }
  return true;
}

// It may have left the target, or its like the source.
Result<void> Target::give_back(const std::string& path, std::optional<mode_t> mode) {
  const auto there = is_there(path);
  if (!there || !*there) return there ? Result<void>() : Result<void>(Error(there.error()));
  const std::string origin = (mode ? to(path) : from(path)) + "/.";
  const auto known = files_.exists(origin);
  if (!known || !*known) return known ? Result<void>() : Result<void>(Error(known.error()));
  auto like = files_.info(origin);
  if (!like) return std::move(like.error());
  like->mode = mode.value_or(like->mode);
  return files_.set_attributes(to(path), *like);
}

Result<void> Target::write_version() {
  if (auto done = files_.sync(root_); !done) return done;
  // Its time is that of this run: by that an older copy of the target is told from this one.
  FileInfo like = as_of_now(source_.version_info.value_or(source_.root_info));
  if (source_.version_info) like.mode = source_.version_info->mode;
  auto done = write(std::string(names::version), fmt::format("{}\n", version_), like);
  if (done) done = files_.sync(root_);
  if (!done) withdraw();
  return done;
}

// The root's mode comes last: it may forbid all that was done before.
Result<void> Target::remove_marker() {
  auto done = remove(std::string(names::unfinished));
  if (done && root_like_) done = files_.set_attributes(root_ + "/.", *root_like_);
  if (done) done = files_.sync(root_);
  if (!done) withdraw();
  return done;
}

void Target::withdraw() {
  const std::string version = to(std::string(names::version));
  const auto seen = read_marker(files_, root_);
  if (!seen || seen->marked != Marked::yes) (void)write_marker(files_, root_, marker());
  const auto there = files_.exists(version);
  if (!there || *there) (void)files_.remove(version);
  (void)files_.sync(root_);
}

// Modes that forbid writing could not be given before: now from the leaves up, but for the root.
Result<bool> Target::restore_attributes(const std::string& path, const std::atomic<bool>* stop) {
  const auto entries = files_.list(path.empty() ? root_ : to(path));
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    if (is_stopped(stop)) return false;
    if (entry.type != FileType::directory) continue;
    auto done = restore_attributes(path.empty() ? entry.name : join(path, entry.name), stop);
    if (!done || !*done) return done;
  }
  if (path.empty()) return true;
  if (auto done = give_back(path, {}); !done) return std::move(done.error());
  return true;
}

}  // namespace jobferry
