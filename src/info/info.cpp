// `jobferry info`: lists every directory on many threads and adds up the sizes of the files.
#include "jobferry/info.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "base/threads.h"
#include "info/info_with.h"
#include "io/files.h"
#include "json/decimal.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// What one thread has counted.
struct Seen {
  std::map<std::string, ClusterInfo> clusters;
  std::uint64_t left_behind = 0;
  std::vector<Error> unreadable;
};

class Counter {
 public:
  Counter(Files& files, const Archive& archive, Seen& seen) : files_(files), archive_(archive), seen_(seen) {}

  // A directory where a job may be.
  void count_job(const JobPath& path) {
    const std::string subject = path.text();
    auto entries = files_.list(join(archive_.root, subject));
    if (!entries) return cannot_read(subject, std::move(entries.error()));
    ClusterInfo job;
    Found found;
    for (const Entry& entry : *entries) count_entry(subject, entry, job, found);
    // A directory without any file of a job is not a job (X8). It counts as one entry that is left behind.
    if (!found.meta && !found.data) {
      ++seen_.left_behind;
      return;
    }
    job.jobs = 1;
    job.empty = found.empty();
    job.without_meta = !found.meta;
    job.without_data = found.meta && !found.data;
    job.first_start = job.last_start = plain_uint63(path.start);
    job.highest_job_id = path.job_id();
    job.largest_job = subject;
    job.largest_bytes = job.bytes();
    seen_.left_behind += found.foreign;
    seen_.clusters[path.cluster].add(job);
  }

  void count_cluster_files(const std::string& cluster) {
    ClusterInfo& info = seen_.clusters[cluster];
    auto entries = files_.list(join(archive_.root, cluster));
    if (!entries) return;  // the walk reports the error
    for (const Entry& entry : *entries)
      if (entry.type == FileType::regular) count_file(cluster, entry.name, info);
  }

 private:
  struct Found {
    bool meta = false, data = false;
    bool empty_meta = false, full_data = false;
    std::uint64_t foreign = 0;  // entries

    bool empty() const { return empty_meta || (data && !full_data); }  // X6
  };

  void count_entry(const std::string& subject, const Entry& entry, ClusterInfo& job, Found& found) {
    const bool meta = entry.name == names::meta;
    const bool data = entry.name == names::data || entry.name == names::data_gz;
    found.meta |= meta;
    found.data |= data;
    if (entry.type != FileType::regular) {
      found.full_data |= data;  // bad, not empty
      found.foreign += !meta && !data;
      return;
    }
    const std::uint64_t size = count_file(subject, entry.name, job);
    found.empty_meta |= meta && size == 0;
    found.full_data |= data && size > 0;
  }

  std::uint64_t count_file(const std::string& directory, const std::string& name, ClusterInfo& info) {
    const auto file = files_.info(join(join(archive_.root, directory), name));
    if (!file) {
      cannot_read(join(directory, name), file.error());
      return 0;
    }
    ++info.files;
    std::uint64_t& bytes = name == names::meta      ? info.meta_bytes
                           : name == names::data    ? info.plain_bytes
                           : name == names::data_gz ? info.gzip_bytes
                                                    : info.other_bytes;
    bytes += file->size;
    return file->size;
  }

  void cannot_read(const std::string& path, Error error) {
    error.subject = path;
    error.file.clear();
    seen_.unreadable.push_back(std::move(error));
  }

  Files& files_;
  const Archive& archive_;
  Seen& seen_;
};

void count_root(Files& files, const Archive& archive, InfoResult& result) {
  auto entries = files.list(archive.root);
  if (!entries) return;
  for (const Entry& entry : *entries) {
    if (entry.type != FileType::regular) continue;
    const auto info = files.info(join(archive.root, entry.name));
    if (!info) continue;
    ++result.root_files;
    result.root_bytes += info->size;
  }
}

void add(InfoResult& result, Seen& seen) {
  for (const auto& [name, info] : seen.clusters) result.clusters[name].add(info);
  result.left_behind += seen.left_behind;
  std::move(seen.unreadable.begin(), seen.unreadable.end(), std::back_inserter(result.unreadable));
}

// False if it was stopped before the last job.
bool count_jobs(Files& files, const Archive& archive, const InfoOptions& options, const Listener& listener,
                InfoResult& result) {
  const unsigned threads = threads_or_default(options.threads);
  std::vector<Seen> seen(threads);
  bool all_clusters = true;
  for (const std::string& cluster : archive.clusters) {
    all_clusters = !(listener.stop && *listener.stop);
    if (!all_clusters) break;
    Counter(files, archive, seen[0]).count_cluster_files(cluster);
  }
  Walk walk(files, archive, options.follow_symlinks);
  const std::string rest =
      each_job(walk, {threads, listener.stop, {}}, [&](const JobPath& job, unsigned worker) {
        Counter(files, archive, seen[worker]).count_job(job);
        if (!listener.progress) return;
        ++listener.progress->jobs;
        listener.progress->done(job.text());
      });
  for (Seen& each : seen) add(result, each);
  for (const auto& [cluster, count] : walk.left_behind().entries) result.left_behind += count;
  for (const Error& error : walk.left_behind().unreadable) result.unreadable.push_back(error);
  // A lack of resources says nothing about the archive: it is why not everything could be counted.
  const auto starved =
      std::stable_partition(result.unreadable.begin(), result.unreadable.end(),
                            [](const Error& error) { return error.kind != Kind::out_of_resources; });
  if (starved != result.unreadable.end()) result.errors.push_back(std::move(*starved));
  result.unreadable.erase(starved, result.unreadable.end());
  std::stable_sort(result.unreadable.begin(), result.unreadable.end(),
                   [](const Error& a, const Error& b) { return path_order(a.subject, b.subject); });
  return rest.empty() && all_clusters;
}

void count_archive(Files& files, const InfoOptions& options, const Listener& listener, InfoResult& result) {
  files.confine(options.archive);
  const auto archive = open_archive(files, options.archive, Unfinished::accept);
  if (!archive) return result.errors.push_back(archive.error());
  result.unfinished = archive->unfinished;
  if (archive->version_known) result.version = archive->version;
  result.left_behind = archive->left_behind;
  count_root(files, *archive, result);
  result.complete = count_jobs(files, *archive, options, listener, result);
}

}  // namespace

void ClusterInfo::add(const ClusterInfo& other) {
  jobs += other.jobs;
  empty += other.empty;
  without_meta += other.without_meta;
  without_data += other.without_data;
  files += other.files;
  meta_bytes += other.meta_bytes;
  plain_bytes += other.plain_bytes;
  gzip_bytes += other.gzip_bytes;
  other_bytes += other.other_bytes;
  if (other.first_start) first_start = std::min(first_start.value_or(*other.first_start), *other.first_start);
  if (other.last_start) last_start = std::max(last_start.value_or(*other.last_start), *other.last_start);
  highest_job_id = std::max(highest_job_id, other.highest_job_id);
  const bool larger = other.largest_bytes > largest_bytes ||
                      (other.largest_bytes == largest_bytes && path_order(other.largest_job, largest_job));
  if (other.jobs > 0 && (largest_job.empty() || larger)) {
    largest_job = other.largest_job;
    largest_bytes = other.largest_bytes;
  }
}

ClusterInfo InfoResult::total() const {
  ClusterInfo sum;
  for (const auto& [name, info] : clusters) sum.add(info);
  return sum;
}

InfoResult info(const InfoOptions& options, const Listener& listener) {
  return info_with(*real_files(options.follow_symlinks), options, listener);
}

InfoResult info_with(Files& files, const InfoOptions& options, const Listener& listener) {
  InfoResult result;
  const auto begin = Clock::now();
  try {
    count_archive(files, options, listener, result);
  } catch (...) {
    result.complete = false;
    result.errors.push_back(error_of(std::current_exception()));
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

}  // namespace jobferry
