#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "jobferry/limits.h"
#include "verify/number.h"
#include "verify/rules.h"

namespace jobferry::proof {

namespace {

// --- X5 ---

std::string identifying_number(Draft& draft, std::string_view name) {
  const Node* value = draft.present(draft.root, name);
  if (!value) {
    draft.refuse("missing-member", fmt::format("{} is missing", name));
    return {};
  }
  const bool plain = value->is(Type::number) && is_integer_text(value->text) && value->text[0] != '-';
  if (!plain)
    draft.refuse("wrong-type", fmt::format("{} is no plain unsigned integer", name));
  else if (!unsigned_of(value->text))
    draft.refuse("number-range", fmt::format("{} is not below 2^63", name));
  return value->text;
}

void x5_identity(Draft& draft, const JobPath& job) {
  draft.expect(&draft.root, Type::object, "the document");
  const std::string id = identifying_number(draft, "jobId"), start = identifying_number(draft, "startTime");
  const Node* cluster = draft.present(draft.root, "cluster");
  if (!cluster) draft.refuse("missing-member", "cluster is missing");
  draft.expect(cluster, Type::string, "cluster");
  if (draft.reason) return;
  const std::string three = id.size() < 3 ? std::string(3 - id.size(), '0') + id : id.substr(id.size() - 3);
  const std::string thousands = id.size() > 3 ? id.substr(0, id.size() - 3) : "0";
  const bool same = thousands == job.first && three == job.second && start == job.start &&
                    content_of(cluster->text) == job.cluster;
  if (!same) draft.refuse("identity-mismatch", "meta.json and its directory name different jobs");
}

// --- Repairs ---

void check_statistics(Draft& draft) {
  Node* statistics = draft.present(draft.root, "statistics");
  draft.expect(statistics, Type::object, "statistics");
  if (!statistics) return;
  std::set<std::string_view> names;
  for (const Node& metric : statistics->children)
    if (!names.insert(metric.name).second)
      draft.refuse("duplicate-member", fmt::format("statistics: {} stands twice", metric.name));
}

void r1_sub_cluster(Draft& draft, const ClusterFacts& cluster) {
  const Node* named = draft.present(draft.root, "subCluster");
  draft.expect(named, Type::string, "subCluster");
  if (named && !(named->is(Type::string) && content_of(named->text).empty())) return;
  const std::vector<Node*> resources = draft.objects(draft.root, "resources");
  const Node* host = resources.empty() ? nullptr : draft.present(*resources[0], "hostname");
  draft.expect(host, Type::string, "hostname");
  const auto* chosen = cluster.assign(host ? content_of(host->text) : "");
  draft.set(draft.root, "subCluster", chosen ? chosen->token : "\"\"", "R1");
}

void map_state(Draft& draft, std::string_view from, std::string_view to, std::string_view rule) {
  Node* state = draft.present(draft.root, "jobState");
  draft.expect(state, Type::string, "jobState");
  if (state && content_of(state->text) == from) draft.put(*state, quoted(to), rule);
}

void r3_integers(Draft& draft) {
  for (const std::string_view name :
       {"numNodes", "duration", "walltime", "arrayJobId", "numHwthreads", "numAcc", "smt", "monitoringStatus",
        "exclusive", "submitTime", "requestedMemory"}) {
    Node* value = draft.present(draft.root, name);
    if (!value || !value->is(Type::number)) continue;
    if (const auto integer = as_integer(value->text)) draft.put(*value, *integer, "R3");
  }
}

void r4_meta_data(Draft& draft) {
  Node* data = draft.present(draft.root, "metaData");
  draft.expect(data, Type::object, "metaData");
  if (!data) return;
  for (Node& value : data->children)
    if (!value.is(Type::string)) draft.put(value, value.is_missing() ? "\"\"" : quoted(compact(value)), "R4");
}

void drop_null(Draft& draft, Node& object, std::string_view name, std::string_view rule) {
  if (Node* member = draft.find(object, name); member && member->is_missing())
    draft.drop(object, *member, rule);
}

void r5_nulls(Draft& draft) {
  for (Node* resource : draft.objects(draft.root, "resources"))
    for (const std::string_view name : {"hwthreads", "accelerators"}) drop_null(draft, *resource, name, "R5");
  for (const std::string_view name : {"footprint", "energyFootprint", "concurrentJobs"})
    drop_null(draft, draft.root, name, "R5");
  draft.expect(draft.present(draft.root, "footprint"), Type::object, "footprint");
  Node* concurrent = draft.present(draft.root, "concurrentJobs");
  draft.expect(concurrent, Type::object, "concurrentJobs");
  Node* items = concurrent ? draft.find(*concurrent, "items") : nullptr;
  if (items && items->is_missing()) draft.put(*items, "[]", "R5");
}

void repair(Draft& draft, const ClusterFacts& cluster) {
  check_statistics(draft);
  r1_sub_cluster(draft, cluster);
  map_state(draft, "canceled", "cancelled", "R2");
  map_state(draft, "out-of-memory", "out_of_memory", "R2");
  r3_integers(draft);
  r4_meta_data(draft);
  r5_nulls(draft);
}

// --- 0 to 1 ---

void m1_units(Draft& draft) {
  Node* statistics = draft.present(draft.root, "statistics");
  if (!statistics) return;
  for (Node& metric : statistics->children)
    if (metric.is(Type::object)) expect_unit(draft, metric);
}

bool is_blank(const Node& value) {
  return value.is_missing() || (value.is(Type::string) && content_of(value.text).empty()) ||
         (value.is(Type::number) && is_zero(value.text));
}

void m3_blanks(Draft& draft) {
  Node& root = draft.root;
  for (const std::string_view name : {"partition", "arrayJobId", "numHwthreads", "numAcc", "smt", "walltime"})
    if (Node* member = draft.find(root, name); member && is_blank(*member)) draft.drop(root, *member, "M3");
  draft.objects(root, "tags");
  for (const std::string_view name : {"monitoringStatus", "tags"}) drop_null(draft, root, name, "M3");
  if (Node* data = draft.find(root, "metaData"); data && data->is_missing()) draft.put(*data, "{}", "M3");
  if (!draft.present(root, "statistics")) draft.set(root, "statistics", "{}", "M3");
  if (!draft.present(root, "resources")) draft.set(root, "resources", "[]", "M3");
}

void m6_accelerators(Draft& draft, const ClusterFacts& cluster) {
  const std::string sub_cluster = draft.text_of(draft.root, "subCluster");
  for (Node* resource : draft.objects(draft.root, "resources")) {
    Node* list = draft.find(*resource, "accelerators");
    draft.expect(list, Type::array, "accelerators");
    if (!list || !list->is(Type::array)) continue;
    const auto is_missing = [](const Node& id) { return id.is_missing(); };
    if (const std::size_t dropped = std::erase_if(list->children, is_missing)) draft.changes["M6"] += dropped;
    for (Node& id : list->children) {
      if (id.is(Type::number) && is_integer_text(id.text))
        draft.put(id, cluster.accelerator(sub_cluster, id.text), "M6");
      else
        draft.expect(&id, Type::string, "an accelerator");
    }
  }
}

void step_0_to_1(Draft& draft, const ClusterFacts& cluster) {
  m1_units(draft);
  m3_blanks(draft);
  if (!draft.present(draft.root, "exclusive")) draft.set(draft.root, "exclusive", "1", "M4");
  m6_accelerators(draft, cluster);
}

// --- 1 to 2 ---

void m7_tags(Draft& draft) {
  for (Node* tag : draft.objects(draft.root, "tags"))
    if (!draft.present(*tag, "scope")) draft.set(*tag, "scope", "\"global\"", "M7");
}

// --- 2 to 3, and back ---

// The two members that say the same in different versions: `old` goes, `now` stands in its place.
struct Pair {
  std::string_view old, now;
};

// Neither has a value: the default stands where the first of their nulls was, else last.
void default_of_pair(Draft& draft, const Pair& pair, std::string_view json) {
  Node& root = draft.root;
  Node* place = nullptr;
  for (auto at = root.children.begin(); at != root.children.end();) {
    Node& member = *at++;
    if (member.name != pair.old && member.name != pair.now) continue;
    if (place)
      draft.drop(root, member, "M8");
    else
      place = &member;
  }
  if (!place) return draft.set(root, pair.now, json, "M8");
  if (place->name == pair.now) return draft.put(*place, json, "M8");
  draft.replace(root, *place, pair.now, json, "M8");
}

void m8_shared(Draft& draft) {
  Node& root = draft.root;
  Node *exclusive = draft.find(root, "exclusive"), *shared = draft.find(root, "shared");
  if (shared && !shared->is_missing()) {
    draft.expect(shared, Type::string, "shared");
    if (exclusive) draft.drop(root, *exclusive, "M8");
    return;
  }
  if (!exclusive || exclusive->is_missing())
    return default_of_pair(draft, {"exclusive", "shared"}, "\"none\"");
  constexpr std::array<std::string_view, 3> words = {"multi_user", "none", "single_user"};
  if (shared) draft.drop(root, *shared, "M8");
  for (std::size_t value = 0; value < words.size(); ++value)
    if (exclusive->is(Type::number) && equal_numbers(exclusive->text, std::to_string(value)))
      return draft.replace(root, *exclusive, "shared", quoted(words[value]), "M8");
  draft.refuse("exclusive-invalid", "exclusive is not 0, 1 or 2");
}

void m8_exclusive(Draft& draft) {
  Node& root = draft.root;
  Node *exclusive = draft.find(root, "exclusive"), *shared = draft.find(root, "shared");
  if (!shared || shared->is_missing()) {
    if (!exclusive || exclusive->is_missing()) return default_of_pair(draft, {"shared", "exclusive"}, "1");
    if (shared) draft.drop(root, *shared, "M8");
    return;
  }
  draft.expect(shared, Type::string, "shared");
  const std::string word = content_of(shared->text);
  if (exclusive) draft.drop(root, *exclusive, "M8");
  if (word == "multi_user") return draft.replace(root, *shared, "exclusive", "0", "M8");
  if (word == "none") return draft.replace(root, *shared, "exclusive", "1", "M8");
  if (word == "single_user") return draft.replace(root, *shared, "exclusive", "2", "M8");
  draft.refuse("shared-invalid", "shared is not none, single_user or multi_user");
}

int levels_of(const Node& value) {
  int deepest = 0;
  for (const Node& child : value.children) deepest = std::max(deepest, levels_of(child));
  return value.is(Type::object) || value.is(Type::array) ? deepest + 1 : 0;
}

void m11_footprint(Draft& draft) {
  constexpr int most_levels = limits::json_depth - 2;  // the document and `footprint` stand above
  Node& root = draft.root;
  for (const std::string_view name : {"mem_used_max", "flops_any_avg", "mem_bw_avg", "load_avg", "net_bw_avg",
                                      "net_data_vol_total", "file_bw_avg", "file_data_vol_total"}) {
    Node* value = draft.find(root, name);
    if (!value) continue;
    if (!value->is_missing()) {
      if (levels_of(*value) > most_levels) draft.refuse("nesting-too-deep", "it is too deep for footprint");
      if (!draft.present(root, "footprint")) draft.set(root, "footprint", "{}", "M11");
      Node& footprint = *draft.present(root, "footprint");
      const std::string_view moved = name == "load_avg" ? "cpu_load_avg" : name;
      if (!draft.present(footprint, moved)) draft.set(footprint, moved, compact(*value), "M11");
    }
    draft.drop(root, *value, "M11");
  }
}

void step_2_to_3(Draft& draft) {
  Node& root = draft.root;
  m8_shared(draft);
  if (!draft.present(root, "submitTime"))
    draft.set(root, "submitTime", draft.present(root, "startTime")->text, "M9");
  if (!draft.present(root, "energy")) draft.set(root, "energy", "0", "M9");
  Node* memory = draft.find(root, "requestedMemory");
  if (memory && (memory->is_missing() || (memory->is(Type::number) && is_zero(memory->text))))
    draft.drop(root, *memory, "M10");
  m11_footprint(draft);
  map_state(draft, "stopped", "cancelled", "M13");
}

void step_3_to_2(Draft& draft) {
  m8_exclusive(draft);
  map_state(draft, "node_fail", "failed", "M13");
  map_state(draft, "boot_fail", "failed", "M13");
  map_state(draft, "deadline", "timeout", "M13");
}

}  // namespace

void expect_meta(Draft& draft, const JobPath& job, const Chain& chain, const ClusterFacts& cluster) {
  x5_identity(draft, job);
  for (const auto& [from, to] : chain.steps()) {
    if (draft.reason) return;
    repair(draft, cluster);
    if (draft.reason) return;
    if (from == 0) step_0_to_1(draft, cluster);
    if (from == 1 && to == 2) m7_tags(draft);
    if (from == 2 && to == 3) step_2_to_3(draft);
    if (from == 3 && to == 2) step_3_to_2(draft);
  }
}

}  // namespace jobferry::proof
