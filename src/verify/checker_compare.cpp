// Compares the files of a job, a cluster or the root: documents by the rules, everything else byte for byte.
#include <fmt/format.h>

#include <algorithm>

#include "archive/layout.h"
#include "verify/checker.h"
#include "verify/expected.h"
#include "verify/sound.h"
#include "verify/starved.h"

namespace jobferry::proof {

namespace {

std::string size_text(std::string_view content) { return fmt::format("{} bytes", content.size()); }

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void Checker::compare_job(const std::string& subject, const Listing& ours, const Listing& theirs, Draft& meta,
                          const Seen* data, const DataVerdict& verdict) {
  compare_attributes(subject, {}, ours.info, theirs.info);
  count_source(*ours.find(names::meta));
  compare_document(subject, ours.find(names::meta), theirs.find(names::meta), meta, names::meta);
  if (data) compare_data(subject, *data, theirs, verdict);
  // The target has one data file, under either name.
  Known known{{names::meta, names::data, names::data_gz}, {names::meta}, true};
  if (data && data_of(theirs)) known.theirs.emplace_back(data_of(theirs)->name);
  compare_carried(subject, ours, theirs, known);
  count_target(theirs);
}

// meta.json or cluster.json.
void Checker::compare_document(const std::string& subject, const Seen* ours, const Seen* theirs,
                               Draft& wanted, std::string_view name) {
  if (!ours || !theirs || !theirs->is_regular()) return found("file-missing", subject, name, name, {});
  compare_own_file(subject, ours->name, ours->info, theirs->info);
  if (const auto reason = read(ground_.target, subject, name, target_document_.raw))
    return found("unreadable", subject, name, {}, reason->what);
  const std::string_view source = source_document_.raw.view(), target = target_document_.raw.view();
  tally_.add_changes(wanted.changes);
  const bool rewritten = !wanted.changes.empty();
  if (!rewritten && source == target) return;
  if (const auto reason = check_json(target)) return broken(subject, name, *reason);
  Findings findings;
  Comparison(wanted, findings).run(target);
  if (rewritten && !is_compact(target)) findings.add("not-compact", {}, {}, {}, {});
  if (!rewritten && findings.empty())
    findings.add("bytes-changed", {}, {}, size_text(source), size_text(target));
  findings_.add(subject, name, findings);
}

void Checker::compare_data(const std::string& subject, const Seen& ours, const Listing& theirs,
                           const DataVerdict& verdict) {
  count_source(ours);
  const Seen* file = data_of(theirs);
  if (!file || !file->is_regular()) return found("file-missing", subject, ours.name, ours.name, {});
  compare_attributes(subject, file->name, ours.info, file->info);
  if (file->name != ours.name) ++tally_.changes["compress"];
  if (ground_.chain.changes_data() && !has_target_data_) return;  // it is broken, which is a finding already
  tally_.add_changes(verdict.changes);
  if (verdict.changes.empty() && verdict.findings.empty()) return compare_bytes(subject, ours, *file);
  Findings findings = verdict.findings;
  if (!verdict.changes.empty() && !is_compact(target_data_.text()))
    findings.add("not-compact", {}, {}, {}, {});
  findings_.add(subject, file->name, findings);
}

// A file that no rule changes. A data file may have been compressed or unpacked.
void Checker::compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs) {
  if (is_same_file(ours.info, theirs.info)) return;
  std::string_view source, target;
  if (ours.name == theirs.name) {
    auto reason = read(ground_.source, subject, ours.name, source_data_.raw);
    if (!reason) reason = read(ground_.target, subject, theirs.name, target_data_.raw);
    if (reason) return found("unreadable", subject, theirs.name, {}, reason->what);
    source = source_data_.raw.view();
    target = target_data_.raw.view();
  } else {
    if (const auto reason = load(ground_.source, subject, ours.name, source_data_))
      return found("unreadable", subject, ours.name, name_of(reason->kind), {});
    if (const auto reason = load(ground_.target, subject, theirs.name, target_data_))
      return broken(subject, theirs.name, *reason);
    source = source_data_.text();
    target = target_data_.text();
  }
  if (source != target) found("bytes-changed", subject, theirs.name, size_text(source), size_text(target));
}

// X8: regular files are carried, and the target has nothing else. Files in `known` are compared elsewhere.
void Checker::compare_carried(const std::string& subject, const Listing& ours, const Listing& theirs,
                              const Known& known) {
  const auto is_carried = [&](const Seen& entry) {
    return entry.is_regular() && entry.name != names::unfinished && !contains(known.ours, entry.name);
  };
  for (const Seen& entry : ours.entries) {
    if (!is_carried(entry)) {
      tally_.left_behind += known.counts_strays && !contains(known.ours, entry.name);
      continue;
    }
    count_source(entry);
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
    if (!contains(known.theirs, entry.name) && !carried)
      found("file-unexpected", subject, entry.name, {}, "an entry");
  }
}

// Section 9. Directories get their modes when the target is finished, and their times are not kept.
void Checker::compare_attributes(const std::string& subject, const std::string& file, const FileInfo& ours,
                                 const FileInfo& theirs) {
  const auto compare = [&](auto text) {
    const std::string source = text(ours), target = text(theirs);
    if (source != target) found("attributes-changed", subject, file, source, target);
  };
  const bool is_directory = file.empty();
  if (!is_directory || ground_.finished)
    compare([](const FileInfo& info) { return fmt::format("mode {:o}", info.mode); });
  if (!is_directory)
    compare([](const FileInfo& info) {
      return fmt::format("mtime {}.{:09}", info.mtime.tv_sec, info.mtime.tv_nsec);
    });
  if (ground_.as_root)
    compare([](const FileInfo& info) { return fmt::format("owner {}:{}", info.uid, info.gid); });
}

// Section 9: only data files may be links to those of the source, because servers write into the others.
void Checker::compare_own_file(const std::string& subject, const std::string& file, const FileInfo& ours,
                               const FileInfo& theirs) {
  compare_attributes(subject, file, ours, theirs);
  if (is_same_file(ours, theirs))
    found("attributes-changed", subject, file, "a file of its own", "a hard link to the source's");
}

// The two folders between the cluster and the job. One thread has all jobs of a folder.
void Checker::compare_folders(const JobPath& path) {
  const std::string above = path.cluster + '/' + path.first, folder = above + '/' + path.second;
  if (folder == last_folder_) return;
  last_folder_ = folder;
  for (const std::string& directory : {folder, above}) {
    const auto ours = answer(ground_.source.files.info(ground_.source.path(directory)));
    const auto theirs = answer(ground_.target.files.info(ground_.target.path(directory)));
    if (ours && theirs) compare_attributes(directory, {}, *ours, *theirs);
  }
}

void Checker::count_source(const Seen& file) {
  ++tally_.source.files;
  tally_.source.bytes += file.info.size;
}

void Checker::count_target(const Listing& theirs) {
  for (const Seen& entry : theirs.entries) {
    if (!entry.is_regular()) continue;
    ++tally_.target.files;
    tally_.target.bytes += entry.info.size;
  }
}

}  // namespace jobferry::proof
