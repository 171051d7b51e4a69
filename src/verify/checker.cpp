// Reads and judges: which jobs belong in the target. What belongs there is compared in checker_compare.cpp.
#include "verify/checker.h"

#include <fmt/format.h>

#include "jobferry/limits.h"
#include "verify/reading.h"

namespace jobferry::proof {

namespace {

std::string text_of(const Error& reason) { return fmt::format("{}: {}", name_of(reason.kind), reason.what); }

Error refused(Kind kind, std::string_view file, std::string what) {
  return {.kind = kind, .what = std::move(what), .file = std::string(file)};
}

// X6, and what is bad whatever the files contain.
Result<void> judge_listing(const Listing& ours) {
  const Seen* meta = ours.find(names::meta);
  if (meta && meta->is_empty()) return refused(Kind::empty_file, names::meta, "meta.json is empty");
  const Seen *packed = ours.find(names::data_gz), *plain = ours.find(names::data);
  const auto is_empty = [](const Seen* file) { return !file || file->is_empty(); };
  if ((packed || plain) && is_empty(packed) && is_empty(plain))
    return refused(Kind::empty_file, ours.data()->name, "the data file is empty");
  for (const Seen* file : {plain, packed, meta})
    if (file && !file->is_regular())
      return refused(Kind::not_a_regular_file, file->name, "it is not a regular file");
  if (!meta) return refused(Kind::no_meta_file, names::meta, "the job has no meta.json");
  return {};
}

}  // namespace

// --- Reading ---

void Checker::unreadable(const Side& side, const std::string& subject, std::string_view file,
                         std::string_view what) {
  record_.add("unreadable", subject, file, side.is_source ? what : "", side.is_source ? "" : what);
}

Listing Checker::list(const Side& side, const std::string& place) {
  Listing listing;
  const std::string directory = side.path(place);
  const auto info = side.info(place);
  if (!info || info->type != FileType::directory) return listing;
  listing.there = true;
  listing.info = *info;
  const auto entries = answer(side.files->list(directory));
  if (!entries) {
    unreadable(side, place, {}, entries.error().what);
    return listing;
  }
  for (const Entry& entry : *entries) {
    const auto about = answer(side.files->info(join(directory, entry.name)));
    if (!about) unreadable(side, place, entry.name, about.error().what);
    Seen& seen = listing.entries.emplace_back(Seen{entry.name, about ? *about : FileInfo{}});
    if (entry.type != FileType::regular) seen.info.type = entry.type;
  }
  return listing;
}

Result<void> Checker::read(const Side& side, const std::string& place, std::string_view name, Content& into) {
  into.name = name;
  into.is_unpacked = false;
  into.raw.trim(limits::kept_buffer);
  const std::uint64_t most = ground_.options.max_file_size;
  const std::uint64_t limit = name == names::data_gz ? limits::packed_size(most) : most;
  const auto done = answer(side.files->read(join(side.path(place), name), limit, into.raw));
  if (!done) return refused(done.error().kind, name, done.error().what);
  if (Progress* progress = ground_.progress)
    (side.is_source ? progress->bytes_in : progress->bytes_out) += into.raw.size();
  return {};
}

// Reads a file and checks that it is sound JSON.
Result<void> Checker::load(const Side& side, const std::string& place, std::string_view name, Content& into) {
  Result<void> sound = read(side, place, name, into);
  if (!sound) return sound;
  const bool is_packed = name == names::data_gz, is_data = is_packed || name == names::data;
  if (is_packed && !into.raw.empty()) {
    into.unpacked.trim(limits::kept_buffer);
    sound = gunzip(into.raw.view(), ground_.options.max_file_size, into.unpacked);
    into.is_unpacked = true;
  }
  if (sound && is_data && into.text().empty()) sound = Error{Kind::empty_file, "the data file is empty"};
  if (sound) sound = check_json(into.text());
  if (!sound) sound.error().file = name;
  return sound;
}

// A file of the target that cannot be read as what it is.
void Checker::broken(const std::string& subject, std::string_view file, const Error& reason) {
  const bool gzip = name_of(reason.kind).starts_with("gzip");
  record_.add(gzip ? FindingKind("gzip-broken") : FindingKind("json-broken"), subject, file, {},
              text_of(reason));
}

// --- Judging ---

// Applies the rules to a meta.json or cluster.json of the source.
Result<void> Checker::judge_document(const std::string& place, Draft& draft) {
  if (auto done = load(ground_.source, place, draft.file, source_document_); !done) return done;
  draft.root.text = trimmed(source_document_.text());
  ground_.chain.apply(draft);
  return std::move(draft.sound);
}

Result<void> Checker::judge_data_file(const std::string& subject, const Seen& file, Data& data) {
  if (auto done = load(ground_.source, subject, file.name, source_data_); !done) return done;
  Draft draft(file.name, data.job);
  draft.root.text = trimmed(source_data_.text());
  if (!draft.root.is(Type::object)) draft.refuse(Kind::wrong_type, "it is not an object of metrics");
  draft.expect(&draft.root, Shape::distinct, "the document");
  compare(draft, target_text_, ground_.chain.data_rules(), data.findings.emplace(subject, target_data_.name));
  data.changes = std::move(draft.changes);
  return std::move(draft.sound);
}

// Which data file is used (X7), and what was found in it.
Result<void> Checker::judge_data(const std::string& subject, const Listing& ours, Data& data) {
  const Seen *packed = ours.find(names::data_gz), *plain = ours.find(names::data);
  data.file = ours.data();
  // X11: a file that no step changes need not be sound.
  const bool reads = ground_.chain.changes_data() || (packed && plain) || ground_.options.check_data;
  if (!data.file || !reads) return {};
  Result<void> result;
  for (const Seen* file : {packed, plain}) {
    if (!file) continue;
    auto judged = judge_data_file(subject, *file, data);
    data.file = file;
    if (judged) return judged;
    if (result || result.error().kind == Kind::empty_file) result = std::move(judged);
  }
  return result;
}

// Where no rule changes data files, they are compared byte for byte.
void Checker::load_target_data(const std::string& subject, const Listing& theirs) {
  const Seen* file = theirs.data();
  if (!file || !file->is_regular() || !ground_.chain.changes_data()) return;
  if (const auto done = load(ground_.target, subject, file->name, target_data_); !done)
    return broken(subject, file->name, done.error());
  target_text_ = target_data_.text();
}

void Checker::leave_out(const std::string& subject, const Listing& ours, const Error& reason) {
  record_.left_behind += ours.entries.size();
  auto& list = reason.kind == Kind::empty_file ? record_.skipped : record_.bad;
  list.push_back({subject, std::string(name_of(reason.kind)), reason.file, excerpt(reason.what)});
  // The migration may have been able to read it.
  if (reason.kind == Kind::read_failed) unreadable(ground_.source, subject, reason.file, reason.what);
}

// --- Jobs, clusters and the root ---

void Checker::job(const JobPath& path) {
  const std::string subject = path.text();
  const auto cluster = ground_.clusters.find(path.cluster);
  if (cluster == ground_.clusters.end()) {
    ++record_.unchecked;
    return;
  }
  Listing ours = list(ground_.source, subject), theirs = list(ground_.target, subject);
  if (!ours.find(names::meta) && !ours.data()) {
    ++record_.left_behind;
    if (theirs.there)
      record_.add("job-unexpected", subject, {}, "a directory that is not a job", "a directory");
    return;
  }

  Draft meta(names::meta, {.job = &path, .facts = &cluster->second});
  Data data{meta.context};
  target_text_.reset();
  auto sound = judge_listing(ours);
  if (sound) sound = judge_document(subject, meta);
  if (sound) {
    load_target_data(subject, theirs);
    data.job.sub_cluster = meta.content(meta.root, "subCluster");
    sound = judge_data(subject, ours, data);
  }
  if (!sound && theirs.there)
    return record_.add("job-unexpected", subject, sound.error().file, text_of(sound.error()), "a job");
  if (!sound) return leave_out(subject, ours, sound.error());

  count_job(record_.source, record_.source_ends, path);
  if (!theirs.there) return record_.add("job-missing", subject, {}, "a sound job", {});
  compare_job(subject, ours, theirs, meta, data);
  compare_folders(path);
}

std::optional<ClusterFacts> Checker::cluster(const std::string& name) {
  Listing ours = list(ground_.source, name), theirs = list(ground_.target, name);
  Draft draft(names::cluster, {.cluster = name, .overrides = &ground_.options.overrides});
  if (const auto sound = judge_document(name, draft); !sound) {
    record_.add("cluster-bad", name, names::cluster, text_of(sound.error()), {});
    return {};
  }
  const Seen* file = ours.find(names::cluster);
  count(record_.source, file ? *file : Seen{});
  if (!theirs.there) {
    record_.add("cluster-missing", name, {}, "a cluster", {});
    return ClusterFacts(draft);
  }
  count_target(theirs);
  compare_document(name, ours, theirs, draft);
  ours.remove({names::cluster});
  theirs.remove({names::cluster});
  // They are compared as jobs.
  std::erase_if(theirs.entries, [](const Seen& entry) { return entry.info.type == FileType::directory; });
  compare_directory(name, ours, theirs);
  return ClusterFacts(draft);
}

void Checker::root() {
  Listing ours = list(ground_.source, ""), theirs = list(ground_.target, "");
  // The migration makes version.txt, so it is counted on neither side.
  ours.remove({names::version});
  theirs.remove({names::version, names::unfinished});
  count_target(theirs);
  for (const std::string& cluster : ground_.source.archive.clusters) theirs.remove({cluster});
  compare_directory("", ours, theirs);
}

void Checker::origin(const JobPath& path) {
  const std::string subject = path.text();
  count_job(record_.target, record_.target_ends, path);
  const auto ours = ground_.source.info(subject);
  if (ours && ours->type == FileType::directory) return;
  const Listing theirs = list(ground_.target, subject);
  count_target(theirs);
  record_.add("job-unexpected", subject, {}, {}, fmt::format("{} entries", theirs.entries.size()));
}

}  // namespace jobferry::proof
