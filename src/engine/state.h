// What a migration has done so far: DST.jobferry/state.db beside the target, in SQLite, meant to be read with
// `sqlite3` as well.
//
//   migration(name, value)  what is migrated: formatVersion, build, source, target, from, to, options; `id`,
//   which
//                           the marker in the target has, too; phase (see resume.cpp), started, ended;
//                           finished (the target's change time when it was complete, in nanoseconds);
//                           completed (`yes` once a run has come to its end: the attributes of the target
//                           are an admin's from then on)
//   clusters(cluster, source)  each cluster.json as it was: its jobs depend on it
//   jobs(job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread,
//        notes)             one row for each job that is done; `job` is CLUSTER/FIRST/SECOND/START
//     files    a line for each file of the job in the source: NAME SIZE MTIME INODE, mtime in nanoseconds
//     outcome  migrated, skipped or bad; class to message are those of the report
//     notes    a JSON object: {CODE: [COUNT, FILE, POINTER, DETAIL], ...}, place and detail of the first
//   finished(file, text)    version.txt and every cluster.json of a target that was complete: SIZE CRC32, by
//   which
//                           it is recognised when the marker is gone
//   directories(path, mode) what a run does to directories of a target that has been complete, until it ends:
//                           those that it has opened for writing, with the mode that they get back, and
//                           those that it has made (NULL), which get all attributes of the source's
//   unlisted(directory, class, message)  directories of the source that could not be listed in the last run:
//   they
//                           hide an unknown number of jobs
//
// A row is committed once the job's files are on disk, never before; so a run that was killed has jobs in the
// target without a row, which the next one replaces, but no row without its job. A job takes 300 to 400
// bytes.
//
// What cannot be read is an error and never an answer: a job that the state seems not to know would be
// deleted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/descriptor.h"
#include "jobferry/error.h"
#include "jobferry/types.h"

struct sqlite3;
struct sqlite3_stmt;

namespace jobferry {

inline constexpr std::string_view outcome_migrated = "migrated", outcome_skipped = "skipped",
                                  outcome_bad = "bad",
                                  outcome_begun = "begun";  // the target holds nothing or a part of it
// Values of `phase`: all jobs were tried that could be found.
inline constexpr std::string_view phase_bad_jobs = "bad-jobs", phase_hidden_jobs = "hidden-jobs";

// What became of a job.
struct JobRecord {
  std::string job;      // CLUSTER/FIRST/SECOND/START
  std::string files;    // its files in the source, as above
  std::string outcome;  // migrated, skipped or bad
  std::optional<Error> error;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  bool carried_unread = false;
  std::vector<Note> notes;  // one of each code
};

class State {
 public:
  // Takes up the state in this directory, or begins one. Errors: state-unusable, in-use where another
  // jobferry holds it, out-of-resources. So are those of all that follows.
  // Another program that has it locked (a backup, say) is waited for some seconds, but not once `stop` is
  // true: that is in-use, too.
  static Result<std::unique_ptr<State>> open(const std::string& directory,
                                             const std::atomic<bool>* stop = nullptr);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  using Values = std::vector<std::pair<std::string_view, std::string>>;

  // All of the table `migration`, as it is on disk.
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }
  std::optional<std::string> value(std::string_view name) const;
  Result<void> set(const Values& values);
  // Forgets all that was done, and begins anew with these values: both or neither.
  Result<void> begin_anew(const Values& values);

  // How a complete target is recognised: text by file.
  using Finished = std::map<std::string, std::string>;
  Result<Finished> finished();
  // The same, with a new phase: both or neither.
  Result<void> finish(const Finished& files, const Values& values);

  // A directory of the target, by its path in the archive; the root is empty.
  struct Directory {
    std::string path;
    std::optional<mode_t> mode;  // none: this migration has made it
  };
  // Before it is changed. Of a directory that is known by its mode that one stays: it is no more what it was.
  // It outlives the process, which takes no sync. From any thread.
  Result<void> add_directory(const Directory& directory);
  // What lies in a directory comes before it.
  Result<std::vector<Directory>> directories();
  // They are as they are to be, and the run has ended, with these values: both or neither.
  Result<void> end(const Values& values);

  // The directories that hide jobs, in the place of those of the run before.
  Result<void> set_unlisted(const std::vector<Error>& directories);

  // Remembers this cluster.json. Jobs that were migrated with another one are forgotten.
  Result<void> settle_cluster(const std::string& cluster, std::string_view source);

  // How many jobs are recorded from earlier runs.
  std::uint64_t known_jobs() const { return known_jobs_; }
  // What an earlier run recorded. From any thread.
  Result<std::optional<JobRecord>> find(const std::string& job);
  // Every job that is recorded, in the order of their bytes. Ends with the first error of the visitor.
  Result<void> each(const std::function<Result<void>(const JobRecord&)>& visit);

  // All or nothing. Each is on disk when it returns. From any thread.
  Result<void> commit(const std::vector<JobRecord>& records);
  // From here on the target holds nothing of the job, or a part of it. Only of one that it held as a whole
  // does that have to outlive a loss of power; of others it outlives the process, which takes no sync.
  Result<void> begin_job(const std::string& job, bool was_whole);
  Result<void> forget(const std::vector<std::string>& jobs);

 private:
  State() = default;
  Result<void> lock(const std::string& directory);
  Result<void> prepare(const std::string& file, const std::atomic<bool>* stop);
  Result<void> load_values();
  Result<void> put(const Values& values);
  Result<void> run(const char* sql);
  // All that `changes` does, or nothing; on disk when it returns unless it is not to be synced.
  Result<void> transaction(const std::function<Result<void>()>& changes, bool synced = true);
  Result<void> all_or_nothing(const std::function<Result<void>()>& changes);
  Error failure() const;
  Result<JobRecord> record_of(sqlite3_stmt* row);
  std::string_view keep(std::string_view word);

  Descriptor directory_{-1};  // all files are reached through it
  int lock_ = -1;
  std::string file_;           // in messages
  sqlite3* writer_ = nullptr;  // one connection writes, the other reads: neither waits for the other
  sqlite3* reader_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* find_ = nullptr;
  std::uint64_t known_jobs_ = 0;
  std::map<std::string, std::string, std::less<>> values_;
  std::mutex writing_;                        // of a transaction
  std::mutex reading_;                        // of reader_, find_ and words_
  std::set<std::string, std::less<>> words_;  // that notes refer to
};

// What `jobferry status` tells of a state, without taking it from a run.
struct StateOverview {
  std::map<std::string, std::string, std::less<>> values;  // of the table `migration`
  std::map<std::string, std::string> finished;             // of the table `finished`
  std::map<std::string, std::uint64_t> outcomes;           // jobs
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::vector<Error> unlisted;  // directories of the source, by `subject`
  std::string holder;           // who is running it: `host HOST, pid PID, since TIME`; empty if nobody
};
// Errors: no-state where there is none; state-unusable, out-of-resources, in-use where that cannot be told.
// `stop` as in State::open().
Result<StateOverview> look_at_state(const std::string& directory, const std::atomic<bool>* stop = nullptr);

// A word that no other migration has: 32 hexadecimal digits.
std::string new_id();

// That another jobferry is at work on this target.
Error in_use(const std::string& target, const std::string& holder);

}  // namespace jobferry
