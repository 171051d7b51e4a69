// The shape of the steps between archive versions. versions.h has the table of versions.
#pragma once

#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/versions.h"

namespace jobferry {

struct ClusterFile;
struct Job;
struct MetricPlace;
class Edits;

// One pass over a data file: its text, the edits that the rules make, and the job that it belongs to.
struct DataPass {
  std::string_view text;
  Edits& edits;
  Job& job;
};

// Migrates an archive from one version to the next, and back. A step uses no disk, no clock and no global
// variables. A failure of a rule for cluster.json or meta.json stays in the document (document.h); a rule for
// a data file returns it. A function that is null leaves its files unchanged.
struct Step {
  std::string_view summary = {};  // shown in the manual
  std::string_view loses = {};    // what is lost on the way down, shown in the manual; empty if nothing is
  bool reversible = false;        // there is a way down
  void (*cluster_up)(ClusterFile&) = nullptr;
  void (*cluster_down)(ClusterFile&) = nullptr;
  void (*job_up)(Job&) = nullptr;
  void (*job_down)(Job&) = nullptr;
  Result<void> (*data_up)(MetricPlace&, DataPass&) = nullptr;
  Result<void> (*data_down)(MetricPlace&, DataPass&) = nullptr;
};

// A step in one direction.
struct Leg {
  int from, to;
  void (*cluster)(ClusterFile&);
  void (*job)(Job&);
  Result<void> (*data)(MetricPlace&, DataPass&);
};

// The steps from one version to another, in order. If the versions are equal: one leg with the repairs only
// (X14).
Result<std::vector<Leg>> find_chain(int from, int to);

}  // namespace jobferry
