#include "jobferry/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <set>
#include <thread>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "base/memory.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "io/codec.h"
#include "io/files.h"
#include "validate/checks.h"
#include "validate/validate_with.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// No job has so many nodes that its meta.json is as large as this. A tree takes up to tree_factor times as
// much.
constexpr std::uint64_t largest_document = 64U << 20;

// What is known before the first job and constant from then on.
struct Known {
  Files& files;
  const ValidateOptions& options;
  const Archive& archive;
  CheckPlan plan;
  std::map<std::string, std::optional<Cluster>, std::less<>> clusters;
};

// The files of a job that are there.
struct JobFiles {
  std::optional<std::uint64_t> meta, plain, gz;  // sizes
  bool any = false;                              // whatever they are
};

// What became of a job, for who watches.
struct Checked {
  bool bad = false;
  std::uint64_t bytes = 0;  // that were read
};

// What one thread needs, and what it has found.
class Worker {
 public:
  explicit Worker(const Known& known)
      : known_(known), findings_(known.options.examples), all_(known.options.examples) {}

  Checked check_job(const JobPath& path) {
    path_ = &path;
    source_ = join(known_.archive.root, path.text());
    findings_.begin(path.text());
    found_ = {};
    found_.jobs = 1;
    bytes_ = 0;
    try {
      look_into_job();
      if (findings_.starved()) remember(*findings_.starved());
    } catch (...) {
      remember(error_of(std::current_exception()));
    }
    found_.bad = found_.jobs > 0 && findings_.errors() > 0;
    counts_[path.cluster] += found_;
    all_.add(findings_);
    trim();
    return {findings_.errors() > 0, bytes_};
  }

  std::map<std::string, ValidateCounts>& counts() { return counts_; }
  AllFindings& all() { return all_; }
  // The job that could not be checked, for want of memory or by a defect of ours; of several the first.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  void look_into_job() {
    auto entries = known_.files.list(source_);
    if (!entries) return findings_.add(entries.error());
    JobFiles files;
    for (const Entry& entry : *entries) sort_entry(entry, files);
    if (files.any) return check_files(files);
    found_ = {};
    findings_.look_at({}, {});
    findings_.add("foreign-directory", "", "no file of a job is in it");
  }

  void sort_entry(const Entry& entry, JobFiles& files) {
    findings_.look_at(entry.name, {});
    auto* size = entry.name == names::meta      ? &files.meta
                 : entry.name == names::data    ? &files.plain
                 : entry.name == names::data_gz ? &files.gz
                                                : nullptr;
    files.any |= size != nullptr;
    if (entry.type != FileType::regular) {
      if (size) return findings_.add("not-a-regular-file", "", "not a regular file");
      const bool directory = entry.type == FileType::directory;
      return findings_.add("stray-entry", "", directory ? "a directory" : "a link or special file");
    }
    const auto info = known_.files.info(join(source_, entry.name));
    if (!info) return findings_.add(info.error());
    ++found_.files;
    found_.bytes += info->size;
    if (size) *size = info->size;
  }

  void remember(Error error) {
    if (failure_ && !path_order(path_->text(), failure_->subject)) return;
    failure_ = std::move(error);
    failure_->subject = path_->text();
  }

  // Gives back what one huge job made grow.
  void trim() {
    for (Buffer* buffer : {&text_, &content_}) buffer->trim(warm_bytes);
    job_.meta.trim(warm_bytes / tree_factor);
    data_.trim();
  }

  void check_files(const JobFiles& files) {
    const auto cluster = known_.clusters.find(path_->cluster);
    facts_.cluster = cluster != known_.clusters.end() && cluster->second ? &*cluster->second : nullptr;
    facts_.hosts.clear();
    if (files.meta)
      check_meta_file(*files.meta);
    else if (findings_.errors() == 0) {
      findings_.look_at(names::meta, {});
      findings_.add("no-meta-file", "", "the job has no meta.json");
    }
    const std::uint64_t errors = findings_.errors();
    if (files.gz) check_data_file(names::data_gz, *files.gz);
    // Beside a sound .gz nobody reads it.
    const bool unused = files.gz && findings_.errors() == errors;
    if (files.plain && !unused) check_data_file(names::data, *files.plain);
    tell_of_data(files);
  }

  void tell_of_data(const JobFiles& files) {
    findings_.look_at(names::data, {});
    if (files.gz && files.plain) findings_.add("two-data-files", "", "data.json.gz stands beside it");
    if (files.meta && !files.gz && !files.plain && findings_.errors() == 0)
      findings_.add("no-data-file", "", "meta.json alone");
  }

  bool read(std::string_view name, std::uint64_t size, std::uint64_t limit) {
    findings_.look_at(name, {});
    bytes_ += size;
    if (size == 0) {
      findings_.add("empty-file", "", fmt::format("{} is empty", name));
      return false;
    }
    const auto info = known_.files.read(join(source_, name), limit, text_);
    if (!info) findings_.add(info.error());
    return static_cast<bool>(info);
  }

  void check_meta_file(std::uint64_t size) {
    if (!read(names::meta, size, std::min(known_.options.max_file_size, largest_document))) return;
    findings_.look_at(names::meta, text_.view());
    check_meta(known_.plan, *path_, text_.view(), job_, facts_, findings_);
  }

  void check_data_file(std::string_view name, std::uint64_t size) {
    const std::uint64_t most = known_.options.max_file_size;
    const bool packed = name == names::data_gz;
    // Of a .gz it is the content that is bounded (X4).
    if (!read(name, size, packed ? most + most / 256 + 65536 : most)) return;
    if (packed) {
      if (const auto done = codec_.inflate(text_.view(), most, content_); !done)
        return findings_.add(done.error());
      if (content_.empty()) return findings_.add("empty-file", "", fmt::format("{} holds nothing", name));
      text_.swap(content_);
    }
    findings_.look_at(name, text_.view());
    data_.check(known_.plan, facts_, text_.view(), findings_);
  }

  const Known& known_;
  Findings findings_;  // of the job at hand
  AllFindings all_;
  std::map<std::string, ValidateCounts> counts_;
  std::optional<Error> failure_;

  const JobPath* path_ = nullptr;
  std::string source_;
  ValidateCounts found_;
  std::uint64_t bytes_ = 0;
  Buffer text_, content_;
  Job job_;
  JobFacts facts_;
  DataCheck data_;
  Codec codec_;
};

// What lies in the root, and the cluster files.
class Surroundings {
 public:
  Surroundings(Known& known, ValidateResult& result, AllFindings& all)
      : known_(known), result_(result), all_(all) {}

  void check_root() {
    if (known_.archive.unfinished)
      tell("", names::unfinished, "unfinished", "jobferry has not completed this archive");
    check_version_text();
    auto entries = known_.files.list(known_.archive.root);
    if (!entries) return;
    for (const Entry& entry : *entries) {
      if (entry.type == FileType::directory && is_hidden_or_lost(entry.name))
        tell(entry.name, "", "root-directory", "servers take it for a cluster");
      if (entry.type == FileType::other) tell(entry.name, "", "stray-entry", "a link or special file");
    }
  }

  // False: it was stopped before the last one.
  bool check_clusters(const std::atomic<bool>* stop) {
    for (const std::string& name : known_.archive.clusters) {
      if (stop && *stop) return false;
      count_files(name);
      known_.clusters[name] = check_cluster_file(name);
    }
    return true;
  }

  // Of every thread that walks.
  void pass_by(const std::string& path, FileType type) {
    const MutexLock lock(mutex_);
    const auto depth = std::count(path.begin(), path.end(), '/');
    if (depth == 1 && path.ends_with(fmt::format("/{}", names::cluster)))
      return;  // it is bad, which was said
    const bool in_first_folder = depth == 2 && type != FileType::directory;
    const std::string_view what = type == FileType::directory ? "an empty directory"
                                  : type == FileType::regular ? "a file"
                                                              : "a link or special file";
    if (in_first_folder)
      tell(path, "", "stray-file", what);
    else
      tell(path, "", "stray-entry", what);
  }

  // Where something could not be listed nobody knows what is in it.
  void tell_empty_clusters(const Passed& passed) {
    std::set<std::string> unreadable;
    for (const Error& error : passed.unreadable) unreadable.insert(cluster_of(error.subject));
    for (const auto& [name, counts] : result_.clusters)
      if (counts.jobs == 0 && !unreadable.contains(name)) tell(name, "", "cluster-empty", "no job is in it");
  }

  void tell_unreadable(const Passed& passed) {
    for (const Error& error : passed.unreadable) {
      Findings findings(known_.options.examples);
      findings.begin(error.subject);
      findings.add(error);
      if (findings.starved()) result_.errors.push_back(*findings.starved());
      all_.add(findings);
    }
  }

 private:
  void tell(const std::string& subject, std::string_view file, KindWord kind, std::string_view text) {
    Findings findings(known_.options.examples);
    findings.begin(subject);
    findings.look_at(file, {});
    findings.add(kind, "", std::string(text));
    all_.add(findings);
  }

  // Section 1: we read over white space, servers do not.
  void check_version_text() {
    Buffer text;
    if (!known_.archive.version_info ||
        !known_.files.read(join(known_.archive.root, names::version), known_.options.max_file_size, text))
      return;
    std::string_view number = text.view();
    if (number.ends_with('\n')) number.remove_suffix(1);
    if (number.find_first_not_of("0123456789") != number.npos)
      tell("", names::version, "version-text", json::quote(text.view()));
  }

  void count_files(const std::string& name) {
    const std::string directory = join(known_.archive.root, name);
    ValidateCounts& counts = result_.clusters[name];
    auto entries = known_.files.list(directory);
    if (!entries) return;  // the walk says so, too
    for (const Entry& entry : *entries) {
      if (entry.type != FileType::regular) continue;
      const auto info = known_.files.info(join(directory, entry.name));
      if (!info) continue;
      ++counts.files;
      counts.bytes += info->size;
    }
  }

  std::optional<Cluster> check_cluster_file(const std::string& name) {
    Findings findings(known_.options.examples);
    findings.begin(name);
    Buffer text;
    findings.look_at(names::cluster, {});
    const std::string path = join(join(known_.archive.root, name), names::cluster);
    const auto info = known_.files.read(path, std::min(known_.options.max_file_size, largest_document), text);
    std::optional<Cluster> cluster;
    if (!info && info.error().kind == Kind::out_of_resources) {
      result_.errors.push_back(info.error());
    } else if (!info) {
      findings.add("cluster-bad", "", info.error().what);
    } else {
      findings.look_at(names::cluster, text.view());
      cluster = check_cluster(known_.plan, name, text.view(), findings);
    }
    all_.add(findings);
    return cluster;
  }

  Known& known_;
  ValidateResult& result_;
  AllFindings& all_;
  Mutex mutex_;  // held by the threads of a walk while they add to all_
};

void count(Progress* progress, const JobPath& path, const Checked& job) {
  if (!progress) return;
  progress->done(path.text());
  ++progress->jobs;
  progress->bad += job.bad;
  progress->bytes_in += job.bytes;
}

// False if it was stopped before the last job.
bool check_jobs(Walk& walk, const Known& known, const Listener& listener, ValidateResult& result,
                AllFindings& all) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < threads_or_default(known.options.threads); ++i)
    workers.push_back(std::make_unique<Worker>(known));
  const Visit how{threads_or_default(known.options.threads), listener.stop, {}};
  const CountAhead ahead(known.files, known.archive, known.options.follow_symlinks, listener.progress,
                         listener.stop);
  const std::string rest = each_job(walk, how, [&](const JobPath& job, unsigned worker) {
    count(listener.progress, job, workers[worker]->check_job(job));
  });
  for (const auto& worker : workers) {
    all.add(worker->all());
    for (const auto& [name, found] : worker->counts()) result.clusters[name] += found;
    if (worker->failure()) result.errors.push_back(*worker->failure());
  }
  return rest.empty();
}

void validate_archive(Files& files, const ValidateOptions& options, const Listener& listener,
                      ValidateResult& result) {
  files.confine(options.archive);
  const auto archive = open_archive(files, options.archive, Unfinished::accept);
  if (!archive) return result.errors.push_back(archive.error());
  result.version = archive->version;

  const std::int64_t now = options.now ? options.now : std::time(nullptr);
  Known known{files, options, *archive, {archive->version, now}, {}};
  AllFindings all(options.examples);
  Surroundings surroundings(known, result, all);
  surroundings.check_root();
  // Else its jobs cannot be judged.
  if (archive->version_known) {
    const bool all_clusters = surroundings.check_clusters(listener.stop);
    Walk walk(files, *archive, options.follow_symlinks);
    walk.tell_of = [&](const std::string& path, FileType type) { surroundings.pass_by(path, type); };
    result.complete = check_jobs(walk, known, listener, result, all) && all_clusters;
    surroundings.tell_unreadable(walk.passed());
    if (result.complete) surroundings.tell_empty_clusters(walk.passed());
  }
  result.findings = all.groups();
}

}  // namespace

ValidateCounts& ValidateCounts::operator+=(const ValidateCounts& other) {
  jobs += other.jobs;
  bad += other.bad;
  files += other.files;
  bytes += other.bytes;
  return *this;
}

ValidateCounts ValidateResult::total() const {
  ValidateCounts sum;
  for (const auto& [name, counts] : clusters) sum += counts;
  return sum;
}

std::uint64_t ValidateResult::count(Severity severity) const {
  std::uint64_t sum = 0;
  for (const FindingGroup& group : findings)
    if (group.kind->severity == severity) sum += group.count;
  return sum;
}

ValidateResult validate(const ValidateOptions& options, const Listener& listener) {
  return validate_with(*real_files(options.follow_symlinks), options, listener);
}

ValidateResult validate_with(Files& files, const ValidateOptions& options, const Listener& listener) {
  ValidateResult result;
  const auto begin = Clock::now();
  // No memory, no thread to be had, or a defect: whatever it is, the caller gets an answer.
  try {
    validate_archive(files, options, listener, result);
  } catch (...) {
    result.complete = false;
    result.errors.push_back(error_of(std::current_exception()));
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

}  // namespace jobferry
