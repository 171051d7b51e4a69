#include "corpus/data_json.h"

#include <fmt/format.h>

#include <cstdint>

#include "corpus/cluster.h"
#include "corpus/json_text.h"
#include "corpus/random.h"

namespace jobferry::corpus {

namespace {

class DataJson {
 public:
  DataJson(const Shape& shape, const Job& job, Anchor& anchor)
      : seed_(shape.seed),
        version_(shape.version),
        job_(job),
        anchor_(anchor),
        rng_(shape.seed, job.number, Stream::data) {
    unit_first_ = rng_.chance(0.5);
    data_first_ = rng_.chance(0.3);
    for (unsigned i = 0; i < job.nodes; ++i) hosts_.push_back(hostname(*job.sub, job.first_node + i));
    for (const MetricLayout& each : job.layouts) summaries_.emplace_back(each.metric->name, Summary{});
  }

  void write(std::string& out) {
    out.clear();
    out += '{';
    for (std::size_t i = 0; i < job_.layouts.size(); ++i) metric(out, i);
    out += '}';
  }

  const Summaries& summaries() const { return summaries_; }

 private:
  void metric(std::string& out, std::size_t index) {
    const MetricLayout& layout = job_.layouts[index];
    const bool anchored = index == anchor_.metric_index;
    const std::string name =
        anchored && !anchor_.metric.empty() ? anchor_.metric : std::string(layout.metric->name);
    Writer(out).name(name).open('{');
    if (anchored) anchor_.scopes_at = out.size();
    if (anchored) anchor_.pointer = '/' + name + "/node";
    for (const Scope scope : layout.scopes) metric_at(out, index, scope);
    out += '}';
  }

  void metric_at(std::string& out, std::size_t index, Scope scope) {
    const MetricLayout& layout = job_.layouts[index];
    Writer writer(out);
    writer.name(name_of(scope)).open('{');
    if (unit_first_) writer.name("unit").raw(unit_json(*layout.metric, version_));
    timestep(writer, index == anchor_.metric_index && scope == Scope::node);
    if (version_ == 0) writer.name("scope").string(name_of(scope));
    writer.name("series").open('[');
    for (unsigned node = 0; node < job_.nodes; ++node)
      for (unsigned id = 0; id < job_.count(scope); ++id) series(out, index, scope, node, id);
    writer.close(']');
    if (scope == Scope::node && layout.statistics_arrays > 0) statistics_series(out, layout);
    if (!unit_first_) writer.name("unit").raw(unit_json(*layout.metric, version_));
    writer.close('}');
  }

  void timestep(Writer& writer, bool anchored) const {
    if (!anchored || anchor_.timestep.empty())
      writer.name("timestep").number(job_.cluster->timestep);
    else if (anchor_.timestep != "-")
      writer.name("timestep").raw(anchor_.timestep);
  }

  void series(std::string& out, std::size_t index, Scope scope, unsigned node, unsigned id) {
    const MetricLayout& layout = job_.layouts[index];
    const bool anchored = index == anchor_.metric_index && scope == Scope::node && node == anchor_.node;
    Writer(out).open('{').name("hostname").string(hosts_[node]);
    if (scope != Scope::node) series_id(out, scope, id);
    const Summary summary =
        data(out, *layout.metric, layout.statistics && (!anchored || anchor_.statistics), anchored);
    if (scope == Scope::node) summaries_[index].second.add(summary);
    out += '}';
  }

  void series_id(std::string& out, Scope scope, unsigned id) const {
    Writer writer(out);
    writer.name("id");
    if (version_ == 0)
      writer.number(id);
    else if (scope == Scope::accelerator)
      writer.raw(accelerator_id(*job_.cluster, id, version_));
    else
      writer.string(std::to_string(id));
  }

  // Statistics are known only after the data but usually come before them, so the data wait in a buffer.
  Summary data(std::string& out, const Metric& metric, bool statistics, bool anchored) {
    numbers_.clear();
    const Summary summary = Walk(fresh_rng(), metric).append(numbers_, job_.points);
    if (statistics && !data_first_) append_statistics_member(out, summary, metric.style);
    out += ',';
    if (anchored) anchor_.member_at = out.size();
    out += "\"data\":";
    if (anchored) anchor_.element_at = out.size() + 1;
    out += numbers_;
    if (anchored) anchor_.end_at = out.size() - 1;
    if (statistics && data_first_) append_statistics_member(out, summary, metric.style);
    return summary;
  }

  static void append_statistics_member(std::string& out, const Summary& summary, Style style) {
    out += ",\"statistics\":{";
    append_statistics(out, summary, style);
    out += '}';
  }

  void statistics_series(std::string& out, const MetricLayout& layout) {
    const Walk walk(fresh_rng(), *layout.metric);
    const auto array = [&](std::string_view name, std::int64_t quarters) {
      Writer(out).name(name);
      Walk(walk).append(out, job_.points, quarters);
    };
    Writer writer(out);
    writer.name("statisticsSeries").open('{');
    array("min", 3), array("mean", 4), array("max", 5);
    if (layout.statistics_arrays > 3) array("median", 4);
    if (layout.statistics_arrays > 4) {
      writer.name("percentiles").open('{');
      array("25", 3), array("75", 5);
      writer.close('}');
    }
    writer.close('}');
  }

  Rng fresh_rng() { return Rng(seed_, rng_.next(), Stream::data); }

  std::uint64_t seed_;
  int version_;
  const Job& job_;
  Anchor& anchor_;
  Rng rng_;
  bool unit_first_, data_first_;
  std::vector<std::string> hosts_;
  Summaries summaries_;
  std::string numbers_;
};

}  // namespace

std::string Anchor::series() const { return fmt::format("{}/series/{}", pointer, node); }

Summaries write_data_json(const Shape& shape, const Job& job, Anchor& anchor, std::string& out) {
  DataJson data(shape, job, anchor);
  data.write(out);
  return data.summaries();
}

}  // namespace jobferry::corpus
