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

// One pass over a data file: where its text stands, what becomes of it, and the job it belongs to.
struct DataPass {
  std::string_view text;
  Edits& edits;
  Job& job;
};

// Carries an archive from one version to the next, and back. A step is pure: no disk, no clock, no
// globals. Failures of rules on cluster.json and meta.json stick to their document (document.h); a rule on a
// data file returns its own. Null: this step leaves these files alone.
struct Step {
  std::string_view summary = {};  // shown in help
  std::string_view loses = {};  // what the way down cannot bring back, shown in the manual; empty if nothing
  bool reversible = false;      // a way down exists
  void (*cluster_up)(ClusterFile&) = nullptr;
  void (*cluster_down)(ClusterFile&) = nullptr;
  void (*job_up)(Job&) = nullptr;
  void (*job_down)(Job&) = nullptr;
  Result<void> (*data_up)(MetricPlace&, DataPass&) = nullptr;
  Result<void> (*data_down)(MetricPlace&, DataPass&) = nullptr;
};

// A step in the direction of a run.
struct Leg {
  int from, to;
  void (*cluster)(ClusterFile&);
  void (*job)(Job&);
  Result<void> (*data)(MetricPlace&, DataPass&);
};

// The steps from one version to another, in order. With equal versions: the repairs alone, as one leg (X14).
Result<std::vector<Leg>> plan_chain(int from, int to);

}  // namespace jobferry
