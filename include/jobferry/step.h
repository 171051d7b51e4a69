// The shape of a version step. Adding a version adds a file under src/steps, a row in its table, a schema
// folder and a folder of golden cases.
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

// One pass over a data file: where its text stands, what becomes of it, and the job it belongs to.
struct DataPass {
  std::string_view text;
  Edits& edits;
  Job& job;
};

// Carries an archive from version `from` to `from + 1`, and back. A step is pure: no disk, no clock, no
// globals. Failures of rules on cluster.json and meta.json stick to their document (document.h); a rule on a
// data file returns its own. Null: this step leaves these files alone.
struct Step {
  int from;
  std::string_view summary;  // shown in help
  std::string_view loses;    // what the way down cannot bring back, shown in the manual; empty if nothing
  bool reversible;           // a way down exists
  void (*cluster_up)(ClusterFile&);
  void (*cluster_down)(ClusterFile&);
  void (*job_up)(Job&);
  void (*job_down)(Job&);
  Result<void> (*data_up)(MetricPlace&, DataPass&);
  Result<void> (*data_down)(MetricPlace&, DataPass&);
};

// Every step, from version 0 up.
std::span<const Step> all_steps();

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
