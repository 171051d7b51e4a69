// The table of archive versions. Everything that depends on versions reads it: the chain of steps, help,
// manual, validate, schemas, tests. docs/new-version.md lists what to do for a new version.
#pragma once

#include <array>
#include <string_view>

namespace jobferry {

struct Step;  // step.h

// The steps and the rules by which `verify` checks them, each defined in the file of its name: src/steps has
// the steps, src/verify/rules the rules.
namespace v0_to_v1 {
extern const Step step;
}
namespace v1_to_v2 {
extern const Step step;
}
namespace v2_to_v3 {
extern const Step step;
}
namespace proof {
struct RuleSet;  // verify/rules/sets.h
extern const RuleSet v0_to_v1, v1_to_v2, v2_to_v3;
}  // namespace proof

struct ArchiveVersion {
  int number;
  std::string_view releases;    // of cc-backend that accept it: `1.0 to 1.3`
  const Step* step;             // from the version before; null: version 0 has none
  const proof::RuleSet* rules;  // of the same step
};

inline constexpr auto archive_versions = std::to_array<ArchiveVersion>({
    {0, "before 1.0", nullptr, nullptr},
    {1, "1.0 to 1.3", &v0_to_v1::step, &proof::v0_to_v1},
    {2, "1.4", &v1_to_v2::step, &proof::v1_to_v2},
    {3, "1.5", &v2_to_v3::step, &proof::v2_to_v3},
});

// The newest archive version of this build.
inline constexpr int newest_version = static_cast<int>(archive_versions.size()) - 1;

static_assert(
    [] {
      for (std::size_t i = 0; i < archive_versions.size(); ++i)
        if (archive_versions[i].number != static_cast<int>(i)) return false;
      return true;
    }(),
    "the index of a version is its number");

}  // namespace jobferry
