// The state of a migration: what it has done so far, in TARGET.jobferry/state.db.
//
// The problem: a run can end at any moment, by a signal, a full disk or a loss of power, and the next one
// must know which jobs of the target are whole without reading them again.
//
// The idea: a table in SQLite with one row for each job that is done. A row is committed after the files of
// the job are on disk, never before. A run that was killed therefore leaves jobs without a row, which the
// next one replaces, but no row without its job. `sqlite3` reads the tables as well.
//
// The cost: 300 to 400 bytes for each job, and one sync every ten seconds (checkpoints.h).
//
//   migration(name, value)     formatVersion, build, source, target, from, to and options of the migration;
//                              id, which the marker in the target has, too; phase (see resume.cpp), started,
//                              ended; finished: the change time of version.txt when the target was complete,
//                              in nanoseconds; completed: `yes` once a run has completed the target, whose
//                              attributes are an administrator's from then on
//   clusters(cluster, source)  each cluster.json of the source: the jobs of the cluster depend on it
//   jobs(job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread,
//        notes)                one row for each job that is done
//     job      CLUSTER/FIRST/SECOND/START
//     files    one line for each file of the job in the source: NAME SIZE MTIME INODE, MTIME in nanoseconds
//     outcome  migrated, skipped, bad or begun; class to message are those of the report
//     notes    a JSON object: {CODE: [COUNT, FILE, POINTER, DETAIL], ...} place and detail are of
//              the first note
//   finished(file, text)       version.txt and every cluster.json of a complete target: SIZE CRC32 MTIME,
//                              which identify the target after its marker is gone
//   directories(path, mode)    directories of a target that was complete before, as far as a run has changed
//                              them: those that it has opened for writing, with the mode to restore, and
//                              those that it has made (NULL), which get all attributes of the source's. Empty
//                              after the run.
//   unlisted(directory, class, message)  directories of the source that could not be listed in the last run;
//                              they hide an unknown number of jobs
//
// A half-written state does not exist: SQLite rolls back what was not committed. What cannot be read is an
// error and never an answer, because a job that the state seems not to know would be deleted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "io/state_directory.h"
#include "jobferry/error.h"
#include "jobferry/types.h"

struct sqlite3;
struct sqlite3_stmt;

namespace jobferry {

inline constexpr std::string_view outcome_migrated = "migrated", outcome_skipped = "skipped",
                                  outcome_bad = "bad",
                                  outcome_begun = "begun";  // the target holds a part of the job, or nothing
// Values of `phase`: the run has tried every job that it could find.
inline constexpr std::string_view phase_bad_jobs = "bad-jobs", phase_hidden_jobs = "hidden-jobs";

// How a job ended.
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
  // Opens the state in this directory, or creates one, and holds its lock. Waits some seconds for another
  // program that has locked the database, such as a backup, but only a short time once `stop` is true. Errors
  // of this and all other calls: state-unusable; in-use if another program has locked it; out-of-resources.
  static Result<std::unique_ptr<State>> open(const std::string& directory,
                                             const std::atomic<bool>* stop = nullptr);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  using Values = std::vector<std::pair<std::string_view, std::string>>;

  // The whole table `migration`, as it is on disk.
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }
  std::optional<std::string> value(std::string_view name) const;
  Result<void> set(const Values& values);
  // Replaces everything by these values, in one transaction.
  Result<void> reset(const Values& values);

  // What identifies a complete target: text by file.
  using Finished = std::map<std::string, std::string>;
  Result<Finished> finished();
  // Sets it and these values, in one transaction.
  Result<void> set_finished(const Finished& files, const Values& values);

  // A directory of the target, by its path in the archive; the root is empty.
  struct Directory {
    std::string path;
    std::optional<mode_t> mode;  // none: this migration has made the directory
  };
  // Call this before the directory is changed. A mode that is recorded already stays: the directory no longer
  // has it. The row outlives the process but not a loss of power, so it costs no sync. From any thread.
  Result<void> add_directory(const Directory& directory);
  // A directory comes after those that lie in it.
  Result<std::vector<Directory>> directories();
  // All directories have their attributes: removes their rows and sets these values, in one transaction.
  Result<void> complete(const Values& values);

  // Replaces the directories that hide jobs.
  Result<void> set_unlisted(const std::vector<Error>& directories);

  // Records this cluster.json. Deletes the rows of jobs that were migrated with another one.
  Result<void> record_cluster(const std::string& cluster, std::string_view source);

  // How many jobs are recorded from earlier runs.
  std::uint64_t known_jobs() const { return known_jobs_; }
  // The record of an earlier run. From any thread.
  Result<std::optional<JobRecord>> find(const std::string& job);
  // Visits every record, ordered by the bytes of the job's path. Ends with the first error of the visitor.
  Result<void> each(const std::function<Result<void>(const JobRecord&)>& visit);

  // Adds these records in one transaction, which is on disk when this returns. From any thread.
  Result<void> commit(const std::vector<JobRecord>& records);
  // Call this before the job is changed in the target: from here on the target may hold a part of it. If the
  // target held the whole job, the row replaces one that says so and must outlive a loss of power. Otherwise
  // it has to outlive the process only, which costs no sync.
  Result<void> begin_job(const std::string& job, bool was_whole);
  Result<void> forget(const std::vector<std::string>& jobs);

 private:
  State() = default;
  Result<void> prepare(const std::atomic<bool>* stop);
  Result<void> prepare_statements();
  Result<void> load_values();
  Result<void> put(const Values& values);
  Result<void> run(const char* sql);
  // Makes all of these changes or none. They are on disk when this returns, unless they need no sync.
  Result<void> transaction(const std::function<Result<void>()>& changes, bool synced = true);
  Result<void> all_or_nothing(const std::function<Result<void>()>& changes);
  Error failure() const;
  Result<JobRecord> record_of(sqlite3_stmt* row) REQUIRES(reading_);
  std::string_view intern(std::string_view word) REQUIRES(reading_);

  StateDirectory directory_;
  std::string file_;           // the database, in messages
  sqlite3* writer_ = nullptr;  // two connections, so that readers do not wait for a transaction
  sqlite3* reader_ = nullptr;
  std::uint64_t known_jobs_ = 0;
  std::map<std::string, std::string, std::less<>> values_;
  // SQLite lets many threads use one connection, but a transaction is of the connection, not of the thread: a
  // thread holds writing_ for all of its own.
  Mutex writing_;
  sqlite3_stmt* insert_ GUARDED_BY(writing_) = nullptr;
  Mutex reading_;  // also held while rows of reader_ are read
  sqlite3_stmt* find_ GUARDED_BY(reading_) = nullptr;
  std::set<std::string, std::less<>> words_ GUARDED_BY(reading_);  // that notes refer to
};

// A random word of 32 hexadecimal digits, which no other run has.
std::string new_id();

}  // namespace jobferry
