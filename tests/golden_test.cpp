// Walks tests/golden/vA_to_vB/CASE: a job (and its cluster.json) of version A in `before/`, what B makes of
// it in `after/`. Adding a case adds files only:
//
//  - before/: cluster.json, meta.json, data.json; what is missing is taken from the smallest sound archive
//  - after/: the files that change; one that is missing stays byte for byte (X2)
//  - back/: what a step back makes of after/, as far as it changes; of an up step that is reversible
//  - notes: a line for each code noted, for job and cluster: CODE FILE POINTER COUNT, where the pointer is
//    the first one and the count is of all; missing: not compared
//  - bad: the job is bad: CLASS FILE POINTER BYTE, `-` for what there is not; or `cluster-bad ...`
//
// Every case also runs through the whole chain (X10), and a source that satisfies its schemas gives a target
// that does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "archive/cluster.h"
#include "archive/layout.h"
#include "report/migrate_report.h"
#include "schema_validator.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

const std::string job_folder = "c/0/001/100/";

struct Case {
  std::string folder;  // tests/golden/v0_to_v1/CASE
  int from = 0, to = 0;

  bool has(const std::string& name) const { return fs::exists(folder + '/' + name); }
  std::string text(const std::string& name) const { return read_file(folder + '/' + name); }
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.folder; }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& step : fs::directory_iterator(test_folder("golden"))) {
    const std::string name = step.path().filename().string();
    if (!fs::is_directory(step)) continue;
    for (const auto& entry : fs::directory_iterator(step))
      cases.push_back({entry.path().string(), name.at(1) - '0', name.at(name.size() - 1) - '0'});
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.folder < b.folder; });
  return cases;
}

std::string archive_path(const std::string& file) {
  return file == "cluster.json" ? "c/" + file : job_folder + file;
}

Tree before(const Case& c) {
  Tree tree = plain_archive(c.from);
  for (const std::string file : {"cluster.json", "meta.json", "data.json"})
    if (c.has("before/" + file)) tree[archive_path(file)] = c.text("before/" + file);
  return tree;
}

// The target of a case: only of files that the case names itself is it known how they look.
std::string compare(const Case& c, const std::string& folder, const Tree& source, const Tree& target) {
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
    if (name == "cluster.json" && validate(version, DocumentKind::cluster, text)) return false;
    if (name == "meta.json" && validate(version, DocumentKind::job_meta, text)) return false;
    if (name == "data.json" && validate(version, DocumentKind::job_data, text)) return false;
  }
  return true;
}

}  // namespace

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, GivesWhatTheContractSays) {
  const Case& c = GetParam();
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

// Each run that leaves its target unfinished makes an id of its own for the marker.
Tree without_id(Tree tree) {
  const auto marker = tree.find("jobferry.unfinished");
  if (marker != tree.end())
    marker->second = std::regex_replace(marker->second, std::regex(" id=[0-9a-f]{32}"), "");
  return tree;
}

}  // namespace

TEST_P(Golden, RunsThroughTheWholeChain) {
  const Case& c = GetParam();
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
  const Case& c = GetParam();
  if (c.has("bad")) return;
  const TempDir temp;
  const Tree source = before(c);
  write_tree(temp.path("before"), source);
  run(temp.path("before"), temp.path("after"), c.to, repairing());
  EXPECT_TRUE(!satisfies_schemas(c.from, source) || satisfies_schemas(c.to, read_tree(temp.path("after"))));
}

TEST_P(Golden, GoesBack) {
  const Case& c = GetParam();
  if (!c.has("back")) return;
  const TempDir temp;
  write_tree(temp.path("before"), before(c));
  run(temp.path("before"), temp.path("after"), c.to, repairing());
  const Summary summary = run(temp.path("after"), temp.path("back"), c.from, repairing());
  ASSERT_EQ(summary.outcome, Outcome::complete) << summary_text({}, summary);
  const Tree after = read_tree(temp.path("after")), back = read_tree(temp.path("back"));
  EXPECT_EQ(compare(c, "back", after, back), "");
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(all_cases()), [](const auto& test) {
  const fs::path folder(test.param.folder);
  std::string name = folder.parent_path().filename().string() + "_" + folder.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char ch) { return !std::isalnum(static_cast<unsigned char>(ch)); }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Golden);

}  // namespace jobferry::test
