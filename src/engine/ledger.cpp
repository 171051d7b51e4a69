#include "engine/ledger.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace jobferry {

namespace {

// Other threads only read these counters, so a locked add is not needed.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

void Ledger::retire(Slot& slot) {
  if (look_) look_(slot);
  if (slot.fate == Fate::failed) {
    failed_ = true;
    if (slot.error) summary_.errors.push_back(std::move(*slot.error));
    return;
  }
  seen_again_ += slot.recorded && slot.fate != Fate::foreign;
  if (slot.selected_by) names_found_.insert(slot.selected_by);
  if (slot.fate == Fate::left_out) {
    ++summary_.left_out;
    return;
  }
  count(slot);
  add_to_timeline(slot);
  summary_.unchanged += slot.unchanged;
  if (checkpoints_ && slot.fate != Fate::foreign && !slot.unchanged) record(slot);
  if (slot.fate == Fate::migrated) add_notes(slot.subject, slot.job.notes);
  if (slot.fate == Fate::bad && listener_.bad) listener_.bad(*slot.error);
  if (slot.fate == Fate::bad) summary_.bad.push_back(std::move(*slot.error));
  if (slot.fate == Fate::skipped) summary_.skipped.push_back(std::move(*slot.error));
}

void Ledger::record(const Slot& slot) {
  JobRecord record{slot.subject,  slot.files,     std::string(outcome_migrated), {},
                   slot.bytes_in, slot.bytes_out, slot.carried_unread,           {}};
  if (slot.fate == Fate::migrated) {
    // One note for each code: the first, with the count of all.
    for (const Note& note : slot.job.notes.all()) {
      if (record.notes.empty() || record.notes.back().code != note.code)
        record.notes.push_back(note);
      else
        record.notes.back().count += note.count;
    }
  } else {
    if (!slot.error) throw std::logic_error("a job without an outcome");
    record.outcome = slot.fate == Fate::bad ? outcome_bad : outcome_skipped;
    record.error = slot.error;
  }
  checkpoints_->add(std::move(record));
}

void Ledger::add_unlisted(const Error& directory) {
  if (listener_.unlisted) listener_.unlisted(directory);
  summary_.unlisted.push_back(directory);
}

void Ledger::count(const Slot& slot) {
  ClusterCounts& counts = summary_.clusters[slot.path.cluster];
  const bool migrated = slot.fate == Fate::migrated, foreign = slot.fate == Fate::foreign;
  counts.migrated += migrated;
  counts.skipped += slot.fate == Fate::skipped;
  counts.bad += slot.fate == Fate::bad;
  // A foreign directory is one entry. Of a job that is not written, every entry is left behind (X8).
  counts.left_behind += foreign ? 1 : migrated ? slot.left_behind : slot.entries;
  if (!foreign)
    summary_.left_behind.insert(summary_.left_behind.end(), slot.left_behind_jobs.begin(),
                                slot.left_behind_jobs.end());
  counts.carried_unread += migrated && slot.carried_unread;
  counts.carried += migrated ? slot.carried.size() : 0;
  counts.bytes_in += slot.bytes_in;
  counts.bytes_out += migrated ? slot.bytes_out : 0;
  if (Progress* progress = listener_.progress) {
    add(progress->jobs, 1);
    add(progress->skipped, slot.fate == Fate::skipped);
    add(progress->bad, slot.fate == Fate::bad);
    add(progress->bytes_in, slot.bytes_in);
    add(progress->bytes_out, slot.bytes_out);
    progress->done(slot.subject);
  }
}

void Ledger::add_to_timeline(const Slot& slot) {
  if (slot.unchanged || slot.fate == Fate::foreign) return;
  const bool migrated = slot.fate == Fate::migrated;
  const std::chrono::duration<double> now = std::chrono::steady_clock::now() - begin_;
  summary_.timeline.add(now.count(), {1, slot.bytes_in, migrated ? slot.bytes_out : 0});
  if (migrated) ++summary_.sizes[static_cast<std::size_t>(std::bit_width(slot.bytes_in))];
}

void Ledger::add_notes(const std::string& subject, const Notes& notes) {
  std::string_view last;
  for (const Note& note : notes.all()) {
    if (listener_.note) listener_.note(subject, note);
    auto found = summary_.notes.find(note.code);
    if (found == summary_.notes.end()) found = summary_.notes.emplace(note.code, NoteCount{}).first;
    NoteCount& all = found->second;
    all.count += note.count;
    const bool first_of_code = note.code != last;  // merged notes are sorted by code
    last = note.code;
    if (!first_of_code) continue;
    ++all.subjects;
    if (all.subject.empty() || subject < all.subject) {
      all.subject = subject;
      all.file = note.file;
      all.pointer = note.pointer;
      all.detail = note.detail;
    }
  }
}

}  // namespace jobferry
