// All of an archive but its jobs: cluster files, and what is carried beside them.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "archive/cluster.h"
#include "base/buffer.h"
#include "engine/run.h"

namespace jobferry {

// One cluster.json, migrated and waiting to be written.
struct MigratedCluster {
  ClusterFile file;
  FileInfo info;
  Buffer source, buffer;
};
using MigratedClusters = std::vector<std::unique_ptr<MigratedCluster>>;

// Reads and migrates every cluster.json in memory, so that a bad one stops the run before any job is touched.
// False: the summary says which ones are bad. Once `stop` is true not all of them are there.
bool migrate_clusters(Files& files, Plan& plan, Summary& summary, MigratedClusters& clusters,
                      const std::atomic<bool>* stop = nullptr);

// False: the run was ended before all were written.
Result<bool> write_all_but_jobs(Files& files, const Archive& archive, Target& target,
                                MigratedClusters& clusters, Ledger& ledger, Summary& summary);

}  // namespace jobferry
