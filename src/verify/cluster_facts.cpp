#include "verify/cluster_facts.h"

#include <algorithm>

#include "archive/node_list.h"
#include "json/decimal.h"
#include "verify/draft.h"

namespace jobferry::proof {

namespace {

using SubCluster = ClusterFacts::SubCluster;

SubCluster sub_cluster_of(Draft& draft, Node& entry) {
  const Node* name = draft.present(entry, "name");
  SubCluster sub{name->content(), std::string(name->text), draft.content(entry, "nodes"), {}};
  Node* topology = draft.present(entry, "topology");
  if (!topology) return sub;
  for (Node& accelerator : draft.objects(*topology, "accelerators")) {
    const Node* id = draft.present(accelerator, "id");
    sub.accelerators.push_back(!id ? "" : id->is(Type::string) ? std::string(id->text) : quoted(id->text));
  }
  return sub;
}

}  // namespace

ClusterFacts::ClusterFacts(Draft& cluster) {
  for (Node& entry : cluster.objects(cluster.root, "subClusters"))
    sub_clusters.push_back(sub_cluster_of(cluster, entry));
  for (Node& metric : cluster.objects(cluster.root, "metricConfig"))
    timesteps.emplace(cluster.content(metric, "name"), cluster.present(metric, "timestep")->text);
}

const SubCluster* ClusterFacts::assign(std::string_view host) const {
  const SubCluster* catch_all = nullptr;
  for (const SubCluster& each : sub_clusters) {
    std::string problem;
    const auto list = NodeList::parse(each.nodes, problem);
    if (list && !list->catch_all() && !host.empty() && list->contains(host)) return &each;
    if (list && list->catch_all() && !catch_all) catch_all = &each;
  }
  if (catch_all) return catch_all;
  return sub_clusters.size() == 1 ? &sub_clusters.front() : nullptr;
}

std::string ClusterFacts::accelerator(std::string_view sub_cluster, std::string_view index) const {
  const auto sub = std::ranges::find(sub_clusters, sub_cluster, &SubCluster::name);
  const auto number = static_cast<std::uint64_t>(plain_uint63(index).value_or(-1));
  const bool known = sub != sub_clusters.end() && number < sub->accelerators.size();
  return known && !sub->accelerators[number].empty() ? sub->accelerators[number] : quoted(index);
}

}  // namespace jobferry::proof
