// The repairs R1 to R7, and what every step demands of the files that it reads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "archive/node_list.h"
#include "json/decimal.h"
#include "verify/rules/sets.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

// --- meta.json ---

void x5_number(const Site& site) {
  const Node* value = site.value;
  if (is_missing(value))
    return site.draft.refuse(Kind::missing_member, fmt::format("{} is missing", site.name));
  if (!value->is_integer() || value->text[0] == '-')
    return site.draft.refuse(Kind::wrong_type, fmt::format("{} is not a plain unsigned integer", site.name));
  if (!plain_uint63(value->text))
    site.draft.refuse(Kind::number_range, fmt::format("{} is not below 2^63", site.name));
}

// jobId and startTime have been checked.
void x5_identity(const Site& site) {
  Draft& draft = site.draft;
  if (is_missing(site.value)) return draft.refuse(Kind::missing_member, "cluster is missing");
  draft.expect(site.value, Shape::string, "cluster");
  const Node *id = draft.present(site.parent, "jobId"), *start = draft.present(site.parent, "startTime");
  if (!draft.sound || !id || !start) return;
  std::string folders = fmt::format("{:0>4}", id->text);
  folders.insert(folders.size() - 3, "/");  // 1403 is in 1/403
  if (fmt::format("{}/{}/{}", site.value->content(), folders, start->text) != draft.context.job->text())
    draft.refuse(Kind::identity_mismatch, "meta.json and its directory name different jobs");
}

void r1_sub_cluster(const Site& site) {
  Draft& draft = site.draft;
  if (!draft.content(site.parent, site.name).empty()) return;
  std::list<Node>& resources = draft.objects(site.parent, "resources");
  Node* host = resources.empty() ? nullptr : draft.present(resources.front(), "hostname");
  draft.expect(host, Shape::string, "hostname");
  const auto* chosen = draft.context.facts->assign(host ? host->content() : "");
  draft.set(site.parent, site.name, chosen ? chosen->token : "\"\"", "R1");
}

// A plain integer stays. A long double holds every integer below 2^63; any other number is rounded, and then
// it differs.
void r3_integer(const Site& site) {
  static_assert(std::numeric_limits<long double>::digits >= 63);
  if (!site.value || !site.value->is(Type::number) || site.value->is_integer()) return;
  const long double value = std::strtold(std::string(site.value->text).c_str(), nullptr);
  if (!(std::fabs(value) < 0x1p63L)) return;
  const std::string integer = std::to_string(static_cast<long long>(value));
  if (same_number(integer, site.value->text)) site.draft.put(*site.value, integer, "R3");
}

void r4_string(const Site& site) {
  Node& value = *site.value;
  if (value.is(Type::string)) return;
  site.draft.put(value, value.is(Type::null) ? "\"\"" : quoted(compact(value.text)), "R4");
}

constexpr Words misspelt_states[] = {{"canceled", "cancelled"}, {"out-of-memory", "out_of_memory"}};

// --- cluster.json ---

void r7_name(const Site& site) {
  if (!site.value || site.value->content() != site.draft.context.cluster)
    site.draft.refuse(Kind::cluster_bad, "its name is not that of its directory");
}

void r7_entries(const Site& site) {
  std::list<Node>& entries = site.draft.objects(site.parent, site.name);
  if (entries.empty()) site.draft.refuse(Kind::cluster_bad, fmt::format("{} is empty or missing", site.name));
  for (Node& entry : entries)
    if (site.draft.content(entry, "name").empty())
      site.draft.refuse(Kind::cluster_bad, fmt::format("an entry of {} has no name", site.name));
}

void r7_node_list(const Site& site) {
  std::string problem;
  if (site.value && !NodeList::parse(site.value->content(), problem))
    site.draft.refuse(Kind::cluster_bad, "a node list cannot be read");
}

void r7_accelerator(const Site& site) {
  const Node* id = site.value;
  if (!is_missing(id) && !id->is(Type::string) && !id->is_integer())
    site.draft.refuse(Kind::cluster_bad, "the id of an accelerator is neither an integer nor a string");
}

void r7_scope(const Site& site) {
  constexpr std::string_view known[] = {"",     "node",     "socket",     "memoryDomain",
                                        "core", "hwthread", "accelerator"};
  const std::string scope = site.value ? site.value->content() : "";
  if (std::ranges::find(known, scope) == std::end(known))
    site.draft.refuse(Kind::cluster_bad, fmt::format("the scope {} is unknown", scope));
}

void r7_timestep(const Site& site) {
  const Node* value = site.value;
  if (!value || !value->is_integer() || value->text[0] == '-' || is_zero(value->text))
    site.draft.refuse(Kind::cluster_bad, "a timestep is not an integer of 1 or more");
}

// The first step gives every metric an aggregation, and does this after the units.
void c3_unless_first_step(const Site& site) {
  if (site.draft.context.from > 0) (void)c3_override(site);
}

constexpr Rule rules[] = {
    // meta.json
    {"X5", names::meta, "jobId|startTime", checked(x5_number)},
    {"X5", names::meta, "cluster", checked(x5_identity)},
    {"X3", names::meta, "statistics", checked(Shape::object)},
    {"X3", names::meta, "statistics", checked(Shape::distinct)},
    {"R1", names::meta, "subCluster", checked(Shape::string)},
    {"R1", names::meta, "subCluster", computed(r1_sub_cluster)},
    {"R2", names::meta, "jobState", checked(Shape::string)},
    {"R2", names::meta, "jobState", mapped(misspelt_states)},
    {"R3", names::meta,
     "numNodes|duration|walltime|arrayJobId|numHwthreads|numAcc|smt|monitoringStatus|exclusive|submitTime|"
     "requestedMemory",
     computed(r3_integer)},
    {"R4", names::meta, "metaData", checked(Shape::object)},
    {"R4", names::meta, "metaData.*", computed(r4_string)},
    {"R5", names::meta, "resources", checked(Shape::objects)},
    {"R5", names::meta, "resources[].hwthreads|accelerators", dropped(null)},
    {"R5", names::meta, "footprint|energyFootprint|concurrentJobs", dropped(null)},
    {"R5", names::meta, "footprint|concurrentJobs", checked(Shape::object)},
    {"R5", names::meta, "concurrentJobs.items", defaulted(null, "[]")},

    // cluster.json
    {"R6", names::cluster, "subClusters", checked(Shape::objects)},
    {"R6", names::cluster, "subClusters[].nodes", defaulted(missing | empty, "\"*\"")},
    {"R7", names::cluster, "name", checked(r7_name)},
    {"R7", names::cluster, "subClusters|metricConfig", checked(r7_entries)},
    {"R7", names::cluster, "subClusters[].nodes", checked(Shape::string)},
    {"R7", names::cluster, "subClusters[].nodes", checked(r7_node_list)},
    {"R7", names::cluster, "subClusters[].topology.accelerators[].id", checked(r7_accelerator)},
    {"R7", names::cluster, "metricConfig[].scope", checked(Shape::string)},
    {"R7", names::cluster, "metricConfig[].scope", checked(r7_scope)},
    {"R7", names::cluster, "metricConfig[].timestep", checked(r7_timestep)},
    {"R7", names::cluster, "metricConfig[].subClusters", checked(Shape::objects)},
    {"C3", names::cluster, "metricConfig[].aggregation", computed(c3_unless_first_step)},

    // data.json, where it is read
    {"X3", names::data, "*", checked(Shape::distinct)},
    {"X3", names::data, "*.*", checked(Shape::distinct)},
    {"X3", names::data, "*.*.series[].data", checked(Shape::numbers)},
    {"X3", names::data, "*.*.statisticsSeries", checked(Shape::object)},
    {"X3", names::data, "*.*.statisticsSeries.mean|min|max|median", checked(Shape::numbers)},
    {"X3", names::data, "*.*.statisticsSeries.percentiles", checked(Shape::object)},
    {"X3", names::data, "*.*.statisticsSeries.percentiles.*", checked(Shape::numbers)},
};

const Override* override_of(const Context& context, std::string_view metric) {
  const Override* found = nullptr;
  for (const Override& each : *context.overrides)
    if (each.metric == metric && (each.cluster.empty() || each.cluster == context.cluster)) found = &each;
  return found;
}

}  // namespace

const std::span<const Rule> every_step = rules;

void rule_u(const Site& site) {
  Draft& draft = site.draft;
  Node* unit = site.value;
  if (is_missing(unit)) {
    draft.set(site.parent, site.name, R"({"base":""})", "U");
  } else if (unit->is(Type::string)) {
    draft.put(*unit, unit_object(unit->text), "U");
  } else {
    const Node* base = draft.present(*unit, "base");
    if (!base || !base->is(Type::string))
      draft.refuse(Kind::wrong_type, "a unit is neither a string nor an object with a base");
  }
}

bool c3_override(const Site& site) {
  const Override* chosen = override_of(site.draft.context, site.draft.content(site.parent, "name"));
  if (chosen) site.draft.set(site.parent, site.name, quoted(chosen->aggregation), "C3-override");
  return chosen != nullptr;
}

}  // namespace jobferry::proof
