// Version 2 to 3 (cc-backend 1.5), and back: `exclusive` becomes `shared`, single statistics become the
// footprint, and the states are those of Slurm.
#include <fmt/format.h>

#include "jobferry/limits.h"
#include "json/decimal.h"
#include "verify/rules/sets.h"

namespace jobferry::proof {

namespace {

// exclusive and shared
constexpr Words sharings[] = {{"0", "multi_user"}, {"1", "none"}, {"2", "single_user"}};

// Neither name has a value: the default goes where the first of their nulls is, else to the end.
void m8_default(const Site& site, std::string_view now, std::string_view json) {
  Node* place = nullptr;
  for (auto at = site.parent.children.begin(); at != site.parent.children.end();) {
    Node& member = *at++;  // it may be dropped
    if (member.name != "exclusive" && member.name != "shared") continue;
    if (place)
      site.draft.drop(site.parent, member, "M8");
    else
      place = &member;
  }
  if (!place || place->name == now)
    site.draft.set(site.parent, now, json, "M8");
  else
    site.draft.replace(site.parent, *place, now, json, "M8");
}

// Up and down: the member that has a value gets the name of the new version; of both, `shared` wins.
void m8(const Site& site, bool up) {
  Draft& draft = site.draft;
  Node *exclusive = draft.find(site.parent, "exclusive"), *shared = draft.find(site.parent, "shared");
  const bool has_shared = !is_missing(shared);
  if (!has_shared && is_missing(exclusive))
    return up ? m8_default(site, "shared", "\"none\"") : m8_default(site, "exclusive", "1");
  Node &winner = has_shared ? *shared : *exclusive, *loser = has_shared ? exclusive : shared;
  if (has_shared) draft.expect(shared, Shape::string, "shared");
  if (loser) draft.drop(site.parent, *loser, "M8");
  if (has_shared == up) return;  // the name of the new version
  for (const auto& [number, word] : sharings) {
    if (up && winner.is(Type::number) && same_number(winner.text, number))
      return draft.replace(site.parent, winner, "shared", quoted(word), "M8");
    if (!up && winner.content() == word) return draft.replace(site.parent, winner, "exclusive", number, "M8");
  }
  if (up) return draft.refuse(Kind::exclusive_invalid, "exclusive is not 0, 1 or 2");
  draft.refuse(Kind::shared_invalid, "shared is not none, single_user or multi_user");
}

void m8_shared(const Site& site) { m8(site, true); }
void m8_exclusive(const Site& site) { m8(site, false); }

void m9_submit_time(const Site& site) {
  const Node* start = site.draft.present(site.parent, "startTime");
  if (is_missing(site.value)) site.draft.set(site.parent, site.name, start->text, "M9");
}

void m11_footprint(const Site& site) {
  constexpr int most_levels = limits::json_depth - 2;  // below the document and `footprint`
  if (!site.value) return;
  Draft& draft = site.draft;
  if (!is_missing(site.value)) {
    if (levels_in(site.value->text) > most_levels)
      draft.refuse(Kind::nesting_too_deep, fmt::format("{} is nested too deeply for footprint", site.name));
    Node* footprint = draft.present(site.parent, "footprint");
    if (!footprint) footprint = &draft.set(site.parent, "footprint", "{}", "M11");
    const std::string_view name = site.name == "load_avg" ? "cpu_load_avg" : site.name;
    if (!draft.present(*footprint, name)) draft.set(*footprint, name, compact(site.value->text), "M11");
  }
  draft.drop(site.parent, *site.value, "M11");
}

constexpr Words states_up[] = {{"stopped", "cancelled"}};
constexpr Words states_down[] = {{"node_fail", "failed"}, {"boot_fail", "failed"}, {"deadline", "timeout"}};

constexpr Rule up[] = {
    {"M8", names::meta, "exclusive", computed(m8_shared)},
    {"M9", names::meta, "submitTime", computed(m9_submit_time)},
    {"M9", names::meta, "energy", defaulted(missing, "0")},
    {"M10", names::meta, "requestedMemory", dropped(null | zero)},
    {"M11", names::meta,
     "mem_used_max|flops_any_avg|mem_bw_avg|load_avg|net_bw_avg|net_data_vol_total|file_bw_avg|"
     "file_data_vol_total",
     computed(m11_footprint)},
    {"M13", names::meta, "jobState", mapped(states_up)},
};

constexpr Rule down[] = {
    {"M8", names::meta, "shared", computed(m8_exclusive)},
    {"M13", names::meta, "jobState", mapped(states_down)},
};

}  // namespace

const RuleSet v2_to_v3 = {.up = up, .down = down};

}  // namespace jobferry::proof
