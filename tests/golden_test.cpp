// Runs every case in tests/golden/vA_to_vB/CASE: `before/` has a job (and its cluster.json) of version A, and
// `after/` has the same job in version B. A new case needs only files:
//
//  - before/: cluster.json, meta.json, data.json; a missing one is taken from the smallest sound archive
//  - after/: the files that change; a missing one stays byte for byte (X2)
//  - back/: the files of after/ that change in the step back, for a reversible step up
//  - notes: a line for each code that is noted for the job or the cluster: CODE FILE POINTER COUNT. The
//    pointer is the first of all that COUNT counts. Without this file, notes are not compared.
//  - bad: the job is bad: CLASS FILE POINTER BYTE, with `-` for what does not exist; or `cluster-bad ...`
//
// Every case also runs through the whole chain (X10). If the source satisfies its schemas, so must the
// target.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "archive/cluster.h"
#include "archive/layout.h"
#include "reports.h"
#include "schema_validator.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

const std::string job_folder = "c/0/001/100/";

}  // namespace

void PrintTo(const GoldenCase& c, std::ostream* out) { *out << c.folder; }

namespace {

std::string archive_path(const std::string& file) {
  return file == "cluster.json" ? "c/" + file : job_folder + file;
}

Tree before(const GoldenCase& c) {
  Tree tree = plain_archive(c.from);
  for (const std::string file : {"cluster.json", "meta.json", "data.json"})
    if (c.has("before/" + file)) tree[archive_path(file)] = c.text("before/" + file);
  return tree;
}

// Compares the target with the case. Files that the case does not have are not compared.
std::string compare(const GoldenCase& c, const std::string& folder, const Tree& source, const Tree& target) {
  std::string out;
  for (const std::string file : {"cluster.json", "meta.json", "data.json"}) {
    const bool stated = c.has(folder + '/' + file), named = c.has("before/" + file);
    if (!stated && !named) continue;
    const std::string path = archive_path(file);
    const auto found = target.find(path);
    const std::string expected = stated ? c.text(folder + '/' + file) : source.at(path);
    if (found == target.end() || found->second != expected)
      out += fmt::format("{}\n  expected: {}\n  found:    {}\n", file, expected,
                         found == target.end() ? "nothing" : found->second);
  }
  return out;
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.insert(line);
  return lines;
}

std::string bad_line(const Error& error) {
  const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  return fmt::format("{} {} {} {}", name_of(error.kind), or_dash(error.file), or_dash(error.pointer),
                     error.byte ? std::to_string(*error.byte) : "-");
}

Options repairing(Options options = {}) {
  options.repair = true;
  options.debug = true;
  return options;
}

bool satisfies_schemas(int version, const Tree& tree) {
  for (const auto& [path, text] : tree) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name == "cluster.json" && find_violation(version, DocumentKind::cluster, text)) return false;
    if (name == "meta.json" && find_violation(version, DocumentKind::job_meta, text)) return false;
    if (name == "data.json" && find_violation(version, DocumentKind::job_data, text)) return false;
  }
  return true;
}

}  // namespace

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, GivesWhatTheContractSays) {
  const GoldenCase& c = GetParam();
  const TempDir temp;
  const Tree source = before(c);
  write_tree(temp.path("before"), source);
  const Summary summary = run(temp.path("before"), temp.path("after"), c.to, repairing());
  const Tree target = read_tree(temp.path("after"));

  if (c.has("bad")) {
    const auto& found = summary.outcome == Outcome::failed ? summary.errors : summary.bad;
    ASSERT_EQ(found.size(), 1U) << summary_text({}, summary);
    EXPECT_EQ(bad_line(found[0]) + '\n', c.text("bad")) << describe(found[0]);
    EXPECT_FALSE(target.contains("version.txt"));
    return;
  }
  ASSERT_EQ(summary.outcome, Outcome::complete) << summary_text({}, summary);
  EXPECT_EQ(compare(c, "after", source, target), "");
  EXPECT_EQ(target.at("version.txt"), fmt::format("{}\n", c.to));
  if (c.has("notes")) {
    std::set<std::string> notes;
    for (const auto& [code, note] : summary.notes)
      notes.insert(fmt::format("{} {} {} {}", code, note.file, note.pointer, note.count));
    EXPECT_EQ(notes, lines_of(c.text("notes")));
  }
}

namespace {

// Removes the ID from the marker, because every run that leaves its target unfinished makes a new one.
Tree without_id(Tree tree) {
  const auto marker = tree.find("jobferry.unfinished");
  if (marker != tree.end())
    marker->second = std::regex_replace(marker->second, std::regex(" id=[0-9a-f]{32}"), "");
  return tree;
}

}  // namespace

TEST_P(Golden, RunsThroughTheWholeChain) {
  const GoldenCase& c = GetParam();
  if (c.has("bad") || c.to < c.from) return;
  const TempDir temp;
  write_tree(temp.path("before"), before(c));
  run(temp.path("before"), temp.path("one"), c.to, repairing());
  run(temp.path("one"), temp.path("two"), newest_version, repairing());
  run(temp.path("before"), temp.path("whole"), newest_version, repairing());
  EXPECT_EQ(difference(without_id(read_tree(temp.path("two"))), without_id(read_tree(temp.path("whole")))),
            "");
}

TEST_P(Golden, KeepsToTheSchemas) {
  const GoldenCase& c = GetParam();
  if (c.has("bad")) return;
  const TempDir temp;
  const Tree source = before(c);
  write_tree(temp.path("before"), source);
  run(temp.path("before"), temp.path("after"), c.to, repairing());
  EXPECT_TRUE(!satisfies_schemas(c.from, source) || satisfies_schemas(c.to, read_tree(temp.path("after"))));
}

TEST_P(Golden, GoesBack) {
  const GoldenCase& c = GetParam();
  if (!c.has("back")) return;
  const TempDir temp;
  write_tree(temp.path("before"), before(c));
  run(temp.path("before"), temp.path("after"), c.to, repairing());
  const Summary summary = run(temp.path("after"), temp.path("back"), c.from, repairing());
  ASSERT_EQ(summary.outcome, Outcome::complete) << summary_text({}, summary);
  const Tree after = read_tree(temp.path("after")), back = read_tree(temp.path("back"));
  EXPECT_EQ(compare(c, "back", after, back), "");
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(golden_cases()), [](const auto& test) {
  const fs::path folder(test.param.folder);
  std::string name = folder.parent_path().filename().string() + "_" + folder.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char ch) { return !std::isalnum(static_cast<unsigned char>(ch)); }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Golden);

}  // namespace jobferry::test
