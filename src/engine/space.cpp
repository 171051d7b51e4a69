#include "engine/space.h"
#include "io/paths.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <utility>
#include <vector>

#include "archive/each_job.h"
#include "archive/walk.h"
#include "base/text.h"
#include "engine/migration.h"
#include "engine/target.h"

namespace jobferry {

namespace {

// How the target gets its data files.
struct DataTransfer {
  bool links;            // unchanged ones take no room
  double compact_share;  // of rewritten plain ones: the part that is not white space
};

// The part of plain data files that is not white space, measured on the first few.
double compact_share(Files& files, const Migration& migration, const std::atomic<bool>* stop) {
  constexpr int sample = 16, most_looked_at = 1000;
  constexpr std::uint64_t largest = 64U << 20;
  double before = 0, after = 0;
  Buffer text, compact;
  Walk walk(files, migration.archive, migration.options.follow_symlinks);
  walk.stopped = [stop] { return stop && *stop; };
  int taken = 0, looked_at = 0;
  for (auto path = walk.next(); path && taken < sample && looked_at++ < most_looked_at; path = walk.next()) {
    if (stop && *stop) break;
    if (!files.read(join(join(migration.archive.root, path->text()), names::data), largest, text)) continue;
    compact.reserve(text.size());
    std::size_t written = 0;
    if (simdjson::minify(text.data(), text.size(), compact.data(), written) != simdjson::SUCCESS) continue;
    ++taken;
    before += static_cast<double>(text.size());
    after += static_cast<double>(written);
  }
  return before > 0 ? after / before : 1;
}

void add_file(Needs& needs, Files& files, const Migration& migration, const DataTransfer& transfer,
              const std::string& directory, const Entry& entry) {
  const auto info = files.info(join(directory, entry.name));
  if (entry.type != FileType::regular || !info) return;
  const bool data = entry.name == names::data || entry.name == names::data_gz;
  if (data && !migration.reads_data() && transfer.links) return;
  ++needs.inodes;
  const bool rewritten = entry.name == names::data && migration.reads_data();
  needs.bytes += rewritten
                     ? static_cast<std::uint64_t>(static_cast<double>(info->size) * transfer.compact_share)
                     : info->size;
}

Needs needs_of(Files& files, const Migration& migration, const DataTransfer& transfer,
               const std::atomic<bool>* stop) {
  Walk walk(files, migration.archive, migration.options.follow_symlinks);
  // A cold disk answers many at a time (readers.h).
  const unsigned threads = migration.options.debug ? 1 : migration.options.io_depth;
  std::vector<Needs> parts(threads);
  (void)each_job(walk, {threads, stop, {}}, [&](const JobPath& job, unsigned worker) {
    const std::string directory = join(migration.archive.root, job.text());
    ++parts[worker].inodes;
    if (const auto entries = files.list(directory))
      for (const Entry& entry : *entries)
        add_file(parts[worker], files, migration, transfer, directory, entry);
  });
  Needs sum;
  for (const Needs& part : parts) {
    sum.bytes += part.bytes;
    sum.inodes += part.inodes;
  }
  return sum;
}

Error too_small(const std::string& target, std::string what) {
  return {.kind = Kind::target_unusable, .what = std::move(what), .file = target};
}

}  // namespace

bool shares_data(Files& files, const Migration& migration, const std::string& place) {
  const auto info = files.info(place + "/.");
  return info && info->device == migration.archive.root_info.device &&
         migration.options.data != DataMode::copy;
}

Result<void> check_room(const std::string& target, const Needs& needs, const Space& free) {
  if (needs.bytes > free.free_bytes)
    return too_small(target, fmt::format("the target needs about {}, but only {} are free there",
                                         bytes_text(static_cast<double>(needs.bytes)),
                                         bytes_text(static_cast<double>(free.free_bytes))));
  if (needs.inodes > free.free_inodes)
    return too_small(
        target, fmt::format("the target needs {} inodes, {} are free there", needs.inodes, free.free_inodes));
  return {};
}

Result<void> check_space(Files& files, const Migration& migration, const std::atomic<bool>* stop) {
  const std::string place = nearest_existing(migration.options.target);
  const auto there = files.space(place), here = files.space(migration.archive.root);
  if (!there || !here) return {};  // some file systems do not say
  // If everything on the source's file system would fit, there is nothing to count.
  if (here->used_bytes < there->free_bytes && here->used_inodes < there->free_inodes) return {};

  const DataTransfer transfer{shares_data(files, migration, place),
                              migration.reads_data() ? compact_share(files, migration, stop) : 1};
  return check_room(migration.options.target, needs_of(files, migration, transfer, stop), *there);
}

}  // namespace jobferry
