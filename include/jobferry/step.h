// Archive versions and the steps between them. docs/new-version.md says how to add a version.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "jobferry/error.h"

namespace jobferry {

struct ClusterFile;
struct Job;
struct MetricPlace;
class Edits;

// One pass over a data file: its text, the edits to make, and the job that it belongs to.
struct DataPass {
  std::string_view text;
  Edits& edits;
  Job& job;
};

// Takes an archive from one version to the next, and back. A step is pure: it uses no disk, no clock and no
// globals. A rule on cluster.json or meta.json leaves its failure in the document (document.h); a rule on a
// data file returns it. A null function: the step does not change these files.
struct Step {
  std::string_view summary = {};  // shown in help
  std::string_view loses = {};    // what the step down cannot restore, shown in the manual; empty if nothing
  bool reversible = false;        // there is a step down
  void (*cluster_up)(ClusterFile&) = nullptr;
  void (*cluster_down)(ClusterFile&) = nullptr;
  void (*job_up)(Job&) = nullptr;
  void (*job_down)(Job&) = nullptr;
  Result<void> (*data_up)(MetricPlace&, DataPass&) = nullptr;
  Result<void> (*data_down)(MetricPlace&, DataPass&) = nullptr;
};

struct ArchiveVersion {
  int number;
  std::string_view releases;  // of cc-backend that accept it: `1.0 to 1.3`
  const Step* step;           // from the version before; null: version 0 has none
};

// From 0 to newest_version: the index is the number.
std::span<const ArchiveVersion> all_versions();

// A step in the direction of a run.
struct Leg {
  int from, to;
  void (*cluster)(ClusterFile&);
  void (*job)(Job&);
  Result<void> (*data)(MetricPlace&, DataPass&);
};

// The steps from one version to another, in order. With equal versions, one leg with the repairs alone (X14).
Result<std::vector<Leg>> find_chain(int from, int to);

}  // namespace jobferry
