// Every rule of the contract has a golden case or a test with its name.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <span>

#include "jobferry/step.h"
#include "tree.h"
#include "verify/rules/sets.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

// Rules of the contract that jobferry does not follow yet.
const std::set<std::string> to_come = {"R8", "R9", "R10", "R11", "R12", "X15"};

std::set<std::string> found_by(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

std::set<std::string> rules_of_the_contract() {
  const std::string contract = read_file(shared_data() + "/../spec/archive-versions.md");
  std::set<std::string> found = found_by(contract, std::regex("(?:^|\\n)([XRMDC][0-9]+) "));
  found.merge(found_by(contract, std::regex("\\(rule ([A-Z])\\)")));
  for (const std::string& rule : to_come) found.erase(rule);
  return found;
}

// docs/rules.md is printed from the tables of verify.
std::set<std::string> rules_of_the_page() {
  return found_by(read_file(test_folder("../docs/rules.md")), std::regex("\\n\\| ([A-Z][0-9]*) \\|"));
}

// Finds names such as `D4-null-statistics-are-replaced-in-place` and `TEST(X4, FindsEveryFlippedByte)`.
std::set<std::string> named_rules() {
  std::set<std::string> named;
  const std::regex folder("(?:^|-)([XRMDC][0-9]+)(?=-|$)");
  for (const auto& step : fs::directory_iterator(test_folder("golden")))
    for (const auto& entry : fs::directory_iterator(step))
      named.merge(found_by(entry.path().filename().string(), folder));
  const std::regex test("TEST(?:_P|_F)?\\((?:Rule)?([XRMDCU][0-9]*)[,_]");
  for (const auto& file : fs::directory_iterator(test_folder("")))
    if (file.path().extension() == ".cpp") named.merge(found_by(read_file(file.path().string()), test));
  return named;
}

}  // namespace

TEST(Rules, EachIsNamedByATest) {
  const std::set<std::string> named = named_rules(), rules = rules_of_the_page();
  EXPECT_FALSE(rules.empty());
  for (const std::string& rule : rules) EXPECT_TRUE(named.contains(rule)) << rule;
}

TEST(Rules, ThePageHasThoseOfTheContract) {
  if (shared_data().empty()) GTEST_SKIP() << "there is no copy of the contract";
  EXPECT_EQ(rules_of_the_page(), rules_of_the_contract());
}

TEST(Versions, EachStepHasAGoldenCase) {
  const auto has_case = [](int from, int to) {
    const std::string folder = test_folder(fmt::format("golden/v{}_to_v{}", from, to));
    return fs::is_directory(folder) && !fs::is_empty(folder);
  };
  for (const ArchiveVersion& version : std::span(archive_versions).subspan(1)) {
    const int number = version.number;
    EXPECT_TRUE(has_case(number - 1, number)) << number - 1 << " to " << number;
    if (version.step->reversible) EXPECT_TRUE(has_case(number, number - 1)) << number << " to " << number - 1;
  }
}

TEST(Versions, AreNamedInTheReadme) {
  const std::string readme = read_file(test_folder("../README.md"));
  for (const ArchiveVersion& version : archive_versions)
    EXPECT_NE(readme.find(fmt::format("{} ({})", version.number, version.releases)), readme.npos)
        << version.number << " (" << version.releases << ")";
}

TEST(Versions, TheReadmeSaysWhatTheirStepsChange) {
  const std::string readme = read_file(test_folder("../README.md"));
  const auto has_row = [&](int from, int to) {
    return readme.find(fmt::format("\n| {} to {} |", from, to)) != readme.npos;
  };
  for (const ArchiveVersion& version : std::span(archive_versions).subspan(1)) {
    const int number = version.number;
    EXPECT_TRUE(has_row(number - 1, number)) << number - 1 << " to " << number;
    if (!version.rules->down.empty())
      EXPECT_TRUE(has_row(number, number - 1)) << number << " to " << number - 1;
  }
}

}  // namespace jobferry::test
