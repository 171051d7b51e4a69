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
  Node* list = topology ? draft.present(*topology, "accelerators") : nullptr;
  if (!list || !list->is(Type::array)) return sub;
  draft.open(*list);
  for (Node& accelerator : list->children) {
    const Node* id = draft.present(accelerator, "id");
    const auto token = [&] { return id->is(Type::string) ? std::string(id->text) : quoted(id->text); };
    sub.accelerators.push_back(id ? std::optional(token()) : std::nullopt);
  }
  return sub;
}

}  // namespace

ClusterFacts facts_of(Draft& cluster) {
  ClusterFacts facts;
  for (Node* entry : cluster.objects(cluster.root, "subClusters"))
    facts.sub_clusters.push_back(sub_cluster_of(cluster, *entry));
  for (Node* metric : cluster.objects(cluster.root, "metricConfig"))
    facts.timesteps.emplace(cluster.content(*metric, "name"), cluster.present(*metric, "timestep")->text);
  return facts;
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
  const auto is_named = [&](const SubCluster& each) { return each.name == sub_cluster; };
  const auto sub = std::find_if(sub_clusters.begin(), sub_clusters.end(), is_named);
  const auto number = static_cast<std::uint64_t>(plain_uint63(index).value_or(-1));
  const bool known = sub != sub_clusters.end() && number < sub->accelerators.size();
  return known ? sub->accelerators[number].value_or(quoted(index)) : quoted(index);
}

}  // namespace jobferry::proof
