#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "verify/number.h"
#include "verify/rules.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

bool is_integer(const Node& value) { return value.is(Type::number) && is_integer_text(value.text); }

// R7: a list of at least one object, each with a name.
std::vector<Node*> named_objects(Draft& draft, std::string_view list) {
  const std::vector<Node*> found = draft.objects(draft.root, list);
  if (found.empty()) draft.refuse("cluster-bad", fmt::format("{} is empty or missing", list));
  for (Node* each : found)
    if (draft.text_of(*each, "name").empty())
      draft.refuse("cluster-bad", fmt::format("an entry of {} has no name", list));
  return found;
}

std::vector<Node*> sub_clusters(Draft& draft) { return draft.objects(draft.root, "subClusters"); }
std::vector<Node*> metrics(Draft& draft) { return draft.objects(draft.root, "metricConfig"); }

// The entries of topology.accelerators.
std::vector<Node*> accelerators(Draft& draft, Node& sub_cluster) {
  std::vector<Node*> found;
  Node* topology = draft.present(sub_cluster, "topology");
  Node* list = topology ? draft.present(*topology, "accelerators") : nullptr;
  if (list && list->is(Type::array))
    for (Node& each : list->children) found.push_back(&each);
  return found;
}

void r6_nodes(Draft& draft) {
  for (Node* sub_cluster : sub_clusters(draft)) {
    const Node* nodes = draft.present(*sub_cluster, "nodes");
    if (!nodes || nodes->text == "\"\"") draft.set(*sub_cluster, "nodes", "\"*\"", "R6");
  }
}

void r7_sub_cluster(Draft& draft, Node& sub_cluster) {
  draft.expect(draft.present(sub_cluster, "nodes"), Type::string, "nodes");
  if (!names_host(draft.text_of(sub_cluster, "nodes"), ""))
    draft.refuse("cluster-bad", "a node list does not parse");
  for (Node* accelerator : accelerators(draft, sub_cluster)) {
    const Node* id = draft.present(*accelerator, "id");
    if (id && !id->is(Type::string) && !is_integer(*id))
      draft.refuse("cluster-bad", "the id of an accelerator is neither an integer nor a string");
  }
}

void r7_metric(Draft& draft, Node& metric) {
  static const std::set<std::string> known = {"",     "node",     "socket",     "memoryDomain",
                                              "core", "hwthread", "accelerator"};
  draft.expect(draft.present(metric, "scope"), Type::string, "scope");
  if (!known.contains(draft.text_of(metric, "scope"))) draft.refuse("cluster-bad", "a scope is unknown");
  const Node* timestep = draft.present(metric, "timestep");
  const bool sound =
      timestep && is_integer(*timestep) && timestep->text[0] != '-' && !is_zero(timestep->text);
  if (!sound) draft.refuse("cluster-bad", "a timestep is no integer of 1 or more");
  draft.objects(metric, "subClusters");
}

void r7_cluster(Draft& draft, const std::string& name) {
  const Node* named = draft.present(draft.root, "name");
  if (!named || !named->is(Type::string) || content_of(named->text) != name)
    draft.refuse("cluster-bad", "the name is not that of the directory");
  for (Node* sub_cluster : named_objects(draft, "subClusters")) r7_sub_cluster(draft, *sub_cluster);
  for (Node* metric : named_objects(draft, "metricConfig")) r7_metric(draft, *metric);
}

const Override* override_of(const std::vector<Override>& overrides, const std::string& cluster,
                            const std::string& metric) {
  const Override* found = nullptr;
  for (const Override& each : overrides)
    if (each.metric == metric && (each.cluster.empty() || each.cluster == cluster)) found = &each;
  return found;
}

// In every step; `fills` in the first one, which gives an aggregation to every metric.
void c3_aggregations(Draft& draft, const std::string& cluster, const std::vector<Override>& overrides,
                     bool fills) {
  for (Node* metric : metrics(draft)) {
    Node* unit = draft.present(*metric, "unit");
    const std::string base = !unit                    ? ""
                             : unit->is(Type::string) ? content_of(unit->text)
                                                      : draft.text_of(*unit, "base");
    const Node* given = draft.present(*metric, "aggregation");
    const Override* chosen = override_of(overrides, cluster, draft.text_of(*metric, "name"));
    if (chosen)
      draft.set(*metric, "aggregation", quoted(chosen->aggregation), "C3-override");
    else if (fills && (!given || (given->is(Type::string) && content_of(given->text).empty())))
      draft.set(*metric, "aggregation", adds_up(base) ? "\"sum\"" : "\"avg\"", "C3");
  }
}

void c2_rates(Draft& draft) {
  constexpr std::array<std::array<std::string_view, 2>, 3> rates = {
      {{"flopRateScalar", "F/s"}, {"flopRateSimd", "F/s"}, {"memoryBandwidth", "B/s"}}};
  for (Node* sub_cluster : sub_clusters(draft)) {
    for (const auto& [name, base] : rates) {
      const Node* rate = draft.present(*sub_cluster, name);
      if (rate && rate->is(Type::object)) continue;
      draft.expect(rate, Type::number, name);
      const std::string value = rate ? rate->text : "0";
      draft.set(*sub_cluster, name,
                fmt::format(R"({{"unit":{{"base":"{}","prefix":"G"}},"value":{}}})", base, value), "C2");
    }
  }
}

void step_0_to_1(Draft& draft, const std::string& name, const std::vector<Override>& overrides) {
  for (Node* metric : metrics(draft)) expect_unit(draft, *metric);  // C1
  c2_rates(draft);
  c3_aggregations(draft, name, overrides, true);
  for (Node* metric : metrics(draft))
    if (draft.text_of(*metric, "scope").empty()) draft.set(*metric, "scope", "\"node\"", "C4");
  for (Node* sub_cluster : sub_clusters(draft)) {
    if (Node* number = draft.find(*sub_cluster, "numberOfNodes")) draft.drop(*sub_cluster, *number, "C5");
    for (Node* accelerator : accelerators(draft, *sub_cluster))
      if (Node* id = draft.present(*accelerator, "id"); id && id->is(Type::number))
        draft.put(*id, quoted(id->text), "C7");
  }
}

bool has_content(Draft& draft, Node& object, std::string_view name) {
  const Node* value = draft.present(object, name);
  return value && !(value->is(Type::string) && content_of(value->text).empty());
}

bool is_used(Draft& draft, std::string_view name) {
  bool used = false;
  for (Node* metric : metrics(draft)) {
    used |= has_content(draft, *metric, name);
    for (Node* entry : draft.objects(*metric, "subClusters")) used |= has_content(draft, *entry, name);
  }
  return used;
}

Node* metric_named(Draft& draft, std::string_view name) {
  for (Node* metric : metrics(draft))
    if (draft.text_of(*metric, "name") == name) return metric;
  return nullptr;
}

void set_with_entries(Draft& draft, Node& metric, std::string_view name, std::string_view json,
                      std::string_view rule) {
  draft.set(metric, name, json, rule);
  for (Node* entry : draft.objects(metric, "subClusters")) {
    const Node* removed = draft.present(*entry, "remove");
    if (!removed || removed->text != "true") draft.set(*entry, name, json, rule);
  }
}

void c8_footprint(Draft& draft) {
  if (is_used(draft, "footprint")) return;
  for (const std::string_view name : {"cpu_load", "flops_any", "mem_bw", "mem_used"})
    if (Node* metric = metric_named(draft, name))
      set_with_entries(draft, *metric, "footprint", name == "mem_used" ? "\"max\"" : "\"avg\"", "C8");
}

void c9_energy(Draft& draft) {
  if (is_used(draft, "energy")) return;
  const auto in_watt = [&](std::string_view name) {
    Node* metric = metric_named(draft, name);
    Node* unit = metric ? draft.present(*metric, "unit") : nullptr;
    return unit && draft.text_of(*unit, "base") == "W" ? metric : nullptr;
  };
  for (const std::string_view name : {"mem_power", "acc_power"})
    if (Node* metric = in_watt(name)) set_with_entries(draft, *metric, "energy", "\"power\"", "C9");
  for (const std::string_view name : {"cpu_power", "rapl_power", "core_power"})
    if (Node* metric = in_watt(name)) return set_with_entries(draft, *metric, "energy", "\"power\"", "C9");
}

}  // namespace

void expect_cluster(Draft& draft, const std::string& name, const Chain& chain,
                    const std::vector<Override>& overrides) {
  draft.expect(&draft.root, Type::object, "the document");
  for (const auto& [from, to] : chain.steps()) {
    if (draft.reason) return;
    r6_nodes(draft);
    r7_cluster(draft, name);
    if (draft.reason) return;
    if (from > 0) c3_aggregations(draft, name, overrides, false);
    if (from == 0) step_0_to_1(draft, name, overrides);
    if (from == 1 && to == 2) c8_footprint(draft), c9_energy(draft);
  }
}

ClusterFacts facts_of(Draft& draft) {
  ClusterFacts facts;
  for (Node* entry : sub_clusters(draft)) {
    const Node* name = draft.present(*entry, "name");
    ClusterFacts::SubCluster sub{content_of(name->text), name->text, draft.text_of(*entry, "nodes"), {}};
    for (Node* accelerator : accelerators(draft, *entry)) {
      const Node* id = draft.present(*accelerator, "id");
      const auto token = [&] { return id->is(Type::string) ? id->text : quoted(id->text); };
      sub.accelerators.push_back(id ? std::optional(token()) : std::nullopt);
    }
    facts.sub_clusters.push_back(std::move(sub));
  }
  for (Node* metric : metrics(draft))
    facts.timesteps.emplace(draft.text_of(*metric, "name"), draft.present(*metric, "timestep")->text);
  return facts;
}

const ClusterFacts::SubCluster* ClusterFacts::find(std::string_view name) const {
  const auto found = std::find_if(sub_clusters.begin(), sub_clusters.end(),
                                  [&](const SubCluster& each) { return each.name == name; });
  return found == sub_clusters.end() ? nullptr : &*found;
}

const ClusterFacts::SubCluster* ClusterFacts::assign(std::string_view host) const {
  const auto catches_all = [](const SubCluster& each) { return each.nodes.empty() || each.nodes == "*"; };
  for (const SubCluster& each : sub_clusters)
    if (!host.empty() && !catches_all(each) && names_host(each.nodes, host).value_or(false)) return &each;
  for (const SubCluster& each : sub_clusters)
    if (catches_all(each)) return &each;
  return sub_clusters.size() == 1 ? &sub_clusters.front() : nullptr;
}

std::string ClusterFacts::accelerator(std::string_view sub_cluster, std::string_view index) const {
  const SubCluster* sub = find(sub_cluster);
  const auto number = unsigned_of(index);
  const bool known = sub && number && *number < sub->accelerators.size();
  return known ? sub->accelerators[*number].value_or(quoted(index)) : quoted(index);
}

}  // namespace jobferry::proof
