#include "archive/walk.h"

#include <algorithm>

namespace jobferry {

bool path_order(std::string_view a, std::string_view b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

void LeftBehind::add(const LeftBehind& other) {
  for (const auto& [cluster, count] : other.entries) entries[cluster] += count;
  jobs.insert(jobs.end(), other.jobs.begin(), other.jobs.end());
  unreadable.insert(unreadable.end(), other.unreadable.begin(), other.unreadable.end());
}

Walk::Walk(Files& files, const Archive& archive, bool follow_symlinks)
    : files_(files), archive_(archive), follow_(follow_symlinks) {}

std::optional<JobPath> Walk::next() {
  while (jobs_.empty()) {
    const auto folder = next_folder();
    if (!folder) return {};
    jobs_ = jobs_in(*folder, left_behind_);
    std::reverse(jobs_.begin(), jobs_.end());
  }
  JobPath job = std::move(jobs_.back());
  jobs_.pop_back();
  return job;
}

std::optional<Folder> Walk::next_folder() {
  constexpr std::size_t depth = 2;  // the cluster and the directories in it
  while (true) {
    if (levels_.empty()) {
      if (next_cluster_ == archive_.clusters.size()) return {};
      if (stopped && stopped()) {
        cut_short_ = true;
        return {};
      }
      cluster_ = archive_.clusters[next_cluster_++];
      enter(cluster_, {archive_.root_info});
      continue;
    }
    Level& level = levels_.back();
    if (level.at == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const Entry entry = level.entries[level.at++];
    // Regular files of a cluster directory are carried (X8).
    if (levels_.size() == 1 && entry.type == FileType::regular) continue;
    if (!is_directory(level.ancestors, level.path, entry, left_behind_)) continue;
    if (levels_.size() == depth)
      return Folder{cluster_, levels_[0].entries[levels_[0].at - 1].name, entry.name, level.ancestors};
    enter(join(level.path, entry.name), level.ancestors);
  }
}

void Walk::enter(std::string path, const Ancestors& ancestors) {
  auto entries = list(path, left_behind_);
  if (!entries) return;
  if (entries->empty() && !levels_.empty()) leave_behind(path, FileType::directory, left_behind_);
  Ancestors longer = with(ancestors, path);
  levels_.push_back({std::move(path), std::move(*entries), std::move(longer)});
}

std::vector<JobPath> Walk::jobs_in(const Folder& folder, LeftBehind& left_behind) const {
  std::vector<JobPath> jobs;
  const std::string path = folder.text();
  const auto entries = list(path, left_behind);
  if (!entries) return jobs;
  if (entries->empty()) leave_behind(path, FileType::directory, left_behind);
  const Ancestors ancestors = with(folder.ancestors, path);
  for (const Entry& entry : *entries) {
    if (follow_ && stopped && stopped()) {
      cut_short_ = true;
      break;
    }
    if (is_directory(ancestors, path, entry, left_behind))
      jobs.push_back({folder.cluster, folder.first, folder.second, entry.name});
  }
  return jobs;
}

std::optional<std::vector<Entry>> Walk::list(const std::string& path, LeftBehind& left_behind) const {
  auto entries = files_.list(join(archive_.root, path));
  if (entries) return std::move(*entries);
  Error error = std::move(entries.error());
  error.subject = path;
  error.file.clear();
  left_behind.unreadable.push_back(std::move(error));
  return {};
}

Ancestors Walk::with(const Ancestors& ancestors, const std::string& path) const {
  if (!follow_) return {};
  Ancestors longer = ancestors;
  if (const auto info = files_.info(join(archive_.root, path))) longer.push_back(*info);
  return longer;
}

bool Walk::is_loop(const Ancestors& ancestors, const std::string& path) const {
  const auto info = files_.info(join(archive_.root, path));
  const auto same = [&](const FileInfo& ancestor) { return is_same_file(ancestor, *info); };
  return info && std::any_of(ancestors.begin(), ancestors.end(), same);
}

void Walk::leave_behind(const std::string& path, FileType type, LeftBehind& left_behind) const {
  ++left_behind.entries[cluster_of(path)];
  if (on_left_behind) on_left_behind(path, type);
}

// A directory to go down into. Anything else is left behind.
bool Walk::is_directory(const Ancestors& ancestors, const std::string& path, const Entry& entry,
                        LeftBehind& left_behind) const {
  const bool directory = entry.type == FileType::directory;
  if (directory && !(follow_ && is_loop(ancestors, join(path, entry.name)))) return true;
  leave_behind(join(path, entry.name), entry.type, left_behind);
  if (entry.name == names::meta) left_behind.jobs.push_back(path);
  return false;
}

}  // namespace jobferry
