// The checks of a data file.
//
// Problem: everything but the numbers is to be checked as a tree and against a schema, but a tree of a whole
// data file would not fit into memory.
// Idea: the reader hands out one metric at a time. From its text a skeleton is made, in which the arrays of
// numbers and everything that no server reads are empty; the skeleton is parsed into a tree. What the schema
// says about numbers the reader has checked already.
#include "validate/check_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "archive/cluster.h"
#include "archive/schema.h"
#include "jobferry/limits.h"
#include "json/decimal.h"
#include "validate/checks.h"
#include "validate/findings.h"

namespace jobferry {

using json::Type;
using json::Value;

namespace {

constexpr std::array<std::string_view, 6> scopes = {"node", "socket",   "memoryDomain",
                                                    "core", "hwthread", "accelerator"};

constexpr std::string_view blanks = " \t\r\n";

bool is_one_of(const MemberPlace& member, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) { return member.named(name); });
}

// How many numbers and nulls an array holds: one more than it has commas, since the reader has checked it.
std::size_t count_elements(std::string_view array) {
  if (array[array.find_first_not_of(blanks, 1)] == ']') return 0;
  return static_cast<std::size_t>(std::count(array.begin(), array.end(), ',')) + 1;
}

// Only numbers with an exponent or with hundreds of digits can be too large for a double. So most arrays are
// scanned for these two only, which matters because they are nearly all of an archive.
bool may_be_too_large(std::string_view array) {
  constexpr std::size_t digits = 150;  // a number of twice as many digits covers a whole block of this size
  if (array.find('e') != array.npos || array.find('E') != array.npos) return true;
  for (; array.size() > digits; array.remove_prefix(digits))
    if (array.substr(0, digits).find(',') == array.npos) return true;
  return false;
}

// The first element that does not fit into a double; empty if there is none.
std::string_view too_large(std::string_view array) {
  if (!may_be_too_large(array)) return {};
  array = array.substr(1, array.size() - 2);
  while (!array.empty()) {
    const std::size_t end = std::min(array.find(','), array.size());
    std::string_view element = array.substr(0, end);
    element.remove_prefix(std::min(element.find_first_not_of(blanks), end));
    element = element.substr(0, element.find_last_not_of(blanks) + 1);
    if (!element.empty() && element != "null" && !to_double(element)) return element;
    array.remove_prefix(std::min(end + 1, array.size()));
  }
  return {};
}

// Makes the skeleton of a metric: empties what is large and has been checked already.
class Skeleton {
 public:
  Skeleton(const MetricPlace& metric, Edits& edits, Findings& findings)
      : metric_(metric), edits_(edits), findings_(findings) {}

  // It is wrapped in an object, so that pointers into the skeleton are pointers into the file.
  std::string_view text(Buffer& buffer) {
    const std::string_view source = metric_.object.whole.text;
    edits_.reset(source);
    edits_.insert(source.data(), fmt::format("{{{}:", metric_.name_token));
    for (std::size_t i = 0; i < metric_.scope_count; ++i) cut_scope(metric_.scopes[i]);
    edits_.insert(source.data() + source.size(), "}");
    edits_.splice(false, buffer);
    return buffer.view();
  }

 private:
  void cut_scope(const ScopePlace& scope) {
    if (!scope.object.is_object()) return cut(scope.object.whole, limits::validated_value);
    const std::string pointer = json::pointer_token(metric_.metric) + json::pointer_token(scope.scope);
    for (const MemberPlace& member : scope.object.members) {
      if (member.named("series") && member.value.is(Type::array)) continue;
      if (member.named("statisticsSeries"))
        cut_numbers(member.value, pointer + "/statisticsSeries");
      else
        cut(member.value, is_one_of(member, {"unit", "timestep", "scope"}) ? limits::validated_value : 0);
    }
    for (std::size_t i = 0; i < scope.series_count; ++i)
      cut_series(scope.series[i], fmt::format("{}/series/{}", pointer, i));
  }

  void cut_series(const ObjectPlace& series, const std::string& pointer) {
    if (!series.is_object()) return cut(series.whole, limits::validated_value);
    for (const MemberPlace& member : series.members) {
      if (member.named("data"))
        cut_numbers(member.value, pointer + "/data");
      else
        cut(member.value, is_one_of(member, {"hostname", "id", "statistics"}) ? limits::validated_value : 0);
    }
  }

  // Empties a value that is larger than `limit`. For members that no server reads the limit is 0.
  void cut(const Value& value, std::size_t limit) {
    if (value.text.size() <= limit) return;
    if (value.is(Type::array)) edits_.replace(value.text, "[]");
    if (value.is(Type::object)) edits_.replace(value.text, "{}");
  }

  // Empties arrays of numbers, also those in objects, as statisticsSeries has them.
  void cut_numbers(const Value& value, const std::string& pointer) {
    if (value.is(Type::array)) {
      if (const auto number = too_large(value.text); !number.empty())
        findings_.add("number-range", pointer,
                      fmt::format("{} does not fit into a double", json::excerpt(number)));
      edits_.replace(value.text, "[]");
    }
    if (!value.is(Type::object)) return;
    json::Reader reader(value.text);
    Value whole, inner;
    (void)reader.object(whole, [&](std::string_view name) {
      if (!reader.value(inner)) return false;
      cut_numbers(inner, pointer + json::pointer_token(json::unescape(name)));
      return true;
    });
  }

  const MetricPlace& metric_;
  Edits& edits_;
  Findings& findings_;
};

class MetricCheck {
 public:
  MetricCheck(const ArchiveFacts& archive, const JobFacts& facts, const MetricPlace& metric,
              Findings& findings)
      : archive_(archive),
        facts_(facts),
        place_(metric),
        pointer_(json::pointer_token(metric.metric)),
        timestep_(facts.cluster ? facts.cluster->timestep(metric.metric) : nullptr),
        findings_(findings) {}

  // `metric`: its skeleton.
  void run(const Node& metric) {
    if (facts_.cluster && !timestep_) findings_.add("metric-unknown", pointer_, place_.metric);
    std::size_t index = 0;
    for (const Node& scope : children(&metric)) check_scope(scope, place_.scopes[index++]);
  }

 private:
  void check_scope(const Node& scope, const ScopePlace& place) {
    const std::string pointer = pointer_ + json::pointer_token(place.scope);
    if (std::find(scopes.begin(), scopes.end(), place.scope) == scopes.end())
      findings_.add("scope-unknown", pointer, json::excerpt(place.scope));
    if (scope.is(Type::null)) return findings_.add("scope-null", pointer, "found null");
    if (!scope.is(Type::object))
      return findings_.add("metric-unrecognised", pointer,
                           fmt::format("found {}", json::name_of(scope.type)));
    check_unit(archive_, scope, pointer, findings_);
    check_timestep(member_of(scope, "timestep"), pointer + "/timestep");
    check_series(member_of(scope, "series", Type::array), pointer);
    check_lengths(place, pointer);
    if (place.scope == "node") check_hosts(member_of(scope, "series", Type::array), pointer);
  }

  void check_timestep(const Node* timestep, const std::string& pointer) {
    if (!timestep || timestep->is(Type::null)) {
      if (archive_.version == 0 && facts_.cluster && !timestep_)
        findings_.add("timestep-unknown", pointer,
                      fmt::format("neither the file nor cluster.json has a timestep for {}", place_.metric));
      return;
    }
    if (!timestep->is(Type::number)) return;
    if (!is_plain_integer(timestep->text))
      findings_.add("integer-form", pointer, fmt::format("{} is not written as an integer", timestep->text));
    if (timestep_ && !same_number(timestep->text, *timestep_))
      findings_.add("timestep-differs", pointer,
                    fmt::format("{}, but cluster.json has {}", json::excerpt(timestep->text), *timestep_));
  }

  void check_series(const Node* list, const std::string& pointer) {
    std::size_t index = 0;
    for (const Node& series : children(list)) {
      const std::string at = fmt::format("{}/series/{}", pointer, index++);
      if (const Node* statistics = member_of(series, "statistics"))
        check_order(*statistics, at + "/statistics", findings_);
      const Node* host = member_of(series, "hostname", Type::string);
      if (host && host->text == "\"\"") findings_.add("hostname-empty", at + "/hostname", "");
    }
  }

  // At most one finding for the metric at this scope.
  void check_lengths(const ScopePlace& place, const std::string& pointer) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < place.series_count; ++i)
      for (const MemberPlace& member : place.series[i].members) {
        if (!member.value.is(Type::array) || !member.named("data")) continue;
        const std::size_t count = count_elements(member.value.text);
        if (!first) first = count;
        if (count != *first)
          return findings_.add("data-length", fmt::format("{}/series/{}/data", pointer, i),
                               fmt::format("{} elements, but other series have {}", count, *first));
      }
  }

  // At most one finding. Only for scope node: below it a host may have several series or none.
  void check_hosts(const Node* list, const std::string& pointer) {
    if (!list || facts_.hosts.empty()) return;
    const std::unordered_set<std::string> hosts(facts_.hosts.begin(), facts_.hosts.end());
    std::size_t count = 0;
    for (const Node& series : children(list)) {
      const Node* host = member_of(series, "hostname", Type::string);
      if (host && !hosts.contains(content(*host)))
        return findings_.add("series-mismatch", fmt::format("{}/series/{}/hostname", pointer, count),
                             fmt::format("{} is not a resource of the job", json::excerpt(host->text)));
      ++count;
    }
    if (count != hosts.size())
      findings_.add("series-mismatch", pointer + "/series",
                    fmt::format("{} series, but {} resources", count, hosts.size()));
  }

  const ArchiveFacts& archive_;
  const JobFacts& facts_;
  const MetricPlace& place_;
  const std::string pointer_;
  const std::string* timestep_;  // in cluster.json
  Findings& findings_;
};

}  // namespace

void DataCheck::check(const ArchiveFacts& archive, const JobFacts& facts, std::string_view text,
                      Findings& findings) {
  reader_.limit_places(limits::validated_metric);
  const auto read = reader_.read(text, [&](const MetricPlace& metric) -> Result<void> {
    if (!metric.object.is_object()) {
      findings.add("metric-unrecognised", json::pointer_token(metric.metric),
                   fmt::format("found {}", json::name_of(metric.object.whole.type)));
      return {};
    }
    const auto parsed = document_.parse(Skeleton(metric, edits_, findings).text(skeleton_));
    ensure(static_cast<bool>(parsed), "the skeleton of a metric is not JSON");
    MetricCheck(archive, facts, metric, findings).run(*document_.root().first);
    check_tree(document_, {}, findings);
    check_schema(archive, DocumentKind::job_data, document_, findings);
    return {};
  });
  if (!read) return findings.add(read.error());
  check_surrogates(text, findings);
}

void DataCheck::trim() {
  reader_.trim(limits::kept_buffer);
  edits_.trim(limits::kept_buffer);
  skeleton_.trim(limits::kept_buffer);
  document_.trim(limits::kept_buffer / limits::tree_bytes_per_byte);
}

}  // namespace jobferry
