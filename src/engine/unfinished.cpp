#include "engine/unfinished.h"

#include <sys/stat.h>

#include <utility>

namespace jobferry {

namespace {

// The directories of a finished target have the modes of the source's, which may forbid removing what is in
// them.
Result<void> make_writable(Files& files, const std::string& directory) {
  const auto now = files.info(directory + "/.");
  if (!now) return Error(now.error());
  return is_writable(*now) ? Result<void>() : files.set_attributes(directory, writable(*now));
}

// False: it was stopped.
Result<bool> remove_entries(Files& files, const std::string& directory, std::string_view spared,
                            const std::atomic<bool>* stop) {
  const auto entries = files.list(directory);
  if (!entries) return Error(entries.error());
  for (const Entry& entry : *entries) {
    if (stop && *stop) return false;
    if (entry.name == spared) continue;
    const std::string path = join(directory, entry.name);
    if (entry.type == FileType::directory) {
      if (auto ready = make_writable(files, path); !ready) return std::move(ready.error());
      auto whole = remove_entries(files, path, {}, stop);
      if (!whole || !*whole) return whole;
    }
    if (auto gone = files.remove(path); !gone) return std::move(gone.error());
  }
  return true;
}

}  // namespace

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

Result<void> put_marker(Files& files, const std::string& target, const Marker& marker,
                        const MarkerSeen& seen) {
  return seen.marked == Marked::yes ? renew_marker(files, target, marker)
                                    : write_marker(files, target, marker);
}

Result<bool> empty_target(Files& files, const std::string& target, const std::atomic<bool>* stop) {
  return remove_entries(files, target, names::unfinished, stop);
}

FileInfo as_of_now(FileInfo like) {
  like.mode = 0644;
  like.mtime = {0, UTIME_NOW};
  return like;
}

FileInfo writable(FileInfo like) {
  like.mode |= 0700;
  return like;
}

bool is_writable(const FileInfo& directory) { return (directory.mode & 0700) == 0700; }

}  // namespace jobferry
