#include "corpus.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <charconv>
#include <limits>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace jobferry::corpus {

namespace fs = boost::filesystem;

namespace {

// ---- Chance
// ------------------------------------------------------------------------------------------------ All in
// integers: the distributions of the standard library and the functions of libm differ between platforms.

std::uint64_t mix(std::uint64_t z) {  // the finalizer of splitmix64
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// Each stream of a job stands alone: what one draws more or less does not shift the others.
enum class Stream : std::uint8_t { identity, size, shape, data, meta, defect, quirk, anchor };

class Rng {
 public:
  Rng(std::uint64_t seed, std::uint64_t job, Stream stream)
      : state_(mix(mix(mix(seed) + job) + static_cast<std::uint64_t>(stream) + 1)) {}

  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15U); }

  std::uint64_t below(std::uint64_t bound) { return ((next() >> 32) * bound) >> 32; }  // bound < 2^32

  bool chance(double share) {
    return static_cast<double>(next() >> 11) < share * 9007199254740992.0;  // 2^53
  }

  template <class Table>
  const auto& pick(const Table& table) {
    return table[below(std::size(table))];
  }

  // Roughly normal, mean 0, deviation 2^16: the sum of twelve uniform numbers.
  std::int64_t normal() {
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i)
      for (std::uint64_t bits = next(), part = 0; part < 4; ++part, bits >>= 16)
        sum += static_cast<std::int64_t>(bits & 0xFFFF);
    return sum - 6 * 65536;
  }

 private:
  std::uint64_t state_;
};

// The uncompressed size of a job's data file before any scaling: log-normal with the deviation that makes the
// mean about four times the median, as in real archives.
std::uint64_t drawn_bytes(const Plan& plan, std::uint64_t job) {
  constexpr std::int64_t deviation = 150'000;           // 1.6 / ln 2 = 2.3 doublings, in units of 2^-16
  constexpr std::int64_t largest = 8 * 65536 + 36'000;  // about 370 times the median
  Rng rng(plan.seed, job, Stream::size);
  const std::int64_t doublings = std::min((rng.normal() * deviation) >> 16, largest);
  const std::int64_t whole = doublings >> 16;
  const std::uint64_t fraction = 65536 + static_cast<std::uint64_t>(doublings & 0xFFFF);  // 2^x is near 1 + x
  const std::uint64_t scaled = plan.median_bytes * fraction;
  return whole >= 0 ? scaled << whole >> 16 : scaled >> -whole >> 16;
}

double scale_of_sizes(const Plan& plan) {
  if (plan.total_bytes == 0) return 1;
  double sum = 0;
  for (std::uint64_t job = 0; job < plan.jobs; ++job) sum += static_cast<double>(drawn_bytes(plan, job));
  return sum > 0 ? static_cast<double>(plan.total_bytes) / sum : 1;
}

// ---- JSON text
// ---------------------------------------------------------------------------------------------

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// `value` hundredths (or millionths, by `decimals`), without trailing zeros, as real archives have them.
void append_decimal(std::string& out, std::int64_t value, int decimals) {
  constexpr std::array<std::int64_t, 7> powers = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
  const std::int64_t scale = powers[static_cast<std::size_t>(decimals)];
  append_integer(out, value / scale);
  std::int64_t rest = value % scale;
  if (rest == 0) return;
  out += '.';
  for (std::int64_t power = scale / 10; rest != 0; power /= 10) {
    out += static_cast<char>('0' + rest / power);
    rest %= power;
  }
}

std::string decimal(std::int64_t value, int decimals) {
  std::string out;
  append_decimal(out, value, decimals);
  return out;
}

// None of our names and words needs an escape; texts that do are written escaped.
std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

// Writes compact JSON and puts the commas.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& open(char bracket) {
    comma();
    out_ += bracket;
    return *this;
  }
  Writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  Writer& name(std::string_view text) {
    string(text);
    out_ += ':';
    return *this;
  }
  Writer& string(std::string_view text) {
    comma();
    out_ += '"';
    out_ += text;
    out_ += '"';
    return *this;
  }
  Writer& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  Writer& number(std::uint64_t value) { return raw(fmt::format_int(value).str()); }

 private:
  void comma() {
    constexpr std::string_view openers = "{[:";
    if (!out_.empty() && openers.find(out_.back()) == openers.npos) out_ += ',';
  }

  std::string& out_;
};

// Every element on a line of its own, indented by four, as the tools of the field do it. Works on the tokens
// alone, so broken text comes out broken.
class Pretty {
 public:
  explicit Pretty(std::string_view text) : text_(text) { out_.reserve(text.size() * 4); }

  std::string print() {
    while (at_ < text_.size()) token();
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void token() {
    const char c = text_[at_];
    if (c == '"') return string();
    ++at_;
    if (c == '{' || c == '[')
      open(c);
    else if (c == '}' || c == ']')
      --depth_, new_line(), out_ += c;
    else if (c == ',')
      out_ += c, new_line();
    else if (c == ':')
      out_ += ": ";
    else
      out_ += c;
  }

  void string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    out_ += text_.substr(begin, at_ - begin);
  }

  void open(char bracket) {
    out_ += bracket;
    const bool empty = at_ < text_.size() && text_[at_] == (bracket == '{' ? '}' : ']');
    if (empty) out_ += text_[at_++];
    if (!empty) ++depth_, new_line();
  }

  void new_line() {
    out_ += '\n';
    const int indented = std::clamp(depth_, 0, 16);  // or a deep document would be nothing but blanks
    out_.append(static_cast<std::size_t>(indented) * 4, ' ');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string out_;
};

// ---- Clusters
// ----------------------------------------------------------------------------------------------

enum class Scope : std::uint8_t { node, socket, memory_domain, core, hwthread, accelerator };

constexpr std::array<std::string_view, 6> scope_names = {"node", "socket",   "memoryDomain",
                                                         "core", "hwthread", "accelerator"};

std::string_view name_of(Scope scope) { return scope_names[static_cast<std::size_t>(scope)]; }

// The look of a metric's numbers.
enum class Style : std::uint8_t { hundredths, whole, ratio, sparse };

constexpr int decimals_of(Style style) { return style == Style::whole ? 0 : style == Style::ratio ? 6 : 2; }
constexpr std::int64_t scale_of(Style style) {
  return style == Style::whole ? 1 : style == Style::ratio ? 1'000'000 : 100;
}

struct Metric {
  std::string_view name;
  std::string_view unit;  // of version 0
  std::string_view base, prefix;
  Scope scope;  // the finest it is measured at
  bool sums;
  Style style;
  std::int64_t level, peak;
  std::string_view footprint{}, energy{};
};

constexpr Metric metrics[] = {
    {"cpu_load", "load", "load", "", Scope::node, false, Style::hundredths, 18, 72, "avg"},
    {"mem_used", "GB", "B", "G", Scope::node, true, Style::hundredths, 24, 256, "max"},
    {"flops_any", "GF/s", "F/s", "G", Scope::hwthread, true, Style::hundredths, 224, 5600, "avg"},
    {"flops_dp", "GF/s", "F/s", "G", Scope::hwthread, true, Style::sparse, 2, 2800},
    {"mem_bw", "GB/s", "B/s", "G", Scope::memory_domain, true, Style::hundredths, 63, 350, "avg"},
    {"ipc", "IPC", "IPC", "", Scope::hwthread, false, Style::ratio, 1, 4},
    {"clock", "MHz", "Hz", "M", Scope::hwthread, false, Style::hundredths, 2597, 3000},
    {"cpu_power", "W", "W", "", Scope::socket, true, Style::hundredths, 227, 500, "", "power"},
    {"ib_recv_pkts", "packets/s", "packets/s", "", Scope::node, true, Style::whole, 48'210, 400'000},
    {"net_bw", "bit/s", "bit/s", "", Scope::node, false, Style::whole, 90'400,
     10'000'000},  // unknown to rule U
    {"cpu_user", "%", "%", "", Scope::hwthread, false, Style::hundredths, 88, 100},
    {"acc_utilization", "%", "%", "", Scope::accelerator, false, Style::whole, 71, 100},
    {"acc_mem_used", "GB", "B", "G", Scope::accelerator, true, Style::hundredths, 12, 80},
    {"acc_power", "W", "W", "", Scope::accelerator, true, Style::hundredths, 310, 450, "", "power"},
};

struct NodeRange {
  std::string_view before;
  unsigned first, count;
  int width;
  std::string_view behind{};
};

struct Processor {
  std::string_view processor;
  unsigned sockets, cores, threads;  // cores per socket, threads per core
  unsigned domains;                  // memory domains per socket
  int scalar, simd, bandwidth;
};

constexpr Processor ice_lake{"Intel Xeon Platinum 8360Y", 2, 18, 1, 2, 44, 2812, 350};
constexpr Processor rome{"AMD EPYC 7502", 2, 16, 2, 4, 80, 1280, 410};
constexpr Processor milan{"AMD EPYC 7713", 2, 16, 1, 1, 72, 2304, 400};
constexpr Processor ivy_bridge{"Intel IvyBridge", 2, 10, 2, 1, 44, 704, 80};
constexpr Processor haswell{"Intel Xeon E3-1240 v3", 1, 4, 2, 1, 14, 112, 24};
constexpr Processor skylake{"Intel Xeon E3-1240 v5", 1, 4, 1, 1, 14, 112, 32};

struct SubCluster : Processor {
  std::string_view name;
  std::string_view nodes;  // empty: the catch-all
  std::vector<NodeRange> ranges;
  unsigned accelerators = 0;
  std::string_view removed{};  // a metric it has not

  unsigned all_cores() const { return sockets * cores; }
  unsigned all_threads() const { return all_cores() * threads; }

  unsigned node_count() const {
    unsigned sum = 0;
    for (const NodeRange& range : ranges) sum += range.count;
    return sum;
  }
};

struct Cluster {
  std::string name;
  std::vector<SubCluster> sub_clusters;
  bool integer_ids;  // of the accelerators, in version 0
  std::uint64_t first_job;
  unsigned timestep;
};

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
  if (version > 0 && cluster.integer_ids) return quoted(std::to_string(index + 1));  // as C7 leaves them
  if (cluster.integer_ids) return std::to_string(index + 1);
  return fmt::format("\"00000000:{}:00.0\"", buses[index % buses.size()]);
}

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

Cluster make_cluster(unsigned index) {
  constexpr std::array<std::string_view, 6> names = {"aspen", "birch", "cedar", "drift", "ember", "fjord"};
  constexpr std::array<std::uint64_t, 3> first_jobs = {1'403'000, 40'000, 400};
  const unsigned kind = index % 3;
  std::string name = index < names.size() ? std::string(names[index]) : fmt::format("site{:02}", index);
  return {std::move(name), sub_clusters(kind), kind == 1, first_jobs[kind], kind == 2 ? 30U : 60U};
}

std::string unit_json(const Metric& metric, int version) {
  if (version == 0) return quoted(metric.unit);
  if (metric.prefix.empty()) return fmt::format("{{\"base\":\"{}\"}}", metric.base);
  return fmt::format("{{\"base\":\"{}\",\"prefix\":\"{}\"}}", metric.base, metric.prefix);
}

// cluster.json.
class ClusterText {
 public:
  ClusterText(const Cluster& cluster, unsigned index, int version)
      : cluster_(cluster), index_(index), version_(version) {}

  std::string text() {
    writer_.open('{').name("name").string(cluster_.name);
    writer_.name("subClusters").open('[');
    for (const SubCluster& sub : cluster_.sub_clusters) sub_cluster(sub);
    writer_.close(']').name("metricConfig").open('[');
    for (const Metric& metric : metrics)
      if (measured(metric)) metric_config(metric);
    writer_.close(']').close('}');
    return Pretty(out_).print();
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

  // The catch-all of version 0 is one without nodes, or with empty ones (R6).
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

  // Version 0 knew it for few metrics, and C3 infers it for the others.
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

// ---- Jobs
// --------------------------------------------------------------------------------------------------

struct MetricPlan {
  const Metric* metric;
  std::vector<Scope> scopes;  // node first
  unsigned statistics_arrays = 0;
  bool statistics = true;  // of its series: version 0 lacks them for some
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
  std::vector<MetricPlan> plans;
  bool gzip = false, pretty = false;

  std::string path() const {
    return fmt::format("{}/{}/{:03}/{}", cluster->name, id / 1000, id % 1000, start);
  }
  std::uint64_t end() const { return start + duration; }
  std::string_view data_name() const { return gzip ? "data.json.gz" : "data.json"; }

  unsigned count(Scope scope) const {
    const unsigned cores = std::max(1U, threads / sub->threads);
    switch (scope) {
      case Scope::node:
        return 1;
      case Scope::socket:
        return std::max(1U, cores / sub->cores);
      case Scope::memory_domain:
        return std::max(1U, cores * sub->domains / sub->cores);
      case Scope::core:
        return cores;
      case Scope::hwthread:
        return threads;
      case Scope::accelerator:
        return accelerators;
    }
    return 0;
  }
};

// Lays out a job: nodes, metrics, scopes and points such that the data file comes out near the wanted size.
class Shape {
 public:
  Shape(const Plan& plan, Job& job, std::uint64_t bytes)
      : rng_(plan.seed, job.number, Stream::shape), plan_(plan), job_(job), bytes_(bytes) {}

  void draw() {
    job_.gzip = rng_.chance(plan_.gzip_share);
    job_.pretty = rng_.chance(plan_.pretty_share);
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
    const bool large = budget_ > 200;  // and so on many nodes
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

  // In a varying order; very small jobs have only some.
  void choose_metrics() {
    const std::size_t first = rng_.below(std::size(metrics));
    for (std::size_t i = 0; i < std::size(metrics) && job_.plans.size() < budget_; ++i) {
      const Metric& metric = metrics[(first + i) % std::size(metrics)];
      if (!measured(metric)) continue;
      const bool statistics = plan_.version > 0 || (metric.style != Style::ratio && !rng_.chance(0.02));
      job_.plans.push_back({&metric, {Scope::node}, 0, statistics});
    }
    if (job_.plans.empty()) job_.plans.push_back({&metrics[0], {Scope::node}, 0, true});
  }

  void choose_nodes() {
    if (job_.exclusive == 1) {
      const std::uint64_t most = std::min<std::uint64_t>(64, job_.sub->node_count());
      const std::uint64_t affordable = std::clamp<std::uint64_t>(budget_ / job_.plans.size(), 1, most);
      const std::uint64_t least = std::clamp<std::uint64_t>(affordable / 6, 1, most);
      job_.nodes =
          static_cast<unsigned>(rng_.chance(0.4) ? least : least + rng_.below(affordable - least + 1));
    }
    job_.first_node = static_cast<unsigned>(rng_.below(job_.sub->node_count() - job_.nodes + 1));
  }

  void choose_scopes() {
    std::uint64_t series = job_.nodes * job_.plans.size();
    for (MetricPlan& plan : job_.plans) {
      for (const Scope scope : finer_than_node(plan.metric->scope)) {
        const std::uint64_t more = job_.nodes * job_.count(scope);
        if (series + more > budget_ || !rng_.chance(0.6)) continue;
        plan.scopes.push_back(scope);
        series += more;
      }
      const bool many = job_.nodes > 8;
      if (many && rng_.chance(0.4))
        plan.statistics_arrays = static_cast<unsigned>(rng_.pick(std::array{3, 4, 6}));
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
    for (const MetricPlan& plan : job_.plans) {
      for (const Scope scope : plan.scopes) {
        const std::uint64_t series = job_.nodes * job_.count(scope);
        around += around_scope + lines_around + series * (around_series + lines_around);
        const std::uint64_t arrays = series + (scope == Scope::node ? plan.statistics_arrays : 0);
        tenths_per_point += arrays * (tenths_per_number(*plan.metric) + 10 * bytes_per_line_);
      }
    }
    const std::uint64_t left = bytes_ > around ? bytes_ - around : 0;
    job_.points = std::max<std::uint64_t>(1, left * 10 / tenths_per_point);
    const std::uint64_t step = job_.cluster->timestep;
    job_.duration = job_.points * step - rng_.below(step);
  }

  // With its comma, in tenths of a byte; measured.
  static std::uint64_t tenths_per_number(const Metric& metric) {
    if (metric.style == Style::ratio) return 158;
    if (metric.style == Style::sparse) return 27;
    const std::uint64_t digits = std::to_string(metric.level).size();
    return metric.style == Style::whole ? digits * 10 + 10 : digits * 10 + 37;
  }

  Rng rng_;
  const Plan& plan_;
  Job& job_;
  std::uint64_t bytes_;
  std::uint64_t budget_ = 1;  // series that make sense for the size
  std::uint64_t bytes_per_line_ = 0;
};

// Which job it is. One in 89 has the jobId of the job before it and a later start, as a requeued job has.
void identify(const Plan& plan, const std::vector<Cluster>& clusters, Job& job) {
  const bool requeued = job.number % 89 == 88;
  const std::uint64_t twin = requeued ? job.number - 1 : job.number;
  Rng rng(plan.seed, twin, Stream::identity);
  job.cluster = &rng.pick(clusters);
  job.id = job.cluster->first_job + twin * 3 + rng.below(3);
  job.start = 1'577'836'800 + twin * 211 + rng.below(3600) + (requeued ? 7411 : 0);
}

// ---- data.json
// ---------------------------------------------------------------------------------------------

// What the statistics of a metric say, in the scale of its style.
struct Summary {
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = 0, sum = 0, count = 0;

  void add(std::int64_t value) {
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
    ++count;
  }
  void add(const Summary& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    sum += other.sum;
    count += other.count;
  }
  std::int64_t min() const { return count > 0 ? least : 0; }
  std::int64_t avg() const { return count > 0 ? sum / count : 0; }
};

void append_statistics(std::string& out, const Summary& summary, Style style) {
  const int decimals = decimals_of(style);
  out += "\"min\":";
  append_decimal(out, summary.min(), decimals);
  out += ",\"avg\":";
  append_decimal(out, summary.avg(), decimals);
  out += ",\"max\":";
  append_decimal(out, summary.most, decimals);
}

// The numbers of one series: a walk around its level.
class Walk {
 public:
  Walk(Rng rng, const Metric& metric) : rng_(rng), style_(metric.style) {
    const std::int64_t scale = scale_of(style_);
    level_ = metric.level * scale * static_cast<std::int64_t>(60 + rng_.below(81)) / 100;
    peak_ = metric.peak * scale;
    level_ = std::min(level_, peak_);
    value_ = level_;
    spread_ = level_ / 6 + 3;
    nulls_ = rng_.chance(0.4) ? 16 + rng_.below(400) : 0;  // of 4096
    zero_ = rng_.chance(0.3) ? "0.0" : "0";
  }

  // `quarters` of the walk's values: the arrays of a statisticsSeries run in parallel.
  Summary append(std::string& out, std::size_t points, std::int64_t quarters = 4) {
    Summary summary;
    out += '[';
    for (std::size_t i = 0; i < points; ++i) {
      const std::uint64_t bits = rng_.next();
      if ((bits & 0xFFF) < nulls_)
        out += "null";
      else
        summary.add(append_number(out, bits, quarters));
      out += ',';
    }
    out.back() = ']';
    return summary;
  }

 private:
  std::int64_t append_number(std::string& out, std::uint64_t bits, std::int64_t quarters) {
    if (style_ == Style::sparse) return append_sparse(out, bits);
    step(bits);
    if (style_ == Style::hundredths && (bits >> 50) == 0) return append_odd(out, bits);
    const std::int64_t value = value_ * quarters / 4;
    if (style_ == Style::ratio)
      append_ratio(out, value, bits);
    else
      append_decimal(out, value, decimals_of(style_));
    return value;
  }

  void step(std::uint64_t bits) {
    if (((bits >> 12) & 7) == 0) return;  // one in eight repeats, the mean of real metrics
    const std::int64_t change = static_cast<std::int64_t>((bits >> 16) & 0xFFFF) - 32768;
    value_ += ((change * spread_) >> 16) + (level_ - value_) / 16;
    value_ = std::clamp<std::int64_t>(value_, 0, peak_);
  }

  std::int64_t append_sparse(std::string& out, std::uint64_t bits) {
    const std::int64_t value = ((bits >> 12) & 63) == 0 ? 1 + static_cast<std::int64_t>((bits >> 20) & 3) : 0;
    if (value == 0)
      out += zero_;
    else
      append_decimal(out, value, 2);
    return value;
  }

  // Spellings that are rare and legal.
  static std::int64_t append_odd(std::string& out, std::uint64_t bits) {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> spellings = {
        {{"1e-3", 0}, {"2.50E+1", 2500}, {"0.0", 0}, {"12.0", 1200}}};
    const auto& [text, value] = spellings[(bits >> 40) & 3];
    out += text;
    return value;
  }

  static void append_ratio(std::string& out, std::int64_t millionths, std::uint64_t bits) {
    append_integer(out, millionths / 1'000'000);
    out += '.';
    std::array<char, 16> digits;
    const std::int64_t tail = static_cast<std::int64_t>(bits >> 40) % 10'000'000;
    std::int64_t rest = millionths % 1'000'000 * 10'000'000 + tail;
    for (std::size_t i = 13; i-- > 0; rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
    out.append(digits.data(), 13);
  }

  Rng rng_;
  Style style_;
  std::int64_t level_, peak_, value_, spread_;
  std::uint64_t nulls_;
  std::string_view zero_;
};

// A place in a data.json for defects and quirks: one series at scope node, chosen by chance.
struct Anchor {
  std::size_t plan = 0;  // its metric, by index
  unsigned node = 0;
  std::string timestep{};  // in place of the metric's own, if set; a single "-" leaves it out
  std::string metric{};    // in place of its own name
  bool statistics = true;  // of this series

  // Where it came to lie.
  std::size_t scopes_at = 0;   // behind the metric's brace
  std::size_t member_at = 0;   // before the name "data"
  std::size_t element_at = 0;  // the first element
  std::size_t end_at = 0;      // behind the last element
  std::string pointer{};       // of the scope
  std::string series() const { return fmt::format("{}/series/{}", pointer, node); }
};

class DataText {
 public:
  DataText(const Plan& plan, const Job& job, Anchor& anchor)
      : seed_(plan.seed),
        version_(plan.version),
        job_(job),
        anchor_(anchor),
        rng_(plan.seed, job.number, Stream::data) {
    unit_first_ = rng_.chance(0.5);
    data_first_ = rng_.chance(0.3);
    for (unsigned i = 0; i < job.nodes; ++i) hosts_.push_back(hostname(*job.sub, job.first_node + i));
    for (const MetricPlan& each : job.plans) summaries_.emplace_back(each.metric->name, Summary{});
  }

  void write(std::string& out) {
    out.clear();
    out += '{';
    for (std::size_t i = 0; i < job_.plans.size(); ++i) metric(out, i);
    out += '}';
  }

  // By metric, over the series at scope node.
  const std::vector<std::pair<std::string_view, Summary>>& summaries() const { return summaries_; }

 private:
  void metric(std::string& out, std::size_t index) {
    const MetricPlan& plan = job_.plans[index];
    const bool anchored = index == anchor_.plan;
    const std::string name =
        anchored && !anchor_.metric.empty() ? anchor_.metric : std::string(plan.metric->name);
    Writer(out).name(name).open('{');
    if (anchored) anchor_.scopes_at = out.size();
    if (anchored) anchor_.pointer = '/' + name + "/node";
    for (const Scope scope : plan.scopes) metric_at(out, index, scope);
    out += '}';
  }

  void metric_at(std::string& out, std::size_t index, Scope scope) {
    const MetricPlan& plan = job_.plans[index];
    Writer writer(out);
    writer.name(name_of(scope)).open('{');
    if (unit_first_) writer.name("unit").raw(unit_json(*plan.metric, version_));
    timestep(writer, index == anchor_.plan && scope == Scope::node);
    if (version_ == 0) writer.name("scope").string(name_of(scope));
    writer.name("series").open('[');
    for (unsigned node = 0; node < job_.nodes; ++node)
      for (unsigned id = 0; id < job_.count(scope); ++id) series(out, index, scope, node, id);
    writer.close(']');
    if (scope == Scope::node && plan.statistics_arrays > 0) statistics_series(out, plan);
    if (!unit_first_) writer.name("unit").raw(unit_json(*plan.metric, version_));
    writer.close('}');
  }

  void timestep(Writer& writer, bool anchored) const {
    if (!anchored || anchor_.timestep.empty())
      writer.name("timestep").number(job_.cluster->timestep);
    else if (anchor_.timestep != "-")
      writer.name("timestep").raw(anchor_.timestep);
  }

  void series(std::string& out, std::size_t index, Scope scope, unsigned node, unsigned id) {
    const MetricPlan& plan = job_.plans[index];
    const bool anchored = index == anchor_.plan && scope == Scope::node && node == anchor_.node;
    Writer(out).open('{').name("hostname").string(hosts_[node]);
    if (scope != Scope::node) series_id(out, scope, id);
    const Summary summary =
        data(out, *plan.metric, plan.statistics && (!anchored || anchor_.statistics), anchored);
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

  // Statistics are known after the data, but mostly stand before them: the data wait in a buffer of their
  // own.
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

  void statistics_series(std::string& out, const MetricPlan& plan) {
    const Walk walk(fresh_rng(), *plan.metric);
    const auto array = [&](std::string_view name, std::int64_t quarters) {
      Writer(out).name(name);
      Walk(walk).append(out, job_.points, quarters);
    };
    Writer writer(out);
    writer.name("statisticsSeries").open('{');
    array("min", 3), array("mean", 4), array("max", 5);
    if (plan.statistics_arrays > 3) array("median", 4);
    if (plan.statistics_arrays > 4) {
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
  std::vector<std::pair<std::string_view, Summary>> summaries_;
  std::string numbers_;
};

// ---- meta.json
// ---------------------------------------------------------------------------------------------

struct Member {
  std::string name, json;
};

using Members = std::vector<Member>;

Member* find(Members& members, std::string_view name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

void set(Members& members, std::string_view name, std::string json) {
  if (Member* member = find(members, name))
    member->json = std::move(json);
  else
    members.push_back({std::string(name), std::move(json)});
}

void remove(Members& members, std::string_view name) {
  if (const Member* member = find(members, name)) members.erase(members.begin() + (member - members.data()));
}

std::string text_of(const Members& members) {
  std::string out;
  Writer writer(out);
  writer.open('{');
  for (const Member& member : members) writer.name(member.name).raw(member.json);
  writer.close('}');
  return out;
}

class Meta {
 public:
  Meta(const Plan& plan, const Job& job, const DataText& data)
      : version_(plan.version), job_(job), data_(data), rng_(plan.seed, job.number, Stream::meta) {}

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

  // What is not set is left out, but for version 0, which wrote a zero (M3).
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
    if (version_ == 3)
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
    for (std::size_t i = 0; i < job_.plans.size(); ++i) {
      const Metric& metric = *job_.plans[i].metric;
      writer.name(metric.name).open('{').name("unit").raw(unit_json(metric, version_));
      out += ',';
      append_statistics(out, data_.summaries()[i].second, metric.style);
      writer.close('}');
    }
    writer.close('}');
    add("statistics", std::move(out));
  }

  // The average (or maximum) over the job of a metric it has, with two decimals.
  std::string measured(std::string_view metric, bool maximum) const {
    for (const auto& [name, summary] : data_.summaries())
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
  const DataText& data_;
  Rng rng_;
  Members members_;
};

// ---- Defects
// -----------------------------------------------------------------------------------------------

// Where a class can be planted. In data only for version 0.
struct Class {
  std::string_view kind;
  bool meta, data;
  int first = 0, last = newest_version;
};

constexpr Class classes[] = {
    {"json-syntax", true, true},
    {"utf8-invalid", true, true},
    {"nesting-too-deep", true, true},
    {"data-element", false, true},
    {"duplicate-member", true, true},
    {"missing-member", true, false},
    {"wrong-type", true, true},
    {"number-range", true, true},
    {"identity-mismatch", true, false},
    {"no-meta-file", true, false},
    {"not-a-regular-file", true, false},
    {"gzip-truncated", false, true},
    {"gzip-corrupt", false, true},
    {"gzip-trailing", false, true},
    {"exclusive-invalid", true, false, 0, 2},
    {"shared-invalid", true, false, 3, 3},
    {"timestep-unknown", false, true},
    {"empty-file", true, false},
};

bool can_plant(const Class& each, int version) {
  return (each.meta || version == 0) && version >= each.first && version <= each.last;
}

struct Defect {
  std::string_view kind{};  // empty: none
  bool in_data = false;
  std::uint64_t variant = 0;
  std::string pointer{};

  bool is(std::string_view name) const { return kind == name; }
  bool none() const { return kind.empty(); }
  bool is_gzip() const { return kind.substr(0, 5) == "gzip-"; }
};

// The shares of a plan, by class.
std::vector<std::pair<const Class*, double>> shares_of(const Plan& plan) {
  const std::vector<std::string_view> possible = plantable(plan.version);
  const auto all = plan.bad.find("all");
  const double each_of_all = all == plan.bad.end() ? 0 : all->second / static_cast<double>(possible.size());
  std::vector<std::pair<const Class*, double>> shares;
  for (const Class& each : classes) {
    if (!can_plant(each, plan.version)) continue;
    const auto own = plan.bad.find(std::string(each.kind));
    shares.emplace_back(&each, each_of_all + (own == plan.bad.end() ? 0 : own->second));
  }
  return shares;
}

Defect draw_defect(const Plan& plan, const std::vector<std::pair<const Class*, double>>& shares,
                   std::uint64_t job) {
  Rng rng(plan.seed, job, Stream::defect);
  constexpr std::uint64_t whole = 1U << 30;
  double left = static_cast<double>(rng.below(whole)) / static_cast<double>(whole);
  for (const auto& [each, share] : shares) {
    if (left < share) {
      const bool in_data = plan.version == 0 && each->data && (!each->meta || rng.chance(0.5));
      return {each->kind, in_data, rng.below(12)};
    }
    left -= share;
  }
  return {};
}

// 1024 levels are allowed, and the document is one of them.
std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

std::string_view non_utf8(std::uint64_t variant) {
  constexpr std::array<std::string_view, 4> strings = {"\"\xFF\xFE\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"",
                                                       "\"caf\xE9\""};
  return strings[variant % strings.size()];
}

// What must be known before the data are written.
void prepare(const Defect& defect, Job& job, Anchor& anchor) {
  if (defect.is_gzip()) job.gzip = true;
  if (defect.is("number-range")) {
    anchor.statistics = false;
    if (!defect.in_data) job.id = (std::uint64_t{1} << 63) + job.number;
  }
  if (defect.is("wrong-type") && defect.in_data) anchor.timestep = "\"60\"";
  if (defect.is("timestep-unknown")) {
    anchor.timestep = "-";
    anchor.metric = "legacy_bw";  // which no cluster.json knows
  }
}

void plant_in_data(Defect& defect, const Anchor& anchor, std::string& text) {
  constexpr std::array<std::string_view, 4> no_numbers = {"\"n/a\",", "true,", "{},", "[],"};
  const std::string series = anchor.series();
  const auto element = [&](std::string_view json) {
    text.insert(anchor.element_at, json);
    defect.pointer = series + "/data/0";
  };
  const auto member = [&](std::string_view name, std::string_view json) {
    text.insert(anchor.member_at, fmt::format("\"{}\":{},", name, json));
    defect.pointer = fmt::format("{}/{}", series, name);
  };
  const std::uint64_t syntax = defect.variant % 6;
  if (defect.is("data-element")) element(no_numbers[defect.variant % no_numbers.size()]);
  if (defect.is("number-range")) element("1e999,");
  if (defect.is("json-syntax") && syntax < 2) element(syntax == 0 ? "NaN," : "01,");
  if (defect.is("json-syntax") && syntax == 2) text.insert(anchor.end_at, ",");
  if (defect.is("duplicate-member")) member("data", "[]");
  if (defect.is("utf8-invalid")) member("comment", non_utf8(defect.variant));
  if (defect.is("nesting-too-deep")) {
    member("nested", nested(defect.variant % 2 == 0 ? 1020 : 1100));  // five levels below the top, so 1025
    defect.pointer.clear();
  }
  if (defect.is("wrong-type") || defect.is("timestep-unknown")) defect.pointer = anchor.pointer + "/timestep";
}

class MetaDefect {
 public:
  MetaDefect(Defect& defect, const Job& job, Members& members)
      : defect_(defect), job_(job), members_(members) {}

  void plant() {
    if (defect_.is("json-syntax")) syntax();
    if (defect_.is("utf8-invalid")) put("comment", std::string(non_utf8(defect_.variant)));
    if (defect_.is("nesting-too-deep"))
      members_.push_back({"nested", nested(defect_.variant % 2 == 0 ? 1024 : 1100)});
    if (defect_.is("duplicate-member")) duplicate();
    if (defect_.is("missing-member")) missing();
    if (defect_.is("wrong-type")) wrong_type();
    if (defect_.is("number-range")) defect_.pointer = "/jobId";  // prepared
    if (defect_.is("identity-mismatch")) mismatch();
    if (defect_.is("exclusive-invalid")) put("exclusive", "7");
    if (defect_.is("shared-invalid")) put("shared", "\"foo\"");
  }

 private:
  void put(std::string_view name, std::string json) {
    set(members_, name, std::move(json));
    defect_.pointer = fmt::format("/{}", name);
  }

  void syntax() {
    const std::uint64_t variant = defect_.variant % 6;
    if (variant == 0) put("quality", "NaN");
    if (variant == 1) put("quality", "01");
    if (variant == 2) members_.push_back({"quality", "[1,]"});
  }

  void duplicate() {
    const std::string_view name = defect_.variant % 2 == 0 ? "jobId" : "startTime";
    members_.push_back({std::string(name), "4711"});
    defect_.pointer = fmt::format("/{}", name);
  }

  void missing() {
    constexpr std::array<std::string_view, 3> names = {"jobId", "startTime", "cluster"};
    const std::string_view name = names[defect_.variant % names.size()];
    put(name, "null");
    if (defect_.variant % 2 == 0) remove(members_, name);
  }

  void wrong_type() {
    switch (defect_.variant % 5) {
      case 0:
        return put("jobId", quoted(std::to_string(job_.id)));
      case 1:
        return put("resources", "{}");
      case 2:
        return put("statistics", "[]");
      case 3:
        return put("startTime", std::to_string(job_.start) + ".5");
      case 4:
        return put("metaData", "\"none\"");
      default:
        return;
    }
  }

  void mismatch() {
    switch (defect_.variant % 3) {
      case 0:
        return put("jobId", std::to_string(job_.id + 1));
      case 1:
        return put("startTime", std::to_string(job_.start + 1));
      default:
        return put("cluster", "\"elsewhere\"");
    }
  }

  Defect& defect_;
  const Job& job_;
  Members& members_;
};

// json-syntax of the kinds that concern the text as a whole.
void plant_in_text(const Defect& defect, std::string& text) {
  if (!defect.is("json-syntax")) return;
  const std::uint64_t variant = defect.variant % 6;
  if (variant == 3) {
    std::size_t end = text.size() * (50 + defect.variant * 4) / 100;
    while (static_cast<unsigned char>(text[end - 1]) >= 0x80) --end;  // or it would not be UTF-8 either
    text.resize(end);
  }
  if (variant == 4) text += defect.variant == 4 ? "{}" : "\nx";
  if (variant == 5) text.insert(0, "\xEF\xBB\xBF");
}

void plant_in_gzip(const Defect& defect, std::string& gz) {
  const std::size_t trailer = gz.size() - 8;  // CRC32, ISIZE
  if (defect.is("gzip-truncated")) gz.resize(defect.variant % 3 == 0 ? gz.size() - 4 : trailer / 2 + 6);
  if (defect.is("gzip-corrupt")) {
    char& byte = gz[trailer + (defect.variant % 2) * 4];
    byte = static_cast<char>(byte ^ 1);
  }
  if (defect.is("gzip-trailing"))
    gz += defect.variant % 2 == 0 ? std::string("garbage") : std::string(16, '\0');
}

// ---- Quirks
// ------------------------------------------------------------------------------------------------

enum class Quirk : std::uint8_t {
  two_data_files,
  no_data_file,
  extra_file,
  empty_directory,
  meta_data_values,
  fractional_integers,
  huge_integers,
  unknown_members,
  escapes,
  deepest_nesting,
  two_footprints,
  old_states,
  nulls,
  data_members,
  none,
};

Quirk draw_quirk(const Plan& plan, const Defect& defect, std::uint64_t job) {
  Rng rng(plan.seed, job, Stream::quirk);
  const auto drawn = rng.below(140);
  const bool has_one = plan.quirks && defect.none() && drawn < static_cast<std::uint64_t>(Quirk::none);
  return has_one ? static_cast<Quirk>(drawn) : Quirk::none;
}

void repaired_values(Quirk quirk, const Job& job, Members& members) {
  if (quirk == Quirk::meta_data_values)
    set(members, "metaData",
        R"({"jobName":"x","account":12.50,"flags":[1, true],"note":null,"nested":{"a":"b"}})");
  if (quirk == Quirk::fractional_integers) {
    set(members, "numNodes", std::to_string(job.nodes) + ".0");
    set(members, "duration", std::to_string(job.duration) + "0e-1");
    set(members, "smt", "1e0");
  }
  if (quirk == Quirk::old_states)
    set(members, "jobState", job.number % 2 == 0 ? "\"canceled\"" : "\"out-of-memory\"");
  if (quirk == Quirk::nulls) {
    set(members, "energyFootprint", "null");
    set(members, "concurrentJobs", "{\"identifiers\":null,\"items\":null}");
  }
}

void kept_members(Quirk quirk, Members& members) {
  if (quirk == Quirk::huge_integers) {
    members.push_back({"ticket", "9007199254740993"});
    members.push_back({"fingerprint", "123456789012345678901234567890"});
  }
  if (quirk == Quirk::unknown_members) {
    members.insert(members.begin(), {"$site", R"({"rack":"R7","tags":[],"note":{"kept":[1.0,1e3,-0.0]}})"});
    members.push_back({"", "\"a name without letters\""});
  }
  if (quirk == Quirk::escapes) {
    members.push_back({"comment", R"("caf\u00e9 \ud83d\ude00 \ud800 \/ \b\f\u0000 Größe 😀")"});
    members.push_back({"na\\u006de", "\"an escaped name\""});
  }
  if (quirk == Quirk::deepest_nesting) members.push_back({"nested", nested(1023)});
  if (quirk == Quirk::two_footprints) {  // footprint-kept, in the step to version 3
    set(members, "footprint", "{\"mem_used_max\":1.25,\"custom_avg\":3}");
    set(members, "mem_used_max", "2.5");
  }
}

// Later places first, so that the earlier ones stay where they are.
void put_in_data(Quirk quirk, int version, const Anchor& anchor, std::string& text) {
  if (quirk != Quirk::data_members) return;
  text.insert(anchor.member_at, R"("samples":9007199254740993,"comment":"\u00e9\/é",)");
  if (version == 0) text.insert(anchor.member_at, "\"id\":null,");
  if (version == 0) text.insert(anchor.scopes_at, "\"die\":null,");  // dropped by D7
}

// ---- The tree
// ----------------------------------------------------------------------------------------------

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

class Tree {
 public:
  explicit Tree(fs::path root) : root_(std::move(root)) {}

  void add_directory(const std::string& path) const {
    boost::system::error_code problem;
    fs::create_directories(root_ / path, problem);
    if (problem) throw std::system_error(problem.value(), std::generic_category(), (root_ / path).string());
  }

  void add_file(const std::string& path, std::string_view bytes, std::uint64_t mtime) {
    const fs::path full = root_ / path;
    const int file = ::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) fail(full);
    made_.files += 1;
    made_.bytes += bytes.size();
    bool sound = true;
    while (sound && !bytes.empty()) {
      const ssize_t written = ::write(file, bytes.data(), bytes.size());
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
      sound = written >= 0 || errno == EINTR;
    }
    const timespec time{static_cast<std::time_t>(mtime), 0};
    const std::array<timespec, 2> times = {time, time};
    sound = sound && ::futimens(file, times.data()) == 0;
    if (::close(file) != 0 || !sound) fail(full);
  }

  void add_link(const std::string& path, const char* target) const {
    if (::symlink(target, (root_ / path).c_str()) != 0) fail(root_ / path);
  }

  Made& made() { return made_; }

 private:
  fs::path root_;
  Made made_;
};

// Its output has no time and no name in the header, so it follows from the input alone.
class Gzip {
 public:
  std::string compress(std::string_view text) {
    std::string out(libdeflate_gzip_compress_bound(compressor_.get(), text.size()), '\0');
    out.resize(libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), out.data(), out.size()));
    if (out.empty()) throw std::runtime_error("libdeflate could not compress");
    return out;
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_{libdeflate_alloc_compressor(6)};
};

// Makes one job after the other and keeps only its buffers.
class JobMaker {
 public:
  JobMaker(const Plan& plan, const std::vector<Cluster>& clusters, Tree& tree)
      : plan_(plan),
        clusters_(clusters),
        tree_(tree),
        shares_(shares_of(plan)),
        scale_(scale_of_sizes(plan)) {}

  void make(std::uint64_t number, const Sink& sink) {
    draw(number);
    const Members members = write_texts();
    meta_ = text_of(members);
    finish_texts();
    write_files();
    tree_.made().jobs += 1;
    if (!defect_.none()) sink({job_.path(), std::string(defect_.kind), file_at_fault(), defect_.pointer});
  }

 private:
  void draw(std::uint64_t number) {
    job_ = Job{};
    job_.number = number;
    identify(plan_, clusters_, job_);
    const double bytes = static_cast<double>(drawn_bytes(plan_, number)) * scale_;
    Shape(plan_, job_, static_cast<std::uint64_t>(bytes)).draw();
    defect_ = draw_defect(plan_, shares_, number);
    quirk_ = draw_quirk(plan_, defect_, number);
    Rng rng(plan_.seed, number, Stream::anchor);
    anchor_ = Anchor{};
    anchor_.plan = rng.below(job_.plans.size());
    anchor_.node = static_cast<unsigned>(rng.below(job_.nodes));
    prepare(defect_, job_, anchor_);
  }

  // Compact, with the defects and quirks that are part of the structure.
  Members write_texts() {
    DataText data(plan_, job_, anchor_);
    data.write(data_);
    Members members = Meta(plan_, job_, data).members();
    if (defect_.in_data)
      plant_in_data(defect_, anchor_, data_);
    else
      MetaDefect(defect_, job_, members).plant();
    put_in_data(quirk_, plan_.version, anchor_, data_);
    repaired_values(quirk_, job_, members);
    kept_members(quirk_, members);
    return members;
  }

  void finish_texts() {
    if (job_.pretty) meta_ = Pretty(meta_).print();
    if (job_.pretty) data_ = Pretty(data_).print();
    plant_in_text(defect_, defect_.in_data ? data_ : meta_);
    if (defect_.is("empty-file")) (empty_meta() ? meta_ : data_).clear();
  }

  bool empty_meta() const { return defect_.variant % 2 == 0; }

  std::string file_at_fault() const {
    if (defect_.is("no-meta-file")) return "";
    if (defect_.is("not-a-regular-file")) return defect_.variant % 3 == 0 ? "data.json" : "meta.json";
    const bool in_data = defect_.in_data || (defect_.is("empty-file") && !empty_meta());
    return std::string(in_data ? job_.data_name() : "meta.json");
  }

  void write_files() {
    const std::string folder = job_.path() + '/';
    tree_.add_directory(folder);
    write_meta(folder);
    if (defect_.is("not-a-regular-file") && defect_.variant % 3 == 0)
      return write_linked(folder, "data.json", data_);
    if (quirk_ != Quirk::no_data_file) write_data(folder);
    if (quirk_ == Quirk::extra_file)
      tree_.add_file(folder + "notes.txt", "rerun with a smaller grid\n", job_.end());
    if (quirk_ == Quirk::empty_directory) tree_.add_directory(folder + "plots");
  }

  void write_meta(const std::string& folder) {
    if (defect_.is("no-meta-file")) return;
    const std::uint64_t irregular = defect_.is("not-a-regular-file") ? defect_.variant % 3 : 0;
    if (irregular == 1) return tree_.add_directory(folder + "meta.json");
    if (irregular == 2) return write_linked(folder, "meta.json", meta_);
    tree_.add_file(folder + "meta.json", meta_, job_.end());
  }

  // With --follow-symlinks such a job would be sound.
  void write_linked(const std::string& folder, const std::string& name, std::string_view bytes) {
    const std::string target = name + ".stored";
    tree_.add_file(folder + target, bytes, job_.end());
    tree_.add_link(folder + name, target.c_str());
  }

  void write_data(const std::string& folder) {
    tree_.made().data_bytes += data_.size();
    const bool two = quirk_ == Quirk::two_data_files;
    if (two || !job_.gzip) tree_.add_file(folder + "data.json", data_, job_.end());
    if (!two && !job_.gzip) return;
    std::string gz = data_.empty() ? std::string() : gzip_.compress(data_);
    if (defect_.is_gzip()) plant_in_gzip(defect_, gz);
    if (two && job_.number % 3 == 0) gz.resize(gz.size() / 2);
    tree_.add_file(folder + "data.json.gz", gz, job_.end());
  }

  const Plan& plan_;
  const std::vector<Cluster>& clusters_;
  Tree& tree_;
  std::vector<std::pair<const Class*, double>> shares_;
  double scale_;
  Gzip gzip_;
  Job job_;
  Defect defect_;
  Quirk quirk_ = Quirk::none;
  Anchor anchor_;
  std::string data_, meta_;
};

constexpr std::uint64_t founded = 1'577'836'800;  // when the files that belong to no job were written

void write_clusters(Tree& tree, const Plan& plan, const std::vector<Cluster>& clusters) {
  for (unsigned i = 0; i < clusters.size(); ++i) {
    const std::string folder = clusters[i].name + '/';
    tree.add_directory(folder);
    tree.add_file(folder + "cluster.json", ClusterText(clusters[i], i, plan.version).text(), founded);
  }
  if (plan.version > 0) tree.add_file("version.txt", fmt::format("{}\n", plan.version), founded);
}

// Around the jobs: what is carried, and what is left behind (X8).
void write_surroundings(Tree& tree, const std::vector<Cluster>& clusters) {
  const std::string folder = clusters[0].name + '/';
  tree.add_file("compress.txt", "1577836800", founded);
  tree.add_file("README", "Archive of the monitoring group.\n", founded);
  tree.add_file(folder + "cluster.json.old", "{}\n", founded);
  tree.add_directory(folder + "scratch");
  tree.add_directory(".snapshots/daily");
  tree.add_file(".snapshots/daily/list", "none\n", founded);
}

void check_share(double share, std::string_view name) {
  if (!(share >= 0 && share <= 1))
    throw std::invalid_argument(fmt::format("{} must be a share from 0 to 1", name));
}

void check(const Plan& plan) {
  if (plan.version < 0 || plan.version > newest_version)
    throw std::invalid_argument(fmt::format("there is no archive version {}", plan.version));
  if (plan.clusters < 1 || plan.clusters > 99) throw std::invalid_argument("an archive has 1 to 99 clusters");
  if (plan.jobs > 100'000'000) throw std::invalid_argument("at most 100 million jobs");
  if (plan.median_bytes > 100'000'000) throw std::invalid_argument("the median is at most 100 MB");
  check_share(plan.gzip_share, "gzip-share");
  check_share(plan.pretty_share, "pretty-share");
  const auto possible = plantable(plan.version);
  double sum = 0;
  for (const auto& [kind, share] : plan.bad) {
    check_share(share, kind);
    sum += share;
    if (kind != "all" && std::find(possible.begin(), possible.end(), kind) == possible.end())
      throw std::invalid_argument(fmt::format("\"{}\" cannot be planted in version {}", kind, plan.version));
  }
  if (sum > 1.000001) throw std::invalid_argument("the shares of bad jobs add up to more than 1");
}

void check_empty(const fs::path& root) {
  boost::system::error_code problem;
  const fs::directory_iterator entries(root, problem);
  if (problem == boost::system::errc::no_such_file_or_directory) return;
  if (problem) throw std::system_error(problem.value(), std::generic_category(), root.string());
  if (entries != fs::directory_iterator()) throw std::invalid_argument(root.string() + " is not empty");
}

}  // namespace

std::vector<std::string_view> plantable(int version) {
  std::vector<std::string_view> kinds;
  for (const Class& each : classes)
    if (can_plant(each, version)) kinds.push_back(each.kind);
  return kinds;
}

Made make_archive(const fs::path& root, const Plan& plan, const Sink& sink) {
  check(plan);
  check_empty(root);
  std::vector<Cluster> clusters;
  for (unsigned i = 0; i < static_cast<unsigned>(plan.clusters); ++i) clusters.push_back(make_cluster(i));
  Tree tree(root);
  tree.add_directory("");
  write_clusters(tree, plan, clusters);
  if (plan.quirks) write_surroundings(tree, clusters);
  JobMaker maker(plan, clusters, tree);
  for (std::uint64_t number = 0; number < plan.jobs; ++number) maker.make(number, sink);
  return tree.made();
}

std::vector<Planted> make_archive(const fs::path& root, const Plan& plan) {
  std::vector<Planted> planted;
  make_archive(root, plan, [&](const Planted& each) { planted.push_back(each); });
  return planted;
}

}  // namespace jobferry::corpus
