// Which directories are archives, which of their entries are jobs, and what happens to other entries (section
// 1, X6 to X8). An archive with all of this gives the same bytes for any number of threads and any memory
// (X10).
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "bad_jobs.h"
#include "trial.h"

namespace jobferry::test {

namespace {

enum class Has : std::uint8_t {
  nothing,
  empty,
  hollow,
  sound,
  broken
};  // hollow: a .gz that expands to nothing
constexpr std::array<std::string_view, 5> words = {"no", "empty", "hollow", "sound", "broken"};

struct Combination {
  Has meta, gz, plain;

  std::string text() const {
    const auto word = [](Has has) { return words[static_cast<std::size_t>(has)]; };
    return fmt::format("{} meta.json, {} data.json.gz, {} data.json", word(meta), word(gz), word(plain));
  }
};

std::vector<Combination> all_combinations() {
  std::vector<Combination> all;
  for (const Has meta : {Has::nothing, Has::empty, Has::sound, Has::broken})
    for (const Has gz : {Has::nothing, Has::empty, Has::hollow, Has::sound, Has::broken})
      for (const Has plain : {Has::nothing, Has::empty, Has::sound, Has::broken})
        all.push_back({meta, gz, plain});
  return all;
}

// The contents differ, so they show which file was used.
constexpr std::string_view gz_values = "[3,4]", plain_values = "[5,6]";

void put(Tree& tree, const Combination& c, int version, int id) {
  const std::string gz = gzipped(data_with(version, std::string(gz_values))),
                    plain = data_with(version, std::string(plain_values));
  const auto add = [&](const std::string& name, Has has, const std::string& sound,
                       const std::string& broken) {
    if (has == Has::nothing) return;
    tree[in_job(id, name)] = has == Has::empty    ? ""
                             : has == Has::hollow ? gzipped("")
                             : has == Has::sound  ? sound
                                                  : broken;
  };
  if (c.meta == Has::nothing && c.gz == Has::nothing && c.plain == Has::nothing)
    tree[subject_of(id) + '/'] = "";
  add("meta.json", c.meta, meta_of(version, id), "{");
  add("data.json.gz", c.gz, gz, gz.substr(0, gz.size() - 1));
  add("data.json", c.plain, plain, data_with(version, R"(["n/a"])"));
}

// What the contract requires for a combination: the fate of the job, and the data file that is used.
struct Expected {
  std::string fate, used;
};

Expected expected_of(Combination c, bool step_reads_data) {
  const bool two = c.gz != Has::nothing && c.plain != Has::nothing,
             none = c.gz == Has::nothing && c.plain == Has::nothing;
  const bool reads = step_reads_data || two;
  const bool hollow = c.gz == Has::hollow;
  if (hollow && reads) c.gz = Has::empty;
  const auto nothing_in = [](Has has) { return has == Has::nothing || has == Has::empty; };
  if (c.meta == Has::nothing && none) return {"left behind", ""};
  if (c.meta == Has::empty) return {"skipped", ""};
  // The contract does not say whether data files are read if meta.json is missing.
  if (c.meta == Has::nothing && hollow && nothing_in(c.plain))
    return {reads ? "skipped|no-meta-file" : "no-meta-file", ""};
  if (!none && nothing_in(c.gz) && nothing_in(c.plain)) return {"skipped", ""};
  if (c.meta == Has::nothing) return {"no-meta-file", ""};
  if (c.meta == Has::broken) return {"json-syntax", ""};
  if (none) return {"migrated", ""};
  if (!reads) return {"migrated", c.gz == Has::nothing ? "data.json" : "data.json.gz"};
  if (c.gz == Has::sound) return {"migrated", "data.json.gz"};
  if (c.plain == Has::sound) return {"migrated", "data.json"};
  return {c.gz == Has::broken ? "gzip-truncated" : "data-element", ""};
}

void expect_data_used(const Trial& trial, int id, const std::string& used, const Combination& c,
                      int version) {
  for (const std::string name : {"data.json.gz", "data.json"})
    EXPECT_EQ(trial.has(in_job(id, name)), name == used) << c.text();
  if ((c.gz == Has::sound && used == "data.json.gz"))
    EXPECT_EQ(inflated(read_file(trial.target(in_job(id, used)))), data_with(version, std::string(gz_values)))
        << c.text();
  if ((c.plain == Has::sound && used == "data.json"))
    EXPECT_EQ(read_file(trial.target(in_job(id, used))), data_with(version, std::string(plain_values)))
        << c.text();
  const bool two = c.gz != Has::nothing && c.plain != Has::nothing,
             none = c.gz == Has::nothing && c.plain == Has::nothing;
  EXPECT_EQ(trial.noted(subject_of(id), "two-data-files"), two) << c.text();
  EXPECT_EQ(trial.noted(subject_of(id), "no-data-file"), none) << c.text();
}

class EveryCombination : public testing::TestWithParam<std::pair<int, bool>> {};

TEST_P(EveryCombination, X6_X7_FollowsTheSizesThenTheContent) {
  const auto [from, check_data] = GetParam();
  const std::vector<Combination> all = all_combinations();
  Tree tree = plain_archive(from);
  for (std::size_t i = 0; i < all.size(); ++i) put(tree, all[i], from, static_cast<int>(i) + 2);
  Trial trial(tree);
  Options options;
  options.check_data = check_data;
  const Summary summary = trial.run(from + 1, options);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int id = static_cast<int>(i) + 2;
    const Expected expected = expected_of(all[i], from == 0 || check_data);
    const std::string fate = fate_of(trial, summary, subject_of(id));
    EXPECT_TRUE(is_one_of(fate, expected.fate))
        << all[i].text() << ": " << fate << ", expected " << expected.fate;
    if (fate == "migrated") expect_data_used(trial, id, expected.used, all[i], from + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, EveryCombination,
                         testing::Values(std::pair{0, false}, std::pair{1, false}, std::pair{1, true},
                                         std::pair{2, false}),
                         [](const auto& test) {
                           return fmt::format("from{}{}", test.param.first,
                                              test.param.second ? "checked" : "");
                         });

TEST(X6, SkipsEvenIfMoreIsWrong) {
  const std::string meta = meta_of(1, 2);
  const std::vector<std::pair<std::string, Tree>> cases = {
      {"meta.json is a link", {{"meta.json", "-> ../../001/100/meta.json"}, {"data.json", ""}}},
      {"meta.json is a FIFO", {{"meta.json", fifo}, {"data.json", ""}}},
      {"meta.json is a directory", {{"meta.json/x", ""}, {"data.json.gz", ""}}},
      {"meta.json is of another job",
       {{"meta.json", meta_of(1, 77)}, {"data.json", ""}, {"data.json.gz", ""}}},
      {"meta.json misses everything", {{"meta.json", "{}"}, {"data.json", ""}}},
      {"meta.json is no UTF-8", {{"meta.json", "\"\xff\""}, {"data.json", ""}}},
      {"meta.json is empty and data.json a link", {{"meta.json", ""}, {"data.json", "-> nowhere"}}},
      {"meta.json is empty and data.json.gz a FIFO", {{"meta.json", ""}, {"data.json.gz", fifo}}},
      {"meta.json is empty and both data files damaged",
       {{"meta.json", ""}, {"data.json.gz", "x"}, {"data.json", "x"}}}};
  for (const auto& [name, files] : cases) {
    Tree tree = plain_archive(1);
    for (const auto& [file, content] : files) tree[in_job(2, file)] = content;
    Trial trial(tree);
    const Summary summary = trial.run(2);
    EXPECT_EQ(fate_of(trial, summary, subject_of(2)), "skipped") << name;
    expect_complete(trial, summary, 2);
  }
}

// X7: --compress applies to the file that is used.
TEST(X7, CompressesTheFileThatIsUsed) {
  const std::string content = padded(plain_data(1), 2001), other = padded(plain_data(1), 2002);
  const std::string broken = gzipped(content).substr(0, 40);
  Tree uses_plain =
      plain_archive(1) + Tree{{in_job(1, "data.json"), content}, {in_job(1, "data.json.gz"), broken}};
  Tree uses_gz =
      plain_archive(1) + Tree{{in_job(1, "data.json"), other}, {in_job(1, "data.json.gz"), gzipped(content)}};
  for (const Tree& tree : {uses_plain, uses_gz}) {
    for (const Compression compress : {Compression::gzip, Compression::none}) {
      Trial trial(tree);
      Options options;
      options.compress = compress;
      expect_complete(trial, trial.run(2, options), 2);
      const bool packed = compress == Compression::gzip;
      const std::string found = read_file(trial.target(in_job(1, packed ? "data.json.gz" : "data.json")));
      EXPECT_EQ(packed ? inflated(found) : found, content);
      EXPECT_FALSE(trial.has(in_job(1, packed ? "data.json" : "data.json.gz")));
      EXPECT_TRUE(trial.noted(subject_of(1), "two-data-files"));
    }
  }
}

TEST(X6, IgnoresTheNameOfTheDirectory) {
  Trial trial(plain_archive(1) + Tree{{"c/odd/names/here/meta.json", ""}});
  const Summary summary = trial.run(2);
  EXPECT_EQ(fate_of(trial, summary, "c/odd/names/here"), "skipped");
}

struct Stray {
  std::string name;
  Tree extra;
  std::uint64_t carried = 0, left_behind = 0;
  std::vector<std::string> listed{};
};

std::vector<Stray> strays() {
  const std::string file = "anything", meta = plain_meta(1);
  return {
      {"a file in the root", {{"compress.txt", file}}, 1, 0},
      {"a hidden file in the root", {{".note", file}}, 1, 0},
      {"an empty file in the root", {{"empty", ""}}, 1, 0},
      {"a file in a cluster", {{"c/README", file}}, 1, 0},
      {"a meta.json in a cluster", {{"c/meta.json", file}}, 1, 0},
      {"a file in a job", {{"c/0/001/100/notes.txt", file}}, 1, 0},
      {"files everywhere",
       {{"a", file}, {"c/b", file}, {"c/0/001/100/d", file}, {"c/0/001/100/e", file}},
       4,
       0},
      {"a file below a cluster's directory", {{"c/0/stray", file}}, 0, 1},
      {"a file among the jobs", {{"c/0/001/stray", file}}, 0, 1},
      {"an empty directory in a cluster", {{"c/7/", ""}}, 0, 1},
      {"an empty directory below that", {{"c/7/001/", ""}}, 0, 1},
      {"an empty directory in a job's place", {{"c/0/001/200/", ""}}, 0, 1},
      {"a foreign directory in a job's place", {{"c/0/001/200/a", file}, {"c/0/001/200/b", file}}, 0, 1},
      {"a directory in a job", {{"c/0/001/100/sub/a", file}, {"c/0/001/100/sub/b/c", file}}, 0, 1},
      {"a directory with meta.json in a job",
       {{"c/0/001/100/sub/meta.json", meta}},
       0,
       1,
       {"c/0/001/100/sub"}},
      {"a hidden directory in the root", {{".git/config", file}}, 0, 1},
      {"a hidden directory with meta.json", {{".old/meta.json", meta}}, 0, 1, {".old"}},
      {"a hidden cluster",
       {{".backup/cluster.json", plain_cluster(1)}, {".backup/0/001/100/meta.json", meta}},
       0,
       1},
      {"lost+found", {{"lost+found/", ""}}, 0, 1},
      {"lost+found with something in it", {{"lost+found/#1234", file}}, 0, 1},
      {"a link in the root", {{"link", "-> c/cluster.json"}}, 0, 1},
      {"a link to a cluster", {{"d", "-> c"}}, 0, 1},
      {"a link out of the archive", {{"d", "-> /"}}, 0, 1},
      {"a link in a cluster", {{"c/link", "-> cluster.json"}}, 0, 1},
      {"a link to a directory in a cluster", {{"c/9", "-> 0"}}, 0, 1},
      {"a link to a directory below that", {{"c/0/002", "-> 001"}}, 0, 1},
      {"a link to a job", {{"c/0/001/200", "-> 100"}}, 0, 1},
      {"a link in a job", {{"c/0/001/100/link", "-> meta.json"}}, 0, 1},
      {"a link to nowhere", {{"c/0/001/100/link", "-> nowhere"}}, 0, 1},
      {"a FIFO in the root", {{"pipe", fifo}}, 0, 1},
      {"a FIFO in a cluster", {{"c/pipe", fifo}}, 0, 1},
      {"a FIFO between the levels", {{"c/0/pipe", fifo}, {"c/0/001/pipe", fifo}}, 0, 2},
      {"a FIFO in a job", {{"c/0/001/100/pipe", fifo}}, 0, 1},
  };
}

// Files with other names are carried, unless they are in the wrong place. Links, FIFOs and foreign
// directories are left behind. So the target is that of the plain archive with the carried files.
TEST(X8, CarriesFilesAndLeavesTheRestBehind) {
  Trial plain(plain_archive(1));
  plain.run(2);
  for (const Stray& stray : strays()) {
    Trial trial(plain_archive(1) + stray.extra);
    const Summary summary = trial.run(2);
    expect_complete(trial, summary, 2);
    EXPECT_EQ(summary.total().migrated, 1U) << stray.name;
    EXPECT_EQ(summary.total().carried, stray.carried) << stray.name;
    EXPECT_EQ(summary.total().left_behind, stray.left_behind) << stray.name;
    EXPECT_EQ(summary.left_behind, stray.listed) << stray.name;
    const Tree expected = stray.carried > 0 ? plain.result() + stray.extra : plain.result();
    EXPECT_EQ(difference(expected, trial.result()), "") << stray.name;
  }
}

TEST(X8, CountsByCluster) {
  Trial trial(plain_archive(1) + Tree{{"a", "x"}, {".b/x", ""}, {"c/x", "x"}, {"c/0/x", "x"}, {"c/7/", ""}});
  const Summary summary = trial.run(2);
  EXPECT_EQ(summary.clusters.at("").carried, 1U);
  EXPECT_EQ(summary.clusters.at("").left_behind, 1U);
  EXPECT_EQ(summary.clusters.at("c").carried, 1U);
  EXPECT_EQ(summary.clusters.at("c").left_behind, 2U);
}

struct BadPlace {
  std::string name;
  Tree files;  // of job 2
  std::string kind, file = "meta.json";
};

std::vector<BadPlace> bad_places() {
  const std::string meta = meta_of(1, 2), data = plain_data(1), packed = gzipped(data), x = "x";
  const std::string no_meta = "no-meta-file", special = "not-a-regular-file";
  return {
      {"only data.json", {{"data.json", data}}, no_meta},
      {"only data.json.gz", {{"data.json.gz", packed}}, no_meta},
      {"only both of them", {{"data.json", data}, {"data.json.gz", packed}}, no_meta},
      {"data.json and a stray file", {{"data.json", data}, {"x", x}}, no_meta},
      {"meta.json is a directory", {{"meta.json/x", x}}, special},
      {"meta.json is an empty directory", {{"meta.json/", ""}}, special},
      {"meta.json is a link", {{"meta.json", "-> ../../001/100/meta.json"}}, special},
      {"meta.json is a link to nowhere", {{"meta.json", "-> nowhere"}}, special},
      {"meta.json is a FIFO", {{"meta.json", fifo}}, special},
      {"data.json is a directory", {{"meta.json", meta}, {"data.json/", ""}}, special, "data.json"},
      {"data.json is a link", {{"meta.json", meta}, {"data.json", "-> meta.json"}}, special, "data.json"},
      {"data.json is a loop", {{"meta.json", meta}, {"data.json", "-> data.json"}}, special, "data.json"},
      {"data.json.gz is a FIFO", {{"meta.json", meta}, {"data.json.gz", fifo}}, special, "data.json.gz"},
      {"data.json.gz is a directory beside a sound data.json",
       {{"meta.json", meta}, {"data.json.gz/x", x}, {"data.json", data}},
       special,
       "data.json.gz"},
      {"one is empty, the other a link",
       {{"meta.json", meta}, {"data.json.gz", ""}, {"data.json", "-> x"}},
       special,
       "data.json"},
  };
}

Tree in_directory(const std::string& directory, const Tree& files) {
  Tree tree;
  for (const auto& [name, content] : files) tree[directory + '/' + name] = content;
  return tree;
}

void expect_bad(const std::string& directory, const Tree& files, const std::string& kind,
                const std::string& file) {
  Trial trial(plain_archive(1) + in_directory(directory, files));
  const Summary summary = trial.run(2);
  expect_unfinished(trial, summary, Outcome::bad_jobs);
  EXPECT_EQ(fate_of(trial, summary, directory), kind);
  EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "migrated");
  ASSERT_EQ(summary.bad.size(), 1U);
  EXPECT_EQ(summary.bad[0].file, file);
}

TEST(X8, KnowsJobsByTheirEntries) {
  for (const BadPlace& place : bad_places()) {
    SCOPED_TRACE(place.name);
    expect_bad(subject_of(2), place.files, place.kind, place.file);
  }
}

// X5: a directory with a meta.json is a job whatever its name, but then its name does not fit its meta.json.
TEST(X8, KnowsJobsByAnyName) {
  for (const std::string directory :
       {"c/x/y/z", "c/0/001/100.bak", "c/0/001/0100", "c/0/001/+100", "c/0/001/100 ", "c/00/001/100",
        "c/0/01/100", "c/0/1/100", "c/0/0001/100", "c/1/001/100", "c/.0/.001/.100", "c/0/001/99",
        "c/-0/001/100"}) {
    SCOPED_TRACE(directory);
    expect_bad(directory, {{"meta.json", plain_meta(1)}, {"data.json", plain_data(1)}}, "identity-mismatch",
               "meta.json");
  }
}

// Other entries in a job that is not written are left behind too, and a meta.json below it is still listed.
TEST(X8, LeavesBehindEntriesOfBadAndSkippedJobs) {
  for (const std::string broken : {"{", ""}) {
    const Tree job = {{in_job(2, "meta.json"), broken}, {in_job(2, "data.json"), plain_data(1)}};
    const Tree extra = {
        {in_job(2, "x"), "x"}, {in_job(2, "link"), "-> x"}, {in_job(2, "sub/meta.json"), "{}"}};
    Trial without(plain_archive(1) + job), with(plain_archive(1) + job + extra);
    const Summary few = without.run(2), many = with.run(2);
    EXPECT_EQ(many.total().left_behind - few.total().left_behind, 3U);
    EXPECT_EQ(many.total().carried, 0U);
    EXPECT_EQ(many.left_behind, std::vector<std::string>{in_job(2, "sub")});
    EXPECT_FALSE(with.has("c/0/002"));
  }
}

TEST(X8, RefusesBadClusters) {
  const std::string file = plain_cluster(1);
  const std::vector<std::pair<std::string, Tree>> cases = {
      {"an empty directory in the root", {{"d/", ""}}},
      {"a directory without cluster.json", {{"d/0/001/100/meta.json", plain_meta(1)}}},
      {"cluster.json is a link", {{"d/cluster.json", "-> ../c/cluster.json"}}},
      {"cluster.json is a FIFO", {{"d/cluster.json", fifo}}},
      {"cluster.json is a directory", {{"d/cluster.json/", ""}}},
      {"cluster.json is empty", {{"d/cluster.json", ""}}},
      {"cluster.json is of another cluster", {{"d/cluster.json", file}}},
      {"cluster.json is no JSON", {{"d/cluster.json", replaced(file, "}", "")}}},
      {"cluster.json ends in garbage",
       {{"d/cluster.json", replaced(file, R"("name":"c")", R"("name":"d")") + "x"}}}};
  for (const auto& [name, extra] : cases) {
    SCOPED_TRACE(name);
    Trial trial(plain_archive(1) + extra);
    const Summary summary = trial.run(2);
    expect_failed(trial, summary, Kind::cluster_bad);
    EXPECT_EQ(summary.errors[0].subject, "d");
  }
}

// With --follow-symlinks, the targets of links are migrated as if they were in the archive.
TEST(X8, FollowsLinksOnRequest) {
  const Tree whole = plain_archive(1) +
                     Tree{{"note", "x"},
                          {in_job(1, "extra"), "x"},
                          {"d/cluster.json", replaced(plain_cluster(1), R"("name":"c")", R"("name":"d")")}};
  Trial plain(whole);
  plain.run(2);

  Trial trial({{"version.txt", "1\n"},
               {"note", "-> ../elsewhere/note"},
               {"d", "-> ../elsewhere/d"},
               {"c/cluster.json", "-> ../../elsewhere/c/cluster.json"},
               {"c/0", "-> ../../elsewhere/numbers"},
               {"dangling", "-> nowhere"},
               {"c/pipe", fifo}});
  place(trial.beside("elsewhere"), {{"note", "x"},
                                    {"d/cluster.json", whole.at("d/cluster.json")},
                                    {"c/cluster.json", whole.at("c/cluster.json")},
                                    {"numbers/001", "-> ../jobs"},
                                    {"jobs/100", "-> ../job"},
                                    {"job/meta.json", "-> ../files/meta.json"},
                                    {"job/data.json", "-> ../files/data.json"},
                                    {"job/extra", "-> ../files/extra"},
                                    {"files/meta.json", plain_meta(1)},
                                    {"files/data.json", plain_data(1)},
                                    {"files/extra", "x"}});
  Options options;
  options.follow_symlinks = true;
  const Summary summary = trial.run(2, options);
  expect_complete(trial, summary, 2);
  EXPECT_EQ(difference(plain.result(), trial.result()), "");
  EXPECT_EQ(summary.total().left_behind, 2U);
}

TEST(X8, RefusesLoops) {
  Trial plain(plain_archive(1));
  plain.run(2);
  for (const auto& [path, to] : {std::pair{"self", "."},
                                 {"c/self", "."},
                                 {"c/up", ".."},
                                 {"c/0/self", "."},
                                 {"c/0/up", ".."},
                                 {"c/0/001/self", "."},
                                 {"c/0/001/up", ".."},
                                 {"c/0/001/top", "../../.."},
                                 {"c/0/001/100/self", "."},
                                 {"c/itself", "itself"}}) {
    Trial trial(plain_archive(1) + Tree{{path, link_to + to}});
    Options options;
    options.follow_symlinks = true;
    const Summary summary = trial.run(2, options);
    EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "migrated") << path;
    EXPECT_FALSE(trial.has(path)) << path;
  }
}

// Section 9: `Directories are made only where a file is written.`
TEST(X8, MakesNoDirectoryWithoutAFile) {
  Trial trial(plain_archive(1) + Tree{{"c/5/001/100/meta.json", "{"},
                                      {"c/6/001/100/meta.json", ""},
                                      {"c/7/", ""},
                                      {"c/8/001/100/x", "x"}});
  Options options;
  options.accept_bad = true;
  trial.run(2, options);
  for (const std::string directory : {"c/5", "c/6", "c/7", "c/8"})
    EXPECT_FALSE(trial.has(directory)) << directory;
}

TEST(Section1, ReadsVersionTxt) {
  struct Case {
    std::string text;
    int version;  // -1: an error
  };
  const std::vector<Case> cases = {{"1", 1},
                                   {"1\n", 1},
                                   {" 1\r\n", 1},
                                   {"\t2 \n\n", 2},
                                   {"3\n", 3},
                                   {"0\n", 0},
                                   {"x", -1},
                                   {"", -1},
                                   {"\n", -1},
                                   {"-1", -1},
                                   {"+1", -1},
                                   {std::to_string(newest_version + 1), -1},
                                   {"1 2", -1},
                                   {"1.0", -1},
                                   {"1e0", -1},
                                   {"0x1", -1},
                                   {"1\nx", -1},
                                   {"\xEF\xBB\xBF"
                                    "1",
                                    -1},
                                   {std::string("1\0", 2), -1},
                                   {"99999999999999999999", -1},
                                   {"4294967297", -1},
                                   {std::string(10'000, '9'), -1}};
  for (const Case& c : cases) {
    SCOPED_TRACE("`" + c.text.substr(0, 30) + "`");
    Trial trial(plain_archive(std::max(c.version, 1)) + Tree{{"version.txt", c.text}});
    const Summary summary = trial.run(c.version == 3 ? 2 : 3);
    if (c.version < 0) {
      expect_failed(trial, summary, Kind::version_unknown);
    } else {
      EXPECT_EQ(summary.outcome, Outcome::complete) << text_of(summary);
      EXPECT_EQ(summary.from, c.version);
    }
  }
}

TEST(Section1, ANewerVersionIsReportedAsNewer) {
  const std::string newer = std::to_string(newest_version + 1);
  Trial trial(plain_archive(newest_version) + Tree{{"version.txt", newer + '\n'}});
  const Summary summary = trial.run(3);
  ASSERT_EQ(summary.errors.size(), 1U);
  EXPECT_NE(summary.errors[0].what.find(newer), std::string::npos);
  EXPECT_NE(summary.errors[0].what.find("newer"), std::string::npos) << summary.errors[0].what;
}

TEST(Section1, AbsentVersionTxtIsVersion0) {
  Trial trial(plain_archive(0));
  const Summary summary = trial.run(1);
  EXPECT_EQ(summary.from, 0);
  expect_complete(trial, summary, 1);
}

TEST(Section1, RefusesOtherDirectories) {
  const std::vector<std::pair<std::string, Tree>> cases = {
      {"an empty directory", {{"./", ""}}},
      {"only a file", {{"note", "x"}}},
      {"directories without cluster.json", {{"c/0/001/100/meta.json", plain_meta(0)}}},
      {"only a hidden cluster", {{".c/cluster.json", plain_cluster(0)}}},
      {"cluster.json in the root", {{"cluster.json", plain_cluster(0)}}}};
  for (const auto& [name, tree] : cases) {
    SCOPED_TRACE(name);
    Trial trial(tree);
    expect_failed(trial, trial.run(1), Kind::not_an_archive);
  }
}

TEST(Section1, RefusesAMissingSource) {
  Trial trial{Tree()};
  expect_failed(trial, trial.run(1), Kind::not_an_archive);
  write_file(trial.source(), "a file");
  expect_failed(trial, trial.run(1), Kind::not_an_archive);
}

TEST(Section1, AnArchiveNeedsNoClusters) {
  Trial trial(Tree{{"version.txt", "2\n"}});
  expect_complete(trial, trial.run(3), 3);
  EXPECT_EQ(trial.result(), (Tree{{"version.txt", "3\n"}}));
}

TEST(Section1, VersionTxtMustBeAFile) {
  for (const std::string& text : {link_to + "compress.txt", link_to + "nowhere", fifo}) {
    SCOPED_TRACE(text);
    Trial trial(plain_archive(1) + Tree{{"compress.txt", "1\n"}, {"version.txt", text}});
    const Summary summary = trial.run(2);
    EXPECT_EQ(summary.outcome, Outcome::failed) << text_of(summary);
    EXPECT_FALSE(trial.has(""));
  }
  Trial directory(plain_archive(0) + Tree{{"version.txt/", ""}});
  EXPECT_EQ(directory.run(2).outcome, Outcome::failed);
}

TEST(Section1, VersionTxtMayBeALinkOnRequest) {
  Trial trial(plain_archive(1) + Tree{{"compress.txt", "1\n"}, {"version.txt", "-> compress.txt"}});
  Options options;
  options.follow_symlinks = true;
  expect_complete(trial, trial.run(2, options), 2);
  EXPECT_FALSE(fs::is_symlink(trial.target("version.txt")));
  EXPECT_EQ(read_file(trial.target("compress.txt")), "1\n");
}

// One archive with everything that the tests above try separately.
Tree motley_archive() {
  Tree tree = archive_of_bad_jobs();
  const std::vector<Combination> all = all_combinations();
  for (std::size_t i = 0; i < all.size(); ++i) put(tree, all[i], 0, static_cast<int>(i) + 2000);
  for (const Stray& stray : strays())
    for (const auto& [path, content] : stray.extra)
      if (!tree.contains(path) && path != "lost+found/") tree[path] = content;
  for (int id = 3000; id < 3040; ++id) {
    tree[in_job(id, "meta.json")] = replaced(meta_of(0, id), R"("main")", "\"\"");
    tree[in_job(id, id % 2 ? "data.json" : "data.json.gz")] = id % 2 ? long_data(0) : sound_gz;
  }
  tree["d/cluster.json"] = replaced(plain_cluster(0), R"("name":"c")", R"("name":"d")");
  tree["d/0/001/100/meta.json"] = replaced(plain_meta(0), R"("cluster":"c")", R"("cluster":"d")");
  for (auto at = tree.begin(); at != tree.end();)
    at = at->first == "d" || at->first.starts_with(".backup") ? tree.erase(at) : std::next(at);
  return tree;
}

struct Ran {
  Tree result;
  std::string report;
};

Ran run_motley(const Options& how) {
  Trial trial(motley_archive());
  Options options = how;
  options.accept_bad = true;
  options.max_file_size = largest_allowed;
  Summary summary = trial.run(3, options);
  expect_complete(trial, summary, 3);
  summary.seconds = summary.sync_seconds = 0;
  return {trial.result(), report_json({}, summary)};
}

TEST(X10, ThreadsAndMemoryDoNotChangeTheResult) {
  Options serial;
  serial.debug = true;
  const Ran expected = run_motley(serial);
  EXPECT_GT(expected.result.size(), 60U);
  for (const unsigned threads : {0U, 1U, 2U, 8U}) {
    for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4'000'000}}) {
      Options options;
      options.threads = threads;
      options.memory = memory;
      options.io_depth = 1 + threads * 3;
      const Ran ran = run_motley(options);
      EXPECT_EQ(difference(expected.result, ran.result), "") << threads << " threads, " << memory << " bytes";
      EXPECT_EQ(expected.report, ran.report) << threads << " threads, " << memory << " bytes";
    }
  }
  const Ran again = run_motley(serial);
  EXPECT_EQ(difference(expected.result, again.result), "");
  EXPECT_EQ(expected.report, again.report);
}

// A .gz that needs more memory than it has is tried again with more.
TEST(X10, LittleMemoryIsEnoughForLargeFiles) {
  Tree tree = plain_archive(0);
  for (int id = 2; id < 20; ++id) {
    tree[in_job(id, "meta.json")] = meta_of(0, id);
    tree[in_job(id, "data.json.gz")] =
        gzipped(padded(plain_data(0), static_cast<std::size_t>(id) * 1'000'000));
  }
  for (const std::uint64_t memory : {1U, 2'000'000U, 30'000'000U}) {
    Trial trial(tree);
    Options options;
    options.memory = memory;
    options.threads = 4;
    const Summary summary = trial.run(1, options);
    expect_complete(trial, summary, 1);
    for (int id = 2; id < 20; ++id)
      EXPECT_EQ(inflated(read_file(trial.target(in_job(id, "data.json.gz")))), plain_data(1));
  }
}

// The same for a text with so many members that they need far more memory than the text.
TEST(X10, LittleMemoryIsEnoughForManySeries) {
  Tree tree = plain_archive(0);
  std::string series = "{}";
  while (series.size() < 400'000) series += ",{}";
  for (int id = 2; id < 8; ++id) {
    tree[in_job(id, "meta.json")] = meta_of(0, id);
    const std::string data = fmt::format(R"({{"a":{{"node":{{"timestep":1,"series":[{}]}}}}}})", series);
    if (id % 2 == 0) tree[in_job(id, "data.json")] = data;
    if (id % 3 != 0) tree[in_job(id, "data.json.gz")] = gzipped(data);
  }
  Options options;
  options.debug = true;
  Trial serial(tree);
  expect_complete(serial, serial.run(1, options), 1);
  options.debug = false;
  for (const std::uint64_t memory : {1U, 2'000'000U, 20'000'000U}) {
    Trial trial(tree);
    options.memory = memory;
    options.threads = 4;
    expect_complete(trial, trial.run(1, options), 1);
    EXPECT_EQ(difference(serial.result(), trial.result()), "");
  }
}

TEST(X10, StepsCompose) {
  for (const Compression compress : {Compression::keep, Compression::gzip, Compression::none}) {
    Options options;
    options.compress = compress;
    options.accept_bad = true;
    options.max_file_size = largest_allowed;
    Trial whole(motley_archive()), first(motley_archive());
    expect_complete(whole, whole.run(3, options), 3);
    expect_complete(first, first.run(1, options), 1);
    const Tree one = first.result();
    Trial second(one);
    expect_complete(second, second.run(2, options), 2);
    Trial third(second.result());
    // A job with an invalid `exclusive` is bad only in the last step.
    expect_complete(third, third.run(3, options), 3);
    EXPECT_EQ(difference(whole.result(), third.result()), "");
  }
}

// A dry run has the same report as a real run, and writes nothing.
TEST(DryRun, HasTheReportOfARealRun) {
  Options options;
  options.accept_bad = true;
  options.max_file_size = largest_allowed;
  Trial trial(motley_archive());
  options.dry_run = true;
  Summary dry = trial.run(3, options);
  EXPECT_FALSE(trial.has(""));
  EXPECT_FALSE(dry.finalized);
  options.dry_run = false;
  Summary real = trial.run(3, options);
  dry.seconds = real.seconds = dry.sync_seconds = real.sync_seconds = 0;
  dry.finalized = real.finalized;
  EXPECT_EQ(report_json({}, dry), report_json({}, real));
}

}  // namespace

}  // namespace jobferry::test
