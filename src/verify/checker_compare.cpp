// Compares the files of a job, a cluster or the root: documents by the rules, everything else byte for byte.
#include <fmt/format.h>

#include <utility>

#include "verify/checker.h"
#include "verify/reading.h"

namespace jobferry::proof {

namespace {

std::string size_text(std::string_view content) { return fmt::format("{} bytes", content.size()); }

// X8: the marker of an unfinished archive is never copied.
bool is_carried(const Seen& entry) { return entry.is_regular() && entry.name != names::unfinished; }

}  // namespace

void Checker::compare_job(const std::string& subject, Listing& ours, Listing& theirs, Draft& meta,
                          Data& data) {
  count(record_.source, *ours.find(names::meta));
  count_target(theirs);
  compare_document(subject, ours, theirs, meta);
  if (data.file) compare_data(subject, theirs, data);
  // The target has one data file, under either name.
  const bool is_packed = theirs.find(names::data_gz) != nullptr;
  if (data.file) theirs.remove({is_packed ? names::data_gz : names::data});
  theirs.remove({names::meta});
  ours.remove({names::meta, names::data, names::data_gz});
  for (const Seen& entry : ours.entries) record_.left_behind += !is_carried(entry);
  compare_directory(subject, ours, theirs);
}

// meta.json or cluster.json. The source's is in source_document_.
void Checker::compare_document(const std::string& subject, const Listing& ours, const Listing& theirs,
                               Draft& wanted) {
  const std::string_view name = wanted.file;
  const Seen *mine = ours.find(name), *other = theirs.find(name);
  if (!mine || !other || !other->is_regular()) return record_.add("file-missing", subject, name, name, {});
  compare_own_file(subject, *mine, *other);
  if (const auto done = read(ground_.target, subject, name, target_document_); !done)
    return record_.add("unreadable", subject, name, {}, done.error().what);
  const std::string_view source = source_document_.text(), target = target_document_.text();
  add_counts(record_.changes, wanted.changes);
  const bool rewritten = !wanted.changes.empty();
  if (!rewritten && source == target) return;
  if (const auto sound = check_json(target); !sound) return broken(subject, name, sound.error());
  Findings findings(subject, name);
  compare(wanted, target, {}, findings);
  if (rewritten && compact(target) != target) findings.add("not-compact", {}, {}, {}, {});
  if (!rewritten && findings.empty())
    findings.add("bytes-changed", {}, {}, size_text(source), size_text(target));
  record_.add(findings);
}

void Checker::compare_data(const std::string& subject, const Listing& theirs, Data& data) {
  const Seen &ours = *data.file, *file = theirs.data();
  count(record_.source, ours);
  if (!file || !file->is_regular()) return record_.add("file-missing", subject, ours.name, ours.name, {});
  compare_attributes(subject, ours, *file);
  if (file->name != ours.name) ++record_.changes["compress"];
  if (ground_.chain.changes_data() && !target_text_) return;  // it is broken, which is a finding already
  add_counts(record_.changes, data.changes);
  if (data.changes.empty() && (!data.findings || data.findings->empty()))
    return compare_bytes(subject, ours, *file);
  if (!data.changes.empty() && compact(*target_text_) != *target_text_)
    data.findings->add("not-compact", {}, {}, {}, {});
  record_.add(*data.findings);
}

// A file that no rule changes. A data file may have been compressed or unpacked.
void Checker::compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs) {
  if (is_same_file(ours.info, theirs.info)) return;
  if (ours.name == theirs.name) {
    auto done = read(ground_.source, subject, ours.name, source_data_);
    if (done) done = read(ground_.target, subject, theirs.name, target_data_);
    if (!done) return record_.add("unreadable", subject, theirs.name, {}, done.error().what);
  } else {
    if (const auto done = load(ground_.source, subject, ours.name, source_data_); !done)
      return record_.add("unreadable", subject, ours.name, name_of(done.error().kind), {});
    if (const auto done = load(ground_.target, subject, theirs.name, target_data_); !done)
      return broken(subject, theirs.name, done.error());
  }
  const std::string_view source = source_data_.text(), target = target_data_.text();
  if (source != target)
    record_.add("bytes-changed", subject, theirs.name, size_text(source), size_text(target));
}

// What remains when the files that rules are about are removed (X8): regular files are carried, and the
// target has nothing else.
void Checker::compare_directory(const std::string& subject, const Listing& ours, const Listing& theirs) {
  compare_attributes(subject, {{}, ours.info}, {{}, theirs.info});
  for (const Seen& entry : ours.entries) {
    if (!is_carried(entry)) continue;
    count(record_.source, entry);
    const Seen* other = theirs.find(entry.name);
    if (!other || !other->is_regular()) {
      record_.add("file-missing", subject, entry.name, "a file", {});
      continue;
    }
    compare_own_file(subject, entry, *other);
    compare_bytes(subject, entry, *other);
  }
  for (const Seen& entry : theirs.entries) {
    const Seen* origin = ours.find(entry.name);
    if (!origin || !is_carried(*origin)) record_.add("file-unexpected", subject, entry.name, {}, "an entry");
  }
}

// Section 9. Directories get their modes when the target is finished, and their times are not kept.
void Checker::compare_attributes(const std::string& subject, const Seen& ours, const Seen& theirs) {
  const auto compare = [&](auto text) {
    const std::string source = text(ours.info), target = text(theirs.info);
    if (source != target) record_.add("attributes-changed", subject, theirs.name, source, target);
  };
  const bool is_directory = theirs.name.empty();
  if (!is_directory || !ground_.target.archive.unfinished)
    compare([](const FileInfo& info) { return fmt::format("mode {:o}", info.mode); });
  if (!is_directory)
    compare([](const FileInfo& info) {
      return fmt::format("mtime {}.{:09}", info.mtime.tv_sec, info.mtime.tv_nsec);
    });
  if (ground_.as_root)
    compare([](const FileInfo& info) { return fmt::format("owner {}:{}", info.uid, info.gid); });
}

// Section 9: only data files may be links to those of the source, because servers write into the others.
void Checker::compare_own_file(const std::string& subject, const Seen& ours, const Seen& theirs) {
  compare_attributes(subject, ours, theirs);
  if (is_same_file(ours.info, theirs.info))
    record_.add("attributes-changed", subject, theirs.name, "a file of its own",
                "a hard link to the source's");
}

// The two folders between the cluster and the job. One thread has all jobs of a folder.
void Checker::compare_folders(const JobPath& path) {
  const std::string above = path.cluster + '/' + path.first, folder = above + '/' + path.second;
  if (std::exchange(last_folder_, folder) == folder) return;
  for (const std::string& directory : {folder, above}) {
    const auto ours = ground_.source.info(directory), theirs = ground_.target.info(directory);
    if (ours && theirs) compare_attributes(directory, {{}, *ours}, {{}, *theirs});
  }
}

void Checker::count(ArchiveCounts& counts, const Seen& file) {
  ++counts.files;
  counts.bytes += file.info.size;
}

void Checker::count_target(const Listing& theirs) {
  for (const Seen& entry : theirs.entries)
    if (entry.is_regular()) count(record_.target, entry);
}

}  // namespace jobferry::proof
