// Takes every job of an archive through the stages: in a loop, or as a flow graph. Both give the same bytes.
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

// What the options leave open: a quarter of RAM, a thread for each core.
std::uint64_t memory_for(const Options& options);
unsigned threads_for(const Options& options);

// The whole run on these files: tests hand in failing ones. Never throws.
Summary migrate_with(Files& files, const Options& options, const Listener& listener);

// Both say whether the run came to the last job. The graph makes do with the threads that it can get; with
// none it leaves the run to the loop.
bool run_serial(const Run& run);
bool run_graph(const Run& run);

}  // namespace jobferry
