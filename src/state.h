// What a migration has done so far: DST.jobferry/state.db beside the target, in SQLite, meant to be read with
// `sqlite3` as well.
//
//   migration(name, value)  what is migrated: formatVersion, build, source, target, from, options, phase
//                           (`running` or `complete`), target-inode, started, finished (the target's change
//                           time when it was complete, in nanoseconds)
//   clusters(cluster, source)  each cluster.json as it was: its jobs depend on it
//   jobs(job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread,
//        notes)             one row for each job that is done; `job` is CLUSTER/FIRST/SECOND/START
//     files    a line for each file of the job in the source: NAME SIZE MTIME INODE, mtime in nanoseconds
//     outcome  migrated, skipped or bad; class to message are those of the report
//     notes    a JSON object: {CODE: [COUNT, FILE, POINTER, DETAIL], ...}, place and detail of the first
//
// A row is committed once the job's files are on disk, never before; so a run that was killed has jobs in the
// target without a row, which the next one replaces, but no row without its job. A job takes 300 to 400
// bytes.
#pragma once

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

#include "jobferry/error.h"
#include "jobferry/migrate.h"

struct sqlite3;
struct sqlite3_stmt;

namespace jobferry {

inline constexpr std::string_view outcome_migrated = "migrated", outcome_skipped = "skipped",
                                  outcome_bad = "bad";
// A value of `phase`: all jobs were tried.
inline constexpr std::string_view phase_bad_jobs = "bad-jobs";

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
  // Takes up the state in this directory, or begins one. Errors: state-unusable, also where another jobferry
  // holds it.
  static Result<std::unique_ptr<State>> open(const std::string& directory);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::optional<std::string> value(std::string_view name);
  Result<void> set(const std::vector<std::pair<std::string_view, std::string>>& values);
  // Forgets all but that there is a state.
  Result<void> clear();

  // Remembers this cluster.json. Jobs that were migrated with another one are forgotten.
  Result<void> settle_cluster(const std::string& cluster, std::string_view source);

  // How many jobs are recorded from earlier runs.
  std::uint64_t known_jobs() const { return known_jobs_; }
  // What an earlier run recorded. From any thread.
  std::optional<JobRecord> find(const std::string& job);
  // Every job that is recorded, in the order of their bytes.
  void each(const std::function<void(const JobRecord&)>& visit);

  // All or nothing. For one thread at a time.
  Result<void> commit(const std::vector<JobRecord>& records);
  Result<void> forget(const std::vector<std::string>& jobs);

 private:
  State() = default;
  Result<void> lock(const std::string& directory);
  Result<void> prepare(const std::string& file);
  Result<void> run(const char* sql);
  Error failure() const;
  JobRecord record_of(sqlite3_stmt* row);
  std::string_view keep(std::string_view word);

  int lock_ = -1;
  std::string file_;
  sqlite3* writer_ = nullptr;  // one connection writes, the other reads: neither waits for the other
  sqlite3* reader_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* find_ = nullptr;
  std::uint64_t known_jobs_ = 0;
  std::mutex reading_;                        // of reader_, find_ and words_
  std::set<std::string, std::less<>> words_;  // that notes refer to
};

// What `jobferry status` tells of a state, without taking it from a run.
struct StateOverview {
  std::map<std::string, std::string> values;      // of the table `migration`
  std::map<std::string, std::uint64_t> outcomes;  // jobs
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::string holder;  // who is running it: `host HOST, pid PID, since TIME`; empty if nobody
};
// Error: state-unusable, also where there is none.
Result<StateOverview> look_at_state(const std::string& directory);

// That another jobferry is at work on this target.
Error in_use(const std::string& target, const std::string& holder);

}  // namespace jobferry
