// A verification in its order. Read this file first.
#include "jobferry/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <new>

#include "archive/each_job.h"
#include "archive/layout.h"
#include "archive/walk.h"
#include "base/sampling.h"
#include "base/threads.h"
#include "jobferry/limits.h"
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

template <class... Parts>
[[noreturn]] void refuse_option(fmt::format_string<Parts...> text, Parts&&... parts) {
  throw CannotVerify{{Kind::option_invalid, fmt::format(text, std::forward<Parts>(parts)...)}};
}

class Verification {
 public:
  Verification(const VerifyOptions& options, const Listener& listener)
      : options_(options), listener_(listener) {}

  void run(Record& result) {
    if (!open(result)) return;
    check_choice();
    choose_versions(result);
    Ground ground{options_, listener_.progress, source_, target_, Chain(result.from, result.to)};
    for (unsigned i = 0; i < threads_; ++i) checkers_.emplace_back(ground);
    compare_roots(result);
    compare_clusters(ground);
    if (!stopped_) {
      check_metrics(ground);
      compare_jobs(result);
    }
    for (Checker& checker : checkers_) result.add(checker.record());
    if (result.complete && result.resume_from.empty() && !stopped_) compare_ends(result);
    conclude(result);
    refuse_empty_choice(result);
  }

 private:
  // --- Opening ---

  bool open(Record& result) {
    auto source = open_archive(*source_.files, options_.source);
    if (!source) result.errors.push_back(std::move(source.error()));
    if (source) source_.archive = std::move(*source);
    source_.files->confine(options_.source);
    target_.files->confine(options_.target);
    if (auto target = open_target(); !target) result.errors.push_back(std::move(target.error()));
    return result.errors.empty();
  }

  void choose_versions(Record& result) {
    result.from = source_.archive.version;
    result.has_version = target_.archive.version_info.has_value();
    result.to = options_.to ? *options_.to : target_version().value_or(newest_version);
    if (!is_possible(result.from, result.to)) result.to = newest_version;
    result.complete = choice_.is_everything() && options_.from.empty();
  }

  // The target may be anything, unlike an archive to be migrated.
  Result<void> open_target() {
    const auto refuse = [&](std::string what) {
      return Error{.kind = Kind::not_an_archive, .what = std::move(what), .file = options_.target};
    };
    const auto info = target_.info("");
    const auto entries = answer(target_.files->list(options_.target));
    if (!info || !entries) return refuse("it is not a directory, or it cannot be read");
    if (is_same_file(source_.archive.root_info, *info))
      return refuse("it is the source: an archive agrees with itself");
    Archive& archive = target_.archive;
    archive.root = options_.target;
    for (const Entry& entry : *entries) {
      archive.unfinished |= entry.name == names::unfinished;
      if (entry.name == names::version)
        if (const auto about = target_.info(entry.name)) archive.version_info = *about;
      if (entry.type == FileType::directory && choice_.takes(entry.name))
        archive.clusters.push_back(entry.name);
    }
    Buffer text;
    if (answer(target_.files->read(join(options_.target, names::version), limits::version_text, text)))
      target_version_ = text.view();
    return {};
  }

  // In version.txt, else in the marker (X13).
  std::optional<int> target_version() const {
    for (int version = 0; version <= newest_version; ++version)
      if (trimmed(target_version_) == std::to_string(version)) return version;
    if (!target_.archive.unfinished) return {};
    const auto seen = answer(read_marker(*target_.files, options_.target));
    const bool known = seen && seen->marked == Marked::yes && seen->marker.version <= newest_version;
    return known ? std::optional(seen->marker.version) : std::nullopt;
  }

  // A choice that selects nothing is an error: it would agree with everything.
  void check_choice() const {
    const auto has = [](const Side& side, const std::string& cluster) {
      return std::ranges::count(side.archive.clusters, cluster) > 0;
    };
    const std::string& only = options_.cluster;
    if (!only.empty() && !has(source_, only) && !has(target_, only))
      refuse_option("--only: neither archive has a cluster {}", only);
    for (const Override& each : options_.overrides)
      if (!each.cluster.empty() && !has(source_, each.cluster))
        refuse_option("--aggregation: there is no cluster {}", each.cluster);
    const Side& side = resumes_in_target_ ? target_ : source_;
    const bool is_folder = std::ranges::count(from_, '/') == 2 && has(side, cluster_of(from_));
    if (!options_.from.empty() && !is_folder) refuse_option("--from: there is no folder {}", options_.from);
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
  void compare_roots(const Record& result) {
    Checker& checker = checkers_.front();
    checker.root();
    Record& record = checker.record();
    const bool unfinished = target_.archive.unfinished;
    if (unfinished) record.add("marker-left", "", names::unfinished, {}, "the migration is not complete");
    // An unfinished target has no version.txt yet.
    const std::string version = std::to_string(result.to);
    if ((result.has_version || !unfinished) && target_version_ != version + '\n')
      record.add("version-wrong", "", names::version, version,
                 result.has_version ? trimmed(target_version_) : "missing");
    const auto &ours = source_.archive.version_info, &theirs = target_.archive.version_info;
    if (!theirs) return;
    FileInfo like = ours.value_or(FileInfo{});
    if (!ours) like.uid = theirs->uid, like.gid = theirs->gid;
    like.mtime = theirs->mtime;  // the time of the migration
    const std::string name(names::version);
    checker.compare_own_file("", {name, like}, {name, *theirs});
  }

  void compare_clusters(Ground& ground) {
    Checker& checker = checkers_.front();
    std::vector<std::string>& clusters = source_.archive.clusters;
    std::erase_if(clusters, [&](const std::string& name) { return !choice_.takes(name); });
    for (const std::string& name : clusters) {
      if (is_stopped()) return;
      if (auto facts = checker.cluster(name)) ground.clusters.emplace(name, std::move(*facts));
    }
    checker.record().left_behind += source_.archive.left_behind;
  }

  // --- The jobs ---

  // Those of the source, and then those of the target, which must all come from the source.
  void compare_jobs(Record& result) {
    if (!resumes_in_target_) {
      const bool all = options_.sample >= 100 && options_.cluster.empty() && options_.from.empty();
      const CountAhead ahead(*source_.files, source_.archive, options_.follow_symlinks,
                             all ? listener_.progress : nullptr, listener_.stop);
      result.resume_from = take_jobs(source_, from_);
      if (!result.resume_from.empty()) return;
    }
    const std::string stopped = take_jobs(target_, resumes_in_target_ ? from_ : "");
    if (!stopped.empty()) result.resume_from = std::string(target_part) + stopped;
  }

  // Hands the selected jobs of a side to the checkers. Returns the folder where a stop ended it.
  std::string take_jobs(const Side& side, const std::string& from) {
    if (choice_.is_one_job()) {
      take_folder(side);
      return {};
    }
    Checker& checker = checkers_.front();
    Walk jobs(*side.files, side.archive, side.is_source && options_.follow_symlinks);
    std::string stopped =
        each_job(jobs, {threads_, listener_.stop, from}, [&](const JobPath& path, unsigned worker) {
          if (choice_.takes(path))
            take(checkers_[worker], side, path);
          else
            ++passed_over_;
        });
    for (const auto& [cluster, count] : jobs.left_behind().entries) {
      if (side.is_source) checker.record().left_behind += count;
      if (!side.is_source && count > 0) name_strays(cluster, 0);
    }
    for (const Error& error : jobs.left_behind().unreadable) {
      if (error.kind == Kind::out_of_resources)
        checker.record().add_error(error.subject, error);
      else
        checker.unreadable(side, error.subject, {}, error.what);
    }
    return stopped;
  }

  // The jobs of one jobId lie in one folder, so there is no walk for them.
  void take_folder(const Side& side) {
    const std::string first = std::to_string(*options_.job / 1000);
    const std::string second = fmt::format("{:03}", *options_.job % 1000);
    const std::string folder = options_.cluster + '/' + first + '/' + second;
    const auto entries = answer(side.files->list(side.path(folder)));
    if (!entries) {
      const auto exists = answer(side.files->exists(side.path(folder)));
      if (!exists || *exists) checkers_.front().unreadable(side, folder, {}, entries.error().what);
      return;
    }
    for (const Entry& entry : *entries)
      if (entry.type == FileType::directory)
        take(checkers_.front(), side, {options_.cluster, first, second, entry.name});
  }

  // A job whose check throws was not checked, which is a finding.
  void take(Checker& checker, const Side& side, const JobPath& path) {
    // Every part of the source that --from selects leaves all jobs of the target to look at.
    if (side.is_source || options_.from.empty() || resumes_in_target_) ++looked_at_;
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
      checker.record().add("not-checked", path.text(), {}, error.what(), {});
    }
    if (!listener_.progress) return;
    listener_.progress->done(path.text());
    if (side.is_source) ++listener_.progress->jobs;
  }

  // The walk only counts what is between the levels of folders. A migration writes nothing there.
  void name_strays(const std::string& directory, int level) {
    constexpr int levels_above_jobs = 2;
    const Listing listing = checkers_.front().list(target_, directory);
    Record& record = checkers_.front().record();
    if (listing.entries.empty()) record.add("file-unexpected", directory, {}, {}, "an empty directory");
    for (const Seen& entry : listing.entries) {
      if (is_stopped()) return;
      const bool is_directory = entry.info.type == FileType::directory;
      if (is_directory && level < levels_above_jobs) name_strays(join(directory, entry.name), level + 1);
      // The files directly in a cluster have been compared with the source.
      if (!is_directory && level > 0) record.add("file-unexpected", directory, entry.name, {}, "an entry");
    }
  }

  // --- The end ---

  void compare_ends(Record& result) {
    for (const std::string& cluster : source_.archive.clusters) {
      const ClusterEnds source = result.source_ends[cluster], target = result.target_ends[cluster];
      const auto compare = [&](FindingKind kind, std::uint64_t a, std::uint64_t b) {
        if (a != b) result.add(kind, cluster, {}, std::to_string(a), std::to_string(b));
      };
      compare("job-id-differs", source.highest_job, target.highest_job);
      compare("start-time-differs", source.newest_start, target.newest_start);
      compare("job-count-differs", source.jobs, target.jobs);
    }
  }

  void conclude(Record& result) {
    keep_first(result.found, options_.most_findings);
    std::ranges::sort(result.skipped, path_order, &LeftOut::job);
    std::ranges::sort(result.bad, path_order, &LeftOut::job);
    const bool stopped = stopped_ || !result.resume_from.empty();
    result.complete &= !stopped;
    result.outcome = !result.errors.empty()     ? VerifyOutcome::failed
                     : !result.findings.empty() ? VerifyOutcome::differs
                     : stopped                  ? VerifyOutcome::interrupted
                                                : VerifyOutcome::agrees;
  }

  // A spot check without a job proves nothing.
  void refuse_empty_choice(const Record& result) const {
    if (looked_at_ > 0 || stopped_ || result.outcome != VerifyOutcome::agrees) return;
    if (choice_.is_one_job())
      refuse_option("--only: neither archive has a job {}/{}", options_.cluster, *options_.job);
    if (passed_over_ > 0 && options_.sample < 100) refuse_option("--sample: no job is in so small a share");
    if (!options_.from.empty()) refuse_option("--from: there is no job from there on");
  }

  // After a stop, the result is not complete.
  bool is_stopped() { return stopped_ = stopped_ || (listener_.stop && *listener_.stop); }

  const VerifyOptions& options_;
  const Listener& listener_;
  const Choice choice_{options_};
  const unsigned threads_ = threads_or_default(options_.threads);
  // Where it begins: a folder of the source, or of the target behind all jobs of the source.
  const bool resumes_in_target_ = options_.from.starts_with(target_part);
  const std::string from_ = options_.from.substr(resumes_in_target_ ? target_part.size() : 0);
  Side source_{real_files(options_.follow_symlinks), options_.source, true};
  Side target_{real_files(false), options_.target, false};
  std::vector<Checker> checkers_;                             // one for each thread
  std::atomic<std::uint64_t> looked_at_{0}, passed_over_{0};  // jobs of both sides
  bool stopped_ = false;                                      // before the end
  std::string target_version_;                                // the text of its version.txt
};

}  // namespace

VerifyResult verify(const VerifyOptions& options, const Listener& listener) {
  const auto begin = std::chrono::steady_clock::now();
  Record result(options.most_findings, listener.progress);
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
