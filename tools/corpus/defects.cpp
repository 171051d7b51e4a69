#include "corpus/defects.h"

#include "corpus/random.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry::corpus {

// Where a class can be planted. Data files get defects only in version 0.
struct DefectClass {
  std::string_view kind;
  bool meta, data;
  int first = 0, last = newest_version;
};

namespace {

constexpr DefectClass defect_classes[] = {
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
    {"shared-invalid", true, false, 3},
    {"timestep-unknown", false, true},
    {"empty-file", true, false},
};

bool can_plant(const DefectClass& each, int version) {
  return (each.meta || version == 0) && version >= each.first && version <= each.last;
}

}  // namespace

std::vector<std::string_view> plantable(int version) {
  std::vector<std::string_view> kinds;
  for (const DefectClass& each : defect_classes)
    if (can_plant(each, version)) kinds.push_back(each.kind);
  return kinds;
}

DefectShares shares_of(const Shape& shape) {
  const std::vector<std::string_view> possible = plantable(shape.version);
  const auto all = shape.bad.find("all");
  const double each_of_all = all == shape.bad.end() ? 0 : all->second / static_cast<double>(possible.size());
  DefectShares shares;
  for (const DefectClass& each : defect_classes) {
    if (!can_plant(each, shape.version)) continue;
    const auto own = shape.bad.find(std::string(each.kind));
    shares.emplace_back(&each, each_of_all + (own == shape.bad.end() ? 0 : own->second));
  }
  return shares;
}

Defect draw_defect(const Shape& shape, const DefectShares& shares, std::uint64_t job) {
  Rng rng(shape.seed, job, Stream::defect);
  constexpr std::uint64_t whole = 1U << 30;
  double left = static_cast<double>(rng.below(whole)) / static_cast<double>(whole);
  for (const auto& [each, share] : shares) {
    if (left < share) {
      const bool in_data = shape.version == 0 && each->data && (!each->meta || rng.chance(0.5));
      return {each->kind, in_data, rng.below(12)};
    }
    left -= share;
  }
  return {};
}

void prepare(const Defect& defect, Job& job, Anchor& anchor) {
  if (defect.is_gzip()) job.gzip = true;
  if (defect.is("number-range")) {
    anchor.statistics = false;
    if (!defect.in_data) job.id = (std::uint64_t{1} << 63) + job.number;
  }
  if (defect.is("wrong-type") && defect.in_data) anchor.timestep = "\"60\"";
  if (defect.is("timestep-unknown")) {
    anchor.timestep = "-";
    anchor.metric = "legacy_bw";  // no cluster.json has it
  }
}

}  // namespace jobferry::corpus
