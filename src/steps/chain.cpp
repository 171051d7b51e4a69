// The steps from one archive version to another, from the table of versions.
#include <fmt/format.h>

#include "jobferry/step.h"
#include "jobferry/versions.h"

namespace jobferry {

namespace {

const Step& step_to(int version) { return *archive_versions[static_cast<std::size_t>(version)].step; }

Leg up(int to) {
  const Step& step = step_to(to);
  return {to - 1, to, step.cluster_up, step.job_up, step.data_up};
}
Leg down(int from) {
  const Step& step = step_to(from);
  return {from, from - 1, step.cluster_down, step.job_down, step.data_down};
}

}  // namespace

Result<std::vector<Leg>> find_chain(int from, int to) {
  std::vector<Leg> chain;
  if (to < 0 || to > newest_version)
    return Error{Kind::version_unknown,
                 fmt::format("there is no archive version {}: the newest is {}", to, newest_version)};
  if (from == to) chain.push_back({from, to, nullptr, nullptr, nullptr});
  for (int v = from + 1; v <= to; ++v) chain.push_back(up(v));
  for (int v = from; v > to; --v) {
    if (!step_to(v).reversible)
      return Error{Kind::version_unknown,
                   fmt::format("there is no way down from version {} to {}", v, v - 1)};
    chain.push_back(down(v));
  }
  return chain;
}

}  // namespace jobferry
