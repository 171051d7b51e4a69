#include "engine/stages.h"
#include "base/text.h"
#include "steps/identity.h"
#include "steps/repairs.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "engine/space.h"
#include "io/codec.h"
#include "jobferry/limits.h"

namespace jobferry {

namespace {

// Memory that every job may use, whatever the gate grants it. Ordinary jobs need no more.
constexpr std::uint64_t least_memory = 1U << 20;

// How many times its size a .gz is expected to grow. One that grows more is tried again with more memory.
constexpr std::uint64_t usual_expansion = 8;

// The memory that a data file is expected to take, in bytes for each byte of its content: one for the input,
// one for the output, one for the edits, and three for the places of its largest metric, which short jobs on
// many cores need.
constexpr std::uint64_t content_factor = 6;
constexpr std::uint64_t edits_share = 1, places_share = 3;
// The same for each byte of a compressed file: it is read and written, and so is its content.
constexpr std::uint64_t packed_factor = 2 + usual_expansion * content_factor;

// A lack of resources, or a state that cannot be read, says nothing about the job. The fate is set last: no
// exception can come between a fate and its reason.
void fail(Slot& slot, Error error, std::string_view file) {
  const bool starved = error.kind == Kind::out_of_resources, asked = error.kind != Kind::state_unusable;
  error.subject = slot.subject;
  if (error.file.empty() || error.file.find('/') != error.file.npos) error.file = file;
  slot.error = std::move(error);
  slot.fate = starved ? Fate::starved : asked ? Fate::bad : Fate::failed;
}

Error in_file(Error error, std::string_view file) {
  error.file = file;
  return error;
}

void skip(Slot& slot, std::string_view file, std::string what) {
  slot.error = Error{Kind::empty_file, std::move(what), {}, {}, std::string(file), slot.subject, {}};
  slot.fate = Fate::skipped;
}

void end_run(Slot& slot, Error error) {
  slot.fate = Fate::failed;
  slot.error = std::move(error);
  slot.error->subject = slot.subject;
}

// This share, out of content_factor, of the memory that a job was granted.
std::uint64_t memory_share(const Slot& slot, std::uint64_t share) {
  return slot.memory == 0 ? std::numeric_limits<std::uint64_t>::max()
                          : std::max(least_memory, slot.memory / content_factor * share);
}

// X6: every data file is empty, by its size.
bool all_data_empty(const Slot& slot) {
  const bool any = slot.gz.info || slot.plain.info;
  return any && (!slot.gz.info || slot.gz.empty()) && (!slot.plain.info || slot.plain.empty());
}

std::string_view first_data_name(const Slot& slot) { return slot.gz.info ? slot.gz.name : slot.plain.name; }

Error is_empty(const DataFile& file) {
  return {Kind::empty_file, "it is empty", {}, {}, std::string(file.name), {}, {}};
}

// A job that is expected to take more than this may itself be the reason why memory is short.
constexpr std::uint64_t large_job = 64U << 20;

// What a job needs within one stage. Each thread has its own, so that the codec's tables (0.7 MB) and the
// reader's places stay in the cache of its core. With one for each slot a run over small .gz files took 5 %
// longer.
struct Tools {
  DataReader reader;
  Codec codec;
};

// Not thread_local: glibc ends the program if it has no memory to register the destructor of such a variable.
Tools& tools() {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    const auto forget = [](void* of_thread) { delete static_cast<Tools*>(of_thread); };
    if (::pthread_key_create(&made, forget) != 0) throw std::bad_alloc();
    return made;
  }();
  if (void* known = ::pthread_getspecific(key)) return *static_cast<Tools*>(known);
  auto made = std::make_unique<Tools>();
  if (::pthread_setspecific(key, made.get()) != 0) throw std::bad_alloc();
  return *made.release();
}

std::string leg_name(const Leg& leg) { return fmt::format("{}->{}", leg.from, leg.to); }

}  // namespace

void Slot::reset(JobPath next) {
  path = std::move(next);
  subject = path.text();
  memory = 0;
  listed = alone = recorded = in_target = unchanged = false;
  files.clear();
  selected_by = 0;
  fate = Fate::pending;
  error.reset();
  meta_info.reset();
  entries = 0;
  carried.clear();
  left_behind = 0;
  left_behind_jobs.clear();
  for (DataFile* file : {&gz, &plain}) {
    file->info.reset();
    file->error.reset();
  }
  job.notes.clear();
  begun = false;
  data = nullptr;
  data_changed = unspliced = false;
  meta_out = data_out = data_out_name = {};
  bytes_in = bytes_out = entries_out = blocks_out = 0;
  carried_unread = false;
}

void Slot::splice() {
  if (!unspliced) return;
  previous.swap(edited);
  edits.splice(spaced, edited);
  unspliced = false;
}

void Slot::trim() {
  for (Buffer* buffer : {&meta_text, &gz.raw, &gz.content, &plain.raw, &plain.content, &meta_buffer, &edited,
                         &previous, &packed, &chunk})
    buffer->trim(limits::kept_buffer);
  edits.trim(limits::kept_buffer);
  job.meta.trim(limits::kept_buffer / limits::tree_bytes_per_byte);
}

void Stages::run(Stage stage, Slot& slot) const {
  try {
    (this->*stage)(slot);
  } catch (const std::bad_alloc&) {
    fail_after_throw(slot, Kind::out_of_resources, "there is not enough memory for this job");
  } catch (const std::exception& error) {
    fail_after_throw(slot, Kind::internal, error.what());
  }
}

// A job that a stage has left half done is neither migrated nor bad until its files are gone. If there is not
// even enough memory to remove them, the exception leaves this function, and the job has failed without a
// reason.
void Stages::fail_after_throw(Slot& slot, Kind kind, std::string_view why) const {
  slot.fate = Fate::failed;
  slot.error.reset();
  if (auto undone = undo(slot); !undone) return end_run(slot, std::move(undone.error()));
  fail(slot, {kind, kind == Kind::internal ? fmt::format("a defect of jobferry: {}", why) : std::string(why)},
       names::meta);
}

void Stages::fail_starved(Slot& slot) const {
  const bool large = slot.meta_info && memory_estimate(slot) > large_job;
  slot.fate = large ? Fate::bad : Fate::failed;
  if (large) slot.error->kind = Kind::file_too_large;
}

Result<FileInfo> Stages::regular_info(const Slot& slot, const Entry& entry) const {
  if (entry.type != FileType::regular) return Error{Kind::not_a_regular_file, "not a regular file"};
  auto info = files_.info(join(slot.source, entry.name));
  if (info && info->type != FileType::regular) return Error{Kind::not_a_regular_file, "not a regular file"};
  return info;
}

void Stages::classify_entry(Slot& slot, const Entry& entry) const {
  DataFile* data = entry.name == names::data_gz ? &slot.gz
                   : entry.name == names::data  ? &slot.plain
                                                : nullptr;
  if (!data && entry.name != names::meta) {
    const bool carried = entry.type == FileType::regular && entry.name != names::unfinished;
    if (carried) return slot.carried.push_back(entry);
    ++slot.left_behind;
    const std::string path = join(slot.subject, entry.name);
    if (entry.type == FileType::directory && holds_meta(files_, join(migration_.archive.root, path)))
      slot.left_behind_jobs.push_back(path);
    return;
  }
  auto info = regular_info(slot, entry);
  if (info) {
    (data ? data->info : slot.meta_info) = *info;
  } else if (slot.fate == Fate::pending) {
    fail(slot, std::move(info.error()), entry.name);
  }
}

void Stages::list(Slot& slot) const {
  slot.source = join(migration_.archive.root, slot.subject);
  auto info = files_.info(slot.source);
  if (!info) return fail(slot, std::move(info.error()), "");
  slot.directory = *info;
  auto entries = files_.list(slot.source);
  if (!entries) return fail(slot, std::move(entries.error()), "");

  slot.entries = entries->size();
  for (const Entry& entry : *entries) classify_entry(slot, entry);
  if (slot.fate == Fate::starved) return;
  classify_job(slot);
  if (state_) describe_files(slot);
  std::optional<JobRecord> record;
  if (state_ && state_->known_jobs() > 0) {
    auto found = state_->find(slot.subject);
    if (!found) return end_run(slot, std::move(found.error()));
    record = std::move(*found);
  }
  slot.recorded = record.has_value();
  slot.in_target = record && record->outcome == outcome_migrated;
  const bool selected = is_selected(slot, record);
  if (record) adopt_record(slot, std::move(record));
  if (!selected && !slot.unchanged && slot.fate != Fate::foreign) slot.fate = Fate::left_out;
  const auto converted = [&](const DataFile& file) {
    return file.info && migration_.converts(file.name, file.info->size);
  };
  slot.reads_data = migration_.reads_data() || (slot.gz.info && slot.plain.info) || converted(slot.gz) ||
                    converted(slot.plain);
}

// A job, nothing to carry (X6), no job at all (X8), or a bad one.
void Stages::classify_job(Slot& slot) const {
  const bool foreign = slot.fate == Fate::pending && !slot.meta_info && !slot.gz.info && !slot.plain.info;
  if (slot.meta_info && slot.meta_info->size == 0)
    skip(slot, names::meta, "meta.json is empty");
  else if (all_data_empty(slot) && !(slot.fate == Fate::bad && slot.error->file != names::meta))
    skip(slot, first_data_name(slot), "the data file is empty");
  else if (foreign)
    slot.fate = Fate::foreign;
  else if (slot.fate == Fate::pending && !slot.meta_info)
    fail(slot, {Kind::no_meta_file, "the job has no meta.json"}, names::meta);
}

// Before any of the files is read, so that the next run sees a change that happens during this one.
void Stages::describe_files(Slot& slot) const {
  const auto describe = [&](std::string_view name, const FileInfo& info) {
    slot.files +=
        fmt::format("{} {} {} {}\n", printable(name), info.size,
                    std::int64_t{info.mtime.tv_sec} * 1'000'000'000 + info.mtime.tv_nsec, info.inode);
  };
  if (slot.gz.info) describe(slot.gz.name, *slot.gz.info);
  if (slot.plain.info) describe(slot.plain.name, *slot.plain.info);
  if (slot.meta_info) describe(names::meta, *slot.meta_info);
  for (const Entry& entry : slot.carried)
    if (const auto info = files_.info(join(slot.source, entry.name))) describe(entry.name, *info);
}

bool Stages::is_selected(Slot& slot, const std::optional<JobRecord>& record) const {
  const auto& jobs = migration_.options.jobs;
  const auto is_this = [&](const JobName& name) {
    return name.cluster == slot.path.cluster && slot.path.job_id() == name.id &&
           (name.start.empty() || name.start == slot.path.start);
  };
  const auto found = std::find_if(jobs.begin(), jobs.end(), is_this);
  if (found != jobs.end()) slot.selected_by = static_cast<std::size_t>(found - jobs.begin()) + 1;
  if (migration_.options.only_bad && !(record && record->outcome == outcome_bad)) return false;
  return jobs.empty() || found != jobs.end();
}

// A job that an earlier run has migrated or skipped is done, unless one of its files has changed. Bad jobs
// are tried again.
void Stages::adopt_record(Slot& slot, std::optional<JobRecord> record) const {
  const bool done = record->outcome == outcome_migrated || record->outcome == outcome_skipped;
  if (!done || record->files != slot.files) return;
  slot.unchanged = true;
  slot.fate = record->outcome == outcome_migrated ? Fate::migrated : Fate::skipped;
  slot.error = std::move(record->error);
  slot.bytes_in = record->bytes_in;
  slot.bytes_out = record->bytes_out;
  slot.carried_unread = record->carried_unread;
  slot.job.notes.clear();
  for (Note& note : record->notes)
    slot.job.notes.add(note.code, note.file, std::move(note.pointer), std::move(note.detail), note.count);
}

std::uint64_t Stages::memory_estimate(const Slot& slot) const {
  std::uint64_t bytes =
      least_memory + (slot.meta_info ? slot.meta_info->size * limits::tree_bytes_per_byte : 0);
  if (!slot.reads_data) return bytes;
  if (slot.plain.info) bytes += slot.plain.info->size * content_factor;
  if (slot.gz.info) bytes += slot.gz.info->size * packed_factor;
  return bytes;
}

void Stages::read(Slot& slot) const {
  if (slot.fate != Fate::pending) return;
  slot.error.reset();  // from an attempt with too little memory
  slot.bytes_in = slot.meta_info->size;
  auto read = files_.read(join(slot.source, names::meta), migration_.options.max_file_size, slot.meta_text);
  if (!read) return fail(slot, std::move(read.error()), names::meta);
  slot.meta_info = *read;  // content and attributes are of one file, whatever was listed before
  for (DataFile* file : {&slot.gz, &slot.plain}) {
    if (!file->info) continue;
    slot.bytes_in += file->info->size;
    if (slot.reads_data) read_data(slot, *file);
    if (slot.fate != Fate::pending) return;
  }
}

void Stages::read_data(Slot& slot, DataFile& file) const {
  // The limit is on the content (X4). The compressed form of a content within the limit is hardly larger.
  const std::uint64_t most = migration_.options.max_file_size;
  const std::uint64_t limit = file.is_gzip() ? limits::packed_size(most) : most;
  auto read = files_.read(join(slot.source, file.name), limit, file.raw);
  file.error.reset();
  if (!read && read.error().kind == Kind::out_of_resources)
    return fail(slot, std::move(read.error()), file.name);
  if (!read)
    file.error = in_file(std::move(read.error()), file.name);
  else
    file.info = *read;
}

// False: it takes more memory than the job was granted.
bool Stages::inflate(Slot& slot, DataFile& file) const {
  const std::uint64_t most = migration_.options.max_file_size;
  const std::uint64_t granted =
      slot.memory == 0 ? most : std::max(least_memory, slot.memory / packed_factor * usual_expansion);
  auto done = tools().codec.inflate(file.raw.view(), std::min(granted, most), file.content);
  if (done) return true;
  if (done.error().kind == Kind::file_too_large && granted < most) return false;
  file.error = in_file(std::move(done.error()), file.name);
  return true;
}

void Stages::transform(Slot& slot) const {
  if (slot.fate != Fate::pending) return;
  if (slot.reads_data && slot.gz.info && !slot.gz.error && !slot.gz.empty()) {
    if (!inflate(slot, slot.gz)) {
      slot.fate = Fate::too_large_now;
      return;
    }
    if (!slot.gz.error && slot.gz.content.empty()) slot.gz.info->size = 0;  // counts as empty (X6)
  }
  if (all_data_empty(slot)) return skip(slot, first_data_name(slot), "the data file is empty");
  slot.edits_too_large = false;
  DataReader& reader = tools().reader;
  reader.limit_places(memory_share(slot, places_share));
  choose_data(slot);
  if (slot.edits_too_large || reader.exceeded_limit()) slot.fate = Fate::too_large_now;
  reader.trim(limits::kept_buffer);
  if (slot.fate != Fate::pending) return;
  if (!slot.gz.info && !slot.plain.info) slot.job.notes.add("no-data-file", "data.json", "");
  slot.job.notes.sort_and_merge();
  slot.meta_out = slot.job.meta.text(slot.meta_buffer);
}

void Stages::choose_data(Slot& slot) const {
  if (slot.gz.info && slot.plain.info) return choose_between_two(slot);
  DataFile* file = slot.gz.info ? &slot.gz : slot.plain.info ? &slot.plain : nullptr;
  if (auto done = run_chain(slot, file); !done) return fail(slot, std::move(done.error()), names::meta);
  slot.data = file;
}

// X7: uses the .gz if the job is sound with it, otherwise data.json.
void Stages::choose_between_two(Slot& slot) const {
  std::optional<Error> refused;
  for (DataFile* file : {&slot.gz, &slot.plain}) {
    auto done = file->empty() ? Result<void>(is_empty(*file)) : run_chain(slot, file);
    if (done) {
      slot.data = file;
      break;
    }
    // A file that could not be read is no reason to use the other one.
    const Kind kind = done.error().kind;
    if (kind == Kind::out_of_resources || kind == Kind::read_failed)
      return fail(slot, std::move(done.error()), file->name);
    const bool meta_is_bad = done.error().file == names::meta;
    if (!refused || refused->kind == Kind::empty_file || meta_is_bad) refused = std::move(done.error());
    if (meta_is_bad) break;
  }
  if (!slot.data) return fail(slot, std::move(*refused), names::data_gz);
  note_two_files(slot, refused);
}

// The note says how sound the unused file is, so that one is checked as well.
void Stages::note_two_files(Slot& slot, const std::optional<Error>& refused) const {
  const auto as_words = [](const Error& error) {
    return fmt::format("{} is {}", error.file, name_of(error.kind));
  };
  std::string other;
  if (refused) {
    other = as_words(*refused);
  } else {
    const auto checked = slot.plain.empty() ? Result<void>(is_empty(slot.plain)) : check_only(slot.plain);
    other = !checked                              ? as_words(in_file(checked.error(), slot.plain.name))
            : slot.plain.text() == slot.gz.text() ? "both hold the same"
                                                  : "the two differ";
  }
  slot.job.notes.add("two-data-files", slot.data->name, "",
                     fmt::format("used {}, {}", slot.data->name, other));
}

Result<void> Stages::check_only(DataFile& file) const {
  if (file.error) return Error(*file.error);
  return tools().reader.read(file.text(), [](MetricPlace&) { return Result<void>(); });
}

// All steps on one job with this data file. Starts from the source each time.
Result<void> Stages::run_chain(Slot& slot, DataFile* file) const {
  Job& job = slot.job;
  job.cluster = &migration_.clusters.find(slot.path.cluster)->second;
  job.notes.clear();
  if (file) job.data_name = file->name;
  if (auto sound = job.meta.parse(slot.meta_text.view()); !sound)
    return in_file(std::move(sound.error()), names::meta);
  check_identity(job, slot.path);
  if (job.meta.failure()) return in_file(*job.meta.failure(), names::meta);
  for (const Leg& leg : migration_.chain)
    if (auto done = run_leg(slot, leg); !done) return done;
  if (!file || !slot.reads_data) return {};
  if (file->error) return Error(*file->error);
  auto done = run_data(slot, *file);
  if (!done) done.error().file = file->name;
  return done;
}

Result<void> Stages::run_leg(Slot& slot, const Leg& leg) const {
  Job& job = slot.job;
  repair_meta(job);
  if (leg.job && !job.meta.failure()) leg.job(job);
  if (!job.meta.failure()) return {};
  Error error = in_file(*job.meta.failure(), names::meta);
  error.step = leg_name(leg);
  return error;
}

// The passes of the steps over the data file, one after the other, in memory. If no step changes data, one
// pass checks the file.
Result<void> Stages::run_data(Slot& slot, DataFile& file) const {
  std::string_view text = file.text();
  slot.data_changed = slot.unspliced = false;
  bool checked = false;
  for (const Leg& leg : migration_.chain) {
    if (!leg.data) continue;
    slot.splice();
    if (slot.data_changed) text = slot.edited.view();
    slot.edits.reset(text);
    DataPass pass{text, slot.edits, slot.job};
    auto done = tools().reader.read(text, [&](MetricPlace& metric) -> Result<void> {
      slot.edits_too_large |= slot.edits.bytes() > memory_share(slot, edits_share);
      return slot.edits_too_large ? Error{Kind::file_too_large, "more edits than there is memory for"}
                                  : leg.data(metric, pass);
    });
    if (!done) {
      done.error().step = leg_name(leg);
      // The reader reports a position in the output of an earlier step. Find it in the source.
      if (slot.data_changed) {
        const auto byte = json::byte_of(file.text(), done.error().pointer);
        done.error().byte = byte ? std::optional<std::uint64_t>(*byte) : std::nullopt;
      }
      return done;
    }
    checked = true;
    if (slot.edits.empty()) continue;
    slot.spaced = tools().reader.spaced();
    slot.data_changed = slot.unspliced = true;
  }
  return checked ? Result<void>() : check_only(file);
}

void Stages::encode(Slot& slot) const {
  if (slot.fate != Fate::pending || !slot.data) return;
  DataFile& file = *slot.data;
  slot.carried_unread = !slot.reads_data;
  // The write stage splices only a text that goes to the disk unchanged.
  if (slot.spaced || file.is_gzip()) slot.splice();
  const auto size = [&] {
    return !slot.data_changed ? file.text().size()
           : slot.unspliced   ? slot.edits.spliced_size()
                              : slot.edited.size();
  };
  const bool convert = slot.reads_data && migration_.converts(file.name, size());
  slot.data_out_name = convert ? (file.is_gzip() ? names::data : names::data_gz) : file.name;
  if (!slot.data_changed && !convert) return;
  const bool packs = slot.data_out_name == names::data_gz;
  if (packs) slot.splice();
  if (slot.unspliced) return;
  slot.data_out = slot.data_changed ? slot.edited.view() : file.text();
  if (!packs) return;
  tools().codec.deflate(slot.data_out, migration_.options.compress_level, slot.packed);
  slot.data_out = slot.packed.view();
}

void Stages::write(Slot& slot) const {
  const bool not_to_be_there = slot.fate == Fate::bad || slot.fate == Fate::skipped;
  if (!slot.unchanged && target_.reused() && (not_to_be_there || slot.fate == Fate::pending)) {
    const auto changes = announce_change(slot);
    if (!changes) return end_run(slot, Error(changes.error()));
    if (*changes && not_to_be_there)
      if (auto gone = target_.remove_job(slot.subject); !gone) return end_run(slot, std::move(gone.error()));
  }
  if (slot.fate != Fate::pending) return;
  auto done = write_files(slot);
  if (done) {
    slot.fate = Fate::migrated;
    return;
  }
  // A file that cannot be read makes the job bad. A target that cannot be written would fail for all jobs.
  if (done.error().kind == Kind::write_failed)
    end_run(slot, std::move(done.error()));
  else
    fail(slot, std::move(done.error()), names::meta);
  undo_or_end(slot);
}

// Before this run changes a job that an earlier run has migrated, the state says so, on disk. Otherwise, if
// this run ended now, the next one would believe the old row. The same holds for a new job in a target that
// was complete, because entries that no row knows may belong to others there. False: the source could not be
// read, which is no reason to delete what was migrated of it.
Result<bool> Stages::announce_change(Slot& slot) const {
  if (!state_) return true;
  if (slot.fate == Fate::bad && slot.error->kind == Kind::read_failed) {
    const auto record = state_->find(slot.subject);
    if (!record) return Error(record.error());
    slot.recorded = record->has_value();
    slot.unchanged = slot.recorded && (*record)->outcome == outcome_migrated;
    if (slot.unchanged) return false;
  }
  if (slot.in_target || (slot.fate == Fate::pending && target_.was_complete()))
    if (auto begun = state_->begin_job(slot.subject, slot.in_target); !begun) return std::move(begun.error());
  return true;
}

// The target has a job as a whole or not at all. A stage that threw may have written files that the slot does
// not know, so everything in the directory goes. The directory itself stays if it was there before and the
// job is tried again.
Result<void> Stages::undo(Slot& slot) const {
  if (!slot.begun) return {};
  const bool comes_again = slot.in_target && slot.fate != Fate::bad;
  auto gone = comes_again ? target_.clear_job(slot.subject) : target_.remove_job(slot.subject);
  if (!gone) return gone;
  slot.begun = false;
  return {};
}

// If a part of a job cannot be removed, the run fails: the part must not end up in a complete archive.
void Stages::undo_or_end(Slot& slot) const {
  auto undone = undo(slot);
  if (undone || slot.fate == Fate::failed) return;
  end_run(slot, std::move(undone.error()));
}

Result<void> Stages::write_files(Slot& slot) const {
  const std::string& directory = slot.subject;
  const auto put = [&](std::string_view name, std::uint64_t size, const auto& how) -> Result<void> {
    auto done = how(join(directory, name));
    if (!done) return in_file(std::move(done.error()), name);
    ++slot.entries_out;
    slot.bytes_out += size;
    slot.blocks_out += blocks_of(size);
    return done;
  };
  slot.begun = true;
  if (auto made = target_.make_job(directory, slot.directory); !made) return made;
  ++slot.entries_out;

  if (slot.data) {
    const FileInfo& like = *slot.data->info;
    const bool rewritten = slot.data_out.data() != nullptr;
    const std::uint64_t size = slot.unspliced ? slot.edits.spliced_size()
                               : rewritten    ? slot.data_out.size()
                                              : like.size;
    auto done = put(slot.data_out_name, size, [&](const std::string& path) {
      if (!slot.unspliced)
        return rewritten ? target_.write(path, slot.data_out, like) : target_.carry_data(path, like);
      Spliced pieces(slot.edits, slot.chunk);
      return target_.write(path, pieces, like);
    });
    if (!done) return done;
  }
  for (const Entry& entry : slot.carried) {
    auto info = files_.info(join(slot.source, entry.name));
    if (!info) return in_file(std::move(info.error()), entry.name);
    slot.bytes_in += info->size;
    auto done = put(entry.name, info->size, [&](const std::string& path) { return target_.copy(path); });
    if (!done) return done;
  }
  return put(names::meta, slot.meta_out.size(),
             [&](const std::string& path) { return target_.write(path, slot.meta_out, *slot.meta_info); });
}

}  // namespace jobferry
