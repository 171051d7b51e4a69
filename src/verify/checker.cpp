// Reads and judges: which jobs belong in the target. What belongs there is compared in checker_compare.cpp.
#include "verify/checker.h"

#include <fmt/format.h>

#include "archive/layout.h"
#include "jobferry/limits.h"
#include "verify/expected.h"
#include "verify/gunzip.h"
#include "verify/sound.h"
#include "verify/starved.h"

namespace jobferry::proof {

namespace {


std::string text_of(const Reason& reason) { return fmt::format("{}: {}", name_of(reason.kind), reason.what); }

bool is_job(const Listing& listing) { return listing.find(names::meta) || data_of(listing); }

}  // namespace

const Seen* data_of(const Listing& listing) {
  const Seen* packed = listing.find(names::data_gz);
  return packed ? packed : listing.find(names::data);
}

// --- Reading ---

void Checker::unreadable(const Side& side, const std::string& subject, std::string_view file,
                         std::string_view what) {
  found("unreadable", subject, file, side.is_source ? what : "", side.is_source ? "" : what);
}

Listing Checker::list(const Side& side, const std::string& place) {
  Listing listing;
  const std::string directory = side.path(place);
  const auto info = answer(side.files.info(place.empty() ? directory + "/." : directory));
  if (!info || info->type != FileType::directory) return listing;
  listing.there = true;
  listing.info = *info;
  const auto entries = answer(side.files.list(directory));
  if (!entries) {
    unreadable(side, place, {}, entries.error().what);
    return listing;
  }
  for (const Entry& entry : *entries) {
    const auto about = answer(side.files.info(join(directory, entry.name)));
    if (!about) unreadable(side, place, entry.name, about.error().what);
    Seen& seen = listing.entries.emplace_back(Seen{entry.name, about ? *about : FileInfo{}});
    if (entry.type != FileType::regular) seen.info.type = entry.type;
  }
  return listing;
}

std::optional<Reason> Checker::read(const Side& side, const std::string& place, std::string_view name,
                                    Buffer& into) {
  into.trim(limits::kept_buffer);
  const std::uint64_t most = ground_.options.max_file_size;
  const std::uint64_t limit = name == names::data_gz ? limits::packed_size(most) : most;
  const auto done = answer(side.files.read(join(side.path(place), name), limit, into));
  if (!done) return Reason{done.error().kind, done.error().what, std::string(name)};
  (side.is_source ? bytes_in_ : bytes_out_) += into.size();
  return {};
}

// Reads a file and checks that it is sound JSON.
std::optional<Reason> Checker::load(const Side& side, const std::string& place, std::string_view name,
                                    Content& into) {
  if (auto reason = read(side, place, name, into.raw)) return reason;
  into.packed = name == names::data_gz;
  std::optional<Reason> reason;
  if (into.packed && !into.raw.empty()) {
    into.unpacked.trim(limits::kept_buffer);
    reason = gunzip(into.raw.view(), ground_.options.max_file_size, into.unpacked);
  }
  const bool is_data = name == names::data || name == names::data_gz;
  if (!reason && is_data && (into.raw.empty() || into.text().empty()))
    reason = Reason{Kind::empty_file, "the data file is empty"};
  if (!reason) reason = check_json(into.text());
  if (reason) reason->file = name;
  return reason;
}

// A file of the target that cannot be read as what it is.
void Checker::broken(const std::string& subject, std::string_view file, const Reason& reason) {
  const bool gzip = name_of(reason.kind).starts_with("gzip");
  found(gzip ? FindingKind("gzip-broken") : FindingKind("json-broken"), subject, file, {}, text_of(reason));
}

// --- Judging a job of the source ---

// X6, and what is bad whatever the files contain.
std::optional<Reason> Checker::judge_listing(const Listing& ours) const {
  const auto reason = [](Kind kind, std::string_view file, std::string what) {
    return Reason{kind, std::move(what), std::string(file)};
  };
  const Seen* meta = ours.find(names::meta);
  if (meta && meta->is_empty()) return reason(Kind::empty_file, names::meta, "meta.json is empty");
  const Seen *packed = ours.find(names::data_gz), *plain = ours.find(names::data);
  const auto is_empty = [](const Seen* file) { return !file || file->is_empty(); };
  if ((packed || plain) && is_empty(packed) && is_empty(plain))
    return reason(Kind::empty_file, data_of(ours)->name, "the data file is empty");
  for (const Seen* file : {plain, packed, meta})
    if (file && !file->is_regular())
      return reason(Kind::not_a_regular_file, file->name, "it is not a regular file");
  if (!meta) return reason(Kind::no_meta_file, names::meta, "the job has no meta.json");
  return {};
}

std::optional<Reason> Checker::judge_file(const Seen& file, const std::string& subject, const DataOf& job,
                                          DataVerdict& verdict) {
  if (auto reason = load(ground_.source, subject, file.name, source_data_)) return reason;
  verdict = judge_data(source_data_.text(), has_target_data_ ? Target(target_data_.text()) : Target(),
                       ground_.chain, job);
  if (verdict.reason) verdict.reason->file = file.name;
  return verdict.reason;
}

// Which data file is used (X7), and what was found in it.
std::optional<Reason> Checker::judge_data_files(const Listing& ours, const std::string& subject,
                                                const DataOf& job, const Seen*& used, DataVerdict& verdict) {
  const Seen *packed = ours.find(names::data_gz), *plain = ours.find(names::data);
  used = data_of(ours);
  // X11: a file that no step changes need not be sound.
  const bool reads = ground_.chain.changes_data() || (packed && plain) || ground_.options.check_data;
  if (!used || !reads) return {};
  std::optional<Reason> reason;
  for (const Seen* file : {packed, plain}) {
    if (!file) continue;
    auto refused = judge_file(*file, subject, job, verdict);
    used = file;
    if (!refused) return {};
    if (!reason || reason->kind == Kind::empty_file) reason = std::move(refused);
  }
  return reason;
}

// Where no rule changes data files, they are compared byte for byte.
void Checker::load_target_data(const Listing& theirs, const std::string& subject) {
  const Seen* file = data_of(theirs);
  if (!file || !file->is_regular() || !ground_.chain.changes_data()) return;
  if (const auto reason = load(ground_.target, subject, file->name, target_data_))
    return broken(subject, file->name, *reason);
  has_target_data_ = true;
}

std::optional<Reason> Checker::judge_meta(const JobPath& path, const ClusterFacts& cluster, Draft& meta) {
  expect_meta(meta, path, ground_.chain, cluster);
  if (meta.reason) meta.reason->file = names::meta;
  return meta.reason;
}

void Checker::leave_out(const std::string& subject, const Listing& ours, const Reason& reason) {
  tally_.left_behind += ours.entries.size();
  auto& list = reason.kind == Kind::empty_file ? tally_.skipped : tally_.bad;
  list.push_back({subject, std::string(name_of(reason.kind)), reason.file, excerpt(reason.what)});
  // The migration may have been able to read it.
  if (reason.kind == Kind::read_failed) unreadable(ground_.source, subject, reason.file, reason.what);
}

void Checker::job(const JobPath& path) {
  const std::string subject = path.text();
  const auto cluster = ground_.clusters.find(path.cluster);
  if (cluster == ground_.clusters.end()) {
    ++tally_.unchecked;
    return;
  }
  const Listing ours = list(ground_.source, subject), theirs = list(ground_.target, subject);
  if (!is_job(ours)) {
    ++tally_.left_behind;
    if (theirs.there) found("job-unexpected", subject, {}, "a directory that is not a job", "a directory");
    return;
  }

  DataVerdict verdict;
  const Seen* data = nullptr;
  has_target_data_ = false;
  auto reason = judge_listing(ours);
  if (!reason) reason = load(ground_.source, subject, names::meta, source_document_);
  Draft meta(trimmed(source_document_.text()));
  if (!reason) reason = judge_meta(path, cluster->second, meta);
  if (!reason) {
    if (theirs.there) load_target_data(theirs, subject);
    const DataOf of{cluster->second, meta.content(meta.root, "subCluster")};
    reason = judge_data_files(ours, subject, of, data, verdict);
  }
  if (reason && theirs.there)
    return found("job-unexpected", subject, reason->file, text_of(*reason), "a job");
  if (reason) return leave_out(subject, ours, *reason);

  count_job(tally_.source_ends, path);
  ++tally_.source.jobs;
  if (!theirs.there) return found("job-missing", subject, {}, "a sound job", {});
  compare_job(subject, ours, theirs, meta, data, verdict);
  compare_folders(path);
}

// --- Clusters, the root, and what the target has beside ---

std::optional<ClusterFacts> Checker::cluster(const std::string& name) {
  const Listing ours = list(ground_.source, name), theirs = list(ground_.target, name);
  auto reason = load(ground_.source, name, names::cluster, source_document_);
  Draft draft(trimmed(source_document_.text()));
  if (!reason) {
    expect_cluster(draft, name, ground_.chain, ground_.options.overrides);
    reason = draft.reason;
  }
  if (reason) {
    found("cluster-bad", name, names::cluster, text_of(*reason), {});
    return {};
  }
  const Seen* file = ours.find(names::cluster);
  count_source(file ? *file : Seen{});
  if (!theirs.there) {
    found("cluster-missing", name, {}, "a cluster", {});
    return facts_of(draft);
  }
  compare_attributes(name, {}, ours.info, theirs.info);
  compare_document(name, file, theirs.find(names::cluster), draft, names::cluster);
  // The directories in it are compared as jobs.
  Known known{{names::cluster}, {names::cluster}, false};
  for (const Seen& entry : theirs.entries)
    if (entry.info.type == FileType::directory) known.theirs.emplace_back(entry.name);
  compare_carried(name, ours, theirs, known);
  count_target(theirs);
  return facts_of(draft);
}

void Checker::root(const Archive& source, const Listing& target) {
  const Listing ours = list(ground_.source, "");
  compare_attributes("", {}, ours.info, target.info);
  Known known{{names::version}, {names::version, names::unfinished}, false};
  for (const std::string& cluster : source.clusters) known.theirs.emplace_back(cluster);
  compare_carried("", ours, target, known);
  // The migration makes version.txt, so it is counted on neither side.
  Listing counted = target;
  std::erase_if(counted.entries, [](const Seen& entry) {
    return entry.name == names::version || entry.name == names::unfinished;
  });
  count_target(counted);
}

void Checker::origin(const JobPath& path) {
  const std::string subject = path.text();
  ++tally_.target.jobs;
  count_job(tally_.target_ends, path);
  const auto ours = answer(ground_.source.files.info(ground_.source.path(subject)));
  if (ours && ours->type == FileType::directory) return;
  const Listing theirs = list(ground_.target, subject);
  count_target(theirs);
  found("job-unexpected", subject, {}, {}, fmt::format("{} entries", theirs.entries.size()));
}

}  // namespace jobferry::proof
