// The proof against the engine: what the engine makes, it must take; what is altered, it must find.
#include "jobferry/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "corpus.h"
#include "tree.h"
#include "trial.h"
#include "verify/verify_report.h"

namespace jobferry::test {

namespace {

VerifyResult verified(const std::string& source, const std::string& target, VerifyOptions options = {}) {
  options.source = source;
  options.target = target;
  return verify(options, {});
}

std::string words(const VerifyResult& result) { return verify_text({}, result); }

// --- What the engine makes ---

struct Way {
  int from, to;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.from << " to " << way.to; }

std::vector<Way> ways() {
  std::vector<Way> all;
  for (int from = 0; from <= newest_version; ++from)
    for (int to = 1; to <= newest_version; ++to) all.push_back({from, to});
  return all;
}

corpus::Plan plan_of(int version, std::uint64_t seed, bool bad) {
  corpus::Plan plan;
  plan.version = version;
  plan.seed = seed;
  plan.jobs = 80;
  plan.median_bytes = 6'000;
  if (bad) plan.bad["all"] = 0.4;
  return plan;
}

class Migrated : public testing::TestWithParam<Way> {};

TEST_P(Migrated, AgreesAndBadJobsAreExplained) {
  for (const std::uint64_t seed : {1U, 2U}) {
    const TempDir temp;
    corpus::make_archive(temp.path("source"), plan_of(GetParam().from, seed, true));
    Options options;
    options.accept_bad = true;
    options.repair = true;
    const Summary summary = run(temp.path("source"), temp.path("target"), GetParam().to, options);
    ASSERT_TRUE(summary.finalized) << summary_text({}, summary);
    const VerifyResult result = verified(temp.path("source"), temp.path("target"));
    EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
    EXPECT_EQ(result.bad.size(), summary.bad.size());
    EXPECT_EQ(result.skipped.size(), summary.skipped.size());
    EXPECT_EQ(result.source.jobs, summary.total().migrated);
    EXPECT_EQ(result.target.jobs, summary.total().migrated);
    EXPECT_EQ(result.left_behind, summary.total().left_behind);
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Migrated, testing::ValuesIn(ways()), [](const auto& test) {
  return fmt::format("from{}to{}", test.param.from, test.param.to);
});

}  // namespace

}  // namespace jobferry::test
