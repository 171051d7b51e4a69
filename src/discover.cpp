#include "discover.h"

#include <algorithm>

namespace jobferry {

namespace {

constexpr std::size_t job_level = 2;  // of the directories whose entries are jobs

}  // namespace

Walk::Walk(Files& files, const Archive& archive, bool follow_symlinks)
    : files_(files), archive_(archive), follow_(follow_symlinks) {}

std::optional<JobPath> Walk::next() {
  while (true) {
    if (levels_.empty()) {
      if (next_cluster_ == archive_.clusters.size()) return {};
      cluster_ = archive_.clusters[next_cluster_++];
      enter(cluster_);
      continue;
    }
    Level& level = levels_.back();
    if (level.at == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const Entry entry = level.entries[level.at++];
    if (!step_into(entry)) continue;
    if (levels_.size() <= job_level) {
      enter(join(level.path, entry.name));
      continue;
    }
    const auto name = [&](std::size_t i) { return levels_[i].entries[levels_[i].at - 1].name; };
    return JobPath{cluster_, name(0), name(1), entry.name};
  }
}

void Walk::enter(const std::string& path) {
  const std::string full = join(archive_.root, path);
  auto entries = files_.list(full);
  if (!entries) {
    Error error = std::move(entries.error());
    error.subject = path;
    error.file.clear();
    passed_.unreadable.push_back(std::move(error));
    return;
  }
  if (entries->empty() && !levels_.empty()) ++passed_.left_behind[cluster_];
  Level level{path, std::move(*entries)};
  if (follow_) {
    if (const auto info = files_.info(full); info) level.device = info->device, level.inode = info->inode;
  }
  levels_.push_back(std::move(level));
}

// A directory of jobs: anything else is passed by. Regular files of a cluster directory are carried (X8).
bool Walk::step_into(const Entry& entry) {
  const bool in_cluster = levels_.size() == 1;
  if (in_cluster && entry.type == FileType::regular) return false;
  if (entry.type == FileType::directory && !(follow_ && loops(join(levels_.back().path, entry.name))))
    return true;
  leave_behind(entry);
  return false;
}

// A followed link that leads back to where the walk comes from.
bool Walk::loops(const std::string& path) {
  const auto info = files_.info(join(archive_.root, path));
  const auto same = [&](const auto& directory) {
    return directory.device == info->device && directory.inode == info->inode;
  };
  return info && (same(archive_.root_info) || std::any_of(levels_.begin(), levels_.end(), same));
}

void Walk::leave_behind(const Entry& entry) {
  ++passed_.left_behind[cluster_];
  if (entry.name == names::meta) passed_.left_behind_jobs.push_back(levels_.back().path);
}

}  // namespace jobferry
