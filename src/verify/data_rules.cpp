#include "verify/data_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "verify/number.h"
#include "verify/unit.h"

namespace jobferry::proof {

namespace {

using Target = std::optional<std::string_view>;

bool is(std::string_view value, Type type) { return type_of(value) == type; }

// A sound array has nothing but numbers and nulls if none of the bytes that begin other values is in it.
bool is_flat_numbers(std::string_view array) {
  constexpr std::string_view others = "\"[{tf";
  return std::none_of(others.begin(), others.end(),
                      [&](char c) { return std::memchr(array.data() + 1, c, array.size() - 1) != nullptr; });
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
};

class Judge {
 public:
  Judge(const DataOf& job, DataVerdict& verdict) : job_(job), verdict_(verdict) {}

  void metrics(std::string_view source, Target target) {
    if (!is(source, Type::object)) return refuse("wrong-type", "it is no object of metrics");
    std::vector<Wanted> wanted = members(source);
    match(wanted, {}, target, "", [&](const Wanted& metric, Target found, const std::string& at) {
      if (is(metric.source, Type::object))
        scopes(metric, found, at);
      else
        keep(metric, found, at);
    });
  }

 private:
  void refuse(std::string_view word, std::string what) {
    if (!verdict_.reason) verdict_.reason = Reason{std::string(word), {}, std::move(what)};
  }
  void count(std::string_view rule) { ++verdict_.changes[std::string(rule)]; }

  // The members of an object, each of which may stand only once.
  std::vector<Wanted> members(std::string_view object) {
    std::vector<Wanted> found;
    std::unordered_set<std::string> names;
    for (const Place& place : places_in(object)) {
      if (!names.insert(place.unescaped()).second)
        refuse("duplicate-member", fmt::format("{} stands twice", excerpt(place.name)));
      found.push_back({place.name, place.value});
    }
    return found;
  }

  // Goes through what is wanted and hands each with what the target has of it; the rest are findings.
  template <class Each>
  void match(const std::vector<Wanted>& wanted, const std::vector<Gone>& gone, Target target,
             const std::string& pointer, Each&& each);

  void keep(const Wanted& wanted, Target found, const std::string& pointer) {
    if (found) compare_values(wanted.source, *found, pointer, verdict_.findings);
  }

  // Gives a wanted member the value that a rule makes, in the place of what is there.
  void make(Wanted& wanted, std::string json, std::string_view rule) {
    wanted.made = std::move(json);
    wanted.rule = rule;
    count(rule);
  }
  void append(std::vector<Wanted>& wanted, std::string_view name, std::string json, std::string_view rule) {
    make(wanted.emplace_back(Wanted{name}), std::move(json), rule);
  }
  void drop(std::vector<Wanted>& wanted, std::size_t& i, std::vector<Gone>& gone, std::string_view rule) {
    gone.push_back({content_of(wanted[i].name), excerpt(wanted[i].source), rule});
    wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(i--));
    count(rule);
  }

  void scopes(const Wanted& metric, Target target, const std::string& pointer) {
    std::vector<Wanted> wanted = members(metric.source);
    std::vector<Gone> gone;
    if (job_.changes)
      std::erase_if(wanted, [&](const Wanted& scope) {
        if (!is(scope.source, Type::null)) return false;
        gone.push_back({content_of(scope.name), excerpt(scope.source), "D7"});
        count("D7");
        return true;
      });
    const std::string name = content_of(metric.name);
    match(wanted, gone, target, pointer, [&](const Wanted& scope, Target found, const std::string& at) {
      if (is(scope.source, Type::object))
        metric_object(name, scope, found, at);
      else
        keep(scope, found, at);
    });
  }

  void metric_object(const std::string& metric, const Wanted& scope, Target target,
                     const std::string& pointer) {
    std::vector<Wanted> wanted = members(scope.source);
    std::vector<Gone> gone;
    if (job_.changes) change_members(metric, wanted, gone);
    const bool accelerator = content_of(scope.name) == "accelerator";
    match(wanted, gone, target, pointer, [&](const Wanted& member, Target found, const std::string& at) {
      const std::string name = content_of(member.name);
      if (name == "statisticsSeries") check_statistics_series(member.source);
      if (!member.made.empty()) {
        if (found) compare_made(member, *found, at, verdict_.findings);
      } else if (name == "series" && is(member.source, Type::array)) {
        all_series(member.source, found, at, accelerator);
      } else {
        keep(member, found, at);
      }
    });
  }

  // D1, D2, D5, D6; new members in the order of the rules.
  void change_members(const std::string& metric, std::vector<Wanted>& wanted, std::vector<Gone>& gone) {
    bool unit = false, series = false, timestep = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Wanted& member = wanted[i];
      const std::string name = content_of(member.name);
      const bool missing = is(member.source, Type::null);
      if (name == "unit") {
        unit = true;
        d1_unit(member);
      } else if (name == "series") {
        series = true;
        if (missing) make(member, "[]", "D6");
        if (!missing && !is(member.source, Type::array)) refuse("wrong-type", "series is no array");
      } else if (name == "timestep") {
        timestep = true;
        if (missing) make(member, timestep_of(metric), "D6");
        if (!missing && !is(member.source, Type::number)) refuse("wrong-type", "timestep is no number");
      } else if (name == "scope") {
        drop(wanted, i, gone, "D2");
      } else if (name == "statisticsSeries" && missing) {
        drop(wanted, i, gone, "D5");
      }
    }
    if (!unit) append(wanted, "\"unit\"", R"({"base":""})", "U");
    if (!series) append(wanted, "\"series\"", "[]", "D6");
    if (!timestep) append(wanted, "\"timestep\"", timestep_of(metric), "D6");
  }

  std::string timestep_of(const std::string& metric) {
    const auto known = job_.cluster.timesteps.find(metric);
    if (known != job_.cluster.timesteps.end()) return known->second;
    refuse("timestep-unknown", fmt::format("nobody knows the timestep of {}", metric));
    return "0";
  }

  void d1_unit(Wanted& unit) {
    if (is(unit.source, Type::null)) return make(unit, R"({"base":""})", "U");
    if (is(unit.source, Type::string)) return make(unit, unit_object(unit.source), "U");
    std::size_t bases = 0;
    bool sound = false;
    if (is(unit.source, Type::object))
      for (const Place& member : places_in(unit.source))
        if (member.unescaped() == "base") ++bases, sound = is(member.value, Type::string);
    if (bases > 1) refuse("duplicate-member", "the base of a unit stands twice");
    if (!sound) refuse("wrong-type", "a unit is neither a string nor an object with a base");
  }

  // X3: an array of numbers and nulls, or null.
  void check_numbers(std::string_view value) {
    if (is(value, Type::null)) return;
    if (!is(value, Type::array)) return refuse("wrong-type", "what must be an array of numbers is none");
    if (!is_flat_numbers(value)) refuse("data-element", "neither a number nor null in an array of numbers");
  }

  void check_statistics_series(std::string_view value) {
    if (is(value, Type::null)) return;
    if (!is(value, Type::object)) return refuse("wrong-type", "statisticsSeries is no object");
    std::unordered_set<std::string> names;
    for (const Place& member : places_in(value)) {
      const std::string name = member.unescaped();
      const bool percentiles = name == "percentiles";
      if (!percentiles && name != "mean" && name != "min" && name != "max" && name != "median") continue;
      if (!names.insert(name).second) refuse("duplicate-member", fmt::format("{} stands twice", name));
      if (!percentiles)
        check_numbers(member.value);
      else if (is(member.value, Type::object))
        for (const Place& each : places_in(member.value)) check_numbers(each.value);
      else if (!is(member.value, Type::null))
        refuse("wrong-type", "percentiles is no object");
    }
  }

  void all_series(std::string_view source, Target target, const std::string& pointer, bool accelerator) {
    if (target && !is(*target, Type::array)) {
      keep({{}, source}, target, pointer);
      target.reset();
    }
    Places ours(source), theirs(target ? *target : "[]");
    Place mine, other;
    std::size_t index = 0, missing = 0;
    for (; ours.next(mine); ++index) {
      const bool there = target && theirs.next(other);
      if (target && !there) ++missing;
      const std::string at = fmt::format("{}/{}", pointer, index);
      if (is(mine.value, Type::object))
        one_series(mine.value, there ? Target(other.value) : Target(), at, accelerator);
      else if (job_.changes)
        refuse("wrong-type", "an element of series is no object");
      else if (there)
        compare_values(mine.value, other.value, at, verdict_.findings);
    }
    std::size_t beside = 0;
    while (target && theirs.next(other)) ++beside;
    if (missing + beside > 0)
      verdict_.findings.add(missing > 0 ? "member-lost" : "member-added", pointer,
                            fmt::format("{} series", index),
                            fmt::format("{} series", index - missing + beside));
  }

  void one_series(std::string_view source, Target target, const std::string& pointer, bool accelerator) {
    std::vector<Wanted> wanted;
    std::vector<Gone> gone;
    for (const Place& place : places_in(source)) wanted.push_back({place.name, place.value});
    const std::size_t data = index_of(wanted, "data");
    if (data < wanted.size()) check_numbers(wanted[data].source);
    if (job_.changes) d3_id(wanted, gone, accelerator), d4_statistics(wanted);
    match(wanted, gone, target, pointer, [&](const Wanted& member, Target found, const std::string& at) {
      const bool changed = !member.made.empty() || member.computed;
      if (found && changed) compare_made(member, *found, at, verdict_.findings);
      if (!changed) keep(member, found, at);
    });
  }

  // Where the member stands; the size if it is not there. Twice is a reason.
  std::size_t index_of(const std::vector<Wanted>& wanted, std::string_view name) {
    std::size_t found = wanted.size();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (content_of(wanted[i].name) != name) continue;
      if (found < wanted.size()) refuse("duplicate-member", fmt::format("{} stands twice", name));
      found = std::min(found, i);
    }
    return found;
  }

  void d3_id(std::vector<Wanted>& wanted, std::vector<Gone>& gone, bool accelerator) {
    std::size_t at = index_of(wanted, "id");
    if (at == wanted.size() || is(wanted[at].source, Type::string)) return;
    const std::string_view id = wanted[at].source;
    if (is(id, Type::null)) return drop(wanted, at, gone, "D3");
    if (!is(id, Type::number) || !is_integer_text(id))
      return refuse("wrong-type", "the id of a series is neither an integer nor a string");
    make(wanted[at], accelerator ? job_.cluster.accelerator(job_.sub_cluster, id) : quoted(id), "D3");
  }

  void d4_statistics(std::vector<Wanted>& wanted) {
    const std::size_t at = index_of(wanted, "statistics"), data = index_of(wanted, "data");
    const bool there = at < wanted.size(), null = there && is(wanted[at].source, Type::null);
    if (there && !null) {
      if (!is(wanted[at].source, Type::object)) refuse("wrong-type", "statistics is no object");
      return;
    }
    const bool any = data < wanted.size();
    Wanted computed{"\"statistics\"", {}, {}, "D4", true, {}};
    compute(any ? wanted[data].source : "[]", computed);
    count("D4");
    if (!there) {
      wanted.insert(wanted.begin() + static_cast<std::ptrdiff_t>(data), std::move(computed));
      return;
    }
    computed.name = wanted[at].name;
    computed.source = wanted[at].source;
    wanted[at] = std::move(computed);
  }

  void compute(std::string_view data, Wanted& into) {
    Statistics statistics;
    if (!is(data, Type::array) || !is_flat_numbers(data)) return;
    Places places(data);
    for (Place place; places.next(place);)
      if (!is(place.value, Type::null)) statistics.add(std::strtod(place.value.data(), nullptr));
    if (statistics.count == 0) return;
    const double avg = statistics.sum / static_cast<double>(statistics.count);
    if (!std::isfinite(avg) || !std::isfinite(statistics.min) || !std::isfinite(statistics.max))
      refuse("number-range", "statistics beyond double precision");
    into.statistics[0] = statistics.min;
    into.statistics[1] = avg;
    into.statistics[2] = statistics.max;
  }

  const DataOf& job_;
  DataVerdict& verdict_;
};

template <class Each>
void Judge::match(const std::vector<Wanted>& wanted, const std::vector<Gone>& gone, Target target,
                  const std::string& pointer, Each&& each) {
  Findings& findings = verdict_.findings;
  std::vector<std::string> names;
  for (const Wanted& member : wanted) names.push_back(content_of(member.name));
  const auto at = [&](std::string_view name) { return pointer + pointer_step(name); };
  const bool comparable = target && is(*target, Type::object);
  if (target && !comparable) findings.add("value-changed", pointer, "an object", *target);
  if (!comparable) {
    for (std::size_t i = 0; i < wanted.size(); ++i) each(wanted[i], Target(), at(names[i]));
    return;
  }

  const std::vector<Place> theirs = places_in(*target);
  std::vector<std::string> their_names;
  for (const Place& place : theirs) their_names.push_back(place.unescaped());
  const Pairs pairs = pair_up(names, their_names);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Wanted& member = wanted[i];
    Target found;
    if (pairs.found[i] == Pairs::none) {
      const bool made = !member.rule.empty() && member.source.empty();
      findings.add({{},
                    {},
                    at(names[i]),
                    made ? "rule-not-applied" : "member-lost",
                    std::string(member.rule),
                    excerpt(member.source.empty() ? std::string_view(member.made) : member.source),
                    {}});
    } else {
      const Place& other = theirs[pairs.found[i]];
      found = other.value;
      if (other.name != member.name) findings.add("value-changed", at(names[i]), member.name, other.name);
    }
    each(member, found, at(names[i]));
  }
  for (const std::size_t j : pairs.beside) {
    const auto dropped =
        std::find_if(gone.begin(), gone.end(), [&](const Gone& g) { return g.name == their_names[j]; });
    const bool forgotten = dropped != gone.end();
    findings.add({{},
                  {},
                  at(their_names[j]),
                  forgotten ? "rule-not-applied" : "member-added",
                  forgotten ? std::string(dropped->rule) : std::string(),
                  forgotten ? dropped->source : std::string(),
                  excerpt(theirs[j].value)});
  }
  if (!pairs.in_order) findings.add("order-changed", pointer, {}, {});
}

}  // namespace

DataVerdict judge_data(std::string_view source, std::optional<std::string_view> target, const DataOf& job) {
  DataVerdict verdict;
  Judge judge(job, verdict);
  source = trimmed(source);
  if (target) target = trimmed(*target);
  judge.metrics(source, target);
  return verdict;
}

}  // namespace jobferry::proof
