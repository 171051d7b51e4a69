#include "corpus/cluster_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "corpus/json_text.h"
#include "corpus/pretty.h"

namespace jobferry::corpus {

namespace {

class ClusterJson {
 public:
  ClusterJson(const Cluster& cluster, unsigned index, int version)
      : cluster_(cluster), index_(index), version_(version) {}

  std::string text() {
    writer_.open('{').name("name").string(cluster_.name);
    writer_.name("subClusters").open('[');
    for (const SubCluster& sub : cluster_.sub_clusters) sub_cluster(sub);
    writer_.close(']').name("metricConfig").open('[');
    for (const Metric& metric : metrics)
      if (measured(metric)) metric_config(metric);
    writer_.close(']').close('}');
    return pretty(out_);
  }

 private:
  bool measured(const Metric& metric) const {
    const auto has_any = [](const SubCluster& sub) { return sub.accelerators > 0; };
    const auto& subs = cluster_.sub_clusters;
    return metric.scope != Scope::accelerator || std::any_of(subs.begin(), subs.end(), has_any);
  }

  void sub_cluster(const SubCluster& sub) {
    writer_.open('{').name("name").string(sub.name).name("processorType").string(sub.processor);
    nodes(sub);
    writer_.name("socketsPerNode").number(sub.sockets).name("coresPerSocket").number(sub.cores);
    writer_.name("threadsPerCore").number(sub.threads);
    measure("flopRateScalar", sub.scalar, "F/s");
    measure("flopRateSimd", sub.simd, "F/s");
    measure("memoryBandwidth", sub.bandwidth, "B/s");
    topology(sub);
    writer_.close('}');
  }

  // In version 0 a catch-all has no `nodes` or an empty one (R6).
  void nodes(const SubCluster& sub) {
    if (version_ == 0) writer_.name("numberOfNodes").number(sub.node_count());
    if (!sub.nodes.empty())
      writer_.name("nodes").string(sub.nodes);
    else if (version_ > 0)
      writer_.name("nodes").string("*");
    else if (index_ >= 3)
      writer_.name("nodes").string("");
  }

  void measure(std::string_view name, int value, std::string_view base) {
    writer_.name(name);
    if (version_ == 0) return void(writer_.raw(std::to_string(value)));
    writer_.raw(fmt::format("{{\"unit\":{{\"base\":\"{}\",\"prefix\":\"G\"}},\"value\":{}}}", base, value));
  }

  void topology(const SubCluster& sub) {
    writer_.name("topology").open('{').name("node");
    threads_of(sub, 0, sub.all_cores());
    groups(sub, "socket", sub.sockets);
    groups(sub, "memoryDomain", sub.sockets * sub.domains);
    if (sub.domains > 1)
      writer_.name("die").raw("null");
    else if (sub.accelerators > 0)
      writer_.name("die").raw("[]");
    groups(sub, "core", sub.all_cores());
    if (sub.accelerators > 0) accelerators(sub);
    writer_.close('}');
  }

  void groups(const SubCluster& sub, std::string_view name, unsigned count) {
    writer_.name(name).open('[');
    const unsigned size = sub.all_cores() / count;
    for (unsigned i = 0; i < count; ++i) threads_of(sub, i * size, size);
    writer_.close(']');
  }

  void threads_of(const SubCluster& sub, unsigned first_core, unsigned cores) {
    writer_.open('[');
    for (unsigned core = first_core; core < first_core + cores; ++core)
      for (unsigned thread = 0; thread < sub.threads; ++thread)
        writer_.number(core + thread * sub.all_cores());
    writer_.close(']');
  }

  void accelerators(const SubCluster& sub) {
    writer_.name("accelerators").open('[');
    for (unsigned i = 0; i < sub.accelerators; ++i)
      writer_.open('{')
          .name("id")
          .raw(accelerator_id(cluster_, i, version_))
          .raw("\"type\":\"Nvidia GPU\",\"model\":\"A40\"}");
    writer_.close(']');
  }

  void metric_config(const Metric& metric) {
    writer_.open('{').name("name").string(metric.name).name("unit").raw(unit_json(metric, version_));
    const bool scope_left_open = version_ == 0 && metric.name == "mem_used";  // means node (C4)
    writer_.name("scope").string(scope_left_open ? "" : name_of(metric.scope));
    aggregation(metric);
    writer_.name("timestep").number(cluster_.timestep);
    thresholds(metric, 100);
    footprint(metric);
    sub_cluster_entries(metric);
    writer_.close('}');
  }

  // Version 0 has an aggregation for few metrics. Rule C3 infers it for the others.
  void aggregation(const Metric& metric) {
    const bool known = version_ > 0 || metric.name == "cpu_load" || metric.name == "cpu_power";
    if (known)
      writer_.name("aggregation").string(metric.sums ? "sum" : "avg");
    else if (metric.name == "clock")
      writer_.name("aggregation").string("");
  }

  void thresholds(const Metric& metric, std::int64_t percent) {
    constexpr std::array<std::pair<std::string_view, int>, 4> names = {
        {{"peak", 100}, {"normal", 50}, {"caution", 20}, {"alert", 5}}};
    for (const auto& [name, share] : names)
      writer_.name(name).raw(decimal(metric.peak * percent * share / 100, 2));
  }

  void footprint(const Metric& metric) {
    if (version_ < 2) return;
    if (!metric.footprint.empty()) writer_.name("footprint").string(metric.footprint);
    if (!metric.energy.empty()) writer_.name("energy").string(metric.energy);
  }

  void sub_cluster_entries(const Metric& metric) {
    std::size_t entries = 0;
    for (const SubCluster& sub : cluster_.sub_clusters) {
      const bool removed = sub.removed == metric.name;
      if (!removed && !(metric.name == "mem_bw" && sub.name == "fat")) continue;
      if (entries++ == 0) writer_.name("subClusters").open('[');
      writer_.open('{').name("name").string(sub.name);
      if (removed)
        writer_.name("remove").raw("true");
      else
        thresholds(metric, 120), footprint(metric);
      writer_.close('}');
    }
    if (entries > 0) writer_.close(']');
  }

  const Cluster& cluster_;
  unsigned index_;
  int version_;
  std::string out_;
  Writer writer_{out_};
};

}  // namespace

std::string cluster_json(const Cluster& cluster, unsigned index, int version) {
  return ClusterJson(cluster, index, version).text();
}

}  // namespace jobferry::corpus
