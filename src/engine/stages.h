// What happens to one job, as plain functions: list, read, transform, encode, write. run_serial calls them in
// a loop and defines what is correct; run_graph gives the same functions to TBB.
//
// A job travels in a slot that one stage holds at a time, so there is nothing to lock. A stage that fails
// marks the slot, and the stages behind it let it pass.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/data_file.h"
#include "archive/job.h"
#include "archive/layout.h"
#include "engine/plan.h"
#include "engine/state.h"
#include "engine/target.h"
#include "io/files.h"
#include "jobferry/step.h"

namespace jobferry {

enum class Fate : std::uint8_t {
  pending,   // goes on to the next stage
  foreign,   // no job directory: left behind (X8)
  left_out,  // nobody asked for it
  migrated,
  skipped,        // X6
  bad,            // X12
  too_large_now,  // needs more memory than it was given: comes again with more
  starved,        // a descriptor or memory could not be had: comes again, and alone
  failed,         // the target cannot be written, the run ends
};

// data.json or data.json.gz of a job.
struct DataFile {
  std::string_view name;
  std::optional<FileInfo> info;  // there is one
  Buffer raw;                    // as it is on disk
  Buffer content;                // decompressed, if it is a .gz
  std::optional<Error> error;    // why it cannot be used

  bool is_gzip() const { return name == names::data_gz; }
  std::string_view text() const { return is_gzip() ? content.view() : raw.view(); }
  bool empty() const { return info && info->size == 0; }
};

struct Slot {
  // What it carries.
  JobPath path;
  std::string subject;       // the path as text
  std::uint64_t memory = 0;  // bytes it was granted; 0: no bound
  bool listed = false;       // has been through list; it comes again after that if it needs more memory
  bool alone = false;        // no other job is in flight, or it was starved once and waits for that
  Fate fate = Fate::pending;
  std::optional<Error> error;

  // list
  std::string source;  // its directory
  FileInfo directory;
  std::string files;       // its files as the state records them
  bool recorded = false;   // an earlier run has recorded it
  bool in_target = false;  // as migrated: the target holds what it was then
  std::size_t name = 0;    // which of Options::jobs it is, from 1
  bool unchanged = false;  // and no file has changed since: it is done
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
  bool unspliced = false;  // the edits of the last step are not made yet: mostly the write stage makes them
  bool spaced = false;     // and their text has white space that goes
  bool starved = false;    // its edits take more than their share of the memory
  Edits edits;
  Buffer meta_buffer, edited, previous;

  // encode
  std::string_view meta_out;
  std::string_view data_out;  // empty and nothing unspliced: the file is carried as it is
  std::string_view data_out_name;
  Buffer packed;

  // write
  Buffer chunk;
  bool begun = false;  // its directory in the target is ours now

  // counts
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t entries_out = 0;  // files and directories of its own that it has in the target
  std::uint64_t blocks_out = 0;   // that its files take if all are written (space.h)
  bool carried_unread = false;

  void reset(JobPath next);
  // After encode: the data file goes to the target as it is.
  bool carries_data() const { return data && !data_out.data() && !unspliced; }
  // Makes the edits that are not made yet, in memory.
  void splice();
  // Gives back what one huge job made grow.
  void trim();
};

class Stages {
 public:
  // `state` is null where none is kept.
  Stages(Files& files, const Plan& plan, Target& target, State* state)
      : files_(files), plan_(plan), target_(target), state_(state) {}

  // One of these. Nothing is thrown out of it but for want of memory to say what is wrong. A job that was
  // starved leaves nothing in the target.
  using Stage = void (Stages::*)(Slot&) const;
  void run(Stage stage, Slot& slot) const;

  // A stage each, in this order.
  void list(Slot& slot) const;
  void read(Slot& slot) const;
  void transform(Slot& slot) const;
  void encode(Slot& slot) const;
  void write(Slot& slot) const;

  // What becomes of a job that was starved although it was alone: want of resources is no fault of the job
  // and ends the run, but a job so large that it alone takes more than there is is bad.
  void give_up(Slot& slot) const;

  // The memory that a listed job is expected to take, in bytes. One that turns out to need more comes again.
  std::uint64_t memory_estimate(const Slot& slot) const;

 private:
  void sort_entry(Slot& slot, const Entry& entry) const;
  void judge_listing(Slot& slot) const;
  void describe_files(Slot& slot) const;
  void take_over(Slot& slot, std::optional<JobRecord> record) const;
  bool is_asked_for(Slot& slot, const std::optional<JobRecord>& record) const;
  Result<FileInfo> regular_info(const Slot& slot, const Entry& entry) const;
  void read_data(Slot& slot, DataFile& file) const;
  bool inflate(Slot& slot, DataFile& file) const;
  Result<void> run_chain(Slot& slot, DataFile* file) const;
  Result<void> run_leg(Slot& slot, const Leg& leg) const;
  Result<void> run_data(Slot& slot, DataFile& file) const;
  Result<void> check_only(DataFile& file) const;
  void choose_data(Slot& slot) const;
  void choose_of_two(Slot& slot) const;
  void note_two_files(Slot& slot, const std::optional<Error>& refused) const;
  Result<void> write_files(Slot& slot) const;
  Result<bool> prepare_target(Slot& slot) const;
  void break_off(Slot& slot, Kind kind, std::string_view why) const;
  Result<void> undo(Slot& slot) const;
  void undo_or_end(Slot& slot) const;

  Files& files_;
  const Plan& plan_;
  Target& target_;
  State* state_;
};

}  // namespace jobferry
