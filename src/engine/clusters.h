// Everything in an archive except its jobs: the cluster files, and the files that are carried beside them.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "archive/cluster.h"
#include "base/buffer.h"
#include "engine/run.h"

namespace jobferry {

// One cluster.json, migrated in memory.
struct MigratedCluster {
  ClusterFile file;
  FileInfo info;
  Buffer source, buffer;
};
using MigratedClusters = std::vector<std::unique_ptr<MigratedCluster>>;

// Reads and migrates every cluster.json in memory, so that a bad one stops the run before any job is touched.
// False: the summary names the bad ones. If `stop` becomes true, clusters may be missing.
bool migrate_clusters(Files& files, Migration& migration, Summary& summary, MigratedClusters& clusters,
                      const std::atomic<bool>* stop = nullptr);

// Where cluster files are written and counted.
struct ClusterOutput {
  Files& files;
  const Archive& archive;
  Target& target;
  Ledger& ledger;
  Summary& summary;
};

// Writes the cluster files and carries the files beside them. False: the run was stopped before the last one.
Result<bool> write_clusters(const ClusterOutput& output, MigratedClusters& clusters);

}  // namespace jobferry
