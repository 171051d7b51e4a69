// `jobferry validate` in order: the root, the cluster files, then all jobs on many threads.
//
// Each thread has a Worker, which keeps its buffers and its findings; they are added up at the end. The
// findings that are kept as examples are the first ones in path order, so the result does not depend on the
// threads.
#include "jobferry/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <memory>
#include <new>
#include <set>

#include "archive/each_job.h"
#include "archive/job.h"
#include "archive/layout.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "io/codec.h"
#include "io/files.h"
#include "jobferry/limits.h"
#include "validate/check_data.h"
#include "validate/checks.h"
#include "validate/findings.h"
#include "validate/validate_with.h"

namespace jobferry {

namespace {

using Clock = std::chrono::steady_clock;

// What is known before the first job and constant from then on.
struct Known {
  Files& files;
  const ValidateOptions& options;
  const Archive& archive;
  ArchiveFacts facts;
  std::map<std::string, std::optional<Cluster>, std::less<>> clusters;
};

// The files of a job that exist.
struct JobFiles {
  std::optional<std::uint64_t> meta, plain, gz;  // their sizes, if they are regular files
  bool any = false;                              // there is one of them, regular or not
};

// The result of one job, for the progress.
struct Checked {
  bool bad = false;
  std::uint64_t bytes = 0;  // that were read
};

// What one thread needs, and what it finds.
class Worker {
 public:
  explicit Worker(const Known& known)
      : known_(known), findings_(known.options.examples), all_(known.options.examples) {}

  Checked check_job(const JobPath& path) {
    path_ = &path;
    source_ = join(known_.archive.root, path.text());
    findings_.set_subject(path.text());
    found_ = {};
    found_.jobs = 1;
    bytes_ = 0;
    try {
      check_files_of_job();
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
  // The first job, in path order, that could not be checked for lack of memory or because of a defect of
  // jobferry.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  void check_files_of_job() {
    auto entries = known_.files.list(source_);
    if (!entries) return findings_.add(entries.error());
    JobFiles files;
    for (const Entry& entry : *entries) classify_entry(entry, files);
    if (files.any) return check_files(files);
    found_ = {};
    findings_.set_file({}, {});
    findings_.add("foreign-directory", "", "it holds no file of a job");
  }

  void classify_entry(const Entry& entry, JobFiles& files) {
    findings_.set_file(entry.name, {});
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

  // Frees memory that a huge job took.
  void trim() {
    for (Buffer* buffer : {&text_, &content_}) buffer->trim(limits::kept_buffer);
    job_.meta.trim(limits::kept_buffer / limits::tree_bytes_per_byte);
    data_.trim();
  }

  void check_files(const JobFiles& files) {
    const auto cluster = known_.clusters.find(path_->cluster);
    facts_.cluster = cluster != known_.clusters.end() && cluster->second ? &*cluster->second : nullptr;
    facts_.hosts.clear();
    if (files.meta)
      check_meta_file(*files.meta);
    else if (findings_.errors() == 0) {
      findings_.set_file(names::meta, {});
      findings_.add("no-meta-file", "", "the job has no meta.json");
    }
    const std::uint64_t errors = findings_.errors();
    if (files.gz) check_data_file(names::data_gz, *files.gz);
    // Servers do not read data.json beside a valid .gz.
    const bool unused = files.gz && findings_.errors() == errors;
    if (files.plain && !unused) check_data_file(names::data, *files.plain);
    check_data_names(files);
  }

  void check_data_names(const JobFiles& files) {
    findings_.set_file(names::data, {});
    if (files.gz && files.plain) findings_.add("two-data-files", "", "there is also a data.json.gz");
    if (files.meta && !files.gz && !files.plain && findings_.errors() == 0)
      findings_.add("no-data-file", "", "the job has only meta.json");
  }

  bool read(std::string_view name, std::uint64_t size, std::uint64_t limit) {
    findings_.set_file(name, {});
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
    if (!read(names::meta, size, std::min(known_.options.max_file_size, limits::validated_document))) return;
    findings_.set_file(names::meta, text_.view());
    check_meta(known_.facts, {*path_, text_.view(), job_}, facts_, findings_);
  }

  void check_data_file(std::string_view name, std::uint64_t size) {
    const std::uint64_t most = known_.options.max_file_size;
    const bool packed = name == names::data_gz;
    // For a .gz the limit is on its content (X4).
    if (!read(name, size, packed ? limits::packed_size(most) : most)) return;
    if (packed) {
      if (const auto done = codec_.inflate(text_.view(), most, content_); !done)
        return findings_.add(done.error());
      if (content_.empty()) return findings_.add("empty-file", "", fmt::format("{} has no content", name));
      text_.swap(content_);
    }
    findings_.set_file(name, text_.view());
    data_.check(known_.facts, facts_, text_.view(), findings_);
  }

  const Known& known_;
  Findings findings_;  // of the current job
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

// The checks of the root and of the cluster files, and of what is not part of any job.
class ArchiveCheck {
 public:
  ArchiveCheck(Known& known, ValidateResult& result, AllFindings& all)
      : known_(known), result_(result), all_(all) {}

  void check_root() {
    if (known_.archive.unfinished)
      report("", names::unfinished, "unfinished", "jobferry has not completed this archive");
    check_version_text();
    auto entries = known_.files.list(known_.archive.root);
    if (!entries) return;
    for (const Entry& entry : *entries) {
      if (entry.type == FileType::directory && is_hidden_or_lost(entry.name))
        report(entry.name, "", "root-directory", "servers take it for a cluster");
      if (entry.type == FileType::other) report(entry.name, "", "stray-entry", "a link or special file");
    }
  }

  // False if it was stopped before the last cluster.
  bool check_clusters(const std::atomic<bool>* stop) {
    for (const std::string& name : known_.archive.clusters) {
      if (stop && *stop) return false;
      count_files(name);
      known_.clusters[name] = check_cluster_file(name);
    }
    return true;
  }

  // Called by every thread that walks.
  void report_left_behind(const std::string& path, FileType type) {
    const MutexLock lock(mutex_);
    const auto depth = std::count(path.begin(), path.end(), '/');
    if (depth == 1 && path.ends_with(fmt::format("/{}", names::cluster)))
      return;  // it is cluster-bad, and that is a finding already
    const bool in_first_folder = depth == 2 && type != FileType::directory;
    const std::string_view what = type == FileType::directory ? "an empty directory"
                                  : type == FileType::regular ? "a file"
                                                              : "a link or special file";
    if (in_first_folder)
      report(path, "", "stray-file", what);
    else
      report(path, "", "stray-entry", what);
  }

  // A cluster with an unreadable directory may have jobs in it.
  void report_empty_clusters(const LeftBehind& left_behind) {
    std::set<std::string> unreadable;
    for (const Error& error : left_behind.unreadable) unreadable.insert(cluster_of(error.subject));
    for (const auto& [name, counts] : result_.clusters)
      if (counts.jobs == 0 && !unreadable.contains(name)) report(name, "", "cluster-empty", "it has no job");
  }

  void report_unreadable(const LeftBehind& left_behind) {
    for (const Error& error : left_behind.unreadable) {
      Findings findings(known_.options.examples);
      findings.set_subject(error.subject);
      findings.add(error);
      if (findings.starved()) result_.errors.push_back(*findings.starved());
      all_.add(findings);
    }
  }

 private:
  void report(const std::string& subject, std::string_view file, KindWord kind, std::string_view text) {
    Findings findings(known_.options.examples);
    findings.set_subject(subject);
    findings.set_file(file, {});
    findings.add(kind, "", std::string(text));
    all_.add(findings);
  }

  // Section 1: jobferry accepts white space around the number, servers do not.
  void check_version_text() {
    Buffer text;
    if (!known_.archive.version_info ||
        !known_.files.read(join(known_.archive.root, names::version), known_.options.max_file_size, text))
      return;
    std::string_view number = text.view();
    if (number.ends_with('\n')) number.remove_suffix(1);
    if (number.find_first_not_of("0123456789") != number.npos)
      report("", names::version, "version-text", json::quote(text.view()));
  }

  void count_files(const std::string& name) {
    const std::string directory = join(known_.archive.root, name);
    ValidateCounts& counts = result_.clusters[name];
    auto entries = known_.files.list(directory);
    if (!entries) return;  // the walk reports the error
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
    findings.set_subject(name);
    Buffer text;
    findings.set_file(names::cluster, {});
    const std::string path = join(join(known_.archive.root, name), names::cluster);
    const auto info =
        known_.files.read(path, std::min(known_.options.max_file_size, limits::validated_document), text);
    std::optional<Cluster> cluster;
    if (!info && info.error().kind == Kind::out_of_resources) {
      result_.errors.push_back(info.error());
    } else if (!info) {
      findings.add("cluster-bad", "", info.error().what);
    } else {
      findings.set_file(names::cluster, text.view());
      cluster = check_cluster(known_.facts, name, text.view(), findings);
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
  const unsigned threads = threads_or_default(known.options.threads);
  for (unsigned i = 0; i < threads; ++i) workers.push_back(std::make_unique<Worker>(known));
  const CountAhead ahead(known.files, known.archive, known.options.follow_symlinks, listener.progress,
                         listener.stop);
  const std::string rest =
      each_job(walk, {threads, listener.stop, {}}, [&](const JobPath& job, unsigned worker) {
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
  ArchiveCheck check(known, result, all);
  check.check_root();
  // Without the version its jobs cannot be checked.
  if (archive->version_known) {
    const bool all_clusters = check.check_clusters(listener.stop);
    Walk walk(files, *archive, options.follow_symlinks);
    walk.on_left_behind = [&](const std::string& path, FileType type) {
      check.report_left_behind(path, type);
    };
    result.complete = check_jobs(walk, known, listener, result, all) && all_clusters;
    check.report_unreadable(walk.left_behind());
    if (result.complete) check.report_empty_clusters(walk.left_behind());
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
  // A lack of memory or threads, or a defect: the caller gets an error in every case.
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
