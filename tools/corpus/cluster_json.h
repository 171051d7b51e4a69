#pragma once

#include <string>

#include "corpus/cluster.h"

namespace jobferry::corpus {

// The text of cluster.json. `index` is the number of the cluster in its archive.
std::string cluster_json(const Cluster& cluster, unsigned index, int version);

}  // namespace jobferry::corpus
