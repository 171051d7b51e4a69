// A verification in its order. Read this file first.
#include "jobferry/verify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <new>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "archive/walk.h"
#include "base/sampling.h"
#include "base/threads.h"
#include "jobferry/versions.h"
#include "verify/checker.h"

namespace jobferry {

namespace {

using namespace proof;

// Precedes the folder in VerifyOptions::from once all jobs of the source are done, and only jobs of the
// target remain.
constexpr std::string_view target_part = "target:";

// The jobs that the options select.
class Choice {
 public:
  explicit Choice(const VerifyOptions& options)
      : options_(options), below_(static_cast<std::uint64_t>(std::llround(options.sample * 1e4))) {}

  bool is_everything() const { return below_ >= parts && options_.cluster.empty() && !options_.job; }

  bool is_one_job() const { return !options_.cluster.empty() && options_.job; }

  bool takes(const JobPath& path) const {
    if (!options_.cluster.empty() && path.cluster != options_.cluster) return false;
    if (options_.job && path.job_id() != options_.job) return false;
    return below_ >= parts || sampling_number(path.text(), options_.seed) % parts < below_;
  }
  bool takes(const std::string& cluster) const {
    return options_.cluster.empty() || cluster == options_.cluster;
  }

 private:
  static constexpr std::uint64_t parts = 1'000'000;

  const VerifyOptions& options_;
  const std::uint64_t below_;
};

Error not_an_archive(const std::string& root, std::string what) {
  Error error{Kind::not_an_archive, std::move(what)};
  error.file = root;
  return error;
}

template <class... Parts>
[[noreturn]] void refuse_option(fmt::format_string<Parts...> text, Parts&&... parts) {
  throw CannotVerify{{Kind::option_invalid, fmt::format(text, std::forward<Parts>(parts)...)}};
}

std::optional<int> version_in(std::string_view text) {
  for (int version = 0; version <= newest_version; ++version)
    if (trimmed(text) == std::to_string(version)) return version;
  return {};
}

class Verification {
 public:
  Verification(const VerifyOptions& options, const Listener& listener)
      : options_(options),
        listener_(listener),
        choice_(options),
        threads_(threads_or_default(options.threads)),
        source_files_(real_files(options.follow_symlinks)),
        target_files_(real_files(false)),
        source_side_{*source_files_, options.source, true},
        target_side_{*target_files_, options.target, false} {}

  void run(VerifyResult& result) {
    if (!open(result)) return;
    check_choice();
    choose_versions(result);
    Ground ground{options_,
                  source_side_,
                  target_side_,
                  Chain(result.from, result.to),
                  !target_.unfinished,
                  ::geteuid() == 0,
                  {}};
    for (unsigned i = 0; i < threads_; ++i) checkers_.emplace_back(ground, listener_.progress);
    compare_roots(result);
    compare_clusters(ground);
    if (!stopped_) check_metrics(ground);
    if (!stopped_) compare_jobs(result);
    if (result.resume_from.empty() && !stopped_) find_origins(result);
    for (Checker& checker : checkers_) checker.record().add_to(result);
    if (result.complete && result.resume_from.empty() && !stopped_) compare_ends(result);
    conclude(result);
    refuse_empty_choice(result);
  }

 private:
  // --- Opening ---

  bool open(VerifyResult& result) {
    auto source = open_archive(*source_files_, options_.source);
    if (!source) result.errors.push_back(std::move(source.error()));
    if (source) source_ = std::move(*source);
    source_files_->confine(options_.source);
    target_files_->confine(options_.target);
    if (auto target = open_target(); !target) result.errors.push_back(std::move(target.error()));
    return result.errors.empty();
  }

  void choose_versions(VerifyResult& result) {
    result.from = source_.version;
    result.has_version = target_listing_.find(names::version) != nullptr;
    result.to = options_.to.value_or(target_.version_known ? target_.version : newest_version);
    if (!is_possible(result.from, result.to)) result.to = newest_version;
    result.complete = choice_.is_everything() && options_.from.empty();
  }

  // The target may be anything, unlike an archive to be migrated. Its version is in version.txt, else in the
  // marker (X13).
  Result<void> open_target() {
    const auto info = answer(target_files_->info(options_.target + "/."));
    const auto entries = answer(target_files_->list(options_.target));
    if (!info || !entries)
      return not_an_archive(options_.target, "it is not a directory, or it cannot be read");
    target_listing_.there = true;
    target_listing_.info = target_.root_info = *info;
    target_.root = options_.target;
    for (const Entry& entry : *entries) {
      auto about = answer(target_files_->info(join(options_.target, entry.name)));
      target_listing_.entries.push_back({entry.name, about ? *about : FileInfo{}});
      if (entry.type == FileType::directory && choice_.takes(entry.name))
        target_.clusters.push_back(entry.name);
    }
    target_.unfinished = target_listing_.find(names::unfinished) != nullptr;
    constexpr std::uint64_t longest = 4096;
    Buffer text;
    if (answer(target_files_->read(join(options_.target, names::version), longest, text)))
      target_version_ = text.view();
    std::optional<int> version = version_in(target_version_);
    if (!version && target_.unfinished)
      if (const auto seen = answer(read_marker(*target_files_, options_.target));
          seen && seen->marked == Marked::yes)
        version = seen->marker.version;
    target_.version_known = version.has_value();
    target_.version = version.value_or(0);
    return {};
  }

  // A choice that selects nothing is an error: it would agree with everything.
  void check_choice() const {
    if (is_same_file(source_.root_info, target_.root_info))
      throw CannotVerify{not_an_archive(options_.target, "it is the source: an archive agrees with itself")};
    const auto has = [](const Archive& archive, const std::string& name) {
      return std::find(archive.clusters.begin(), archive.clusters.end(), name) != archive.clusters.end();
    };
    const std::string& only = options_.cluster;
    if (!only.empty() && !has(source_, only) && !has(target_, only))
      refuse_option("--only: neither archive has a cluster {}", only);
    for (const Override& each : options_.overrides)
      if (!each.cluster.empty() && !has(source_, each.cluster))
        refuse_option("--aggregation: there is no cluster {}", each.cluster);
    if (options_.from.empty()) return;
    const std::string folder = options_.from.substr(is_from_target() ? target_part.size() : 0);
    if (std::count(folder.begin(), folder.end(), '/') != 2 ||
        !has(is_from_target() ? target_ : source_, cluster_of(folder)))
      refuse_option("--from: there is no folder {}", options_.from);
  }

  // As a migration does (C3).
  void check_metrics(const Ground& ground) const {
    for (const Override& each : options_.overrides) {
      const auto has = [&](const auto& cluster) {
        return (each.cluster.empty() || each.cluster == cluster.first) &&
               cluster.second.timesteps.contains(each.metric);
      };
      if (options_.cluster.empty() && std::none_of(ground.clusters.begin(), ground.clusters.end(), has))
        refuse_option("--aggregation: there is no metric {}", each.metric);
    }
  }

  // --- The root and the clusters ---

  // version.txt, the marker, and what else lies in the root.
  void compare_roots(const VerifyResult& result) {
    Checker& checker = checkers_.front();
    checker.root(source_, target_listing_);
    if (target_.unfinished)
      checker.found("marker-left", "", names::unfinished, {}, "the migration is not complete");
    // An unfinished target has no version.txt yet.
    const std::string version = fmt::format("{}\n", result.to);
    if (!(target_.unfinished && !result.has_version) && target_version_ != version)
      checker.found("version-wrong", "", names::version, version.substr(0, 1),
                    result.has_version ? trimmed(target_version_) : "missing");
    const Seen* file = target_listing_.find(names::version);
    if (!file) return;
    FileInfo like = source_.version_info.value_or(FileInfo{});
    if (!source_.version_info) like.uid = file->info.uid, like.gid = file->info.gid;
    like.mtime = file->info.mtime;  // the time of the migration
    checker.compare_own_file("", file->name, like, file->info);
  }

  void compare_clusters(Ground& ground) {
    Checker& checker = checkers_.front();
    for (const std::string& name : source_.clusters) {
      if (!choice_.takes(name)) continue;
      if (is_stopped()) return;
      if (auto facts = checker.cluster(name)) ground.clusters.emplace(name, std::move(*facts));
    }
    std::erase_if(source_.clusters, [&](const std::string& name) { return !choice_.takes(name); });
    checker.record().left_behind += source_.left_behind;
  }

  // --- The jobs ---

  void compare_jobs(VerifyResult& result) {
    if (is_from_target()) return;
    const bool all = options_.sample >= 100 && options_.cluster.empty() && options_.from.empty();
    const CountAhead ahead(*source_files_, source_, options_.follow_symlinks,
                           all ? listener_.progress : nullptr, listener_.stop);
    LeftBehind left_behind;
    result.resume_from = take_jobs(source_side_, source_, options_.from, left_behind);
    for (const auto& [cluster, count] : left_behind.entries) result.left_behind += count;
  }

  // Every job of the target must come from the source.
  void find_origins(VerifyResult& result) {
    const std::string from = is_from_target() ? options_.from.substr(target_part.size()) : std::string();
    LeftBehind left_behind;
    const std::string stopped = take_jobs(target_side_, target_, from, left_behind);
    if (!stopped.empty()) result.resume_from = std::string(target_part) + stopped;
    for (const auto& [cluster, count] : left_behind.entries)
      if (count > 0) name_strays(cluster, 0);
  }

  // Hands the selected jobs of a side to the checkers. Returns the folder where a stop ended it.
  std::string take_jobs(const Side& side, const Archive& archive, const std::string& from,
                        LeftBehind& left_behind) {
    if (choice_.is_one_job()) {
      take_folder(side);
      return {};
    }
    Walk jobs(side.files, archive, side.is_source && options_.follow_symlinks);
    std::string stopped =
        each_job(jobs, {threads_, listener_.stop, from}, [&](const JobPath& path, unsigned worker) {
          if (choice_.takes(path))
            take(checkers_[worker], side, path);
          else
            ++passed_over_;
        });
    left_behind = jobs.left_behind();
    for (const Error& error : left_behind.unreadable) {
      if (error.kind == Kind::out_of_resources)
        checkers_.front().record().add_error(error.subject, error);
      else
        checkers_.front().unreadable(side, error.subject, {}, error.what);
    }
    return stopped;
  }

  // The jobs of one jobId lie in one folder, so there is no walk for them.
  void take_folder(const Side& side) {
    const JobPath folder{options_.cluster, std::to_string(*options_.job / 1000),
                         fmt::format("{:03}", *options_.job % 1000), ""};
    const std::string at = folder.cluster + '/' + folder.first + '/' + folder.second;
    const auto entries = answer(side.files.list(side.path(at)));
    if (!entries) {
      const auto exists = answer(side.files.exists(side.path(at)));
      if (!exists || *exists) checkers_.front().unreadable(side, at, {}, entries.error().what);
      return;
    }
    for (const Entry& entry : *entries)
      if (entry.type == FileType::directory)
        take(checkers_.front(), side, {folder.cluster, folder.first, folder.second, entry.name});
  }

  // A job whose check throws was not checked, which is a finding.
  void take(Checker& checker, const Side& side, const JobPath& path) {
    const std::uint64_t in = checker.bytes_in(), out = checker.bytes_out();
    // Every part of the source that --from selects leaves all jobs of the target to look at.
    if (side.is_source || options_.from.empty() || is_from_target()) ++looked_at_;
    try {
      if (side.is_source)
        checker.job(path);
      else
        checker.origin(path);
    } catch (const CannotVerify& lack) {
      checker.record().add_error(path.text(), lack.error);
    } catch (const std::bad_alloc&) {
      checker.record().add_error(path.text(), error_of(std::current_exception()));
    } catch (const std::exception& error) {
      checker.found("not-checked", path.text(), {}, error.what(), {});
    }
    if (!listener_.progress) return;
    listener_.progress->done(path.text());
    if (side.is_source) ++listener_.progress->jobs;
    listener_.progress->bytes_in += checker.bytes_in() - in;
    listener_.progress->bytes_out += checker.bytes_out() - out;
  }

  // The walk only counts what is between the levels of folders. A migration writes nothing there.
  void name_strays(const std::string& directory, int level) {
    constexpr int levels_above_jobs = 2;
    Checker& checker = checkers_.front();
    const Listing listing = checker.list(target_side_, directory);
    if (listing.entries.empty()) checker.found("file-unexpected", directory, {}, {}, "an empty directory");
    for (const Seen& entry : listing.entries) {
      if (is_stopped()) return;
      const bool is_directory = entry.info.type == FileType::directory;
      if (is_directory && level < levels_above_jobs) name_strays(join(directory, entry.name), level + 1);
      // The files directly in a cluster have been compared with the source.
      if (!is_directory && level > 0) checker.found("file-unexpected", directory, entry.name, {}, "an entry");
    }
  }

  // --- The end ---

  void compare_ends(VerifyResult& result) {
    Record record(options_.most_findings, listener_.progress);
    for (const std::string& cluster : source_.clusters) {
      const ClusterEnds source = result.source_ends[cluster], target = result.target_ends[cluster];
      const auto compare = [&](FindingKind kind, std::uint64_t a, std::uint64_t b) {
        Findings findings(cluster, {});
        if (a != b) findings.add(kind, {}, {}, std::to_string(a), std::to_string(b));
        record.add(findings);
      };
      compare("job-id-differs", source.highest_job, target.highest_job);
      compare("start-time-differs", source.newest_start, target.newest_start);
      compare("job-count-differs", source.jobs, target.jobs);
    }
    record.add_to(result);
  }

  void conclude(VerifyResult& result) {
    keep_first(result.found, options_.most_findings);
    const auto by_path = [](const LeftOut& a, const LeftOut& b) { return path_order(a.job, b.job); };
    std::sort(result.skipped.begin(), result.skipped.end(), by_path);
    std::sort(result.bad.begin(), result.bad.end(), by_path);
    const bool stopped = stopped_ || !result.resume_from.empty();
    result.complete &= !stopped;
    result.outcome = !result.findings.empty() ? VerifyOutcome::differs
                     : stopped                ? VerifyOutcome::interrupted
                                              : VerifyOutcome::agrees;
    if (result.errors.empty()) return;
    const auto first =
        std::min_element(result.errors.begin(), result.errors.end(),
                         [](const Error& a, const Error& b) { return path_order(a.subject, b.subject); });
    result.errors = {Error(*first)};
    result.outcome = VerifyOutcome::failed;
  }

  // A spot check without a job proves nothing.
  void refuse_empty_choice(VerifyResult& result) {
    if (looked_at_ > 0 || stopped_ || result.outcome != VerifyOutcome::agrees) return;
    if (choice_.is_one_job())
      refuse_option("--only: neither archive has a job {}/{}", options_.cluster, *options_.job);
    if (passed_over_ > 0 && options_.sample < 100) refuse_option("--sample: no job is in so small a share");
    if (!options_.from.empty()) refuse_option("--from: there is no job from there on");
  }

  // --from begins behind all jobs of the source.
  bool is_from_target() const { return options_.from.starts_with(target_part); }

  // After a stop, the result is not complete.
  bool is_stopped() { return stopped_ = stopped_ || (listener_.stop && *listener_.stop); }

  const VerifyOptions& options_;
  const Listener& listener_;
  const Choice choice_;
  const unsigned threads_;
  std::unique_ptr<Files> source_files_, target_files_;
  const Side source_side_, target_side_;
  std::vector<Checker> checkers_;                             // one for each thread
  std::atomic<std::uint64_t> looked_at_{0}, passed_over_{0};  // jobs of both sides
  bool stopped_ = false;                                      // before the end
  Archive source_, target_;
  Listing target_listing_;
  std::string target_version_;  // the text of its version.txt
};

}  // namespace

VerifyResult verify(const VerifyOptions& options, const Listener& listener) {
  const auto begin = std::chrono::steady_clock::now();
  VerifyResult result;
  try {
    Verification(options, listener).run(result);
  } catch (const CannotVerify& why) {
    result.outcome = VerifyOutcome::failed;
    result.errors.push_back(why.error);
  } catch (...) {
    result.outcome = VerifyOutcome::failed;
    result.errors.push_back(error_of(std::current_exception()));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace jobferry
