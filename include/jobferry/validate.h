// Checks every file of an archive: against the schemas of its version, and against what servers check beyond
// them. Nothing is changed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/limits.h"
#include "jobferry/progress.h"

namespace jobferry {

// error: a server refuses or misreads it. warning: servers work, but a person should have a look.
enum class Severity : std::uint8_t { error, warning };
std::string_view name_of(Severity severity);

struct FindingKind {
  std::string_view word;  // stable, because scripts compare it
  Severity severity;
  std::string_view meaning;
  std::string_view advice;
  bool repairable = false;  // a repair (--repair) fixes it, or some of it: reports show the command once
};

// Every kind of finding, in the order of reports. The first ones are the classes of bad jobs.
inline constexpr std::array finding_kinds = {
    // Files that cannot be read
    FindingKind{"json-syntax", Severity::error, "the file is not valid JSON from its first byte to its last",
                "fix the text at that byte, or remove the job"},
    FindingKind{"utf8-invalid", Severity::error, "the file is not UTF-8",
                "write the text at that byte as UTF-8"},
    FindingKind{"nesting-too-deep", Severity::error, "more than 1024 levels of arrays and objects",
                "find out which program wrote that file: no server does"},
    FindingKind{"data-element", Severity::error, "an element of a data array is neither a number nor null",
                "replace it by null"},
    FindingKind{"duplicate-member", Severity::error, "an object has two members of the same name",
                "remove the wrong one: servers take the last"},
    FindingKind{"gzip-truncated", Severity::error, "the .gz ends in the middle",
                "restore data.json from a backup: its compression was interrupted"},
    FindingKind{"gzip-corrupt", Severity::error, "the .gz is damaged", "restore it from a backup"},
    FindingKind{"gzip-trailing", Severity::error, "there are bytes after the end of the .gz",
                "decompress it and compress it again"},
    FindingKind{"file-too-large", Severity::error,
                "the file is larger than --max-file-size, or than fits into memory",
                "raise --max-file-size; until then the file is not checked"},
    FindingKind{"read-failed", Severity::error, "the file cannot be read",
                "check its permissions and the disk"},
    FindingKind{"not-a-regular-file", Severity::error,
                "a link or special file in place of a file of the archive",
                "replace it by a regular file, or give --follow-symlinks"},
    FindingKind{"empty-file", Severity::error, "the file has 0 bytes, or is a .gz without content",
                "restore it from a backup, or remove the job: a migration skips it"},
    FindingKind{"no-meta-file", Severity::error,
                "the job has data but no meta.json, so servers know nothing about it",
                "restore meta.json from a backup, or remove the directory"},

    // The layout of the archive
    FindingKind{"unfinished", Severity::error, "the target of a migration that did not end",
                "run the same migration again: it resumes"},
    FindingKind{"version-text", Severity::error, "servers cannot read version.txt as a number",
                "write only the digits and at most one newline; a migration writes it again"},
    FindingKind{"root-directory", Severity::error,
                "a hidden directory or lost+found in the root, which servers take for a cluster",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"stray-file", Severity::error,
                "something other than a directory in CLUSTER/<jobId/1000>/, which crashes the server",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"foreign-directory", Severity::error,
                "a directory in the place of a job, but without any file of a job",
                "move it out of the archive; a migration leaves it behind"},
    FindingKind{"cluster-bad", Severity::error,
                "cluster.json is missing or breaks rule R7, so no server starts",
                "fix it; until then a migration refuses to begin"},

    // meta.json
    FindingKind{"identity-mismatch", Severity::error, "meta.json and its directory name different jobs",
                "move the directory to the path that cluster, jobId and startTime give"},
    FindingKind{"missing-member", Severity::error, "jobId, cluster or startTime is missing",
                "add it: the path of the directory has its value"},
    FindingKind{"wrong-type", Severity::error, "the value has a type that cannot be used",
                "fix it by hand: for a migration the job is bad"},
    FindingKind{"number-range", Severity::error, "the number is too large for servers", "fix it by hand"},
    FindingKind{"exclusive-invalid", Severity::error, "exclusive is not 0, 1 or 2", "fix it by hand (M8)"},
    FindingKind{"shared-invalid", Severity::error, "shared is not none, single_user or multi_user",
                "fix it by hand (M8)"},
    FindingKind{"integer-form", Severity::error, "an integer is written with a fraction or an exponent",
                "a repair or any migration fixes it (R3); fix a timestep by hand", true},
    FindingKind{"integer-range", Severity::error,
                "an integer does not fit into the 32 or 64 bits that servers use for it", "fix it by hand"},
    FindingKind{"state-unknown", Severity::error, "servers of this version do not know the jobState",
                "a repair fixes other spellings (R2), a migration to version 3 fixes `stopped` (M13)", true},
    FindingKind{"subcluster-missing", Severity::error, "the job has no subCluster, but servers need one",
                "a repair or any migration assigns one by the node lists (R1)", true},
    FindingKind{"subcluster-unknown", Severity::error, "cluster.json does not have the subCluster",
                "add it to cluster.json, or correct the job"},
    FindingKind{"resources-mismatch", Severity::error,
                "numNodes is not the number of resources, or there are none",
                "correct the one that is wrong"},
    FindingKind{"user-empty", Severity::error, "the user is an empty string, which servers refuse",
                "write a user name"},
    FindingKind{"not-a-string", Severity::error, "the value is not a string, but servers expect one",
                "a repair or any migration fixes metaData (R4); fix others by hand", true},

    // data.json
    FindingKind{"metric-unrecognised", Severity::error, "a metric or scope is not an object",
                "remove it: a migration keeps it as it is"},
    FindingKind{"scope-null", Severity::error, "a scope is null, which crashes the server",
                "a migration from version 0 drops it (D7); otherwise remove it"},
    FindingKind{"timestep-unknown", Severity::error,
                "there is no timestep, and cluster.json does not have the metric",
                "add the metric to cluster.json"},

    // All documents
    FindingKind{
        "schema", Severity::error, "the document breaks the schema of the archive's version",
        "a repair fixes what R1 to R7 name, and a migration what its steps name; fix the rest by hand", true},

    // Warnings
    FindingKind{"two-data-files", Severity::warning,
                "there are data.json and data.json.gz: servers read the .gz",
                "remove one; a migration takes the .gz if it is valid"},
    FindingKind{"no-data-file", Severity::warning,
                "the job has meta.json but no data, so servers show no metrics",
                "do nothing if the data is lost"},
    FindingKind{"stray-entry", Severity::warning,
                "a link, special file or empty directory, which is not part of an archive",
                "remove it; a migration leaves it behind"},
    FindingKind{"cluster-empty", Severity::warning, "the cluster has no job", "do nothing if that is right"},
    FindingKind{"hostname-empty", Severity::warning, "a resource or series has an empty hostname",
                "write the name of the host"},
    FindingKind{"hostname-duplicate", Severity::warning, "two resources have the same hostname",
                "remove one, and correct numNodes"},
    FindingKind{"duplicate-tag", Severity::warning, "the job has the same tag twice: servers store it once",
                "remove one"},
    FindingKind{"start-time", Severity::warning, "the job starts in the future, or at 0",
                "check the clock of the host that wrote it"},
    FindingKind{"statistics-order", Severity::warning, "min <= avg <= max does not hold",
                "check the collector: the numbers are kept as they are"},
    FindingKind{"unit-unknown", Severity::warning, "rule U does not know the unit",
                "correct it if it is misspelled: a migration keeps it"},
    FindingKind{"metric-unknown", Severity::warning,
                "cluster.json does not have the metric, so servers do not show it",
                "add the metric to cluster.json"},
    FindingKind{"scope-unknown", Severity::warning, "servers do not know the scope and do not show it",
                "correct its name"},
    FindingKind{"timestep-differs", Severity::warning, "cluster.json has another timestep for the metric",
                "do nothing if it was changed since: servers take that of the job"},
    FindingKind{"series-mismatch", Severity::warning,
                "at scope node, the hosts of the series are not the hosts of the job's resources",
                "do nothing if a node did not report"},
    FindingKind{"data-length", Severity::warning, "the series of one metric and scope differ in length",
                "fill the shorter ones with null: servers may fail when they sum over series"},
    FindingKind{"lone-surrogate", Severity::warning, "half of a \\u pair: servers read U+FFFD",
                "write the whole character"},
    FindingKind{"aggregation-invalid", Severity::warning, "the aggregation is neither sum nor avg",
                "a repair with --aggregation METRIC=sum|avg sets it (C3)", true},
    FindingKind{"aggregation-suspicious", Severity::warning,
                "the unit and the aggregation of a metric do not match",
                "decide which is right; a repair with --aggregation METRIC=sum|avg sets it (C3)", true},
};

// One place with a problem. `subject` is CLUSTER/JOB/PATH/START, a cluster, any other path in the archive, or
// empty for its root. `byte` counts in the decompressed document, but in the compressed file for the gzip
// classes.
struct Finding {
  std::string subject, file, pointer;
  std::optional<std::uint64_t> byte;
  std::string text;
};

// All findings of one kind; for the kind `schema`, of one rule of the schema.
struct FindingGroup {
  const FindingKind* kind = nullptr;
  std::string rule;               // `required /resources/*/hostname`; empty for other kinds than `schema`
  std::uint64_t count = 0;        // places
  std::uint64_t subjects = 0;     // jobs, clusters, other paths
  std::vector<Finding> examples;  // the first ones in path order
};

struct ValidateOptions {
  std::string archive = "./var/job-archive";
  unsigned threads = 0;                             // 0: one for each core
  std::uint64_t max_file_size = limits::file_size;  // bytes
  bool follow_symlinks = false;
  std::size_t examples = 3;  // of each group
  std::int64_t now = 0;      // Unix time; jobs that start later are findings. 0: the current time
};

struct ValidateCounts {
  std::uint64_t jobs = 0;
  std::uint64_t bad = 0;    // jobs with a finding that is an error
  std::uint64_t files = 0;  // regular files in jobs and in the cluster directory
  std::uint64_t bytes = 0;  // of these files, as they are on disk

  ValidateCounts& operator+=(const ValidateCounts& other);
};

// Its size grows with the number of kinds and clusters, not with the archive.
struct ValidateResult {
  int version = 0;
  bool complete = false;  // every job was checked
  std::map<std::string, ValidateCounts> clusters;
  std::vector<FindingGroup> findings;  // in the order of the table, then by rule
  std::vector<Error> errors;           // why nothing, or not everything, could be checked
  double seconds = 0;

  // Servers accept and read all of it. There may be warnings.
  bool sound() const { return complete && errors.empty() && count(Severity::error) == 0; }
  ValidateCounts total() const;
  std::uint64_t count(Severity severity) const;
};

// Never throws. The result is the same for any number of threads.
ValidateResult validate(const ValidateOptions& options, const Listener& listener);

}  // namespace jobferry
