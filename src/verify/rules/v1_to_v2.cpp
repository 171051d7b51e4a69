// Version 1 to 2 (cc-backend 1.4): tags get a scope, metrics a footprint and an energy. On the way down only
// version.txt changes.
#include "verify/rules/sets.h"

namespace jobferry::proof {

namespace {

std::list<Node>& metrics(const Site& site) { return site.draft.objects(site.parent, "metricConfig"); }

bool is_used(const Site& site, std::string_view name) {
  const auto has_content = [&](Node& object) {
    const Node* value = site.draft.present(object, name);
    return value && value->text != "\"\"";
  };
  bool used = false;
  for (Node& metric : metrics(site)) {
    used |= has_content(metric);
    for (Node& entry : site.draft.objects(metric, "subClusters")) used |= has_content(entry);
  }
  return used;
}

Node* metric_named(const Site& site, std::string_view name) {
  for (Node& metric : metrics(site))
    if (site.draft.content(metric, "name") == name) return &metric;
  return nullptr;
}

// An entry for a subcluster replaces the values of its metric, even where it has none of its own.
void set_with_entries(Draft& draft, Node& metric, std::string_view name, std::string_view json,
                      std::string_view rule) {
  draft.set(metric, name, json, rule);
  for (Node& entry : draft.objects(metric, "subClusters")) {
    const Node* removed = draft.present(entry, "remove");
    if (!removed || removed->text != "true") draft.set(entry, name, json, rule);
  }
}

void c8_footprint(const Site& site) {
  if (is_used(site, "footprint")) return;
  for (const std::string_view name : {"cpu_load", "flops_any", "mem_bw", "mem_used"})
    if (Node* metric = metric_named(site, name))
      set_with_entries(site.draft, *metric, "footprint", name == "mem_used" ? "\"max\"" : "\"avg\"", "C8");
}

void c9_energy(const Site& site) {
  if (is_used(site, "energy")) return;
  const auto in_watt = [&](std::string_view name) {
    Node* metric = metric_named(site, name);
    Node* unit = metric ? site.draft.present(*metric, "unit") : nullptr;
    return unit && site.draft.content(*unit, "base") == "W" ? metric : nullptr;
  };
  const auto set = [&](Node& metric) { set_with_entries(site.draft, metric, "energy", "\"power\"", "C9"); };
  for (const std::string_view name : {"mem_power", "acc_power"})
    if (Node* metric = in_watt(name)) set(*metric);
  for (const std::string_view name : {"cpu_power", "rapl_power", "core_power"})
    if (Node* metric = in_watt(name)) return set(*metric);
}

constexpr Rule up[] = {
    {"M7", names::meta, "tags", checked(Shape::objects)},
    {"M7", names::meta, "tags[].scope", defaulted(missing, "\"global\"")},
    {"C8", names::cluster, "metricConfig", computed(c8_footprint)},
    {"C9", names::cluster, "metricConfig", computed(c9_energy)},
};

}  // namespace

const RuleSet v1_to_v2 = {.up = up, .down = {}};

}  // namespace jobferry::proof
