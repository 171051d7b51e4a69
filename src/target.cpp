#include "target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>

#include "discover.h"
#include "stages.h"

namespace jobferry {

namespace fs = boost::filesystem;

namespace {

constexpr std::string_view marker_text =
    "This job archive is unfinished: jobferry has not completed it. It must not be served or migrated.\n";

Error unusable(const std::string& target, std::string what) {
  Error error{Kind::target_unusable, std::move(what)};
  error.file = target;
  return error;
}

// The path without links as far as it exists; what does not exist yet is appended.
fs::path resolved(const std::string& path) {
  boost::system::error_code code;
  fs::path whole = fs::weakly_canonical(fs::absolute(path), code);
  if (code) whole = fs::absolute(path).lexically_normal();
  return whole.filename() == "." || whole.filename() == "/" ? whole.parent_path() : whole;
}

bool same_place(Files& files, const fs::path& a, const fs::path& b) {
  if (a == b) return true;
  const auto x = files.info(a.native()), y = files.info(b.native());
  return x && y && x->device == y->device && x->inode == y->inode;
}

// `inner` is `outer` or lies below it; compared by inode, too, so that bind mounts do not hide it.
bool lies_in(Files& files, fs::path inner, const fs::path& outer) {
  for (; !inner.empty(); inner = inner.parent_path()) {
    if (same_place(files, inner, outer)) return true;
    if (inner == inner.parent_path()) break;
  }
  return false;
}

// The nearest directory above the target that exists.
fs::path existing(const fs::path& target) {
  boost::system::error_code code;
  fs::path at = target;
  while (!fs::exists(at, code) && at.has_parent_path()) at = at.parent_path();
  return at;
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

struct Needs {
  std::uint64_t bytes = 0, inodes = 0;
};

// Adds up what the jobs of an archive need. Data that must be rewritten shrinks where it is pretty-printed:
// how much, a sample tells.
class Estimate {
 public:
  Estimate(Files& files, const Plan& plan, bool links) : files_(files), plan_(plan), links_(links) {}

  void add(const JobPath& path) {
    const std::string directory = join(plan_.archive.root, path.text());
    const auto entries = files_.list(directory);
    if (!entries) return;
    ++needs_.inodes;
    for (const Entry& entry : *entries) add_file(directory, entry);
  }

  Needs needs() const { return needs_; }

 private:
  void add_file(const std::string& directory, const Entry& entry) {
    const auto info = files_.info(join(directory, entry.name));
    if (entry.type != FileType::regular || !info) return;
    const bool data = entry.name == names::data || entry.name == names::data_gz;
    if (data && !plan_.reads_data() && links_) return;
    ++needs_.inodes;
    if (entry.name == names::data && plan_.reads_data())
      needs_.bytes += static_cast<std::uint64_t>(static_cast<double>(info->size) *
                                                 compact_share(join(directory, entry.name)));
    else
      needs_.bytes += info->size;
  }

  // The part of plain data files that is no white space, measured on the first ones.
  double compact_share(const std::string& path) {
    constexpr int sample = 16;
    constexpr std::uint64_t largest = 64U << 20;
    if (sampled_ < sample && files_.read(path, largest, text_)) {
      Buffer compact;
      compact.reserve(text_.size());
      std::size_t written = 0;
      if (simdjson::minify(text_.data(), text_.size(), compact.data(), written) == simdjson::SUCCESS) {
        ++sampled_;
        before_ += static_cast<double>(text_.size());
        after_ += static_cast<double>(written);
      }
    }
    return before_ > 0 ? after_ / before_ : 1;
  }

  Files& files_;
  const Plan& plan_;
  bool links_;
  Needs needs_;
  Buffer text_;
  int sampled_ = 0;
  double before_ = 0, after_ = 0;
};

const std::string marker(names::unfinished);

// For files that the source does not have.
FileInfo as_of_now(FileInfo like) {
  like.mode = 0644;
  like.mtime = {0, UTIME_NOW};
  return like;
}

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{} MiB", (bytes + (1U << 20) - 1) >> 20); }

}  // namespace

Result<void> check_target(Files& files, const Archive& source, const Options& options) {
  const fs::path from = resolved(source.root), to = resolved(options.target);
  if (same_place(files, from, to)) return unusable(options.target, "source and target are the same");
  if (lies_in(files, to, from)) return unusable(options.target, "the target lies inside the source");
  if (lies_in(files, from, to)) return unusable(options.target, "the source lies inside the target");
  if (auto empty = check_empty(files, options.target); !empty) return empty;
  const fs::path parent = existing(to);
  if (!fs::is_directory(parent))
    return unusable(options.target, fmt::format("{} is no directory", parent.native()));
  if (::access(parent.c_str(), W_OK | X_OK) != 0)
    return unusable(options.target, fmt::format("no permission to write in {}", parent.native()));
  const auto info = files.info(parent.native() + "/.");
  if (options.data == DataMode::link && info && info->device != source.root_info.device)
    return unusable(options.target, "--data=link: source and target are on different file systems");
  return {};
}

Result<void> check_space(Files& files, const Plan& plan) {
  const std::string place = existing(resolved(plan.options.target)).native();
  const auto there = files.space(place), here = files.space(plan.archive.root);
  if (!there || !here) return {};  // some file systems do not tell
  // Where even all that the source's file system holds would fit, there is nothing to count.
  if (here->used_bytes < there->free_bytes && here->used_inodes < there->free_inodes) return {};

  const auto info = files.info(place + "/.");
  const bool same_device = info && info->device == plan.archive.root_info.device;
  Estimate estimate(files, plan, same_device && plan.options.data != DataMode::copy);
  Walk walk(files, plan.archive, plan.options.follow_symlinks);
  while (auto path = walk.next()) estimate.add(*path);
  const Needs needs = estimate.needs();
  if (needs.bytes > there->free_bytes)
    return unusable(plan.options.target, fmt::format("the target needs about {}, {} are free there",
                                                     mebibytes(needs.bytes), mebibytes(there->free_bytes)));
  if (needs.inodes > there->free_inodes)
    return unusable(plan.options.target, fmt::format("the target needs {} inodes, {} are free there",
                                                     needs.inodes, there->free_inodes));
  return {};
}

Target::Target(Files& files, const Archive& source, const Options& options)
    : files_(files), source_(source), root_(options.target), mode_(options.data) {}

Result<void> Target::create() {
  if (auto made = make_parents(); !made) return made;
  auto made = files_.make_directory(root_, source_.root_info);
  if (!made) return std::move(made.error());
  // An empty directory that stood there gets mode and ownership of the source's root, too.
  if (!*made || (source_.root_info.mode & 0700) != 0700) modes_missing_ = true;
  if (const auto info = files_.info(root_ + "/."); info) device_ = info->device;
  if (auto done = files_.write(to(marker), marker_text, as_of_now(source_.root_info)); !done) return done;
  return mode_ == DataMode::reflink ? check_reflink() : Result<void>();
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
Result<void> Target::check_reflink() {
  if (source_.clusters.empty()) return {};
  const std::string probe = to("jobferry.probe");
  auto done = files_.reflink(from(join(source_.clusters[0], names::cluster)), probe, source_.root_info);
  if (done) return files_.remove(probe);
  (void)files_.remove(to(marker));
  (void)files_.remove(root_);
  return unusable(root_, "--data=reflink: the file system does not share blocks between these files");
}

Result<void> Target::make_directory(const std::string& path, const FileInfo& like) {
  if ((like.mode & 0700) != 0700) modes_missing_ = true;
  auto made = files_.make_directory(to(path), like);
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

Result<void> Target::write(const std::string& path, std::string_view content, const FileInfo& like) {
  return files_.write(to(path), content, like);
}

Result<void> Target::copy(const std::string& path, const FileInfo& like) {
  return files_.copy(from(path), to(path), like);
}

Result<void> Target::remove(const std::string& path) { return files_.remove(to(path)); }

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

Result<void> Target::finalize(int version) {
  if (modes_missing_)
    if (auto done = restore_attributes(""); !done) return done;
  if (auto done = files_.sync(root_); !done) return done;
  const FileInfo like = source_.version_info ? *source_.version_info : as_of_now(source_.root_info);
  if (auto done = files_.write(to(std::string(names::version)), fmt::format("{}\n", version), like); !done)
    return done;
  if (auto done = files_.sync(root_); !done) return done;
  if (auto done = files_.remove(to(marker)); !done) return done;
  // The root comes last: its mode may forbid what was done above.
  if (modes_missing_)
    if (auto done = files_.set_attributes(root_ + "/.", source_.root_info); !done) return done;
  return files_.sync(root_);
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
  if (!like) return std::move(like.error());
  return files_.set_attributes(to(path), *like);
}

}  // namespace jobferry
