// Version 0 to 1 (cc-backend 1.0): units become objects, accelerators get string IDs, and data files get what
// was left out of them.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "verify/rules/sets.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

// --- meta.json ---

void m6_accelerators(const Site& site) {
  Draft& draft = site.draft;
  Node& id = *site.value;
  if (id.is(Type::null)) return draft.drop(site.parent, id, "M6");
  if (!id.is_integer()) return draft.expect(&id, Shape::string, "an accelerator");
  const std::string sub_cluster = draft.content(draft.root, "subCluster");
  draft.put(id, draft.context.facts->accelerator(sub_cluster, id.text), "M6");
}

// --- cluster.json ---

void c2_rate(const Site& site) {
  Node* rate = site.value;
  if (rate && rate->is(Type::object)) return;
  site.draft.expect(rate, Shape::number, site.name);
  const std::string value(is_missing(rate) ? "0" : rate->text);
  const std::string_view base = site.name == "memoryBandwidth" ? "B/s" : "F/s";
  site.draft.set(site.parent, site.name,
                 fmt::format(R"({{"unit":{{"base":"{}","prefix":"G"}},"value":{}}})", base, value), "C2");
}

void c3_aggregation(const Site& site) {
  if (c3_override(site) || (!is_missing(site.value) && site.value->text != "\"\"")) return;
  Node* unit = site.draft.present(site.parent, "unit");  // an object, after C1
  const std::string base = unit ? site.draft.content(*unit, "base") : "";
  site.draft.set(site.parent, site.name, adds_up(base) ? "\"sum\"" : "\"avg\"", "C3");
}

void c7_id(const Site& site) {
  if (site.value && site.value->is(Type::number)) site.draft.put(*site.value, quoted(site.value->text), "C7");
}

// --- data.json ---

void d3_id(const Site& site) {
  Draft& draft = site.draft;
  Node* id = site.value;
  if (!id || id->is(Type::string)) return;
  if (id->is(Type::null)) return draft.drop(site.parent, *id, "D3");
  if (!id->is_integer())
    return draft.refuse(Kind::wrong_type, "the id of a series is neither an integer nor a string");
  const bool is_index = site.at.name_at(2) == "accelerator";
  const Context& about = draft.context;
  draft.put(*id, is_index ? about.facts->accelerator(about.sub_cluster, id->text) : quoted(id->text), "D3");
}

struct Statistics {
  double min = std::numeric_limits<double>::infinity(), max = -min, sum = 0;
  std::size_t count = 0;

  void add(double value) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    ++count;
  }
  double avg() const { return sum / static_cast<double>(count); }
  bool is_finite() const { return std::isfinite(min) && std::isfinite(max) && std::isfinite(avg()); }
};

Statistics statistics_of(const Node* data) {
  Statistics statistics;
  if (!data || !data->is(Type::array)) return statistics;
  Places places(data->text);
  for (Place place; places.next(place);)
    if (type_of(place.value) == Type::number) statistics.add(std::strtod(place.value.data(), nullptr));
  return statistics;
}

// The shortest digits that read back to the same double.
std::string shortest(double value) {
  // Without a format, std::to_chars writes all digits of an integer from 2^53 on, and not the fewest.
  constexpr double two_to_53 = 9007199254740992.0;
  const auto format =
      std::fabs(value) < two_to_53 ? std::chars_format::general : std::chars_format::scientific;
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr};
}

void d4_statistics(const Site& site) {
  if (!is_missing(site.value)) return;
  const Statistics computed = statistics_of(site.draft.find(site.parent, "data"));
  if (computed.count > 0 && !computed.is_finite())
    return site.draft.refuse(Kind::number_range, "the statistics are beyond double precision");
  const auto text = [&](double value) { return computed.count > 0 ? shortest(value) : "0"; };
  const std::string json = fmt::format(R"({{"min":{},"avg":{},"max":{}}})", text(computed.min),
                                       text(computed.avg()), text(computed.max));
  site.draft.set(site.parent, site.name, json, "D4", "data").computed = true;
}

void d6_timestep(const Site& site) {
  if (!is_missing(site.value)) return;
  const std::string metric(site.at.name_at(1));
  const auto known = site.draft.context.facts->timesteps.find(metric);
  if (known == site.draft.context.facts->timesteps.end())
    return site.draft.refuse(Kind::timestep_unknown, fmt::format("the timestep of {} is unknown", metric));
  site.draft.set(site.parent, site.name, known->second, "D6");
}

void d6_series(const Site& site) {
  if (!site.value->is(Type::object))
    site.draft.refuse(Kind::wrong_type, "an element of series is not an object");
}

constexpr Rule up[] = {
    // meta.json
    {"M1", names::meta, "statistics.*.unit", computed(rule_u)},
    {"M3", names::meta, "partition|arrayJobId|numHwthreads|numAcc|smt|walltime",
     dropped(null | zero | empty)},
    {"M3", names::meta, "tags", checked(Shape::objects)},
    {"M3", names::meta, "monitoringStatus|tags", dropped(null)},
    {"M3", names::meta, "metaData", defaulted(null, "{}")},
    {"M3", names::meta, "statistics", defaulted(missing, "{}")},
    {"M3", names::meta, "resources", defaulted(missing, "[]")},
    {"M4", names::meta, "exclusive", defaulted(missing, "1")},
    {"M6", names::meta, "resources[].accelerators", checked(Shape::array)},
    {"M6", names::meta, "resources[].accelerators[]", computed(m6_accelerators)},

    // cluster.json
    {"C1", names::cluster, "metricConfig[].unit", computed(rule_u)},
    {"C2", names::cluster, "subClusters[].flopRateScalar|flopRateSimd|memoryBandwidth", computed(c2_rate)},
    {"C3", names::cluster, "metricConfig[].aggregation", computed(c3_aggregation)},
    {"C4", names::cluster, "metricConfig[].scope", defaulted(missing | empty, "\"node\"")},
    {"C5", names::cluster, "subClusters[].numberOfNodes", dropped(anything)},
    {"C7", names::cluster, "subClusters[].topology.accelerators[].id", computed(c7_id)},

    // data.json
    {"D7", names::data, "*.*", dropped(null)},
    {"D1", names::data, "*.*.unit", computed(rule_u)},
    {"D2", names::data, "*.*.scope", dropped(anything)},
    {"D5", names::data, "*.*.statisticsSeries", dropped(null)},
    {"D6", names::data, "*.*.series", checked(Shape::array)},
    {"D6", names::data, "*.*.series", defaulted(missing, "[]")},
    {"D6", names::data, "*.*.timestep", checked(Shape::number)},
    {"D6", names::data, "*.*.timestep", computed(d6_timestep)},
    {"D6", names::data, "*.*.series[]", checked(d6_series)},
    {"D3", names::data, "*.*.series[].id", computed(d3_id)},
    {"D4", names::data, "*.*.series[].statistics", checked(Shape::object)},
    {"D4", names::data, "*.*.series[].statistics", computed(d4_statistics)},
};

}  // namespace

const RuleSet v0_to_v1 = {.up = up, .down = {}, .reversible = false};

}  // namespace jobferry::proof
