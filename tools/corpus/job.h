// A job before it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/cluster.h"
#include "corpus/corpus.h"
#include "corpus/metrics.h"

namespace jobferry::corpus {

// How a data file holds a metric.
struct MetricLayout {
  const Metric* metric;
  std::vector<Scope> scopes;  // node first
  unsigned statistics_arrays = 0;
  bool statistics = true;  // whether its series have them; in version 0 some do not
};

struct Job {
  std::uint64_t number = 0;  // in the archive
  const Cluster* cluster = nullptr;
  const SubCluster* sub = nullptr;
  std::uint64_t id = 0, start = 0, duration = 0;
  unsigned first_node = 0, nodes = 1;
  unsigned threads = 1, accelerators = 0;  // on each node
  int exclusive = 1;
  std::size_t points = 1;  // of each series
  std::vector<MetricLayout> layouts;
  bool gzip = false, pretty = false;

  std::string path() const;
  std::uint64_t end() const { return start + duration; }
  std::string_view data_name() const { return gzip ? "data.json.gz" : "data.json"; }

  // The series of each node at that scope.
  unsigned count(Scope scope) const;
};

// Sets cluster, ID and start. One job in 89 has the jobId of the job before it and a later start, as a
// requeued job has.
void identify(const Shape& shape, const std::vector<Cluster>& clusters, Job& job);

}  // namespace jobferry::corpus
