#include "verify/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/memory.h"
#include "verify/gunzip.h"
#include "verify/starved.h"

namespace jobferry::proof {

namespace {

Reason why(std::string_view word, std::string_view file, std::string_view what) {
  return {std::string(word), std::string(file), std::string(what)};
}

// A path below a root; empty: the root itself.
std::string below(const std::string& root, const std::string& path) {
  return path.empty() ? root : join(root, path);
}

std::string mode_text(const FileInfo& info) { return fmt::format("mode {:o}", info.mode); }
std::string owner_text(const FileInfo& info) { return fmt::format("owner {}:{}", info.uid, info.gid); }
std::string time_text(const FileInfo& info) {
  return fmt::format("mtime {}.{:09}", info.mtime.tv_sec, info.mtime.tv_nsec);
}

std::string size_text(std::string_view content) { return fmt::format("{} bytes", content.size()); }

const Seen* data_of(const Listing& listing) {
  const Seen* packed = listing.find(names::data_gz);
  return packed ? packed : listing.find(names::data);
}

bool is_job(const Listing& listing) { return listing.find(names::meta) || data_of(listing); }

}  // namespace

const Seen* Listing::find(std::string_view name) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Seen& each) { return each.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

Listing Checker::list(Files& files, const std::string& root, const std::string& path) {
  Listing listing;
  const std::string directory = below(root, path);
  auto info = answer(files.info(path.empty() ? root + "/." : directory));
  if (!info || info->type != FileType::directory) return listing;
  listing.there = true;
  listing.info = *info;
  const auto unreadable = [&](std::string_view file, const std::string& what) {
    const bool ours = &files == &ground_.source_files;
    found("unreadable", path, file, ours ? what : "", ours ? "" : what);
  };
  auto entries = answer(files.list(directory));
  if (!entries) {
    unreadable({}, entries.error().what);
    return listing;
  }
  for (const Entry& entry : *entries) {
    auto about = answer(files.info(join(directory, entry.name)));
    if (!about) unreadable(entry.name, about.error().what);
    FileInfo of_entry = about ? *about : FileInfo{};
    if (entry.type != FileType::regular) of_entry.type = entry.type;
    listing.entries.push_back({entry.name, of_entry});
  }
  return listing;
}

void Checker::found(std::string_view kind, const std::string& subject, std::string_view file,
                    std::string_view source, std::string_view target) {
  findings_.add({subject, std::string(file), {}, std::string(kind), {}, excerpt(source), excerpt(target)});
}

std::optional<Reason> Checker::read(Files& files, const std::string& path, std::string_view name,
                                    Buffer& into) {
  into.trim(warm_bytes);
  auto done = answer(files.read(join(path, name), ground_.options.max_file_size, into));
  if (!done) return why(name_of(done.error().kind), name, done.error().what);
  (&files == &ground_.source_files ? bytes_in_ : bytes_out_) += into.size();
  return {};
}

// The content of a data file, sound JSON or a reason why not. An empty one is the reason `empty-file`.
std::optional<Reason> Checker::load(Files& files, const std::string& directory, const Seen& file,
                                    Content& into) {
  into.name = file.name;
  if (auto reason = read(files, directory, file.name, into.raw)) return reason;
  const bool packed = file.name == names::data_gz;
  std::optional<Reason> reason;
  if (packed && !into.raw.empty()) {
    into.unpacked.trim(warm_bytes);
    reason = gunzip(into.raw.view(), ground_.options.max_file_size, into.unpacked);
  }
  if (!reason && (into.raw.empty() || into.text(packed).empty()))
    reason = why("empty-file", file.name, "the data file is empty");
  if (!reason) reason = read_json(into.text(packed));
  if (reason) reason->file = file.name;
  return reason;
}

// X6, and what is bad without looking into any file.
std::optional<Reason> Checker::judge_listing(const Listing& ours) const {
  const Seen* meta = ours.find(names::meta);
  if (meta && meta->is_regular() && meta->info.size == 0)
    return why("empty-file", names::meta, "meta.json is empty");
  bool any = false, all_empty = true;
  std::optional<Reason> special;
  for (const std::string_view name : {names::data_gz, names::data}) {
    const Seen* data = ours.find(name);
    if (!data) continue;
    any = true;
    all_empty &= data->is_regular() && data->info.size == 0;
    if (!data->is_regular()) special = why("not-a-regular-file", name, "it is no regular file");
  }
  if (any && all_empty) return why("empty-file", data_of(ours)->name, "the data file is empty");
  if (special) return special;
  if (!meta) return why("no-meta-file", names::meta, "the job has no meta.json");
  if (!meta->is_regular()) return why("not-a-regular-file", names::meta, "it is no regular file");
  return {};
}

std::optional<Reason> Checker::judge_meta(const JobPath& path, const ClusterFacts& cluster, Draft& draft) {
  const std::string directory = below(ground_.source, path.text());
  auto reason = read(ground_.source_files, directory, names::meta, source_text_);
  if (!reason) reason = read_json(source_text_.view(), &draft.root);
  if (!reason) {
    expect_meta(draft, path, ground_.chain, cluster);
    reason = draft.reason;
  }
  if (reason) reason->file = names::meta;
  return reason;
}

std::optional<Reason> Checker::judge_one(const Seen& file, const std::string& subject, const DataOf& job,
                                         DataVerdict& verdict) {
  if (auto reason = load(ground_.source_files, below(ground_.source, subject), file, source_data_))
    return reason;
  const bool compares = job.changes && target_file_;
  verdict =
      judge_data(source_data_.text(), compares ? std::optional(target_data_.text()) : std::nullopt, job);
  if (verdict.reason) verdict.reason->file = file.name;
  return verdict.reason;
}

std::optional<Reason> Checker::judge_all(const Listing& ours, const std::string& subject, const DataOf& job,
                                         const Seen*& used, DataVerdict& verdict) {
  const Seen *packed = ours.find(names::data_gz), *plain = ours.find(names::data);
  used = packed ? packed : plain;
  // X11: what no step changes need not be sound.
  const bool reads = job.changes || (packed && plain) || ground_.options.check_data;
  if (!used || !reads) return {};
  std::optional<Reason> reason;
  for (const Seen* file : {packed, plain}) {
    if (!file) continue;
    auto refused = judge_one(*file, subject, job, verdict);
    used = file;
    if (!refused) return {};
    if (!reason || reason->word == "empty-file") reason = std::move(refused);
  }
  return reason;
}

// The data file that the target has, ready to be compared.
void Checker::load_target_data(const Listing& theirs, const std::string& subject) {
  target_file_ = nullptr;
  const Seen* file = data_of(theirs);
  if (!file || !file->is_regular() || !ground_.chain.changes_data()) return;
  const auto reason = load(ground_.target_files, below(ground_.target, subject), *file, target_data_);
  if (reason)
    return found(reason->word.starts_with("gzip") ? "gzip-broken" : "json-broken", subject, file->name, {},
                 reason->word + ": " + reason->what);
  target_file_ = file;
}

void Checker::leave_out(const std::string& subject, const Reason& reason) {
  auto& list = reason.word == "empty-file" ? tally_.skipped : tally_.bad;
  list.push_back({subject, reason.word, reason.file, excerpt(reason.what)});
}

void Checker::job(const JobPath& path) {
  const std::string subject = path.text();
  const auto cluster = ground_.clusters.find(path.cluster);
  if (cluster == ground_.clusters.end()) {
    ++tally_.unchecked;
    return;
  }
  const Listing ours = list_source(subject), theirs = list_target(subject);
  if (!is_job(ours)) {
    ++tally_.left_behind;
    if (theirs.there) found("job-unexpected", subject, {}, "a directory that is no job", "a directory");
    return;
  }

  Draft meta;
  DataVerdict verdict;
  const Seen* data = nullptr;
  target_file_ = nullptr;
  auto reason = judge_listing(ours);
  if (!reason) reason = judge_meta(path, cluster->second, meta);
  if (!reason) {
    if (theirs.there) load_target_data(theirs, subject);
    const DataOf of{cluster->second, meta.text_of(meta.root, "subCluster"), ground_.chain.changes_data()};
    reason = judge_all(ours, subject, of, data, verdict);
  }
  if (reason && theirs.there)
    return found("job-unexpected", subject, reason->file, reason->word + ": " + reason->what, "a job");
  if (reason) {
    tally_.left_behind += ours.entries.size();
    leave_out(subject, *reason);
    // The migration may have been able to read it.
    if (reason->word == "read-failed") found("unreadable", subject, reason->file, reason->what, {});
    return;
  }

  count_job(tally_.source_ends, path);
  ++tally_.source.jobs;
  if (!theirs.there) return found("job-missing", subject, {}, "a sound job", {});
  compare_job(subject, ours, theirs, meta, data, verdict);
  compare_directories(path);
}

void Checker::compare_job(const std::string& subject, const Listing& ours, const Listing& theirs, Draft& meta,
                          const Seen* data, const DataVerdict& verdict) {
  compare_attributes(subject, {}, ours.info, theirs.info, true);
  const Seen* meta_file = ours.find(names::meta);
  ++tally_.source.files;
  tally_.source.bytes += meta_file->info.size;
  const Seen* their_meta = theirs.find(names::meta);
  if (!their_meta || !their_meta->is_regular()) {
    found("file-missing", subject, names::meta, "meta.json", {});
  } else {
    compare_own_file(subject, meta_file->name, meta_file->info, their_meta->info);
    compare_document(subject, names::meta, source_text_.view(), meta);
  }
  if (data) compare_data(subject, *data, theirs, verdict);
  // One data file is used, under either name.
  Known known{{names::meta, names::data, names::data_gz}, {names::meta}, true};
  if (data && data_of(theirs)) known.theirs.emplace_back(data_of(theirs)->name);
  compare_carried(subject, ours, theirs, known);
  count_target(theirs);
}

// meta.json or cluster.json.
void Checker::compare_document(const std::string& subject, std::string_view file, std::string_view source,
                               const Draft& wanted) {
  if (const auto reason = read(ground_.target_files, below(ground_.target, subject), file, target_text_))
    return found("unreadable", subject, file, {}, reason->what);
  const std::string_view target = target_text_.view();
  tally_.add_changes(wanted.changes);
  if (wanted.changes.empty() && source == target) return;
  Node tree;
  if (const auto reason = read_json(target, &tree))
    return found("json-broken", subject, file, {}, reason->word + ": " + reason->what);
  Findings findings;
  compare_tree(wanted.root, tree, "", findings);
  if (!wanted.changes.empty() && !is_compact(target)) findings.add("not-compact", {}, {}, {});
  if (wanted.changes.empty() && findings.empty())
    findings.add("bytes-changed", {}, size_text(source), size_text(target));
  findings_.add(subject, file, findings);
}

void Checker::compare_data(const std::string& subject, const Seen& ours, const Listing& theirs,
                           const DataVerdict& verdict) {
  ++tally_.source.files;
  tally_.source.bytes += ours.info.size;
  const Seen* file = data_of(theirs);
  if (!file || !file->is_regular()) return found("file-missing", subject, ours.name, ours.name, {});
  compare_attributes(subject, file->name, ours.info, file->info, false);
  if (file->name != ours.name) ++tally_.changes["compress"];
  if (ground_.chain.changes_data() && !target_file_) return;  // it is broken, which was said
  tally_.add_changes(verdict.changes);

  Findings findings = verdict.findings;
  if (verdict.changes.empty()) {
    if (findings.empty()) return compare_bytes(subject, ours, *file);
  } else if (!is_compact(target_data_.text())) {
    findings.add("not-compact", {}, {}, {});
  }
  findings_.add(subject, file->name, findings);
}

// Files that no rule changes. Compressed or not, a data file has the same content.
void Checker::compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs) {
  if (is_same_file(ours.info, theirs.info)) return;
  const std::string source = below(ground_.source, subject), target = below(ground_.target, subject);
  if (ours.name == theirs.name) {
    auto reason = read(ground_.source_files, source, ours.name, source_data_.raw);
    if (!reason) reason = read(ground_.target_files, target, theirs.name, target_data_.raw);
    if (reason) return found("unreadable", subject, theirs.name, {}, reason->what);
    const std::string_view a = source_data_.raw.view(), b = target_data_.raw.view();
    if (a != b) found("bytes-changed", subject, theirs.name, size_text(a), size_text(b));
    return;
  }
  if (const auto reason = load(ground_.source_files, source, ours, source_data_))
    return found("unreadable", subject, ours.name, reason->word, {});
  if (const auto reason = load(ground_.target_files, target, theirs, target_data_))
    return found(reason->word.starts_with("gzip") ? "gzip-broken" : "json-broken", subject, theirs.name, {},
                 reason->word + ": " + reason->what);
  const std::string_view a = source_data_.text(), b = target_data_.text();
  if (a != b) found("bytes-changed", subject, theirs.name, size_text(a), size_text(b));
}

// X8: regular files are carried, and nothing else is there. What `known` names is looked at elsewhere.
void Checker::compare_carried(const std::string& subject, const Listing& ours, const Listing& theirs,
                              const Known& known) {
  const auto is_in = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto is_carried = [&](const Seen& entry) {
    return entry.is_regular() && entry.name != names::unfinished && !is_in(known.ours, entry.name);
  };
  for (const Seen& entry : ours.entries) {
    if (!is_carried(entry)) {
      tally_.left_behind += known.counts_strays && !is_in(known.ours, entry.name);
      continue;
    }
    ++tally_.source.files;
    tally_.source.bytes += entry.info.size;
    const Seen* other = theirs.find(entry.name);
    if (!other || !other->is_regular()) {
      found("file-missing", subject, entry.name, "a file", {});
      continue;
    }
    compare_own_file(subject, entry.name, entry.info, other->info);
    compare_bytes(subject, entry, *other);
  }
  for (const Seen& entry : theirs.entries) {
    const Seen* origin = ours.find(entry.name);
    const bool carried = origin && is_carried(*origin);
    if (!is_in(known.theirs, entry.name) && !carried)
      found("file-unexpected", subject, entry.name, {}, "an entry");
  }
}

// Section 9. Modes of directories are set when the target is finished.
void Checker::compare_attributes(const std::string& subject, const std::string& file, const FileInfo& ours,
                                 const FileInfo& theirs, bool is_directory) {
  const auto differs = [&](const std::string& source, const std::string& target) {
    if (source != target) found("attributes-changed", subject, file, source, target);
  };
  if (!is_directory || ground_.finished) differs(mode_text(ours), mode_text(theirs));
  if (!is_directory) differs(time_text(ours), time_text(theirs));
  if (ground_.as_root) differs(owner_text(ours), owner_text(theirs));
}

// Section 9: only data files may be links to those of the source.
void Checker::compare_own_file(const std::string& subject, const std::string& file, const FileInfo& ours,
                               const FileInfo& theirs) {
  compare_attributes(subject, file, ours, theirs, false);
  if (is_same_file(ours, theirs))
    found("attributes-changed", subject, file, "a file of its own", "a hard link to the source's");
}

// The two between the cluster and the job. One thread has all jobs of a folder.
void Checker::compare_directories(const JobPath& path) {
  const std::string folder = path.cluster + '/' + path.first + '/' + path.second;
  if (folder == last_folder_) return;
  last_folder_ = folder;
  for (const std::string& directory : {folder, path.cluster + '/' + path.first}) {
    auto ours = answer(ground_.source_files.info(below(ground_.source, directory)));
    auto theirs = answer(ground_.target_files.info(below(ground_.target, directory)));
    if (ours && theirs) compare_attributes(directory, {}, *ours, *theirs, true);
  }
}

void Checker::count_target(const Listing& theirs) {
  for (const Seen& entry : theirs.entries) {
    if (!entry.is_regular()) continue;
    ++tally_.target.files;
    tally_.target.bytes += entry.info.size;
  }
}

std::optional<ClusterFacts> Checker::cluster(const std::string& name) {
  const Listing ours = list_source(name), theirs = list_target(name);
  Draft draft;
  auto reason = read(ground_.source_files, below(ground_.source, name), names::cluster, source_text_);
  if (!reason) reason = read_json(source_text_.view(), &draft.root);
  if (!reason) {
    expect_cluster(draft, name, ground_.chain, ground_.options.overrides);
    reason = draft.reason;
  }
  if (reason) {
    found("cluster-bad", name, names::cluster, reason->word + ": " + reason->what, {});
    return {};
  }
  const Seen* file = ours.find(names::cluster);
  ++tally_.source.files;
  tally_.source.bytes += file ? file->info.size : 0;
  if (!theirs.there) {
    found("cluster-missing", name, {}, "a cluster", {});
    return facts_of(draft);
  }
  compare_attributes(name, {}, ours.info, theirs.info, true);
  const Seen* their_file = theirs.find(names::cluster);
  if (!file || !their_file || !their_file->is_regular()) {
    found("file-missing", name, names::cluster, "cluster.json", {});
  } else {
    compare_own_file(name, file->name, file->info, their_file->info);
    compare_document(name, names::cluster, source_text_.view(), draft);
  }
  // Directories in it are looked at from the target's side.
  Known known{{names::cluster}, {names::cluster}, false};
  for (const Seen& entry : theirs.entries)
    if (entry.info.type == FileType::directory) known.theirs.emplace_back(entry.name);
  compare_carried(name, ours, theirs, known);
  count_target(theirs);
  return facts_of(draft);
}

void Checker::root(const Archive& source, const Listing& target) {
  const Listing ours = list_source("");
  compare_attributes("", {}, ours.info, target.info, true);
  Known known{{names::version}, {names::version, names::unfinished}, false};
  for (const std::string& cluster : source.clusters) known.theirs.emplace_back(cluster);
  compare_carried("", ours, target, known);
  // version.txt is of the migration, and counted on neither side.
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
  const auto ours = answer(ground_.source_files.info(below(ground_.source, subject)));
  if (ours && ours->type == FileType::directory) return;
  const Listing theirs = list_target(subject);
  count_target(theirs);
  found("job-unexpected", subject, {}, {}, fmt::format("{} entries", theirs.entries.size()));
}

}  // namespace jobferry::proof
