// Options in, Summary out: everything a caller needs to migrate an archive.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"

namespace jobferry {

// The newest archive version of this build: cc-backend 1.5.
inline constexpr int newest_version = 3;

// How unchanged data files travel (section 9 of the contract).
enum class DataMode : std::uint8_t { automatic, link, reflink, copy };
// What becomes of data files' compression.
enum class Compression : std::uint8_t { keep, gzip, none };

// How much time a .gz may take: `normal` is as small as servers write them, `fast` several times as fast.
enum class CompressLevel : std::uint8_t { normal, fast };

// --aggregation [CLUSTER:]METRIC=sum|avg
struct Override {
  std::string cluster;  // empty: every cluster that has the metric
  std::string metric;
  std::string aggregation;
};

// --job CLUSTER/ID[/START]
struct JobName {
  std::string cluster;
  std::uint64_t id = 0;
  std::string start;  // empty: every job of that ID
};

struct Options {
  std::string source = "./var/job-archive";
  std::string target = "./var/job-archive-new";
  int to = newest_version;
  bool debug = false;
  unsigned threads = 0;                      // 0: one for each core
  unsigned io_depth = 16;                    // jobs that are listed and read at a time
  std::uint64_t memory = 0;                  // bytes of job data in flight; 0: a quarter of RAM
  std::uint64_t max_file_size = 0xFFFFFFFF;  // bytes, 4 GiB - 1
  std::vector<Override> overrides;
  DataMode data = DataMode::automatic;
  Compression compress = Compression::keep;
  CompressLevel compress_level = CompressLevel::normal;
  bool check_data = false;
  bool accept_bad = false;
  bool follow_symlinks = false;
  bool dry_run = false;
  bool repair = false;
  // Where the run keeps what it has done, so that the same run goes on where it was (state.h). Empty:
  // TARGET.jobferry.
  std::string state;
  bool keep_state = true;
  // Limits the run to these jobs, or to those that were bad in the last run. Others that are not done yet are
  // left out, and so the target stays unfinished.
  std::vector<JobName> jobs;
  bool only_bad = false;
  bool restart = false;  // throws away what an earlier run left: target and state
  // How often what is done is synced and recorded.
  std::chrono::milliseconds checkpoint_interval{10'000};
};

enum class Verdict : std::uint8_t { ok, inferred, suspicious, invalid, overridden };
std::string_view name_of(Verdict verdict);

// One line of the aggregation table that --debug prints.
struct AggregationRow {
  std::string metric, unit, scope, aggregation;
  Verdict verdict = Verdict::ok;
};

struct ClusterCounts {
  std::uint64_t migrated = 0;        // jobs
  std::uint64_t skipped = 0;         // jobs (X6)
  std::uint64_t bad = 0;             // jobs (X12)
  std::uint64_t carried_unread = 0;  // data files of migrated jobs that no step had to read (X11)
  std::uint64_t carried = 0;         // other files, byte for byte (X8)
  std::uint64_t left_behind = 0;     // directory entries (X8)
  std::uint64_t bytes_in = 0;        // of the files read or carried, as they are on disk
  std::uint64_t bytes_out = 0;
};

// A decision that a person may want to review (X9).
struct Note {
  std::string_view code;    // `unit-unrecognised`: stable, static storage
  std::string_view file;    // meta.json, data.json, ...: static storage
  std::string pointer;      // in the input
  std::string detail;       // what was decided, short; may be empty
  std::uint64_t count = 1;  // how many places of the file it speaks of
};

// All notes of one code.
struct NoteCount {
  std::uint64_t count = 0;                     // places
  std::uint64_t subjects = 0;                  // jobs and clusters
  std::string subject, file, pointer, detail;  // the example: of the subject that comes first in path order
};

// hidden_jobs: directories could not be listed, so nobody knows what jobs are missing
// partial: the jobs that were asked for are done, others are not
enum class Outcome : std::uint8_t {
  complete,
  nothing_to_do,
  bad_jobs,
  hidden_jobs,
  interrupted,
  partial,
  failed
};
std::string_view name_of(Outcome outcome);

// How much a run got done, and when. Of bounded size: when it is full, neighbours are joined and each moment
// lasts twice as long. It feeds reports and nothing else: no byte of a target depends on it.
struct Timeline {
  struct Moment {
    std::uint64_t jobs = 0;  // done, whatever became of them
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };
  static constexpr std::size_t most_moments = 240;

  double step = 0.01;           // seconds that each moment lasts
  double seconds = 0;           // when the last job was done
  std::vector<Moment> moments;  // from the time when the first job could be begun

  void add(double at, const Moment& done);
};

// How many jobs have a size: element n counts those of 2^(n-1) to 2^n - 1 bytes, the first those of none.
using SizeCounts = std::array<std::uint64_t, 65>;

// The result of a run. It grows with what is wrong in an archive, not with the number of its jobs.
struct Summary {
  Outcome outcome = Outcome::failed;
  int from = 0, to = 0;
  bool finalized = false;                               // version.txt stands in the target
  std::map<std::string, ClusterCounts> clusters;        // by name; "" counts what lies in the root
  std::map<std::string, NoteCount, std::less<>> notes;  // by code
  std::vector<Error> bad;                               // jobs, in path order
  std::vector<Error> skipped;                           // jobs, in path order
  std::vector<Error> unlisted;           // directories that could not be listed and hide jobs, in path order
  std::vector<std::string> left_behind;  // directories left behind that hold a meta.json, in order
  std::map<std::string, std::vector<AggregationRow>> aggregations;  // by cluster
  std::vector<Error> errors;                                        // what stopped the run
  bool resumed = false;                                             // it went on from an earlier run
  std::uint64_t unchanged = 0;        // jobs that an earlier run had done; they are counted above, too
  std::uint64_t left_out = 0;         // jobs that were not asked for and are not done
  std::vector<std::string> vanished;  // jobs in the target that are no longer in the source, in order
  bool resumable = false;             // the same run again goes on from here
  double seconds = 0;
  double sync_seconds = 0;  // of these, waiting at the end until all is on disk
  // Of what this run did itself: without `unchanged`.
  Timeline timeline;
  SizeCounts sizes{};  // of migrated jobs, by bytes_in

  ClusterCounts total() const;
};

// A job directory as it is found: CLUSTER/FIRST/SECOND/START, whatever the names are (X8).
struct JobPath {
  std::string cluster, first, second, start;

  std::string text() const { return cluster + '/' + first + '/' + second + '/' + start; }
  // The jobId that the directories name; none if they name no number.
  std::optional<std::uint64_t> job_id() const;
};

// What a running migration tells. All counters only grow.
struct Progress {
  bool counts_ahead = true;            // count the jobs ahead of the run: one more walk over the directories
  std::atomic<std::uint64_t> jobs{0};  // done, whatever became of them; with directories that are none (X8)
  std::atomic<std::uint64_t> skipped{0}, bad{0}, bytes_in{0}, bytes_out{0};
  std::atomic<std::uint64_t> jobs_known{0};  // counted so far ahead of the run
  std::atomic<bool> all_known{false};        // jobs_known is final

  // A plan has counted and now tries these jobs, until all are tried or the time is up.
  std::atomic<std::uint64_t> tried{0}, to_try{0};
  std::atomic<std::int64_t> seconds_to_try{0};  // 0: however long it takes

  // The job that was done last, as CLUSTER/FIRST/SECOND/START: what a person asks who wonders where it is.
  void done(const std::string& job) {
    const std::lock_guard lock(mutex_);
    last_ = job;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
};

// What the caller lends a run; all of it may be left empty.
struct Listener {
  Progress* progress = nullptr;
  const std::atomic<bool>* stop = nullptr;       // true: finish what is in flight, then end
  std::function<void(const JobPath& path)> job;  // --debug: before a job is touched
  std::function<void(const std::string& cluster, const std::vector<AggregationRow>&)> aggregations;
  // As they come, from whatever thread but one at a time.
  std::function<void(const Error& error)> bad;
  std::function<void(const Error& directory)> unlisted;
  std::function<void(const std::string& subject, const Note& note)> note;
};

// Migrates (or repairs) an archive. Never throws; never writes to the source.
Summary migrate(const Options& options, const Listener& listener);

}  // namespace jobferry
