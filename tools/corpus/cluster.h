// The clusters that jobs run on, whatever the version of the archive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/metrics.h"

namespace jobferry::corpus {

struct NodeRange {
  std::string_view before;
  unsigned first, count;
  int width;
  std::string_view behind{};
};

struct Processor {
  std::string_view processor;
  unsigned sockets, cores, threads;  // cores per socket, threads per core
  unsigned domains;                  // memory domains per socket
  int scalar, simd, bandwidth;
};

struct SubCluster : Processor {
  std::string_view name;
  std::string_view nodes;  // empty: the catch-all
  std::vector<NodeRange> ranges;
  unsigned accelerators = 0;
  std::string_view removed{};  // a metric it does not have

  unsigned all_cores() const { return sockets * cores; }
  unsigned all_threads() const { return all_cores() * threads; }

  unsigned node_count() const {
    unsigned sum = 0;
    for (const NodeRange& range : ranges) sum += range.count;
    return sum;
  }
};

// A cluster before its cluster.json is written.
struct Cluster {
  std::string name;
  std::vector<SubCluster> sub_clusters;
  bool integer_ids;  // of the accelerators, in version 0
  std::uint64_t first_job;
  unsigned timestep;
};

// Clusters differ by `index`: in turn they have several subclusters, a catch-all, or names with hyphens.
Cluster make_cluster(unsigned index);

std::string hostname(const SubCluster& sub, unsigned index);

// As JSON. In version 0 some clusters use integers.
std::string accelerator_id(const Cluster& cluster, unsigned index, int version);
// As JSON: a string in version 0, an object later.
std::string unit_json(const Metric& metric, int version);

}  // namespace jobferry::corpus
