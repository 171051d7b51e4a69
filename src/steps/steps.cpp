// The table of all steps. Their order is the order of the versions.
#include "steps/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "jobferry/types.h"

namespace jobferry {

namespace {

constexpr std::array<Step, 3> table = {{
    {
        .from = 0,
        .summary = "units become objects, statistics are complete, cluster.json names aggregations",
        .loses = "",
        .reversible = false,
        .cluster_up = v0_to_v1::cluster_up,
        .cluster_down = nullptr,
        .job_up = v0_to_v1::job_up,
        .job_down = nullptr,
        .data_up = v0_to_v1::data_up,
        .data_down = nullptr,
    },
    {
        .from = 1,
        .summary = "tags get a scope, cluster.json says what makes up footprint and energy",
        .loses = "",
        .reversible = true,
        .cluster_up = v1_to_v2::cluster_up,
        .cluster_down = nullptr,
        .job_up = v1_to_v2::job_up,
        .job_down = nullptr,
        .data_up = nullptr,
        .data_down = nullptr,
    },
    {
        .from = 2,
        .summary = "exclusive becomes shared, single statistics become the footprint, Slurm's job states",
        .loses = "the states node_fail, boot_fail and deadline",
        .reversible = true,
        .cluster_up = nullptr,
        .cluster_down = nullptr,
        .job_up = v2_to_v3::job_up,
        .job_down = v2_to_v3::job_down,
        .data_up = nullptr,
        .data_down = nullptr,
    },
}};

constexpr bool has_no_gap() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].from != static_cast<int>(i)) return false;
  return table.size() == newest_version;
}
static_assert(has_no_gap(), "the steps lead from version 0 to the newest, one by one");

Leg up(const Step& s) { return {s.from, s.from + 1, s.cluster_up, s.job_up, s.data_up}; }
Leg down(const Step& s) { return {s.from + 1, s.from, s.cluster_down, s.job_down, s.data_down}; }

}  // namespace

std::span<const Step> all_steps() { return table; }

Result<std::vector<Leg>> plan_chain(int from, int to) {
  std::vector<Leg> chain;
  if (to < 0 || to > newest_version)
    return Error{Kind::version_unknown,
                 fmt::format("there is no archive version {}: the newest is {}", to, newest_version)};
  if (from == to) chain.push_back({from, to, nullptr, nullptr, nullptr});
  for (int v = from; v < to; ++v) chain.push_back(up(table[static_cast<std::size_t>(v)]));
  for (int v = from; v > to; --v) {
    const Step& step = table[static_cast<std::size_t>(v - 1)];
    if (!step.reversible)
      return Error{Kind::version_unknown,
                   fmt::format("there is no way down from version {} to {}", v, v - 1)};
    chain.push_back(down(step));
  }
  return chain;
}

}  // namespace jobferry
