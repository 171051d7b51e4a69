// Archive version 1 (cc-backend 1.0 to 1.3) to version 2 (1.4).
//
// Tags get a scope. In cluster.json, metrics say how they contribute to a job's footprint and energy. A site
// that has set one of these members anywhere has made its choice, so the defaults are only set where no
// metric has it. Data files do not change. cc-backend has no tool for this step. The way down only repairs
// and leaves the new members where they are.
#include <fmt/format.h>

#include <array>

#include "archive/cluster.h"
#include "archive/job.h"
#include "jobferry/step.h"

namespace jobferry::v1_to_v2 {

using json::Type;

namespace {

void m7_tag_scope(Job& job) {
  for (Node* tag : tags(job))
    if (!job.meta.present(*tag, "scope")) job.meta.set(*tag, "scope", "\"global\"");
}

// The member has a value other than null and "".
bool is_filled(Document& document, const Node& object, std::string_view member) {
  const Node* node = document.present(object, member);
  return node && !(node->is(Type::string) && content(*node).empty());
}

std::vector<Node*> metrics(ClusterFile& file) {
  return objects(file.document, file.document.root(), "metricConfig");
}

// The member is set already, for a metric or for one of its subClusters.
bool is_used(ClusterFile& file, std::string_view member) {
  bool used = false;
  for (Node* metric : metrics(file)) {
    used |= is_filled(file.document, *metric, member);
    for (Node* entry : objects(file.document, *metric, "subClusters"))
      used |= is_filled(file.document, *entry, member);
  }
  return used;
}

// Also sets the member in the metric's `subClusters`: an entry there replaces all values of the metric, even
// by none.
void set_default(ClusterFile& file, Node& metric, std::string_view member, std::string_view value,
                 std::string_view code) {
  Document& document = file.document;
  document.set(metric, member, json::quote(value));
  for (Node* entry : objects(document, metric, "subClusters")) {
    const Node* removed = document.present(*entry, "remove");
    if (!removed || removed->text != "true") document.set(*entry, member, json::quote(value));
  }
  file.notes.add(code, "cluster.json", document.pointer_to(metric) + json::pointer_token(member),
                 fmt::format("{}: {}", text_of(document, metric, "name"), value));
}

Node* metric_named(ClusterFile& file, std::string_view name) {
  for (Node* metric : metrics(file))
    if (text_of(file.document, *metric, "name") == name) return metric;
  return nullptr;
}

void c8_footprint(ClusterFile& file) {
  if (is_used(file, "footprint")) return;
  constexpr std::array<std::array<std::string_view, 2>, 4> defaults = {
      {{"cpu_load", "avg"}, {"flops_any", "avg"}, {"mem_bw", "avg"}, {"mem_used", "max"}}};
  for (const auto& [name, value] : defaults)
    if (Node* metric = metric_named(file, name))
      set_default(file, *metric, "footprint", value, "footprint-defaulted");
}

Node* power_metric(ClusterFile& file, std::string_view name) {
  Node* metric = metric_named(file, name);
  const Node* unit = metric ? file.document.present(*metric, "unit") : nullptr;
  return unit && text_of(file.document, *unit, "base") == "W" ? metric : nullptr;
}

void c9_energy(ClusterFile& file) {
  if (is_used(file, "energy")) return;
  const auto set = [&](Node& metric) { set_default(file, metric, "energy", "power", "energy-defaulted"); };
  for (const std::string_view name : {"mem_power", "acc_power"})
    if (Node* metric = power_metric(file, name)) set(*metric);
  // These three measure the same energy at different places, so only one of them may count.
  for (const std::string_view name : {"cpu_power", "rapl_power", "core_power"})
    if (Node* metric = power_metric(file, name)) return set(*metric);
}

void cluster_up(ClusterFile& file) {
  c8_footprint(file);
  c9_energy(file);
}

void job_up(Job& job) { m7_tag_scope(job); }

}  // namespace

const Step step = {
    .summary = "tags get a scope, cluster.json says what makes up footprint and energy",
    .reversible = true,
    .cluster_up = cluster_up,
    .job_up = job_up,
};

}  // namespace jobferry::v1_to_v2
