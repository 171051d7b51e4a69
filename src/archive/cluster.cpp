#include "archive/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "archive/unit.h"
#include "json/decimal.h"

namespace jobferry {

using json::Type;

namespace {

constexpr std::string_view file_name = "cluster.json";

// The id of an accelerator as a string token, which C7 makes of an integer.
std::optional<std::string> accelerator_id(Document& document, const Node& accelerator) {
  const Node* id = document.present(accelerator, "id");
  if (!id) return {};
  return id->is(Type::string) ? std::string(id->text) : '"' + std::string(id->text) + '"';
}

void fail(ClusterFile& file, const Node& at, std::string what) {
  file.document.fail(at, Kind::cluster_bad, std::move(what));
}

const Node* required(ClusterFile& file, const Node& object, std::string_view name) {
  const Node* member = file.document.present(object, name);
  if (!member) file.document.fail_missing(object, name, Kind::cluster_bad);
  return member;
}

// Checks that there is a name and that it is not empty.
void check_named(ClusterFile& file, const Node& object, std::string_view what) {
  const Node* name = required(file, object, "name");
  if (name && (!name->is(Type::string) || content(*name).empty()))
    fail(file, *name, fmt::format("the name of {} is empty or not a string", what));
}

void check_nodes(ClusterFile& file, const Node& sub_cluster) {
  const Node* nodes = file.document.present(sub_cluster, "nodes");
  if (!nodes) return;
  if (!nodes->is(Type::string)) return file.document.wrong_type(*nodes, "a node list (a string)");
  std::string problem;
  if (!NodeList::parse(content(*nodes), problem)) fail(file, *nodes, "invalid node list: " + problem);
}

void check_accelerators(ClusterFile& file, const Node& sub_cluster) {
  Document& document = file.document;
  for (const Node& accelerator : children(accelerators_of(document, sub_cluster))) {
    const Node* id = document.present(accelerator, "id");
    const bool valid = !id || id->is(Type::string) || (id->is(Type::number) && is_plain_integer(id->text));
    if (!valid) document.wrong_type(*id, "an integer or a string");
  }
}

void check_metric(ClusterFile& file, const Node& metric) {
  constexpr std::array<std::string_view, 7> scopes = {"",     "node",     "socket",     "memoryDomain",
                                                      "core", "hwthread", "accelerator"};
  Document& document = file.document;
  check_named(file, metric, "the metric");
  if (const Node* scope = document.present(metric, "scope")) {
    const bool known =
        scope->is(Type::string) && std::find(scopes.begin(), scopes.end(), content(*scope)) != scopes.end();
    if (!known) fail(file, *scope, fmt::format("unknown scope {}", json::excerpt(scope->text)));
  }
  if (const Node* timestep = required(file, metric, "timestep")) {
    const bool whole = timestep->is(Type::number) && is_plain_integer(timestep->text) &&
                       timestep->text[0] != '-' && !is_zero(timestep->text);
    if (!whole) fail(file, *timestep, "timestep must be a positive integer");
  }
  objects(document, metric, "subClusters");
}

// The objects of an array that must have at least one (R7).
std::vector<Node*> check_list(ClusterFile& file, std::string_view member, std::string_view singular) {
  std::vector<Node*> list = objects(file.document, file.document.root(), member);
  const Node* node = required(file, file.document.root(), member);
  if (node && list.empty()) fail(file, *node, fmt::format("{} must list at least one {}", member, singular));
  return list;
}

void check_name(ClusterFile& file) {
  const Node* name = required(file, file.document.root(), "name");
  if (!name) return;
  if (!name->is(Type::string)) return file.document.wrong_type(*name, "a string");
  if (content(*name) != file.name)
    fail(file, *name,
         fmt::format("the cluster is named {}, but its directory is `{}`", json::excerpt(name->text),
                     file.name));
}

// A string member that is only shown. No rule depends on it, so a second one is no failure.
std::string shown_text(const Node& object, std::string_view name) {
  for (const Node& member : children(&object))
    if (member.name == name && member.is(Type::string)) return content(member);
  return {};
}

// The unit of a metric as people write it; `base` gets its base alone. In version 0 units are strings.
std::string unit_of(Document& document, const Node& metric, std::string& base) {
  const Node* unit = document.present(metric, "unit");
  if (!unit) return {};
  if (unit->is(Type::string)) return base = content(*unit);
  base = text_of(document, *unit, "base");
  return shown_text(*unit, "prefix") + base;
}

const Override* override_for(const ClusterFile& file, std::string_view metric) {
  const Override* found = nullptr;
  for (const Override& each : file.overrides)
    if (each.metric == metric) found = &each;  // the last one wins, as is usual for options
  return found;
}

Verdict decide_aggregation(ClusterFile& file, Node& metric, const std::string& name, bool infer) {
  Document& document = file.document;
  std::string base;
  unit_of(document, metric, base);
  const std::string_view inferred = sums_over_nodes(base) ? "sum" : "avg";
  const auto note = [&](std::string_view code, std::string detail) {
    file.notes.add(code, file_name, document.pointer_to(metric) + "/aggregation", std::move(detail));
  };
  const Node* given = document.present(metric, "aggregation");
  const bool empty = !given || (given->is(Type::string) && content(*given).empty());
  const std::string value = given && given->is(Type::string) ? content(*given) : "";

  if (const Override* chosen = override_for(file, name)) {
    document.set(metric, "aggregation", json::quote(chosen->aggregation));
    note("aggregation-overridden", fmt::format("{}: {}", name, chosen->aggregation));
    return Verdict::overridden;
  }
  if (empty && infer) {
    document.set(metric, "aggregation", json::quote(inferred));
    note("aggregation-inferred", fmt::format("{}: {}", name, inferred));
    return Verdict::inferred;
  }
  const std::string scope = text_of(document, metric, "scope");
  if (empty && (scope.empty() || scope == "node")) return Verdict::ok;
  if (value != "sum" && value != "avg") {
    note("aggregation-invalid", fmt::format("{}: {}", name, given ? compact_text(*given) : "missing"));
    return Verdict::invalid;
  }
  if (value == inferred) return Verdict::ok;
  note("aggregation-suspicious", fmt::format("{}: {}, but its unit suggests {}", name, value, inferred));
  return Verdict::suspicious;
}

AggregationRow row_of(ClusterFile& file, const Node& metric, std::string name, Verdict verdict) {
  std::string base;
  std::string scope = text_of(file.document, metric, "scope");
  return {std::move(name), unit_of(file.document, metric, base), scope.empty() ? "node" : std::move(scope),
          text_of(file.document, metric, "aggregation"), verdict};
}

}  // namespace

std::vector<Node*> objects(Document& document, const Node& parent, std::string_view member) {
  std::vector<Node*> found;
  Node* list = document.present(parent, member);
  if (!list) return found;
  if (!list->is(Type::array)) document.wrong_type(*list, "an array of objects");
  for (Node& element : children(list)) {
    if (!element.is(Type::object)) document.wrong_type(element, "an object");
    found.push_back(&element);
  }
  return found;
}

const Node* accelerators_of(Document& document, const Node& sub_cluster) {
  const Node* topology = document.present(sub_cluster, "topology");
  const Node* accelerators = topology ? document.present(*topology, "accelerators") : nullptr;
  return accelerators && accelerators->is(Type::array) ? accelerators : nullptr;
}

std::string text_of(Document& document, const Node& object, std::string_view member) {
  const Node* node = document.present(object, member);
  return node && node->is(Type::string) ? content(*node) : std::string();
}

Cluster::Cluster(Document& document) {
  std::string unused;
  for (Node* entry : objects(document, document.root(), "subClusters")) {
    SubCluster sub{content(*document.present(*entry, "name")),
                   std::string(document.present(*entry, "name")->text),
                   *NodeList::parse(text_of(document, *entry, "nodes"), unused),
                   {}};
    for (const Node& accelerator : children(accelerators_of(document, *entry)))
      sub.accelerators.push_back(accelerator_id(document, accelerator));
    sub_clusters_.push_back(std::move(sub));
  }
  for (Node* metric : objects(document, document.root(), "metricConfig"))
    timesteps_.emplace(text_of(document, *metric, "name"), document.present(*metric, "timestep")->text);
}

const SubCluster* Cluster::find(std::string_view sub_cluster) const {
  for (const SubCluster& each : sub_clusters_)
    if (each.name == sub_cluster) return &each;
  return nullptr;
}

const SubCluster* Cluster::assign(std::string_view hostname) const {
  const auto first = [&](const auto& fits) -> const SubCluster* {
    const auto found = std::find_if(sub_clusters_.begin(), sub_clusters_.end(), fits);
    return found == sub_clusters_.end() ? nullptr : &*found;
  };
  const auto lists_host = [&](const SubCluster& s) {
    return !s.nodes.catch_all() && s.nodes.contains(hostname);
  };
  if (const SubCluster* listed = hostname.empty() ? nullptr : first(lists_host)) return listed;
  if (const SubCluster* rest = first([](const SubCluster& s) { return s.nodes.catch_all(); })) return rest;
  return sub_clusters_.size() == 1 ? &sub_clusters_.front() : nullptr;
}

const std::string* Cluster::timestep(std::string_view metric) const {
  const auto found = timesteps_.find(metric);
  return found == timesteps_.end() ? nullptr : &found->second;
}

void repair_cluster(ClusterFile& file, int from) {
  Document& document = file.document;
  if (!document.root().is(Type::object)) return document.wrong_type(document.root(), "an object");
  for (Node* sub_cluster : objects(document, document.root(), "subClusters")) {  // R6
    const Node* nodes = document.present(*sub_cluster, "nodes");
    if (!nodes || (nodes->is(Type::string) && content(*nodes).empty()))
      document.set(*sub_cluster, "nodes", "\"*\"");
  }
  check_name(file);  // R7
  for (Node* sub_cluster : check_list(file, "subClusters", "subCluster")) {
    check_named(file, *sub_cluster, "the subCluster");
    check_nodes(file, *sub_cluster);
    check_accelerators(file, *sub_cluster);
  }
  for (Node* metric : check_list(file, "metricConfig", "metric")) check_metric(file, *metric);
  // Step 0->1 infers and checks the aggregations itself, once units are objects (C3).
  if (from > 0 && !document.failure()) decide_aggregations(file, false);
}

void decide_aggregations(ClusterFile& file, bool infer) {
  const std::vector<Node*> metrics = objects(file.document, file.document.root(), "metricConfig");
  file.aggregations.resize(metrics.size());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string name = text_of(file.document, *metrics[i], "name");
    const Verdict verdict = decide_aggregation(file, *metrics[i], name, infer);
    // The verdict of the first step stays: to later steps an inferred value looks as if it had been there.
    const Verdict before = file.aggregations[i].verdict;
    file.aggregations[i] = row_of(file, *metrics[i], name, before == Verdict::ok ? verdict : before);
  }
}

}  // namespace jobferry
