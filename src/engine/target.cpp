#include "engine/target.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "engine/state.h"
#include "engine/unfinished.h"

namespace jobferry {

namespace {

Error unusable(const std::string& target, std::string what) {
  return {.kind = Kind::target_unusable, .what = std::move(what), .file = target};
}

// An error while the target is read: no job is bad for that.
Error of_target(Error error) {
  if (error.kind == Kind::read_failed) error.kind = Kind::write_failed;
  return error;
}

}  // namespace

Target::Target(Files& files, const Archive& source, const Options& options, FoundTarget found, State* state)
    : files_(files),
      source_(source),
      root_(options.target),
      version_(options.to),
      data_mode_(options.data),
      dry_run_(options.dry_run),
      found_(std::move(found)),
      state_(state),
      // An interrupted run may have left directories without their mode.
      modes_missing_(found_.state == TargetState::interrupted) {}

// The marker comes first, so that everybody can see that the target is unfinished. Then version.txt goes, so
// that no server accepts it. Both are on disk before anything else changes.
Result<void> Target::create() {
  if (auto done = reused() ? reopen() : create_new(); !done) return done;
  if (const auto info = files_.info(root_ + "/."); info) device_ = info->device;
  if (auto done = files_.sync(root_); !done) return done;
  return data_mode_ == DataMode::reflink ? check_reflink() : Result<void>();
}

Result<void> Target::create_new() {
  if (auto made = files_.make_target(root_, source_.root_info); !made) return made;
  root_like_ = source_.root_info;
  if (dry_run_) return {};
  // Checked again for the directory that was opened: it holds nothing, or the marker of a run that ended
  // here.
  const auto entries = files_.list(root_);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries)
    if (entry.name != names::unfinished) return unusable(root_, "the target is not empty");
  return write_marker(files_, root_, marker());
}

Result<void> Target::reopen() {
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
  if (auto done = put_marker(files_, root_, marker(), *seen); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  return clear_path(std::string(names::version));
}

// Refuses --data=reflink before any job is touched if the file system cannot do it.
Result<void> Target::check_reflink() {
  if (source_.clusters.empty()) return {};
  const std::string probe = target_path("jobferry.probe");
  if (auto free = clear_path("jobferry.probe"); !free) return free;
  auto done = files_.reflink(source_path(join(source_.clusters[0], names::cluster)), probe);
  if (done) return files_.remove(probe);
  if (done.error().kind == Kind::out_of_resources) return done;
  if (!reused()) {
    (void)files_.remove(target_path(std::string(names::unfinished)));
    (void)files_.set_attributes(root_ + "/.", source_.root_info);
  }
  return unusable(root_, fmt::format("--data=reflink: the file system does not share blocks between these "
                                     "files ({})",
                                     done.error().what));
}

// Lets this run make and remove entries in a directory. In a target that was complete, an administrator may
// have changed the directory's owner or mode: the owner stays, and the state records the mode, so that this
// or a later run restores it.
Result<void> Target::make_writable(const std::string& path) {
  auto now = files_.info(target_path(path) + "/.");
  if (!now) return of_target(std::move(now.error()));
  if (is_writable(*now)) return {};
  if (was_complete())
    if (auto known = state_->add_directory({path, now->mode}); !known) return known;
  modes_missing_ = true;
  return files_.set_attributes(target_path(path), writable(*now));
}

// In a target that was complete, a directory that exists keeps its attributes. One that this run makes gets
// the source's at the end; the state records it first, since the run may end before.
Result<void> Target::make_or_keep(const std::string& path, const FileInfo& like) {
  const auto there = exists(path);
  if (!there) return Error(there.error());
  if (*there) return make_writable(path);
  if (const std::size_t slash = path.rfind('/'); slash != path.npos)
    if (auto parent = make_directory(path.substr(0, slash)); !parent) return parent;
  if (auto known = state_->add_directory({path, {}}); !known) return known;
  auto made = files_.make_directory(target_path(path), like);
  return made ? Result<void>() : Result<void>(std::move(made.error()));
}

Result<void> Target::make_directory(const std::string& path, const FileInfo& like) {
  if (!is_writable(like)) modes_missing_ = true;
  if (was_complete()) return make_or_keep(path, like);
  auto made = files_.make_directory(target_path(path), like);
  if (made && reused() && !*made) return files_.set_attributes(target_path(path), writable(like));
  if (made) return {};
  // Its parent may be missing. That is rare, so it costs less to try first than to ask.
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return std::move(made.error());
  if (auto parent = make_directory(path.substr(0, slash)); !parent) return parent;
  made = files_.make_directory(target_path(path), like);
  if (!made) return std::move(made.error());
  return {};
}

Result<void> Target::make_directory(const std::string& path) {
  auto like = files_.info(source_path(path) + "/.");
  if (!like) return std::move(like.error());
  return make_directory(path, *like);
}

Result<void> Target::make_job(const std::string& path, const FileInfo& like) {
  if (auto made = make_directory(path, like); !made) return made;
  return reused() ? remove_entries(path) : Result<void>();
}

Result<void> Target::remove_job(const std::string& path) {
  const auto there = exists(path);
  if (!there) return Error(there.error());
  if (!*there) return {};
  for (const std::string& directory : {path.substr(0, path.rfind('/')), path})
    if (auto open = make_writable(directory); !open) return open;
  if (auto done = remove_entries(path); !done) return done;
  return remove(path);
}

Result<void> Target::clear_job(const std::string& path) {
  const auto there = exists(path);
  if (!there) return Error(there.error());
  if (!*there) return {};
  auto open = make_writable(path);
  return open ? remove_entries(path) : std::move(open);
}

Result<void> Target::remove_entries(const std::string& directory) {
  const auto entries = files_.list(target_path(directory));
  if (!entries) return of_target(entries.error());
  for (const Entry& entry : *entries)
    if (auto done = remove(join(directory, entry.name)); !done) return done;
  return {};
}

Result<bool> Target::exists(const std::string& path) {
  auto found = files_.exists(target_path(path));
  return found ? std::move(found) : Result<bool>(of_target(std::move(found.error())));
}

// Removes what an earlier run has left in the place of a file that is about to be written.
Result<void> Target::clear_path(const std::string& path) {
  if (!reused()) return {};
  const auto there = exists(path);
  if (!there) return Error(there.error());
  return *there ? remove(path) : Result<void>();
}

Result<void> Target::write(const std::string& path, std::string_view content, const FileInfo& like) {
  OnePiece piece(content);
  return write(path, piece, like);
}

Result<void> Target::write(const std::string& path, Pieces& content, const FileInfo& like) {
  if (auto free = clear_path(path); !free) return free;
  return files_.write(target_path(path), content, like);
}

Result<void> Target::copy(const std::string& path) {
  if (auto free = clear_path(path); !free) return free;
  return files_.copy(source_path(path), target_path(path));
}

Result<void> Target::remove(const std::string& path) { return files_.remove(target_path(path)); }

Result<void> Target::remove_empty_parents(const std::string& job) {
  std::string path = job;
  for (int level = 0; level < 2; ++level) {
    path.resize(path.rfind('/'));
    const auto there = exists(path);
    if (!there) return Error(there.error());
    if (!*there) continue;
    const auto entries = files_.list(target_path(path));
    if (!entries) return Error(entries.error());
    if (!entries->empty()) return {};
    if (auto open = make_writable(path.substr(0, path.rfind('/'))); !open) return open;
    if (auto gone = remove(path); !gone) return gone;
  }
  return {};
}

Result<void> Target::carry_data(const std::string& path, const FileInfo& like) {
  if (data_mode_ == DataMode::reflink) return files_.reflink(source_path(path), target_path(path));
  if (data_mode_ == DataMode::link) return files_.link(source_path(path), target_path(path));
  if (data_mode_ == DataMode::automatic && reflinks_) {
    auto shared = files_.reflink(source_path(path), target_path(path));
    if (shared || shared.error().kind == Kind::out_of_resources) return shared;
    reflinks_ = false;
  }
  // A link may be refused, for example because the file has too many or belongs to another user. Then copy
  // it.
  if (data_mode_ == DataMode::automatic && like.device == device_ &&
      files_.link(source_path(path), target_path(path)))
    return {};
  return files_.copy(source_path(path), target_path(path));
}

Result<bool> Target::restore_modes(const std::atomic<bool>* stop) {
  if (dry_run_) return true;
  if (was_complete()) return restore_recorded(stop);
  return modes_missing_ ? restore_all("", stop) : true;
}

// The directories that this run, or an interrupted one before it, has changed or made.
Result<bool> Target::restore_recorded(const std::atomic<bool>* stop) {
  const auto changed = state_->directories();
  if (!changed) return Error(changed.error());
  for (const State::Directory& directory : *changed) {
    if (stop && *stop) return false;
    if (directory.path.empty()) {
      auto root = files_.info(root_ + "/.");
      if (!root) return of_target(std::move(root.error()));
      root_like_ = *root;
      root_like_->mode = directory.mode.value_or(root->mode);
    } else if (auto done = restore_directory(directory.path, directory.mode); !done) {
      return std::move(done.error());
    }
  }
  return true;
}

// The directory may be gone from the target by now, or its original from the source: then there is nothing to
// restore.
Result<void> Target::restore_directory(const std::string& path, std::optional<mode_t> mode) {
  const auto there = exists(path);
  if (!there || !*there) return there ? Result<void>() : Result<void>(Error(there.error()));
  const std::string origin = (mode ? target_path(path) : source_path(path)) + "/.";
  const auto known = files_.exists(origin);
  if (!known || !*known) return known ? Result<void>() : Result<void>(Error(known.error()));
  auto like = files_.info(origin);
  if (!like) return std::move(like.error());
  like->mode = mode.value_or(like->mode);
  return files_.set_attributes(target_path(path), *like);
}

Result<void> Target::write_version() {
  if (auto done = files_.sync(root_); !done) return done;
  // Its time is the time of this run, which tells this target from an older copy of it.
  FileInfo like = as_of_now(source_.version_info.value_or(source_.root_info));
  if (source_.version_info) like.mode = source_.version_info->mode;
  auto done = write(std::string(names::version), fmt::format("{}\n", version_), like);
  if (done) done = files_.sync(root_);
  if (!done) withdraw();
  return done;
}

// The root's mode comes last: it may forbid everything that was done before.
Result<void> Target::remove_marker() {
  auto done = remove(std::string(names::unfinished));
  if (done && root_like_) done = files_.set_attributes(root_ + "/.", *root_like_);
  if (done) done = files_.sync(root_);
  if (!done) withdraw();
  return done;
}

// After a failure at the end no server may start on this target. Errors are ignored: the first failure is the
// one to report.
void Target::withdraw() {
  const std::string version = target_path(std::string(names::version));
  const auto seen = read_marker(files_, root_);
  if (!seen || seen->marked != Marked::yes) (void)write_marker(files_, root_, marker());
  const auto there = files_.exists(version);
  if (!there || *there) (void)files_.remove(version);
  (void)files_.sync(root_);
}

// Gives directories the modes that forbid writing, from the leaves up; the root gets its own at the end.
Result<bool> Target::restore_all(const std::string& path, const std::atomic<bool>* stop) {
  const auto entries = files_.list(path.empty() ? root_ : target_path(path));
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    if (stop && *stop) return false;
    if (entry.type != FileType::directory) continue;
    auto done = restore_all(path.empty() ? entry.name : join(path, entry.name), stop);
    if (!done || !*done) return done;
  }
  if (path.empty()) return true;
  if (auto done = restore_directory(path, {}); !done) return std::move(done.error());
  return true;
}

}  // namespace jobferry
