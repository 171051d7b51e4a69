#include "corpus/meta_json.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "corpus/cluster.h"
#include "corpus/json_text.h"
#include "corpus/random.h"

namespace jobferry::corpus {

namespace {

// The versions draw different numbers, so the order of the calls matters.
class MetaJson {
 public:
  MetaJson(const Shape& shape, const Job& job, const Summaries& summaries)
      : version_(shape.version),
        job_(job),
        summaries_(summaries),
        rng_(shape.seed, job.number, Stream::meta) {}

  Members members() {
    identity();
    sizes();
    allocation();
    state();
    resources();
    tags();
    meta_data();
    statistics();
    if (version_ == 0) add("stopTime", std::to_string(job_.end()));
    version_ < 3 ? averages() : footprint();
    vary_order();
    return std::move(members_);
  }

 private:
  void add(std::string_view name, std::string json) {
    members_.push_back({std::string(name), std::move(json)});
  }

  void identity() {
    add("jobId", std::to_string(job_.id));
    add("user", fmt::format("\"user{:04}\"", rng_.below(900)));
    add("project", fmt::format("\"proj{:03}\"", rng_.below(120)));
    add("cluster", quoted(job_.cluster->name));
    if (version_ > 0 || rng_.chance(0.7)) add("subCluster", quoted(job_.sub->name));
    if (rng_.chance(0.8))
      add("partition",
          quoted(rng_.pick(std::array<std::string_view, 4>{"work", "singlenode", "multinode", "a40"})));
    else if (version_ == 0)
      add("partition", rng_.chance(0.8) ? "\"\"" : "null");
  }

  // A count that is not set is left out. Version 0 writes a zero (M3).
  void add_count(std::string_view name, std::uint64_t count) {
    if (count > 0 || version_ == 0) add(name, std::to_string(count));
  }

  void sizes() {
    add("numNodes", std::to_string(job_.nodes));
    add_count("arrayJobId", rng_.chance(0.06) ? job_.id - job_.id % 10 + 1 : 0);
    add_count("numHwthreads", rng_.chance(0.9) ? std::uint64_t{job_.nodes} * job_.threads : 0);
    add_count("numAcc", std::uint64_t{job_.nodes} * job_.accelerators);
    add_count("smt", rng_.chance(0.8) ? job_.sub->threads : 0);
    if (rng_.chance(0.9)) add("monitoringStatus", rng_.chance(0.95) ? "1" : std::to_string(rng_.below(4)));
  }

  void allocation() {
    constexpr std::array<std::string_view, 3> shared = {"multi_user", "none", "single_user"};
    if (version_ >= 3)
      add("shared", quoted(shared[static_cast<std::size_t>(job_.exclusive)]));
    else if (version_ > 0 || job_.exclusive != 1 || rng_.chance(0.9))  // its absence means 1 (M4)
      add("exclusive", std::to_string(job_.exclusive));
  }

  void state() {
    add("jobState", quoted(drawn_state()));
    add("startTime", std::to_string(job_.start));
    add("duration", std::to_string(job_.duration));
    add_count("walltime", rng_.chance(0.9) ? (1 + job_.duration / 3600) * 3600 : 0);
    if (version_ == 2 && rng_.chance(0.1)) add("requestedMemory", "0");  // which version 3 forbids (M10)
    if (version_ < 3) return;
    add("submitTime", std::to_string(job_.start - rng_.below(90'000)));
    if (rng_.chance(0.2)) add("requestedMemory", std::to_string(4000 * (1 + rng_.below(60))));
  }

  std::string_view drawn_state() {
    if (rng_.chance(0.7)) return "completed";
    constexpr std::array<std::string_view, 6> old_states = {"failed",  "cancelled", "timeout",
                                                            "stopped", "preempted", "out_of_memory"};
    constexpr std::array<std::string_view, 6> new_states = {"failed",    "cancelled", "timeout",
                                                            "node_fail", "deadline",  "out_of_memory"};
    return rng_.pick(version_ < 3 ? old_states : new_states);
  }

  void resources() {
    const bool list_threads = job_.exclusive != 1 || rng_.chance(0.3);
    const bool by_index = version_ == 0 && (job_.cluster->integer_ids || rng_.chance(0.5));
    std::string out;
    Writer writer(out);
    writer.open('[');
    for (unsigned node = 0; node < job_.nodes; ++node) {
      writer.open('{').name("hostname").string(hostname(*job_.sub, job_.first_node + node));
      if (list_threads) threads(writer);
      if (job_.accelerators > 0) accelerators(writer, by_index);
      writer.close('}');
    }
    writer.close(']');
    add("resources", std::move(out));
  }

  void threads(Writer& writer) const {
    writer.name("hwthreads").open('[');
    for (unsigned i = 0; i < job_.threads; ++i) writer.number(i);
    writer.close(']');
  }

  void accelerators(Writer& writer, bool by_index) const {
    writer.name("accelerators").open('[');
    for (unsigned i = 0; i < job_.accelerators; ++i)
      writer.raw(by_index ? std::to_string(i) : accelerator_id(*job_.cluster, i, version_));
    writer.close(']');
  }

  void tags() {
    if (version_ == 0 && rng_.chance(0.1)) return add("tags", "null");
    if (!rng_.chance(0.15)) return add("tags", "[]");
    const std::string_view name =
        rng_.pick(std::array<std::string_view, 4>{"load-imbalance", "idle", "good", "vasp"});
    const std::string_view scope = rng_.pick(std::array<std::string_view, 3>{"global", "private", "admin"});
    const std::string last = version_ < 2 ? "" : fmt::format(",\"scope\":\"{}\"", scope);
    add("tags", fmt::format("[{{\"type\":\"{}\",\"name\":\"{}\"{}}}]",
                            rng_.chance(0.5) ? "pathological" : "app", name, last));
  }

  void meta_data() {
    if (rng_.chance(0.15)) {
      if (version_ == 0 && rng_.chance(0.5)) add("metaData", "null");
      return;
    }
    constexpr std::string_view script =
        R"("#!/bin/bash -l\n#SBATCH --nodes={}\n#SBATCH --time={}:00:00\n#SBATCH --export=NONE\nmodule load )"
        R"(intel\/2021 \"openmpi\"\n\n# Läufe für Größe №{}, \u00b5s pro Schritt → Ergebnis\n)"
        R"(srun .\/solver -i 'input.dat' | awk '{{print $1\"\\t\"$2}}' > out_{}.log\n")";
    std::string out;
    Writer writer(out);
    writer.open('{').name("jobName").string(fmt::format("run_{}", rng_.below(5000)));
    const std::uint64_t hours = 1 + job_.duration / 3600;
    if (rng_.chance(0.85))
      writer.name("jobScript").raw(fmt::format(script, job_.nodes, hours, rng_.below(90), job_.id));
    if (rng_.chance(0.6))
      writer.name("slurmInfo")
          .string(fmt::format("JobId={} Partition=work\\n   Nice=0 Requeue=0\\n", job_.id));
    writer.close('}');
    add("metaData", std::move(out));
  }

  void statistics() {
    std::string out;
    Writer writer(out);
    writer.open('{');
    for (std::size_t i = 0; i < job_.layouts.size(); ++i) {
      const Metric& metric = *job_.layouts[i].metric;
      writer.name(metric.name).open('{').name("unit").raw(unit_json(metric, version_));
      out += ',';
      append_statistics(out, summaries_[i].second, metric.style);
      writer.close('}');
    }
    writer.close('}');
    add("statistics", std::move(out));
  }

  // The average (or maximum) over the job of a metric it has, with two decimals.
  std::string measured(std::string_view metric, bool maximum) const {
    for (const auto& [name, summary] : summaries_)
      if (name == metric) return decimal(maximum ? summary.most : summary.avg(), 2);
    return {};
  }

  void averages() {
    constexpr std::array<std::array<std::string_view, 2>, 4> moved = {{{"mem_used_max", "mem_used"},
                                                                       {"flops_any_avg", "flops_any"},
                                                                       {"mem_bw_avg", "mem_bw"},
                                                                       {"load_avg", "cpu_load"}}};
    for (const auto& [name, metric] : moved)
      if (std::string value = measured(metric, name == "mem_used_max"); !value.empty())
        add(name, std::move(value));
    if (rng_.chance(0.3))
      add("net_data_vol_total", decimal(static_cast<std::int64_t>(rng_.below(9'000'000)), 2));
    if (rng_.chance(0.1)) add("file_bw_avg", rng_.chance(0.5) ? "0" : "0.0");
  }

  void footprint() {
    constexpr std::array<std::array<std::string_view, 2>, 4> names = {{{"cpu_load_avg", "cpu_load"},
                                                                       {"flops_any_avg", "flops_any"},
                                                                       {"mem_bw_avg", "mem_bw"},
                                                                       {"mem_used_max", "mem_used"}}};
    std::string out;
    Writer writer(out);
    writer.open('{');
    for (const auto& [name, metric] : names)
      if (const std::string value = measured(metric, name == "mem_used_max"); !value.empty())
        writer.name(name).raw(value);
    writer.close('}');
    add("footprint", std::move(out));
    const std::string energy = decimal(static_cast<std::int64_t>(rng_.below(50'000'000)), 2);
    add("energy", energy);
    if (rng_.chance(0.5)) add("energyFootprint", fmt::format("{{\"cpu_power\":{}}}", energy));
  }

  void vary_order() {
    if (rng_.chance(0.5)) return;
    for (int i = 0; i < 6; ++i)
      std::swap(members_[rng_.below(members_.size())], members_[rng_.below(members_.size())]);
  }

  int version_;
  const Job& job_;
  const Summaries& summaries_;
  Rng rng_;
  Members members_;
};

}  // namespace

Members meta_json(const Shape& shape, const Job& job, const Summaries& summaries) {
  return MetaJson(shape, job, summaries).members();
}

}  // namespace jobferry::corpus
