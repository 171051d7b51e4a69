// Archive version 0 (before cc-backend 1.0) to version 1 (1.0 to 1.3).
//
// Units become objects, members that version 0 could leave out are filled in, and integers that identify
// accelerators and hardware threads become strings. The statistics of a series are computed from its data
// where they are missing. This is the only step that changes data.json, so every data file is read and
// checked.
//
// meta.json and cluster.json are trees (json/document.h), and their rules change the tree. A data file is a
// text with places (archive/data_file.h), and its rules record edits. The rules of one metric object run in
// an order that keeps these edits apart; Edits::rewrite() then cuts out the members that they dropped. There
// is no way down.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "archive/cluster.h"
#include "archive/data_file.h"
#include "archive/job.h"
#include "jobferry/step.h"
#include "json/decimal.h"
#include "steps/unit_rule.h"

namespace jobferry::v0_to_v1 {

using json::Type;
using json::Value;

namespace {

// Rules for meta.json.

void m1_units(Job& job) {
  for (Node& metric : children(job.meta.present(job.root(), "statistics"))) {
    const auto pointer = [&] { return "/statistics" + json::pointer_token(metric.name); };
    if (!metric.is(Type::object)) {
      job.note("metric-unrecognised", pointer());
      continue;
    }
    const Node* unit = job.meta.present(metric, "unit");
    const std::string before = unit ? compact_text(*unit) : "";
    if (migrate_unit(job.meta, metric)) job.note("unit-unrecognised", pointer() + "/unit", before);
  }
}

// Null, "" or any text of value 0.
bool is_blank(const Node& node) {
  return node.is(Type::null) || (node.is(Type::string) && content(node).empty()) ||
         (node.is(Type::number) && is_zero(node.text));
}

void m3_blank_members(Job& job) {
  constexpr std::array<std::string_view, 6> forbidden = {"partition", "arrayJobId", "numHwthreads",
                                                         "numAcc",    "smt",        "walltime"};
  Document& meta = job.meta;
  for (const std::string_view name : forbidden)
    if (Node* member = meta.find(job.root(), name); member && is_blank(*member))
      meta.remove(job.root(), *member);
  tags(job);
  for (const std::string_view name : {"monitoringStatus", "tags"})
    if (Node* member = meta.find(job.root(), name); member && member->is(Type::null))
      meta.remove(job.root(), *member);
  if (Node* member = meta.find(job.root(), "metaData"); member && member->is(Type::null))
    meta.assign(*member, "{}");
  if (!meta.present(job.root(), "statistics")) meta.set(job.root(), "statistics", "{}");
  if (!meta.present(job.root(), "resources")) meta.set(job.root(), "resources", "[]");
}

void m4_exclusive(Job& job) {
  if (job.meta.present(job.root(), "exclusive")) return;
  job.meta.set(job.root(), "exclusive", "1");
  job.note("exclusive-defaulted", "/exclusive", "1");
}

// The id of an accelerator that a job names by its index in the topology, as a string token. Null if the
// topology has no such index, or no id at it.
const std::string* accelerator_id(Job& job, std::string_view index) {
  const SubCluster* sub_cluster = job.sub_cluster();
  const auto number = plain_uint63(index);
  if (!sub_cluster || !number || static_cast<std::size_t>(*number) >= sub_cluster->accelerators.size())
    return nullptr;
  const auto& id = sub_cluster->accelerators[static_cast<std::size_t>(*number)];
  return id ? &*id : nullptr;
}

std::string quoted(std::string_view integer) { return '"' + std::string(integer) + '"'; }

bool is_integer(Type type, std::string_view text) { return type == Type::number && is_plain_integer(text); }

void m6_accelerators(Job& job) {
  for (Node* resource : resources(job)) {
    Node* accelerators = job.meta.find(*resource, "accelerators");
    if (!accelerators) continue;
    if (!accelerators->is(Type::array)) job.meta.wrong_type(*accelerators, "an array");
    std::size_t index = 0;
    for (Node& element : children(accelerators)) {
      const std::size_t at = index++;
      if (element.is(Type::string) || element.is(Type::null)) continue;
      if (!is_integer(element.type, element.text))
        return job.meta.wrong_type(element, "an integer or a string");
      const std::string* id = accelerator_id(job, element.text);
      if (!id)
        job.note("accelerator-unmapped", fmt::format("{}/{}", job.meta.pointer_to(*accelerators), at),
                 std::string(element.text));
      job.meta.assign(element, id ? *id : quoted(element.text));
    }
    // Nulls are dropped last, so that the pointers of the notes count the elements of the input.
    job.meta.remove_nulls(*accelerators);
  }
}

// Rules for data.json.

// One metric at one scope while its rules run, with what they need to note, to fail and to edit.
struct Scope {
  MetricPlace& metric;
  ScopePlace& place;
  DataPass& pass;
  std::string appended{};  // new members of the metric object
  std::string made{};      // the statistics of the current series

  std::string pointer(std::string_view member = {}) const {
    return json::pointer_token(metric.metric) + json::pointer_token(place.scope) +
           (member.empty() ? "" : json::pointer_token(member));
  }
  void note(std::string_view code, std::string pointer, std::string detail = {}, std::uint64_t count = 1) {
    pass.job.notes.add(code, pass.job.data_name, std::move(pointer), std::move(detail), count);
  }
  Error wrong_type(const Value& found, std::string_view expected) const {
    return error_at(pass.text, found.text, Kind::wrong_type,
                    fmt::format("expected {}, found {}", expected, json::name_of(found.type)));
  }
  // Sets a member that is missing: it replaces a null, or is appended.
  void set(const MemberPlace* member, std::string_view name, std::string_view json) {
    if (member)
      pass.edits.replace(member->value.text, json);
    else
      appended += fmt::format("{}\"{}\":{}", appended.empty() ? "" : ",", name, json);
  }
};

bool is_missing(const MemberPlace* member) { return !member || member->value.is(Type::null); }

// The member of that name, as one that a rule may change.
Result<MemberPlace*> look_up(Scope& scope, ObjectPlace& object, std::string_view name) {
  auto found = find(scope.pass.text, object, name);
  if (!found) return std::move(found.error());
  return *found ? &object.members[static_cast<std::size_t>(*found - object.members.data())] : nullptr;
}

Result<bool> has_string_base(const Scope& scope, std::string_view unit) {
  bool found = false;
  json::Reader reader(unit);
  Value whole;
  const auto member = [&](std::string_view name) {
    Value value;
    if (!reader.value(value)) return false;
    if (json::unescape(name) != "base") return true;
    if (found) return reader.fail(Kind::duplicate_member, name.data(), json::second_member("base"));
    found = value.is(Type::string);
    return true;
  };
  if (reader.object(whole, member)) return found;
  const auto at = static_cast<std::size_t>(*reader.error().byte);
  return error_at(scope.pass.text, unit.substr(at), Kind::duplicate_member, reader.error().what);
}

Result<void> d1_unit(Scope& scope) {
  auto unit = look_up(scope, scope.place.object, "unit");
  if (!unit) return std::move(unit.error());
  if (is_missing(*unit)) {
    scope.set(*unit, "unit", R"({"base":""})");
    return {};
  }
  const Value& value = (*unit)->value;
  if (value.is(Type::string)) {
    const UnitText text = unit_object(value.text);
    scope.pass.edits.replace(value.text, text.json);
    if (!text.recognised) scope.note("unit-unrecognised", scope.pointer("unit"), std::string(value.text));
    return {};
  }
  if (value.is(Type::object)) {
    const auto valid = has_string_base(scope, value.text);
    if (!valid) return Error(valid.error());
    if (*valid) return {};
  }
  return scope.wrong_type(value, "a unit: a string, or an object with a string `base`");
}

Result<void> d2_scope(Scope& scope) {
  auto member = look_up(scope, scope.place.object, "scope");
  if (!member) return std::move(member.error());
  if (!*member) return {};
  const Value& value = (*member)->value;
  const bool same =
      value.is(Type::null) || (value.is(Type::string) && json::unescape(value.text) == scope.place.scope);
  if (!same) scope.note("scope-mismatch", scope.pointer("scope"), json::excerpt(value.text));
  (*member)->dropped = true;
  return {};
}

Result<void> d3_id(Scope& scope, ObjectPlace& series) {
  auto id = look_up(scope, series, "id");
  if (!id) return std::move(id.error());
  if (!*id || (*id)->value.is(Type::string)) return {};
  const Value& value = (*id)->value;
  if (value.is(Type::null)) {
    (*id)->dropped = true;
    return {};
  }
  if (!is_integer(value.type, value.text)) return scope.wrong_type(value, "an integer, a string or null");
  const bool accelerator = scope.place.scope == "accelerator";
  const std::string* mapped = accelerator ? accelerator_id(scope.pass.job, value.text) : nullptr;
  if (accelerator && !mapped) {
    const auto index = static_cast<std::size_t>(&series - scope.place.series.data());
    scope.note("accelerator-unmapped", fmt::format("{}/{}/id", scope.pointer("series"), index),
               std::string(value.text));
  }
  scope.pass.edits.replace(value.text, mapped ? *mapped : quoted(value.text));
  return {};
}

// min, avg and max of all numbers, in their order and in double precision.
class Statistics {
 public:
  void add(double value) {
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    sum_ += value;
    ++count_;
  }
  bool finite() const { return count_ == 0 || std::isfinite(sum_ / static_cast<double>(count_)); }
  void write_to(std::string& json) const {
    const double avg = count_ ? sum_ / static_cast<double>(count_) : 0;
    const auto put = [&](std::string_view name, double value) {
      json += name;
      append_shortest(json, value);
    };
    put(R"({"min":)", count_ ? min_ : 0);
    put(R"(,"avg":)", avg);
    put(R"(,"max":)", count_ ? max_ : 0);
    json += '}';
  }

 private:
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
  std::uint64_t count_ = 0;
};

// The statistics of an array that has been checked: it holds numbers, nulls, commas and white space only.
Result<Statistics> statistics_of(const Scope& scope, const Value* data) {
  Statistics statistics;
  std::string_view rest = data && data->is(Type::array) ? data->text : std::string_view();
  const auto starts_number = [](char c) { return (c >= '0' && c <= '9') || c == '-'; };
  while (true) {
    rest = {std::find_if(rest.begin(), rest.end(), starts_number), rest.end()};
    if (rest.empty()) break;
    const std::string_view whole = rest;
    const auto value = take_double(rest);
    if (value) {
      statistics.add(*value);
      continue;
    }
    const std::string_view token = whole.substr(0, whole.size() - rest.size());
    return error_at(
        scope.pass.text, token, Kind::number_range,
        fmt::format("`{}` is too large for statistics in double precision", json::excerpt(token)));
  }
  if (!statistics.finite())
    return error_at(scope.pass.text, data->text, Kind::number_range,
                    "the sum of the data is too large for statistics in double precision");
  return statistics;
}

// True if the statistics were computed. New ones are placed before `data`, if the series has it.
Result<bool> d4_statistics(Scope& scope, ObjectPlace& series) {
  auto statistics = look_up(scope, series, "statistics");
  if (!statistics) return std::move(statistics.error());
  if (!is_missing(*statistics)) {
    if ((*statistics)->value.is(Type::object)) return false;
    return scope.wrong_type((*statistics)->value, "an object");
  }
  auto data = look_up(scope, series, "data");
  if (!data) return std::move(data.error());
  const auto computed = statistics_of(scope, *data ? &(*data)->value : nullptr);
  if (!computed) return Error(computed.error());

  std::string& json = scope.made;
  json = *statistics ? "" : "\"statistics\":";
  computed->write_to(json);
  if (*data && !*statistics) json += ',';
  Edits& edits = scope.pass.edits;
  if (*statistics)
    edits.replace((*statistics)->value.text, json);
  else if (*data)
    edits.insert((*data)->begin(), json);
  edits.rewrite(series, *statistics || *data ? std::string_view() : json);
  return true;
}

Result<void> each_series(Scope& scope) {
  std::uint64_t computed = 0;
  for (std::size_t i = 0; i < scope.place.series_count; ++i) {
    ObjectPlace& series = scope.place.series[i];
    if (!series.is_object()) return scope.wrong_type(series.whole, "an object");
    if (auto done = d3_id(scope, series); !done) return done;
    const auto done = d4_statistics(scope, series);
    if (!done) return Error(done.error());
    computed += *done;
    if (!*done) scope.pass.edits.rewrite(series);
  }
  if (computed) scope.note("statistics-computed", scope.pointer("series"), {}, computed);
  return {};
}

Result<void> d5_statistics_series(Scope& scope) {
  auto member = look_up(scope, scope.place.object, "statisticsSeries");
  if (!member) return std::move(member.error());
  if (*member && (*member)->value.is(Type::null)) (*member)->dropped = true;
  return {};
}

Result<void> d6_series(Scope& scope) {
  auto series = look_up(scope, scope.place.object, "series");
  if (!series) return std::move(series.error());
  if (is_missing(*series)) {
    scope.set(*series, "series", "[]");
    return {};
  }
  if (!(*series)->value.is(Type::array)) return scope.wrong_type((*series)->value, "an array of objects");
  return each_series(scope);
}

Result<void> d6_timestep(Scope& scope) {
  auto timestep = look_up(scope, scope.place.object, "timestep");
  if (!timestep) return std::move(timestep.error());
  if (!is_missing(*timestep)) {
    if ((*timestep)->value.is(Type::number)) return {};
    return scope.wrong_type((*timestep)->value, "a number");
  }
  const std::string* known = scope.pass.job.cluster->timestep(scope.metric.metric);
  if (!known) {
    Error error = error_at(scope.pass.text, scope.place.object.whole.text, Kind::timestep_unknown,
                           "timestep is missing, and cluster.json does not have this metric");
    error.pointer += "/timestep";
    error.byte.reset();
    if (*timestep)
      error.byte = static_cast<std::uint64_t>((*timestep)->value.text.data() - scope.pass.text.data());
    return error;
  }
  scope.set(*timestep, "timestep", *known);
  scope.note("timestep-from-cluster", scope.pointer("timestep"), *known);
  return {};
}

Result<void> migrate_scope(Scope scope) {
  for (const auto rule : {d1_unit, d2_scope, d5_statistics_series, d6_series, d6_timestep})
    if (auto done = rule(scope); !done) return done;
  scope.pass.edits.rewrite(scope.place.object, scope.appended);
  return {};
}

// Rules for cluster.json.

void c1_units(ClusterFile& file) {
  for (Node* metric : objects(file.document, file.document.root(), "metricConfig")) {
    const Node* unit = file.document.present(*metric, "unit");
    const std::string before = unit ? compact_text(*unit) : "";
    if (migrate_unit(file.document, *metric))
      file.notes.add("unit-unrecognised", "cluster.json", file.document.pointer_to(*metric) + "/unit",
                     before);
  }
}

void c2_rates(ClusterFile& file) {
  constexpr std::array<std::array<std::string_view, 2>, 3> rates = {
      {{"flopRateScalar", "F/s"}, {"flopRateSimd", "F/s"}, {"memoryBandwidth", "B/s"}}};
  Document& document = file.document;
  for (Node* sub_cluster : objects(document, document.root(), "subClusters")) {
    for (const auto& [name, base] : rates) {
      const Node* rate = document.present(*sub_cluster, name);
      if (rate && rate->is(Type::object)) continue;
      if (rate && !rate->is(Type::number)) return document.wrong_type(*rate, "a number or an object");
      if (!rate)
        file.notes.add("value-defaulted", "cluster.json",
                       document.pointer_to(*sub_cluster) + json::pointer_token(name), "0");
      document.set(*sub_cluster, name,
                   fmt::format(R"({{"unit":{{"base":"{}","prefix":"G"}},"value":{}}})", base,
                               rate ? rate->text : "0"));
    }
  }
}

void c4_scopes(ClusterFile& file) {
  for (Node* metric : objects(file.document, file.document.root(), "metricConfig"))
    if (text_of(file.document, *metric, "scope").empty()) file.document.set(*metric, "scope", "\"node\"");
}

void c5_number_of_nodes(ClusterFile& file) {
  for (Node* sub_cluster : objects(file.document, file.document.root(), "subClusters"))
    if (Node* number = file.document.find(*sub_cluster, "numberOfNodes"))
      file.document.remove(*sub_cluster, *number);
}

void c7_accelerator_ids(ClusterFile& file) {
  for (Node* sub_cluster : objects(file.document, file.document.root(), "subClusters")) {
    for (Node& accelerator : children(accelerators_of(file.document, *sub_cluster)))
      if (Node* id = file.document.present(accelerator, "id"); id && id->is(Type::number))
        file.document.assign(*id, quoted(id->text));
  }
}

void job_up(Job& job) {
  m1_units(job);
  m3_blank_members(job);
  m4_exclusive(job);
  m6_accelerators(job);
}

Result<void> data_up(MetricPlace& metric, DataPass& pass) {
  const auto note = [&](std::string_view code, const ScopePlace* place) {
    pass.job.notes.add(code, pass.job.data_name,
                       json::pointer_token(metric.metric) + (place ? json::pointer_token(place->scope) : ""));
  };
  if (!metric.object.is_object()) note("metric-unrecognised", nullptr);
  for (ScopePlace& place : metric.all_scopes()) {
    const auto index = static_cast<std::size_t>(&place - metric.scopes.data());
    if (place.object.is_object()) {
      if (auto done = migrate_scope({metric, place, pass}); !done) return done;
    } else if (place.object.whole.is(Type::null)) {  // D7
      metric.object.members[index].dropped = true;
      note("scope-null-dropped", &place);
    } else {
      note("metric-unrecognised", &place);
    }
  }
  pass.edits.rewrite(metric.object);
  return {};
}

void cluster_up(ClusterFile& file) {
  c1_units(file);
  c2_rates(file);
  decide_aggregations(file, true);  // C3
  c4_scopes(file);
  c5_number_of_nodes(file);
  c7_accelerator_ids(file);
}

}  // namespace

const Step step = {
    .summary = "units become objects, statistics are complete, cluster.json names aggregations",
    .cluster_up = cluster_up,
    .job_up = job_up,
    .data_up = data_up,
};

}  // namespace jobferry::v0_to_v1
