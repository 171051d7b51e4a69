// The checks of a meta.json: one function for each part of it, in the order of docs/rules.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <unordered_set>

#include "archive/job.h"
#include "archive/schema.h"
#include "json/decimal.h"
#include "steps/identity.h"
#include "validate/checks.h"
#include "validate/findings.h"

namespace jobferry {

using json::Type;

namespace {

// The job states that servers accept: before version 3, and from version 3 on.
constexpr std::array<std::string_view, 8> early_states = {
    "running", "completed", "failed", "cancelled", "stopped", "timeout", "preempted", "out_of_memory"};
constexpr std::array<std::string_view, 12> late_states = {
    "boot_fail",     "cancelled", "completed", "deadline", "failed",    "node_fail",
    "out_of_memory", "pending",   "preempted", "running",  "suspended", "timeout"};

std::span<const std::string_view> states_of(int version) {
  if (version < 3) return early_states;
  return late_states;
}

// The integers of meta.json and the largest value that servers can store. X5 checks jobId and startTime.
struct IntegerMember {
  std::string_view name;
  std::int64_t most;
};
constexpr std::int64_t int32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64 = std::numeric_limits<std::int64_t>::max();
constexpr std::array integer_members = {IntegerMember{"numNodes", int32},
                                        IntegerMember{"duration", int32},
                                        IntegerMember{"walltime", int64},
                                        IntegerMember{"arrayJobId", int64},
                                        IntegerMember{"numHwthreads", int32},
                                        IntegerMember{"numAcc", int32},
                                        IntegerMember{"smt", int32},
                                        IntegerMember{"monitoringStatus", int32},
                                        IntegerMember{"exclusive", int32},
                                        IntegerMember{"submitTime", int64},
                                        IntegerMember{"requestedMemory", int64}};

bool in_range(std::string_view integer, std::int64_t most) {
  const bool negative = integer[0] == '-';
  const auto magnitude = plain_uint63(integer.substr(negative ? 1 : 0));
  // The range is taken as symmetric: no server writes the one number more below zero.
  return magnitude && *magnitude <= most;
}

class MetaCheck {
 public:
  MetaCheck(const ArchiveFacts& archive, const Node& root, JobFacts& facts, Findings& findings)
      : archive_(archive), root_(root), facts_(facts), findings_(findings) {}

  void run() {
    integers();
    sharing();
    state();
    strings();
    resources();
    sub_cluster();
    tags();
    statistics();
    start_time();
  }

 private:
  const Node* member(std::string_view name, Type type) const { return member_of(root_, name, type); }

  void integers() {
    for (const auto& [name, most] : integer_members) {
      if (name == "exclusive" && archive_.version >= 3) continue;  // version 3 has no such member
      const Node* node = member(name, Type::number);
      const auto plain = node ? integral_text(node->text) : std::nullopt;
      const std::string pointer = json::pointer_token(name);
      if (plain && *plain != node->text)
        findings_.add("integer-form", pointer, fmt::format("{} is {}", json::excerpt(node->text), *plain));
      else if (node && is_plain_integer(node->text) && !in_range(node->text, most))
        findings_.add("integer-range", pointer,
                      fmt::format("{} is larger than {}", json::excerpt(node->text), most));
    }
  }

  void sharing() {
    constexpr std::array<std::string_view, 3> words = {"none", "single_user", "multi_user"};
    const Node* shared = member("shared", Type::string);
    if (shared && std::find(words.begin(), words.end(), content(*shared)) == words.end())
      findings_.add("shared-invalid", "/shared", json::excerpt(shared->text));
    const Node* exclusive = member("exclusive", Type::number);
    if (archive_.version >= 3 || !exclusive || findings_.explained("/exclusive")) return;
    if (exclusive->text != "0" && exclusive->text != "1" && exclusive->text != "2")
      findings_.add("exclusive-invalid", "/exclusive", json::excerpt(exclusive->text));
  }

  void state() {
    const Node* state = member("jobState", Type::string);
    const auto known = states_of(archive_.version);
    if (state && std::find(known.begin(), known.end(), content(*state)) == known.end())
      findings_.add("state-unknown", "/jobState", json::excerpt(state->text));
  }

  void expect_string(const Node* node, const std::string& pointer) {
    if (node && !node->is(Type::string) && !node->is(Type::null))
      findings_.add("not-a-string", pointer, fmt::format("found {}", json::name_of(node->type)));
  }

  void strings() {
    for (const std::string_view name : {"user", "project", "partition", "subCluster", "jobState"})
      expect_string(member_of(root_, name), json::pointer_token(name));
    const Node* user = member("user", Type::string);
    if (user && content(*user).empty()) findings_.add("user-empty", "/user", "");
    // Servers read null as the empty string.
    for (const Node& value : children(member("metaData", Type::object)))
      expect_string(&value, "/metaData" + json::pointer_token(value.name));
  }

  void resources() {
    const Node* list = member("resources", Type::array);
    std::size_t index = 0;
    std::unordered_set<std::string> seen;
    for (const Node& resource : children(list)) resource_at(resource, index++, seen);
    const Node* count = member("numNodes", Type::number);
    const bool known = count && is_plain_integer(count->text);
    if (index == 0 || (known && count->text != std::to_string(index)))
      findings_.add("resources-mismatch", "/resources",
                    fmt::format("{} resources, but numNodes is {}", index,
                                known ? json::excerpt(count->text) : std::string("not an integer")));
  }

  void resource_at(const Node& resource, std::size_t index, std::unordered_set<std::string>& seen) {
    const std::string pointer = fmt::format("/resources/{}", index);
    const Node* name = member_of(resource, "hostname");
    expect_string(name, pointer + "/hostname");
    if (archive_.version > 0) {
      std::size_t at = 0;
      for (const Node& id : children(member_of(resource, "accelerators", Type::array)))
        expect_string(&id, fmt::format("{}/accelerators/{}", pointer, at++));
    }
    if (!name || !name->is(Type::string)) return;
    facts_.hosts.push_back(content(*name));
    if (facts_.hosts.back().empty())
      findings_.add("hostname-empty", pointer + "/hostname", "");
    else if (!seen.insert(facts_.hosts.back()).second)
      findings_.add("hostname-duplicate", pointer + "/hostname", json::excerpt(name->text));
  }

  // R1: in version 0 a job may leave out its subCluster if the node lists give it.
  void sub_cluster() {
    const Node* node = member_of(root_, "subCluster");
    if (node && !node->is(Type::string) && !node->is(Type::null)) return;
    const std::string name = node && node->is(Type::string) ? content(*node) : "";
    const Cluster* cluster = facts_.cluster;
    if (!name.empty()) {
      if (cluster && !cluster->find(name))
        findings_.add("subcluster-unknown", "/subCluster", json::excerpt(node->text));
      return;
    }
    const SubCluster* fits = cluster ? cluster->assign(facts_.hosts.empty() ? "" : facts_.hosts[0]) : nullptr;
    if (archive_.version == 0 && (fits || !cluster)) return;
    findings_.add(
        "subcluster-missing", "/subCluster",
        fits ? fmt::format("by the node lists it is {}", fits->name) : "no node list contains its host");
  }

  void tags() {
    std::set<std::array<std::string, 3>> seen;
    std::size_t index = 0;
    for (const Node& tag : children(member("tags", Type::array))) {
      const std::string pointer = fmt::format("/tags/{}", index++);
      std::array<std::string, 3> words;
      std::size_t at = 0;
      for (const std::string_view name : {"type", "name", "scope"}) {
        const Node* word = member_of(tag, name);
        expect_string(word, pointer + json::pointer_token(name));
        words[at++] = word && word->is(Type::string) ? content(*word) : "";
      }
      if (tag.is(Type::object) && !seen.insert(words).second)
        findings_.add("duplicate-tag", pointer, fmt::format("{}: {}", words[0], words[1]));
    }
  }

  void statistics() {
    for (const Node& metric : children(member("statistics", Type::object))) {
      const std::string pointer = "/statistics" + json::pointer_token(metric.name);
      if (!metric.is(Type::object)) {
        findings_.add("metric-unrecognised", pointer, fmt::format("found {}", json::name_of(metric.type)));
        continue;
      }
      check_unit(archive_, metric, pointer, findings_);
      check_order(metric, pointer, findings_);
    }
  }

  void start_time() {
    const Node* start = member("startTime", Type::number);
    const auto time = start ? plain_uint63(start->text) : std::nullopt;
    if (time && (*time == 0 || *time > archive_.now))
      findings_.add("start-time", "/startTime", std::string(start->text));
  }

  const ArchiveFacts& archive_;
  const Node& root_;
  JobFacts& facts_;
  Findings& findings_;
};

}  // namespace

void check_meta(const ArchiveFacts& archive, const MetaFile& file, JobFacts& facts, Findings& findings) {
  Job& job = file.job;
  facts.hosts.clear();
  if (auto valid = job.meta.parse(file.text); !valid) return findings.add(valid.error());
  check_identity(job, file.path);
  if (const auto& failure = job.meta.failure()) findings.add(*failure);
  if (job.root().is(Type::object)) MetaCheck(archive, job.root(), facts, findings).run();
  check_surrogates(file.text, findings);
  check_tree(job.meta, "metaData", findings);
  check_schema(archive, DocumentKind::job_meta, job.meta, findings);
}

}  // namespace jobferry
