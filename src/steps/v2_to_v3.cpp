// Archive version 2 (cc-backend 1.4) to version 3 (1.5).
//
// The number `exclusive` becomes the word `shared`, single statistics move into the object `footprint`, and
// job states are those of Slurm. Only meta.json changes, so data files need not be read. A member that
// replaces another takes its place, so that the order of the members stays. On the way down `shared` becomes
// `exclusive` again and the states that version 2 does not have become similar ones; the footprint stays
// where it is, since version 2 accepts it there.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/job.h"
#include "jobferry/step.h"
#include "json/decimal.h"

namespace jobferry::v2_to_v3 {

using json::Type;

namespace {

struct Sharing {
  std::string_view exclusive, shared;
};
constexpr std::array<Sharing, 3> sharings = {{{"0", "multi_user"}, {"1", "none"}, {"2", "single_user"}}};

// Replaces the member `from` by the member `to` with its value. If `from` has that name already, its name
// keeps its text (X1).
void replace_member(Job& job, Node& from, std::string_view to, std::string_view json) {
  if (from.name != to) job.meta.rename(from, to);
  job.meta.assign(from, json);
}

void remove_if(Job& job, Node* member) {
  if (member) job.meta.remove(job.root(), *member);
}

bool is_before(const Job& job, const Node* a, const Node* b) {
  for (const Node& member : children(&job.meta.root()))
    if (&member == a || &member == b) return &member == a;
  return false;
}

// Sets `name` if neither of two members has a value. It replaces the first of them that is there as null, or
// else is appended.
void default_member(Job& job, Node* a, Node* b, std::string_view name, std::string_view json) {
  Node* first = !b || (a && is_before(job, a, b)) ? a : b;
  remove_if(job, first == a ? b : a);
  if (first)
    replace_member(job, *first, name, json);
  else
    job.meta.append(job.root(), name, json);
}

void m8_exclusive_to_shared(Job& job) {
  Node* exclusive = job.meta.find(job.root(), "exclusive");
  Node* shared = job.meta.find(job.root(), "shared");
  const bool has_exclusive = exclusive && !exclusive->is(Type::null);
  if (shared && !shared->is(Type::null)) {
    if (!shared->is(Type::string)) job.meta.wrong_type(*shared, "a string");
    return remove_if(job, exclusive);
  }
  if (!has_exclusive) {
    job.note("shared-defaulted", "/shared", "none");
    return default_member(job, exclusive, shared, "shared", "\"none\"");
  }
  remove_if(job, shared);
  for (const Sharing& sharing : sharings)
    if (exclusive->is(Type::number) && same_number(exclusive->text, sharing.exclusive))
      return replace_member(job, *exclusive, "shared", json::quote(sharing.shared));
  job.meta.fail(
      *exclusive, Kind::exclusive_invalid,
      fmt::format("exclusive must be 0, 1 or 2, found {}", json::excerpt(compact_text(*exclusive))));
}

void m9_submit_time_and_energy(Job& job) {
  if (!job.meta.present(job.root(), "submitTime"))
    job.meta.set(job.root(), "submitTime", job.meta.present(job.root(), "startTime")->text);
  if (!job.meta.present(job.root(), "energy")) job.meta.set(job.root(), "energy", "0");
}

void m10_requested_memory(Job& job) {
  Node* memory = job.meta.find(job.root(), "requestedMemory");
  const bool zero = memory && memory->is(Type::number) && is_zero(memory->text);
  if (zero || (memory && memory->is(Type::null))) remove_if(job, memory);
}

// Equal as numbers, or equal as text.
bool same_value(const Node& a, const Node& b) {
  if (compact_text(a) == compact_text(b)) return true;
  return a.is(Type::number) && b.is(Type::number) && same_number(a.text, b.text);
}

Node& footprint_of(Job& job) {
  Node* footprint = job.meta.present(job.root(), "footprint");
  return footprint ? *footprint : job.meta.append(job.root(), "footprint", "{}");
}

// One level further down than it stood.
void move_to_footprint(Job& job, Node& value, std::string_view name) {
  constexpr int levels_above = 2;  // the document and `footprint`
  if (depth_of(value) + levels_above > limits::json_depth)
    return job.meta.fail(
        value, Kind::nesting_too_deep,
        fmt::format("in footprint it would be nested more than {} levels deep", limits::json_depth));
  Node& footprint = footprint_of(job);
  const Node* present = job.meta.present(footprint, name);
  if (!present)
    job.meta.set(footprint, name, compact_text(value));
  else if (!same_value(*present, value))
    job.note("footprint-kept", json::pointer_token(value.name),
             fmt::format("footprint has {}, dropped {}", compact_text(*present), compact_text(value)));
}

void m11_footprint(Job& job) {
  constexpr std::array<std::string_view, 8> names = {
      "mem_used_max", "flops_any_avg",      "mem_bw_avg",  "load_avg",
      "net_bw_avg",   "net_data_vol_total", "file_bw_avg", "file_data_vol_total"};
  for (const std::string_view name : names) {
    Node* value = job.meta.find(job.root(), name);
    if (!value) continue;
    if (!value->is(Type::null)) move_to_footprint(job, *value, name == "load_avg" ? "cpu_load_avg" : name);
    job.meta.remove(job.root(), *value);
  }
}

void map_state(Job& job, std::string_view before, std::string_view after) {
  Node* state = job.meta.present(job.root(), "jobState");
  if (!state || content(*state) != before) return;
  job.note("state-mapped", "/jobState", fmt::format("{} to {}", before, after));
  job.meta.assign(*state, json::quote(after));
}

void m13_states(Job& job) {
  constexpr std::array<std::string_view, 12> known = {"boot_fail", "cancelled", "completed",     "deadline",
                                                      "failed",    "node_fail", "out_of_memory", "pending",
                                                      "preempted", "running",   "suspended",     "timeout"};
  map_state(job, "stopped", "cancelled");
  const Node* state = job.meta.present(job.root(), "jobState");
  if (state && std::find(known.begin(), known.end(), content(*state)) == known.end())
    job.note("state-unknown", "/jobState", content(*state));
}

void shared_to_exclusive(Job& job) {
  Node* exclusive = job.meta.find(job.root(), "exclusive");
  Node* shared = job.meta.find(job.root(), "shared");
  const bool has_shared = shared && !shared->is(Type::null);
  if (!has_shared && exclusive && !exclusive->is(Type::null)) return remove_if(job, shared);
  if (!has_shared) {
    job.note("exclusive-defaulted", "/exclusive", "1");
    return default_member(job, exclusive, shared, "exclusive", "1");
  }
  if (!shared->is(Type::string)) return job.meta.wrong_type(*shared, "a string");
  remove_if(job, exclusive);
  for (const Sharing& sharing : sharings)
    if (content(*shared) == sharing.shared)
      return replace_member(job, *shared, "exclusive", sharing.exclusive);
  job.meta.fail(
      *shared, Kind::shared_invalid,
      fmt::format("shared must be none, single_user or multi_user, found {}", json::excerpt(shared->text)));
}

void states_down(Job& job) {
  map_state(job, "node_fail", "failed");
  map_state(job, "boot_fail", "failed");
  map_state(job, "deadline", "timeout");
}

void job_up(Job& job) {
  m8_exclusive_to_shared(job);
  m9_submit_time_and_energy(job);
  m10_requested_memory(job);
  m11_footprint(job);
  m13_states(job);
}

void job_down(Job& job) {
  shared_to_exclusive(job);
  states_down(job);
}

}  // namespace

const Step step = {
    .summary = "exclusive becomes shared, single statistics become the footprint, Slurm's job states",
    .loses = "the states node_fail, boot_fail and deadline",
    .reversible = true,
    .job_up = job_up,
    .job_down = job_down,
};

}  // namespace jobferry::v2_to_v3
