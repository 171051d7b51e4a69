#include "forecast/census.h"
#include "io/paths.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include "archive/each_job.h"
#include "base/mutex.h"
#include "engine/target.h"

namespace jobferry {

namespace {

void count(FileCount& files, std::uint64_t bytes) {
  ++files.files;
  files.bytes += bytes;
}

void add_to(FileCount& sum, const FileCount& more) {
  sum.files += more.files;
  sum.bytes += more.bytes;
}

void add_to(ClusterCensus& sum, const ClusterCensus& more) {
  sum.jobs += more.jobs;
  sum.skipped += more.skipped;
  sum.bad += more.bad;
  sum.left_out += more.left_out;
  sum.left_behind += more.left_behind;
  add_to(sum.meta, more.meta);
  add_to(sum.plain, more.plain);
  add_to(sum.gz, more.gz);
  add_to(sum.other, more.other);
}

// Counts for one thread. A thread gets all jobs of a folder, one after the other.
class Counter {
 public:
  Counter(const CensusInput& input, Sample& sample)
      : files_(input.files), stages_(input.stages), transfer_(input.transfer), sample_(sample) {}

  void count_job(const JobPath& path) {
    slot_.reset(path);
    stages_.run(&Stages::list, slot_);
    ClusterCensus& cluster = census.clusters[path.cluster];
    if (slot_.fate == Fate::foreign) {
      ++cluster.left_behind;  // the whole directory counts as one entry (X8)
      census.left_behind.add(slot_.subject);
      return;
    }
    ++cluster.jobs;
    if (slot_.fate == Fate::left_out) {
      ++cluster.left_out;
      return;
    }
    count_files(cluster);
    census.left_behind_jobs.insert(census.left_behind_jobs.end(), slot_.left_behind_jobs.begin(),
                                   slot_.left_behind_jobs.end());
    const std::uint64_t left_behind = slot_.fate == Fate::pending ? slot_.left_behind : slot_.entries;
    cluster.left_behind += left_behind;
    if (left_behind > 0) name_left_behind();
    cluster.skipped += slot_.fate == Fate::skipped;
    cluster.bad += slot_.fate == Fate::bad;
    if (slot_.fate == Fate::starved || slot_.fate == Fate::failed) census.starved = slot_.error;
    if (slot_.fate == Fate::bad) census.bad[slot_.error->kind].add(*slot_.error);
    if (slot_.fate == Fate::pending) expect(path);
  }

  Census census;

 private:
  void count_files(ClusterCensus& cluster) {
    if (slot_.meta_info) count(cluster.meta, slot_.meta_info->size);
    if (slot_.plain.info) count(cluster.plain, slot_.plain.info->size);
    if (slot_.gz.info) count(cluster.gz, slot_.gz.info->size);
    for (const Entry& entry : slot_.carried)
      if (const auto info = files_.info(join(slot_.source, entry.name))) count(cluster.other, info->size);
  }

  // Lists the directory again, because the slot only counts what it leaves behind.
  void name_left_behind() {
    const auto entries = files_.list(slot_.source);
    if (!entries) return;
    for (const Entry& entry : *entries) {
      const bool goes_along = entry.type == FileType::regular && entry.name != names::unfinished;
      if (slot_.fate != Fate::pending || !goes_along) census.left_behind.add(join(slot_.subject, entry.name));
    }
  }

  void expect(const JobPath& path) {
    census.to_try.add(size_of(files_, transfer_, slot_));
    sample_.offer(slot_.subject);
    count_directories(path);
    for (const auto& [name, info] :
         {std::pair(names::meta, slot_.meta_info), std::pair(slot_.gz.name, slot_.gz.info),
          std::pair(slot_.plain.name, slot_.plain.info)}) {
      if (!info || user_.may_read(*info)) continue;
      census.unreadable.add({.kind = Kind::read_failed,
                             .what = "its mode does not allow this user to read it",
                             .file = std::string(name),
                             .subject = slot_.subject});
      return;
    }
  }

  void count_directories(const JobPath& path) {
    std::string folder = path.cluster + '/' + path.first;
    const std::size_t first = std::hash<std::string>()(folder);
    folder += '/' + path.second;
    if (folder == folder_) return;
    folder_ = std::move(folder);
    ++census.folders;
    census.firsts.insert(first);
  }

  Files& files_;
  const Stages& stages_;
  const DataTransfer& transfer_;
  Sample& sample_;
  const ReadingUser user_ = ReadingUser::current();
  Slot slot_;
  std::string folder_;  // the last one that was counted
};

void add_left_behind(Census& census, const LeftBehind& left_behind) {
  for (const auto& [cluster, entries] : left_behind.entries) census.clusters[cluster].left_behind += entries;
  census.left_behind_jobs.insert(census.left_behind_jobs.end(), left_behind.jobs.begin(),
                                 left_behind.jobs.end());
  for (const Error& error : left_behind.unreadable) {
    if (error.kind == Kind::out_of_resources)
      census.starved = error;
    else
      census.unlisted.push_back(error);
  }
}

}  // namespace

DataTransfer data_transfer_of(Files& files, const Migration& migration) {
  const std::string place = nearest_existing(migration.options.target);
  const auto space = files.space(place);
  const bool shared = shares_data(files, migration, place);
  const DataMode mode = migration.options.data;
  const bool reflinks =
      mode == DataMode::reflink || (mode == DataMode::automatic && space && space->shares_blocks());
  const bool changed = std::any_of(migration.chain.begin(), migration.chain.end(),
                                   [](const Leg& leg) { return leg.data != nullptr; });
  // A directory that takes whole blocks although it is small shows that directories need blocks.
  const auto info = files.info(place + "/.");
  const bool whole_blocks = !info || (info->size > 0 && info->size % block_size == 0);
  return {changed || migration.options.compress != Compression::keep, shared, !shared || reflinks,
          whole_blocks ? 1U : 0U};
}

void PopulationSizes::add(const JobSize& size) {
  const auto known = [](std::uint64_t n) { return static_cast<double>(n); };
  ++jobs;
  bytes_in.add(known(size.bytes_in));
  bytes_out.add(known(size.bytes_out));
  blocks.add(known(size.blocks));
  inodes.add(known(size.inodes));
  carried.add(known(size.carried));
}

void PopulationSizes::add(const PopulationSizes& other) {
  jobs += other.jobs;
  bytes_in.add(other.bytes_in);
  bytes_out.add(other.bytes_out);
  blocks.add(other.blocks);
  inodes.add(other.inodes);
  carried.add(other.carried);
}

void PopulationSizes::forget(std::uint64_t gone) {
  jobs -= std::min(gone, jobs);
  for (Population* known : {&bytes_in, &bytes_out, &blocks, &inodes, &carried})
    known->jobs = static_cast<double>(jobs);
}

JobSize size_of(Files& files, const DataTransfer& transfer, const Slot& slot) {
  JobSize size;
  size.blocks = transfer.directory_blocks, size.inodes = 1;
  const auto write = [&](std::uint64_t bytes) {
    size.bytes_out += bytes;
    size.blocks += blocks_of(bytes);
    ++size.inodes;
  };
  const auto carry = [&](std::uint64_t bytes) {
    size.bytes_out += bytes;
    size.blocks += transfer.shared ? 0 : blocks_of(bytes);
    size.inodes += transfer.needs_inode;
  };
  if (slot.meta_info) {
    size.bytes_in += slot.meta_info->size;
    write(slot.meta_info->size);
  }
  for (const DataFile* data : {&slot.gz, &slot.plain}) {
    if (!data->info) continue;
    size.bytes_in += data->info->size;
    if (data != &slot.gz && slot.gz.info) continue;  // usually the .gz is used (X7)
    transfer.rewritten ? write(data->info->size) : carry(data->info->size);
  }
  for (const Entry& entry : slot.carried) {
    const auto info = files.info(join(slot.source, entry.name));
    if (!info) continue;
    size.bytes_in += info->size;
    write(info->size);
  }
  size.carried = slot.carried.size();
  return size;
}

ReadingUser ReadingUser::current() {
  ReadingUser reader{::geteuid(), {::getegid()}};
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  if (::getgroups(static_cast<int>(groups.size()), groups.data()) >= 0)
    reader.groups.insert(groups.begin(), groups.end());
  return reader;
}

bool ReadingUser::may_read(const FileInfo& file) const {
  if (user == 0) return true;
  const mode_t asked = user == file.uid ? 0400U : groups.contains(file.gid) ? 0040U : 0004U;
  return (file.mode & asked) != 0;
}

void ErrorGroup::add(const Error& error, std::uint64_t jobs_more) {
  if (jobs == 0 || path_order(error.subject, example.subject)) example = error;
  jobs += jobs_more;
}

void FirstPaths::add(std::string path) {
  paths_.insert(std::move(path));
  if (paths_.size() > most) paths_.erase(std::prev(paths_.end()));
}

void FirstPaths::add(FirstPaths&& other) {
  for (const std::string& path : other.paths_) add(path);
}

ClusterCensus Census::total() const {
  ClusterCensus sum;
  for (const auto& [name, cluster] : clusters) add_to(sum, cluster);
  return sum;
}

void Census::add(Census&& other) {
  for (const auto& [name, cluster] : other.clusters) add_to(clusters[name], cluster);
  to_try.add(other.to_try);
  for (const auto& [kind, group] : other.bad) bad[kind].add(group.example, group.jobs);
  if (other.unreadable.jobs) unreadable.add(other.unreadable.example, other.unreadable.jobs);
  if (!starved) starved = std::move(other.starved);
  folders += other.folders;
  firsts.merge(other.firsts);
  left_behind.add(std::move(other.left_behind));
  left_behind_jobs.insert(left_behind_jobs.end(), other.left_behind_jobs.begin(),
                          other.left_behind_jobs.end());
}

Census take_census(const CensusInput& input, Sample& sample, const Listener& listener) {
  const Migration& migration = input.migration;
  Walk walk(input.files, migration.archive, migration.options.follow_symlinks);
  FirstPaths left_behind;
  Mutex mutex;  // guards left_behind
  walk.on_left_behind = [&](const std::string& path, FileType) {
    const MutexLock lock(mutex);
    left_behind.add(path);
  };
  std::vector<std::unique_ptr<Counter>> counters;
  for (unsigned i = 0; i < migration.options.io_depth; ++i)
    counters.push_back(std::make_unique<Counter>(input, sample));
  const std::string unfinished = each_job(walk, {migration.options.io_depth, listener.stop, {}},
                                          [&](const JobPath& path, unsigned worker) {
                                            counters[worker]->count_job(path);
                                            if (!listener.progress) return;
                                            ++listener.progress->jobs;
                                            listener.progress->done(path.text());
                                          });
  Census all;
  for (const std::string& cluster : migration.archive.clusters) all.clusters[cluster];
  for (auto& counter : counters) all.add(std::move(counter->census));
  add_left_behind(all, walk.left_behind());
  all.left_behind.add(std::move(left_behind));
  all.complete = unfinished.empty();
  std::sort(all.left_behind_jobs.begin(), all.left_behind_jobs.end(), path_order);
  all.left_behind_jobs.erase(std::unique(all.left_behind_jobs.begin(), all.left_behind_jobs.end()),
                             all.left_behind_jobs.end());
  return all;
}

}  // namespace jobferry
