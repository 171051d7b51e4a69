#include "archive/walk.h"

#include <algorithm>

namespace jobferry {

std::string cluster_of(const std::string& path) { return path.substr(0, path.find('/')); }

bool path_order(std::string_view a, std::string_view b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

void Passed::add(const Passed& other) {
  for (const auto& [cluster, count] : other.left_behind) left_behind[cluster] += count;
  left_behind_jobs.insert(left_behind_jobs.end(), other.left_behind_jobs.begin(),
                          other.left_behind_jobs.end());
  unreadable.insert(unreadable.end(), other.unreadable.begin(), other.unreadable.end());
}

Walk::Walk(Files& files, const Archive& archive, bool follow_symlinks)
    : files_(files), archive_(archive), follow_(follow_symlinks) {}

std::optional<JobPath> Walk::next() {
  while (jobs_.empty()) {
    const auto folder = next_folder();
    if (!folder) return {};
    jobs_ = jobs_in(*folder, passed_);
    std::reverse(jobs_.begin(), jobs_.end());
  }
  JobPath job = std::move(jobs_.back());
  jobs_.pop_back();
  return job;
}

std::optional<Folder> Walk::next_folder() {
  constexpr std::size_t depth = 2;  // the cluster and the directories in it
  const auto enter = [this](std::string path, Way way) {
    auto entries = list(path, passed_);
    if (!entries) return;
    if (entries->empty() && !levels_.empty()) pass_by(path, FileType::directory, passed_);
    ways_.push_back(onward(way, path));
    levels_.push_back({std::move(path), std::move(*entries)});
  };
  while (true) {
    if (levels_.empty()) {
      if (next_cluster_ == archive_.clusters.size()) return {};
      if (stopped && stopped()) {
        cut_short_ = true;
        return {};
      }
      cluster_ = archive_.clusters[next_cluster_++];
      enter(cluster_, {{archive_.root_info.device, archive_.root_info.inode}});
      continue;
    }
    Level& level = levels_.back();
    if (level.at == level.entries.size()) {
      levels_.pop_back();
      ways_.pop_back();
      continue;
    }
    const Entry entry = level.entries[level.at++];
    // Regular files of a cluster directory are carried (X8).
    if (levels_.size() == 1 && entry.type == FileType::regular) continue;
    if (!is_directory(ways_.back(), level.path, entry, passed_)) continue;
    if (levels_.size() == depth)
      return Folder{cluster_, levels_[0].entries[levels_[0].at - 1].name, entry.name, ways_.back()};
    enter(join(level.path, entry.name), ways_.back());
  }
}

std::vector<JobPath> Walk::jobs_in(const Folder& folder, Passed& passed) const {
  std::vector<JobPath> jobs;
  const std::string path = folder.text();
  const auto entries = list(path, passed);
  if (!entries) return jobs;
  if (entries->empty()) pass_by(path, FileType::directory, passed);
  const Way way = onward(folder.way, path);
  for (const Entry& entry : *entries) {
    if (follow_ && stopped && stopped()) {
      cut_short_ = true;
      break;
    }
    if (is_directory(way, path, entry, passed))
      jobs.push_back({folder.cluster, folder.first, folder.second, entry.name});
  }
  return jobs;
}

std::optional<std::vector<Entry>> Walk::list(const std::string& path, Passed& passed) const {
  auto entries = files_.list(join(archive_.root, path));
  if (entries) return std::move(*entries);
  Error error = std::move(entries.error());
  error.subject = path;
  error.file.clear();
  passed.unreadable.push_back(std::move(error));
  return {};
}

Way Walk::onward(const Way& way, const std::string& path) const {
  Way longer;
  if (!follow_) return longer;
  longer = way;
  if (const auto info = files_.info(join(archive_.root, path)))
    longer.emplace_back(info->device, info->inode);
  return longer;
}

bool Walk::loops(const Way& way, const std::string& path) const {
  const auto info = files_.info(join(archive_.root, path));
  return info && std::find(way.begin(), way.end(), std::pair(info->device, info->inode)) != way.end();
}

void Walk::pass_by(const std::string& path, FileType type, Passed& passed) const {
  ++passed.left_behind[cluster_of(path)];
  if (tell_of) tell_of(path, type);
}

// A directory to walk on into. Anything else is passed by.
bool Walk::is_directory(const Way& way, const std::string& path, const Entry& entry, Passed& passed) const {
  if (entry.type == FileType::directory && !(follow_ && loops(way, join(path, entry.name)))) return true;
  pass_by(join(path, entry.name), entry.type, passed);
  if (entry.name == names::meta) passed.left_behind_jobs.push_back(path);
  return false;
}

}  // namespace jobferry
