// Looks at every file of an archive: does it keep to the schemas of its version, and to what servers check
// beyond them? Nothing is changed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/progress.h"

namespace jobferry {

// error: a server refuses or misreads it. warning: it works, but somebody should look.
enum class Severity : std::uint8_t { error, warning };
std::string_view name_of(Severity severity);

struct FindingKind {
  std::string_view word;  // stable: scripts compare it
  Severity severity;
  std::string_view meaning;
  std::string_view advice;
  bool repairable = false;  // the advice mentions a repair
};

// Every kind of finding, in the order in which they are reported. The first part are the classes of bad jobs.
// What "a repair" is, the report says once, with the command.
inline constexpr std::array finding_kinds = {
    // What cannot be read
    FindingKind{"json-syntax", Severity::error, "the file is not JSON from its first byte to its last",
                "mend the text at that byte, or remove the job"},
    FindingKind{"utf8-invalid", Severity::error, "the file is not UTF-8",
                "write the text at that byte as UTF-8"},
    FindingKind{"nesting-too-deep", Severity::error, "more than 1024 levels of arrays and objects",
                "look who wrote that file: no server did"},
    FindingKind{"data-element", Severity::error, "an element of a data array is neither a number nor null",
                "put null in its place"},
    FindingKind{"duplicate-member", Severity::error, "a member stands twice in its object",
                "remove the one that is wrong: servers take the last"},
    FindingKind{"gzip-truncated", Severity::error, "the .gz ends in the middle",
                "take data.json from a backup: the compression service was interrupted"},
    FindingKind{"gzip-corrupt", Severity::error, "the .gz is damaged", "take it from a backup"},
    FindingKind{"gzip-trailing", Severity::error, "bytes stand behind the end of the .gz",
                "decompress it and compress it anew"},
    FindingKind{"file-too-large", Severity::error, "larger than --max-file-size, or than memory",
                "raise --max-file-size; else the file was not checked"},
    FindingKind{"read-failed", Severity::error, "the disk did not give it",
                "look at the permissions and the disk"},
    FindingKind{"not-a-regular-file", Severity::error,
                "a link or special file in place of a file of the archive",
                "put a regular file there, or give --follow-symlinks"},
    FindingKind{"empty-file", Severity::error, "0 bytes, or a .gz of nothing",
                "take it from a backup, or remove the job: a migration skips it"},
    FindingKind{"no-meta-file", Severity::error, "data without meta.json: servers know nothing of the job",
                "take meta.json from a backup, or remove the directory"},

    // What the archive is made of
    FindingKind{"unfinished", Severity::error, "the target of a migration that did not end",
                "run the same migration again: it goes on"},
    FindingKind{"version-text", Severity::error, "version.txt is not what a server reads as a number",
                "write the digits and at most one newline; a migration writes it anew"},
    FindingKind{"root-directory", Severity::error,
                "a hidden directory or lost+found in the root, which servers take for a cluster",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"stray-file", Severity::error,
                "something else than a directory in CLUSTER/<jobId/1000>/, which ends the server",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"foreign-directory", Severity::error, "in the place of a job, but with no file of one",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"cluster-bad", Severity::error, "cluster.json is missing or breaks rule R7: no server starts",
                "mend it; a migration refuses to begin before"},

    // meta.json
    FindingKind{"identity-mismatch", Severity::error, "meta.json and its directory name different jobs",
                "move the directory to where cluster, jobId and startTime say"},
    FindingKind{"missing-member", Severity::error, "jobId, cluster or startTime is missing",
                "add it: the directory says what it was"},
    FindingKind{"wrong-type", Severity::error, "of a type that nothing can be made of",
                "mend it by hand: a migration calls the job bad"},
    FindingKind{"number-range", Severity::error, "a number beyond what servers can hold", "mend it by hand"},
    FindingKind{"exclusive-invalid", Severity::error, "exclusive is not 0, 1 or 2", "mend it by hand (M8)"},
    FindingKind{"shared-invalid", Severity::error, "shared is not none, single_user or multi_user",
                "mend it by hand (M8)"},
    FindingKind{"integer-form", Severity::error, "an integer written as a fraction or with an exponent",
                "a repair, or any migration, mends it (R3); a timestep by hand", true},
    FindingKind{"integer-range", Severity::error,
                "an integer beyond the 32 or 64 bits that servers have for it", "mend it by hand"},
    FindingKind{"state-unknown", Severity::error, "servers of this version do not know the jobState",
                "a repair mends other spellings (R2), a migration to version 3 `stopped` (M13)", true},
    FindingKind{"subcluster-missing", Severity::error, "the job has no subCluster, and servers need one",
                "a repair, or any migration, assigns one by the node lists (R1)", true},
    FindingKind{"subcluster-unknown", Severity::error, "cluster.json does not know the subCluster",
                "add it to cluster.json, or correct the job"},
    FindingKind{"resources-mismatch", Severity::error,
                "numNodes is not the number of resources, or there are none",
                "correct the one that is wrong"},
    FindingKind{"user-empty", Severity::error, "the user is an empty string, which servers refuse",
                "write a user name"},
    FindingKind{"not-a-string", Severity::error, "something else where servers expect a string",
                "a repair, or any migration, mends metaData (R4); others by hand", true},

    // data.json
    FindingKind{"metric-unrecognised", Severity::error, "a metric or scope that is no object",
                "remove it: a migration keeps it as it is"},
    FindingKind{"scope-null", Severity::error, "a scope that is null, which ends the server",
                "the migration from version 0 drops it (D7); else remove it"},
    FindingKind{"timestep-unknown", Severity::error, "no timestep, and cluster.json does not know the metric",
                "add the metric to cluster.json"},

    // All documents
    FindingKind{"schema", Severity::error, "the schema of the archive's version says something else",
                "a repair mends what R1 to R7 name, a migration what its step names; the rest by hand", true},

    FindingKind{"two-data-files", Severity::warning, "data.json and data.json.gz: servers read the .gz",
                "remove one; a migration takes the .gz if it is sound"},
    FindingKind{"no-data-file", Severity::warning, "meta.json without data: servers show no metrics",
                "nothing, if the data is lost"},
    FindingKind{"stray-entry", Severity::warning,
                "links, special files, empty directories: not part of an archive",
                "remove it; a migration leaves it behind"},
    FindingKind{"cluster-empty", Severity::warning, "a cluster without a single job",
                "nothing, if that is so"},
    FindingKind{"hostname-empty", Severity::warning, "a resource or series with an empty hostname",
                "write the name of the host"},
    FindingKind{"hostname-duplicate", Severity::warning, "two resources of one hostname",
                "remove one, and correct numNodes"},
    FindingKind{"duplicate-tag", Severity::warning, "the same tag twice: servers store one", "remove one"},
    FindingKind{"start-time", Severity::warning, "the job starts in the future, or at 0",
                "look at the clock of who wrote it"},
    FindingKind{"statistics-order", Severity::warning, "not min <= avg <= max",
                "look at the collector: the numbers are kept as they are"},
    FindingKind{"unit-unknown", Severity::warning, "a unit that rule U does not know",
                "correct it where it is a slip: a migration keeps it"},
    FindingKind{"metric-unknown", Severity::warning,
                "cluster.json does not know the metric: servers do not show it",
                "add the metric to cluster.json"},
    FindingKind{"scope-unknown", Severity::warning, "no scope that servers know: they do not show it",
                "correct its name"},
    FindingKind{"timestep-differs", Severity::warning, "cluster.json has another timestep for the metric",
                "nothing, if it was changed since; servers take that of the job"},
    FindingKind{"series-mismatch", Severity::warning,
                "at scope node, other hosts have series than the job's resources",
                "nothing, if a node did not report"},
    FindingKind{"data-length", Severity::warning, "the series of one metric and scope differ in length",
                "servers may fail on it where they sum over series: fill the shorter ones with null"},
    FindingKind{"lone-surrogate", Severity::warning, "half of a \\u pair: servers read U+FFFD",
                "write the whole character"},
    FindingKind{"aggregation-invalid", Severity::warning, "an aggregation other than sum and avg",
                "a repair with --aggregation METRIC=sum|avg sets it (C3)", true},
    FindingKind{"aggregation-suspicious", Severity::warning, "unit and aggregation of a metric do not fit",
                "decide which is right; a repair with --aggregation METRIC=sum|avg sets it (C3)", true},
};

// Where and what. `subject` is CLUSTER/JOB/PATH/START, a cluster, any other path in the archive, or empty for
// its root; `byte` counts in the decompressed document, in the compressed file for the gzip classes.
struct Finding {
  std::string subject, file, pointer;
  std::optional<std::uint64_t> byte;
  std::string text;
};

// All findings of a kind; of kind `schema`, those of one rule of the schema.
struct FindingGroup {
  const FindingKind* kind = nullptr;
  std::string rule;               // `required /resources/*/hostname`; empty but for `schema`
  std::uint64_t count = 0;        // places
  std::uint64_t subjects = 0;     // jobs, clusters, other paths
  std::vector<Finding> examples;  // those that come first in path order
};

struct ValidateOptions {
  std::string archive = "./var/job-archive";
  unsigned threads = 0;                      // 0: one for each core
  std::uint64_t max_file_size = 0xFFFFFFFF;  // bytes, 4 GiB - 1
  bool follow_symlinks = false;
  std::size_t examples = 3;  // of each group
  std::int64_t now = 0;      // Unix time after which no job has begun; 0: the clock's
};

struct ValidateCounts {
  std::uint64_t jobs = 0;
  std::uint64_t bad = 0;    // of these, with a finding that is an error
  std::uint64_t files = 0;  // regular files in jobs and in the cluster directory
  std::uint64_t bytes = 0;  // of them, as they are on disk

  ValidateCounts& operator+=(const ValidateCounts& other);
};

// It grows with the number of kinds and clusters, not with the archive.
struct ValidateResult {
  int version = 0;
  bool complete = false;  // all was looked at
  std::map<std::string, ValidateCounts> clusters;
  std::vector<FindingGroup> findings;  // in the order of the table, then by rule
  std::vector<Error> errors;           // why nothing (or not all) could be looked at
  double seconds = 0;

  // No server has anything to complain of; there may be warnings.
  bool sound() const { return complete && errors.empty() && count(Severity::error) == 0; }
  ValidateCounts total() const;
  std::uint64_t count(Severity severity) const;
};

// Never throws. The same result whatever the threads.
ValidateResult validate(const ValidateOptions& options, const Listener& listener);

}  // namespace jobferry
