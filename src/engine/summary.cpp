#include "jobferry/migrate.h"

#include <algorithm>
#include <cmath>

namespace jobferry {

namespace {

void join_neighbours(Timeline& timeline) {
  std::vector<Timeline::Moment> joined((timeline.moments.size() + 1) / 2);
  for (std::size_t i = 0; i < timeline.moments.size(); ++i) {
    const Timeline::Moment& moment = timeline.moments[i];
    joined[i / 2].jobs += moment.jobs;
    joined[i / 2].bytes_in += moment.bytes_in;
    joined[i / 2].bytes_out += moment.bytes_out;
  }
  timeline.moments = std::move(joined);
  timeline.step *= 2;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, 7> names = {
      "complete", "nothing-to-do", "bad-jobs", "hidden-jobs", "interrupted", "partial", "failed"};
  return names[static_cast<std::size_t>(outcome)];
}

void Timeline::add(double at, const Moment& done) {
  seconds = std::max(seconds, at);
  while (at >= step * static_cast<double>(most_moments)) join_neighbours(*this);
  const auto index = static_cast<std::size_t>(at / step);
  if (index >= moments.size()) moments.resize(index + 1);
  Moment& moment = moments[index];
  moment.jobs += done.jobs;
  moment.bytes_in += done.bytes_in;
  moment.bytes_out += done.bytes_out;
}

ClusterCounts Summary::total() const {
  ClusterCounts sum;
  for (const auto& [name, counts] : clusters) {
    sum.migrated += counts.migrated;
    sum.skipped += counts.skipped;
    sum.bad += counts.bad;
    sum.carried_unread += counts.carried_unread;
    sum.carried += counts.carried;
    sum.left_behind += counts.left_behind;
    sum.bytes_in += counts.bytes_in;
    sum.bytes_out += counts.bytes_out;
  }
  return sum;
}

}  // namespace jobferry
