#include "corpus/job_layout.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "corpus/random.h"

namespace jobferry::corpus {

namespace {

class JobLayout {
 public:
  JobLayout(const Shape& shape, Job& job, std::uint64_t bytes)
      : rng_(shape.seed, job.number, Stream::layout), shape_(shape), job_(job), bytes_(bytes) {}

  void draw() {
    job_.gzip = rng_.chance(shape_.gzip_share);
    job_.pretty = rng_.chance(shape_.pretty_share);
    bytes_per_line_ = job_.pretty ? 25 : 0;  // a line break and six levels of indentation
    job_.sub = &rng_.pick(job_.cluster->sub_clusters);
    budget_ = std::max<std::uint64_t>(1, bytes_ / ((24U << rng_.below(6)) * (6 + bytes_per_line_)));
    choose_threads();
    choose_metrics();
    choose_nodes();
    choose_scopes();
    choose_points();
  }

 private:
  void choose_threads() {
    const SubCluster& sub = *job_.sub;
    job_.threads = sub.all_threads();
    job_.accelerators = sub.accelerators;
    const bool large = budget_ > 200;  // and therefore on many nodes
    if (large || !rng_.chance(0.3)) return;
    job_.exclusive = rng_.chance(0.5) ? 0 : 2;
    const auto cores = static_cast<unsigned>(1 + rng_.below(sub.all_cores()));
    job_.threads = cores * sub.threads;
    if (sub.accelerators > 0) job_.accelerators = static_cast<unsigned>(1 + rng_.below(sub.accelerators));
  }

  bool measured(const Metric& metric) const {
    const bool here = metric.scope != Scope::accelerator || job_.sub->accelerators > 0;
    return here && metric.name != job_.sub->removed;
  }

  // The order varies. Very small jobs have only some of the metrics.
  void choose_metrics() {
    const std::size_t first = rng_.below(std::size(metrics));
    for (std::size_t i = 0; i < std::size(metrics) && job_.layouts.size() < budget_; ++i) {
      const Metric& metric = metrics[(first + i) % std::size(metrics)];
      if (!measured(metric)) continue;
      const bool statistics = shape_.version > 0 || (metric.style != Style::ratio && !rng_.chance(0.02));
      job_.layouts.push_back({&metric, {Scope::node}, 0, statistics});
    }
    if (job_.layouts.empty()) job_.layouts.push_back({&metrics[0], {Scope::node}, 0, true});
  }

  void choose_nodes() {
    if (job_.exclusive == 1) {
      const std::uint64_t most = std::min<std::uint64_t>(64, job_.sub->node_count());
      const std::uint64_t affordable = std::clamp<std::uint64_t>(budget_ / job_.layouts.size(), 1, most);
      const std::uint64_t least = std::clamp<std::uint64_t>(affordable / 6, 1, most);
      job_.nodes =
          static_cast<unsigned>(rng_.chance(0.4) ? least : least + rng_.below(affordable - least + 1));
    }
    job_.first_node = static_cast<unsigned>(rng_.below(job_.sub->node_count() - job_.nodes + 1));
  }

  void choose_scopes() {
    std::uint64_t series = job_.nodes * job_.layouts.size();
    for (MetricLayout& layout : job_.layouts) {
      for (const Scope scope : finer_than_node(layout.metric->scope)) {
        const std::uint64_t more = job_.nodes * job_.count(scope);
        if (series + more > budget_ || !rng_.chance(0.6)) continue;
        layout.scopes.push_back(scope);
        series += more;
      }
      const bool many = job_.nodes > 8;
      if (many && rng_.chance(0.4))
        layout.statistics_arrays = static_cast<unsigned>(rng_.pick(std::array{3, 4, 6}));
    }
  }

  static std::vector<Scope> finer_than_node(Scope finest) {
    switch (finest) {
      case Scope::node:
        return {};
      case Scope::memory_domain:
        return {Scope::socket, Scope::memory_domain};
      case Scope::core:
        return {Scope::socket, Scope::core};
      case Scope::hwthread:
        return {Scope::socket, Scope::core, Scope::hwthread};
      case Scope::socket:
      case Scope::accelerator:
        return {finest};
    }
    return {};
  }

  void choose_points() {
    constexpr std::uint64_t around_series = 80, around_scope = 60;
    const std::uint64_t lines_around = job_.pretty ? 170 : 0;
    std::uint64_t around = 2, tenths_per_point = 0;
    for (const MetricLayout& layout : job_.layouts) {
      for (const Scope scope : layout.scopes) {
        const std::uint64_t series = job_.nodes * job_.count(scope);
        around += around_scope + lines_around + series * (around_series + lines_around);
        const std::uint64_t arrays = series + (scope == Scope::node ? layout.statistics_arrays : 0);
        tenths_per_point += arrays * (tenths_per_number(*layout.metric) + 10 * bytes_per_line_);
      }
    }
    const std::uint64_t left = bytes_ > around ? bytes_ - around : 0;
    job_.points = std::max<std::uint64_t>(1, left * 10 / tenths_per_point);
    const std::uint64_t step = job_.cluster->timestep;
    job_.duration = job_.points * step - rng_.below(step);
  }

  // The average length of a number with its comma, in tenths of a byte. The values were measured.
  static std::uint64_t tenths_per_number(const Metric& metric) {
    if (metric.style == Style::ratio) return 158;
    if (metric.style == Style::sparse) return 27;
    const std::uint64_t digits = std::to_string(metric.level).size();
    return metric.style == Style::whole ? digits * 10 + 10 : digits * 10 + 37;
  }

  Rng rng_;
  const Shape& shape_;
  Job& job_;
  std::uint64_t bytes_;
  std::uint64_t budget_ = 1;  // how many series suit the size
  std::uint64_t bytes_per_line_ = 0;
};

}  // namespace

void lay_out(const Shape& shape, Job& job, std::uint64_t bytes) { JobLayout(shape, job, bytes).draw(); }

}  // namespace jobferry::corpus
