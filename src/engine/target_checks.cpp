#include "engine/target_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "io/paths.h"

namespace jobferry {

namespace {

Error unusable(const std::string& target, std::string what) {
  return {.kind = Kind::target_unusable, .what = std::move(what), .file = target};
}

bool is_own_file(const Entry& entry) {
  return entry.name == names::meta || entry.name == names::cluster || entry.name == names::version;
}

// Where the target is made, or lies already.
Result<void> check_place(Files& files, const Archive& source, const Options& options) {
  const std::string place = nearest_existing(options.target);
  const auto info = files.info(place);
  if (!info && info.error().kind == Kind::out_of_resources) return Error(info.error());
  if (!info || info->type != FileType::directory)
    return unusable(options.target, fmt::format("{} is no directory", place));
  if (!files.may_write_in(place))
    return unusable(options.target, fmt::format("no permission to write in {}", place));
  if (options.data == DataMode::link && info->device != source.root_info.device)
    return unusable(options.target, "--data=link: source and target are on different file systems");
  return {};
}

}  // namespace

Result<void> check_target(Files& files, const Archive& source, const Options& options) {
  const auto refuse_if = [&](Result<bool> found, const char* why) -> Result<void> {
    if (!found) return std::move(found.error());
    return *found ? Result<void>(unusable(options.target, why)) : Result<void>();
  };
  auto sound = refuse_if(is_same_place(source.root, options.target), "source and target are the same");
  if (sound) sound = refuse_if(lies_in(options.target, source.root), "the target lies inside the source");
  if (sound) sound = refuse_if(lies_in(source.root, options.target), "the source lies inside the target");
  return sound ? check_place(files, source, options) : std::move(sound);
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

Result<void> check_empty_target(Files& files, const std::string& target) {
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

Result<std::vector<std::string>> changed_since(Files& files, const std::string& target, const timespec& since,
                                               const std::atomic<bool>* stop) {
  constexpr std::size_t few = 3;
  std::vector<std::string> found;
  std::vector<std::string> directories = {target};
  while (!directories.empty() && found.size() < few && !(stop && *stop)) {
    const std::string directory = std::move(directories.back());
    directories.pop_back();
    const auto entries = files.list(directory);
    if (!entries) return Error(entries.error());
    for (const Entry& entry : *entries) {
      const std::string path = join(directory, entry.name);
      if (entry.type == FileType::directory) directories.push_back(path);
      if (!is_own_file(entry)) continue;
      const auto info = files.info(path);
      if (!info) return Error(info.error());
      if (std::tie(info->ctime.tv_sec, info->ctime.tv_nsec) > std::tie(since.tv_sec, since.tv_nsec))
        found.push_back(path);
    }
  }
  found.resize(std::min(found.size(), few));
  return found;
}

}  // namespace jobferry
