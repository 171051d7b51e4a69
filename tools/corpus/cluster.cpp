#include "corpus/cluster.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "corpus/json_text.h"

namespace jobferry::corpus {

namespace {

constexpr Processor ice_lake{"Intel Xeon Platinum 8360Y", 2, 18, 1, 2, 44, 2812, 350};
constexpr Processor rome{"AMD EPYC 7502", 2, 16, 2, 4, 80, 1280, 410};
constexpr Processor milan{"AMD EPYC 7713", 2, 16, 1, 1, 72, 2304, 400};
constexpr Processor ivy_bridge{"Intel IvyBridge", 2, 10, 2, 1, 44, 704, 80};
constexpr Processor haswell{"Intel Xeon E3-1240 v3", 1, 4, 2, 1, 14, 112, 24};
constexpr Processor skylake{"Intel Xeon E3-1240 v5", 1, 4, 1, 1, 14, 112, 32};

std::vector<SubCluster> several_sub_clusters() {
  return {{ice_lake, "main", "a[0101-0132],b[01-16]", {{"a", 101, 32, 4}, {"b", 1, 16, 2}}},
          {rome, "fat", "c[001-004,011-014]", {{"c", 1, 4, 3}, {"c", 11, 4, 3}}, 0, "net_bw"},
          {milan, "gpu", "g[01-08]", {{"g", 1, 8, 2}}, 4, "ib_recv_pkts"}};
}

std::vector<SubCluster> one_catch_all() { return {{ivy_bridge, "main", "", {{"n", 1, 96, 3}}, 2}}; }

std::vector<SubCluster> hyphenated_sub_clusters() {
  const std::vector<NodeRange> first = {{"r1-", 1, 20, 2, "n"}, {"r2-", 1, 20, 2, "n"}};
  return {{haswell, "rack-a", "r1-[01-20]n,r2-[01-20]n", first},
          {skylake, "rack-b", "r3-[01-20]n", {{"r3-", 1, 20, 2, "n"}}}};
}

std::vector<SubCluster> sub_clusters(unsigned kind) {
  if (kind == 0) return several_sub_clusters();
  return kind == 1 ? one_catch_all() : hyphenated_sub_clusters();
}

}  // namespace

Cluster make_cluster(unsigned index) {
  constexpr std::array<std::string_view, 6> names = {"aspen", "birch", "cedar", "drift", "ember", "fjord"};
  constexpr std::array<std::uint64_t, 3> first_jobs = {1'403'000, 40'000, 400};
  const unsigned kind = index % 3;
  std::string name = index < names.size() ? std::string(names[index]) : fmt::format("site{:02}", index);
  return {std::move(name), sub_clusters(kind), kind == 1, first_jobs[kind], kind == 2 ? 30U : 60U};
}

std::string hostname(const SubCluster& sub, unsigned index) {
  for (const NodeRange& range : sub.ranges) {
    if (index < range.count)
      return fmt::format("{}{:0{}}{}", range.before, range.first + index, range.width, range.behind);
    index -= range.count;
  }
  throw std::logic_error("a node beyond the last");
}

std::string accelerator_id(const Cluster& cluster, unsigned index, int version) {
  constexpr std::array<std::string_view, 8> buses = {"01", "49", "81", "C1", "0F", "13", "8E", "C8"};
  if (version > 0 && cluster.integer_ids) return quoted(std::to_string(index + 1));  // as rule C7 writes them
  if (cluster.integer_ids) return std::to_string(index + 1);
  return fmt::format("\"00000000:{}:00.0\"", buses[index % buses.size()]);
}

std::string unit_json(const Metric& metric, int version) {
  if (version == 0) return quoted(metric.unit);
  if (metric.prefix.empty()) return fmt::format("{{\"base\":\"{}\"}}", metric.base);
  return fmt::format("{{\"base\":\"{}\",\"prefix\":\"{}\"}}", metric.base, metric.prefix);
}

}  // namespace jobferry::corpus
