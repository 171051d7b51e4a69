// What happens to one job, as plain functions: list, read, transform, encode, write.
//
// The problem: a graph of threads must write exactly the bytes that a simple loop writes, and no failure of
// one job may stop the others or leave half a job in the target.
//
// The idea: a stage is a function of a slot, and does not know who calls it. run_serial.cpp calls the stages
// in a loop and defines what is correct; run_graph.cpp gives the same functions to TBB. A job travels in its
// slot, which one stage holds at a time, so nothing is locked. A stage that fails marks the slot, and the
// later stages skip it.
//
// The cost: a slot keeps the buffers of a job in memory, so the readers bound the number of slots and the
// bytes of their jobs (readers.h). Edits of a data file are recorded and made while it is written, so that no
// second text of the file is in memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/data_file.h"
#include "archive/job.h"
#include "archive/layout.h"
#include "engine/migration.h"
#include "engine/state.h"
#include "engine/target.h"
#include "io/files.h"
#include "jobferry/step.h"

namespace jobferry {

enum class Fate : std::uint8_t {
  pending,   // not decided yet
  foreign,   // not a job directory: left behind (X8)
  left_out,  // not selected by the user, or the run was stopped before it was written
  migrated,
  skipped,        // X6
  bad,            // X12
  too_large_now,  // needs more memory than it was granted: tried again with more
  starved,        // there was no descriptor or no memory for it: tried again, alone
  failed,         // the target cannot be written: the run ends
};

// data.json or data.json.gz of a job.
struct DataFile {
  std::string_view name;
  std::optional<FileInfo> info;  // none: there is no such file
  Buffer raw;                    // as it is on disk
  Buffer content;                // decompressed, if it is a .gz
  std::optional<Error> error;    // why it cannot be used

  bool is_gzip() const { return name == names::data_gz; }
  std::string_view text() const { return is_gzip() ? content.view() : raw.view(); }
  bool empty() const { return info && info->size == 0; }
};

struct Slot {
  JobPath path;
  std::string subject;       // the path as text
  std::uint64_t memory = 0;  // bytes that it was granted; 0: no bound
  bool listed = false;       // the list stage is done, also if the job is tried again with more memory
  bool alone = false;        // it was starved once: no other job may be in flight with it
  Fate fate = Fate::pending;
  std::optional<Error> error;

  // list
  std::string source;  // its directory
  FileInfo directory;
  std::string files;            // its files as the state records them
  bool recorded = false;        // an earlier run has recorded it
  bool in_target = false;       // as migrated: the target holds what it was then
  std::size_t selected_by = 0;  // which of Options::jobs selects it, from 1; 0: none
  bool unchanged = false;       // it is done, and no file has changed since
  std::optional<FileInfo> meta_info;
  std::size_t entries = 0;        // all in its directory
  std::vector<Entry> carried;     // other regular files
  std::uint64_t left_behind = 0;  // other entries
  std::vector<std::string> left_behind_jobs;
  bool reads_data = false;

  // read
  Buffer meta_text;
  DataFile gz{names::data_gz, {}, {}, {}, {}};
  DataFile plain{names::data, {}, {}, {}, {}};

  // transform
  Job job;
  DataFile* data = nullptr;  // the one that is used
  bool data_changed = false;
  bool unspliced = false;  // the edits of the last step are recorded only: mostly the write stage makes them
  bool spaced = false;     // and their text has white space to remove
  bool edits_too_large = false;  // they take more than their share of the memory
  Edits edits;
  Buffer meta_buffer, edited, previous;

  // encode
  std::string_view meta_out;
  std::string_view data_out;  // empty and nothing unspliced: the file is carried as it is
  std::string_view data_out_name;
  Buffer packed;

  // write
  Buffer chunk;
  bool begun = false;  // its directory in the target may hold files of this run

  // counts
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t entries_out = 0;  // files and directories that it has in the target
  std::uint64_t blocks_out = 0;   // that its files take if none is a link (space.h)
  bool carried_unread = false;

  void reset(JobPath next);
  // After encode: the target gets the data file unchanged.
  bool carries_data() const { return data && !data_out.data() && !unspliced; }
  // Makes the recorded edits, in memory.
  void splice();
  // Gives back the memory of a huge job.
  void trim();
};

class Stages {
 public:
  // `state` is null where none is kept.
  Stages(Files& files, const Migration& migration, Target& target, State* state)
      : files_(files), migration_(migration), target_(target), state_(state) {}

  // Runs one stage. An exception of the stage becomes the error of the job; this throws only if there is no
  // memory to describe it. A job that was starved leaves nothing in the target.
  using Stage = void (Stages::*)(Slot&) const;
  void run(Stage stage, Slot& slot) const;

  // The stages, in this order.
  void list(Slot& slot) const;
  void read(Slot& slot) const;
  void transform(Slot& slot) const;
  void encode(Slot& slot) const;
  void write(Slot& slot) const;

  // Decides about a job that was starved although it was alone. A lack of resources is no fault of the job
  // and ends the run. But a job that needs more memory than the machine has is bad.
  void fail_starved(Slot& slot) const;

  // The memory that a listed job is expected to take, in bytes. A job that needs more is tried again.
  std::uint64_t memory_estimate(const Slot& slot) const;

 private:
  void classify_entry(Slot& slot, const Entry& entry) const;
  void classify_job(Slot& slot) const;
  void describe_files(Slot& slot) const;
  void adopt_record(Slot& slot, std::optional<JobRecord> record) const;
  bool is_selected(Slot& slot, const std::optional<JobRecord>& record) const;
  Result<FileInfo> regular_info(const Slot& slot, const Entry& entry) const;
  void read_data(Slot& slot, DataFile& file) const;
  bool inflate(Slot& slot, DataFile& file) const;
  Result<void> run_chain(Slot& slot, DataFile* file) const;
  Result<void> run_leg(Slot& slot, const Leg& leg) const;
  Result<void> run_data(Slot& slot, DataFile& file) const;
  Result<void> check_only(DataFile& file) const;
  void choose_data(Slot& slot) const;
  void choose_between_two(Slot& slot) const;
  void note_two_files(Slot& slot, const std::optional<Error>& refused) const;
  Result<void> write_files(Slot& slot) const;
  Result<bool> announce_change(Slot& slot) const;
  void fail_after_throw(Slot& slot, Kind kind, std::string_view why) const;
  Result<void> undo(Slot& slot) const;
  void undo_or_end(Slot& slot) const;

  Files& files_;
  const Migration& migration_;
  Target& target_;
  State* state_;
};

}  // namespace jobferry
