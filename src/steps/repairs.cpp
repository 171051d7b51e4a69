#include "steps/repairs.h"

#include <fmt/format.h>

#include <array>
#include <unordered_set>

#include "json/decimal.h"

namespace jobferry {

using json::Type;

namespace {

void expect_type(Job& job, std::string_view name, Type type) {
  const Node* member = job.meta.present(job.root(), name);
  if (member && !member->is(type)) job.meta.wrong_type(*member, json::name_of(type));
}

// The names in `statistics` are metrics. If one occurs twice, it is not clear which of the two counts (X3).
void check_statistics(Job& job) {
  expect_type(job, "statistics", Type::object);
  constexpr std::size_t few = 24;  // so many are compared with each other, which is cheaper than a set
  const Children metrics = children(job.meta.present(job.root(), "statistics"));
  std::size_t count = 0;
  std::unordered_set<std::string_view> seen;
  for (const Node& metric : metrics) {
    bool twice = false;
    if (++count > few) twice = !seen.insert(metric.name).second;
    std::size_t compared = 0;
    for (const Node& other : metrics) {
      if (&other == &metric || ++compared > few) break;
      twice |= other.name == metric.name;
    }
    if (twice) job.meta.fail_name(metric, Kind::duplicate_member, json::second_member(metric.name));
  }
}

void r1_assign_sub_cluster(Job& job) {
  const Node* named = job.meta.present(job.root(), "subCluster");
  if (named && !named->is(Type::string)) return job.meta.wrong_type(*named, "a string");
  if (named && !content(*named).empty()) {
    if (!job.sub_cluster()) job.note("subcluster-unknown", "/subCluster", content(*named));
    return;
  }
  const std::vector<Node*> nodes = resources(job);
  const Node* hostname = nodes.empty() ? nullptr : job.meta.present(*nodes[0], "hostname");
  if (hostname && !hostname->is(Type::string)) return job.meta.wrong_type(*hostname, "a string");
  const SubCluster* chosen = job.cluster->assign(hostname ? content(*hostname) : "");
  job.meta.set(job.root(), "subCluster", chosen ? chosen->name_token : "\"\"");
  job.note(chosen ? "subcluster-assigned" : "subcluster-unassigned", "/subCluster",
           chosen ? chosen->name : "");
}

void r2_map_states(Job& job) {
  Node* state = job.meta.present(job.root(), "jobState");
  if (!state) return;
  if (!state->is(Type::string)) return job.meta.wrong_type(*state, "a string");
  constexpr std::array<std::array<std::string_view, 2>, 2> renamed = {
      {{"canceled", "cancelled"}, {"out-of-memory", "out_of_memory"}}};
  for (const auto& [before, after] : renamed) {
    if (content(*state) != before) continue;
    job.note("state-mapped", "/jobState", fmt::format("{} to {}", before, after));
    job.meta.assign(*state, json::quote(after));
  }
}

void r3_normalise_integers(Job& job) {
  constexpr std::array<std::string_view, 11> integers = {
      "numNodes", "duration",         "walltime",  "arrayJobId", "numHwthreads",   "numAcc",
      "smt",      "monitoringStatus", "exclusive", "submitTime", "requestedMemory"};
  for (const std::string_view name : integers) {
    Node* member = job.meta.present(job.root(), name);
    if (!member) continue;
    const auto plain = member->is(Type::number) ? integral_text(member->text) : std::nullopt;
    if (!plain) {
      job.note("integer-expected", json::pointer_token(name), json::excerpt(member->text));
    } else if (*plain != member->text) {
      job.note("integer-normalised", json::pointer_token(name),
               fmt::format("{} to {}", member->text, *plain));
      job.meta.assign(*member, *plain);
    }
  }
}

void r4_stringify_meta_data(Job& job) {
  expect_type(job, "metaData", Type::object);
  for (Node& value : children(job.meta.present(job.root(), "metaData"))) {
    if (value.is(Type::string)) continue;
    job.note("metadata-stringified", "/metaData" + json::pointer_token(value.name));
    job.meta.assign(value, value.is(Type::null) ? "\"\"" : json::quote(compact_text(value)));
  }
}

void drop_if_null(Job& job, Node& object, std::string_view name) {
  Node* member = job.meta.find(object, name);
  if (member && member->is(Type::null)) job.meta.remove(object, *member);
}

void r5_drop_nulls(Job& job) {
  for (Node* resource : resources(job))
    for (const std::string_view name : {"hwthreads", "accelerators"}) drop_if_null(job, *resource, name);
  for (const std::string_view name : {"footprint", "energyFootprint", "concurrentJobs"})
    drop_if_null(job, job.root(), name);
  expect_type(job, "footprint", Type::object);
  expect_type(job, "concurrentJobs", Type::object);
  if (Node* concurrent = job.meta.present(job.root(), "concurrentJobs"))
    if (Node* items = job.meta.find(*concurrent, "items"); items && items->is(Type::null))
      job.meta.assign(*items, "[]");
}

}  // namespace

void repair_meta(Job& job) {
  check_statistics(job);
  r1_assign_sub_cluster(job);
  r2_map_states(job);
  r3_normalise_integers(job);
  r4_stringify_meta_data(job);
  r5_drop_nulls(job);
}

}  // namespace jobferry
