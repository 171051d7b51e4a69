// Takes every job of an archive through the stages, in a loop or as a flow graph. Both write the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "archive/walk.h"
#include "engine/ledger.h"
#include "engine/stages.h"
#include "jobferry/migrate.h"

namespace jobferry {

struct Run {
  JobSource& jobs;
  const Stages& stages;
  Ledger& ledger;
  const Listener& listener;
  std::uint64_t memory;  // bytes of job data in flight
  unsigned threads;
  unsigned io_depth;  // jobs that are listed and read at a time; not used by run_serial
};

// The memory that the options allow for job data: a quarter of RAM if they do not say.
std::uint64_t memory_for(const Options& options);

// The whole run on these files. Tests pass files that fail. Never throws.
Summary migrate_with(Files& files, const Options& options, const Listener& listener);

// Both return whether the run has come to the last job. The graph works with the threads that it can get; if
// it gets none, it leaves the run to the loop.
bool run_serial(const Run& run);
bool run_graph(const Run& run);

}  // namespace jobferry
