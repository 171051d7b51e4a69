// The table of archive versions. Help, manual, validate and tests read what they say of versions from it.
#include "steps/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "jobferry/types.h"

namespace jobferry {

namespace {

constexpr std::array<ArchiveVersion, newest_version + 1> table = {{
    {0, "before 1.0", nullptr},
    {1, "1.0 to 1.3", &v0_to_v1::step},
    {2, "1.4", &v1_to_v2::step},
    {3, "1.5", &v2_to_v3::step},
}};

// A row that is missing at the end would be one of zeros. The steps are not compared with null here: under
// the sanitizers g++ 12 does not take the address of a step for a constant. plan_chain in every test uses
// them.
constexpr bool is_whole() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].number != static_cast<int>(i) || table[i].releases.empty()) return false;
  return true;
}
static_assert(is_whole(),
              "the table has a row for each version from 0 to newest_version (types.h), in order");

// The step that leads to a version, up, and the way back from it.
Leg up(int to) {
  const Step& step = *table[static_cast<std::size_t>(to)].step;
  return {to - 1, to, step.cluster_up, step.job_up, step.data_up};
}
Leg down(int from) {
  const Step& step = *table[static_cast<std::size_t>(from)].step;
  return {from, from - 1, step.cluster_down, step.job_down, step.data_down};
}

}  // namespace

std::span<const ArchiveVersion> all_versions() { return table; }

Result<std::vector<Leg>> find_chain(int from, int to) {
  std::vector<Leg> chain;
  if (to < 0 || to > newest_version)
    return Error{Kind::version_unknown,
                 fmt::format("there is no archive version {}: the newest is {}", to, newest_version)};
  if (from == to) chain.push_back({from, to, nullptr, nullptr, nullptr});
  for (int v = from + 1; v <= to; ++v) chain.push_back(up(v));
  for (int v = from; v > to; --v) {
    if (!table[static_cast<std::size_t>(v)].step->reversible)
      return Error{Kind::version_unknown,
                   fmt::format("there is no way down from version {} to {}", v, v - 1)};
    chain.push_back(down(v));
  }
  return chain;
}

}  // namespace jobferry
