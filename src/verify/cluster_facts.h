// What the rules of jobs look up in the migrated cluster.json.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry::proof {

class Draft;

struct ClusterFacts {
  // Of a sound document, as the rules leave it.
  explicit ClusterFacts(Draft& cluster);

  struct SubCluster {
    std::string name, token, nodes;
    std::vector<std::string> accelerators;  // their ids as string tokens; empty: it has none
  };
  std::vector<SubCluster> sub_clusters;
  std::map<std::string, std::string, std::less<>> timesteps;  // by metric

  // R1: the subcluster of a job on that host; null: none fits.
  const SubCluster* assign(std::string_view host) const;
  // D3: the id of the accelerator with that index in the subcluster, as a string token.
  std::string accelerator(std::string_view sub_cluster, std::string_view index) const;
};

}  // namespace jobferry::proof
