// Tests verify against the engine: it must accept every target of the engine and find every alteration.
#include "jobferry/verify.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <thread>

#include "archive/layout.h"
#include "corpus/corpus.h"
#include "jobferry/step.h"
#include "reports.h"
#include "tree.h"
#include "trial.h"

namespace jobferry::test {

namespace {

VerifyResult verified(const std::string& source, const std::string& target, VerifyOptions options = {}) {
  options.source = source;
  options.target = target;
  return verify(options, {});
}

std::string words(const VerifyResult& result) { return verify_text({}, result); }

struct Way {
  int from, to;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.from << " to " << way.to; }

std::vector<Way> ways() {
  std::vector<Way> all;
  for (int from = 0; from <= newest_version; ++from)
    for (int to = 1; to <= newest_version; ++to)
      if (find_chain(from, to)) all.push_back({from, to});
  return all;
}

corpus::Shape shape_of(int version, std::uint64_t seed, bool bad) {
  corpus::Shape shape;
  shape.version = version;
  shape.seed = seed;
  shape.jobs = 80;
  shape.median_bytes = 6'000;
  if (bad) shape.bad["all"] = 0.4;
  return shape;
}

class Migrated : public testing::TestWithParam<Way> {};

TEST_P(Migrated, AgreesAndBadJobsAreExplained) {
  for (const std::uint64_t seed : {1U, 2U}) {
    const TempDir temp;
    corpus::make_archive(temp.path("source"), shape_of(GetParam().from, seed, true));
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

Tree source_of(const GoldenCase& c) {
  Tree tree = plain_archive(c.from);
  const std::pair<std::string, std::string> files[] = {{"cluster.json", "c/cluster.json"},
                                                       {"meta.json", in_job(1, "meta.json")},
                                                       {"data.json", in_job(1, "data.json")}};
  for (const auto& [name, path] : files)
    if (fs::exists(c.folder + "/before/" + name)) tree[path] = read_file(c.folder + "/before/" + name);
  return tree;
}

// The class of bad jobs that a case expects; empty if its job is sound.
std::string bad_class(const GoldenCase& c) {
  const std::string bad = fs::exists(c.folder + "/bad") ? read_file(c.folder + "/bad") : "";
  return bad.substr(0, bad.find(' '));
}

// A migrated golden case. One test runs all cases, so it reports every case that fails.
class Golden {
 public:
  Golden(const GoldenCase& c, int to) {
    write_tree(source(), source_of(c));
    Options options;
    options.accept_bad = options.repair = true;
    options.debug = true, options.keep_state = false;  // the fastest for one job
    summary_ = run(source(), target(), to, options);
  }
  std::string source() const { return temp_.path("source"); }
  std::string target() const { return temp_.path("target"); }
  const Summary& summary() const { return summary_; }

 private:
  TempDir temp_;
  Summary summary_;
};

TEST(GoldenCases, AgreeOrAreBadForTheSameReason) {
  for (const GoldenCase& c : golden_cases()) {
    for (const int to : {c.to, newest_version}) {
      if (c.to < c.from && to != c.to) continue;
      const Golden golden(c, to);
      if (golden.summary().outcome == Outcome::failed) continue;
      const VerifyResult result = verified(golden.source(), golden.target());
      EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << c.folder << " to " << to << '\n' << words(result);
      ASSERT_EQ(result.bad.size(), golden.summary().bad.size()) << c.folder << " to " << to;
      if (to == c.to && !result.bad.empty()) EXPECT_EQ(result.bad[0].kind, bad_class(c)) << c.folder;
    }
  }
}

// A bad job must not be in the target, however it came there.
TEST(GoldenCases, BadOnesInTheTargetAreFound) {
  for (const GoldenCase& c : golden_cases()) {
    if (bad_class(c).empty()) continue;
    const Golden golden(c, c.to);
    write_tree(golden.target(), source_of(c) + Tree{{"version.txt", fmt::format("{}\n", c.to)}});
    const VerifyResult result = verified(golden.source(), golden.target());
    const std::string expected = bad_class(c) == "cluster-bad" ? "cluster-bad" : "job-unexpected";
    EXPECT_TRUE(result.findings.contains(expected)) << c.folder << '\n' << words(result);
  }
}

TEST(RealArchives, Agree) {
  if (shared_data().empty()) GTEST_SKIP() << "there is no shared/data";
  for (const std::string name : {"emmy-v0", "emmy-v1"}) {
    const TempDir temp(Place::disk);
    ASSERT_EQ(run(shared_data() + '/' + name, temp.path("target"), 3).outcome, Outcome::complete);
    const VerifyResult result = verified(shared_data() + '/' + name, temp.path("target"));
    EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
    EXPECT_EQ(result.source.jobs, 2U);
  }
}

// Three jobs of version 0 that together need every rule of the steps to version 3, a bad job and a skipped
// one.
Tree rich_archive() {
  const auto meta = [](int id, int start) {
    return fmt::format(
        R"({{"jobId":{},"user":"u\u00e9","project":"p","cluster":"c","subCluster":"","numNodes":2.0,"startTime":{},)"
        R"("jobState":"canceled","duration":60,"exclusive":1,"smt":0,"big":9007199254740993,"exact":1.0,)"
        R"("resources":[{{"hostname":"n1","accelerators":[0,1]}},{{"hostname":"n2"}}],"metaData":{{"n":5,"t":"x"}},)"
        R"("tags":[{{"type":"a","name":"b"}}],"mem_used_max":2.50,"load_avg":1.5,"requestedMemory":0,)"
        R"("statistics":{{"flops_any":{{"unit":"GF/s","avg":1,"min":0,"max":2}}}}}})",
        id, start);
  };
  const auto series = [](const std::string& host, const std::string& data) {
    return R"({"hostname":")" + host + R"(","statistics":{"min":1,"avg":2.50,"max":4},"data":)" + data + '}';
  };
  const std::string data =
      R"({"flops_any":{"node":{"unit":"GF/s","scope":"node","timestep":60,"series":[)" +
      series("n1", "[1,null,3.10]") + ',' + series("n2", "[4,5,6]") +
      R"(],"statisticsSeries":{"mean":[1.5,null]}},"hwthread":{"unit":"GF/s","timestep":60,)" +
      R"("series":[{"hostname":"n1","id":3,"data":[0.1,0.2,null]}]}},)" +
      R"("acc_power":{"accelerator":{"unit":"W","series":[{"hostname":"n1","id":1,"statistics":{"min":1,"avg":1,"max":1},"data":[1]}]}}})";
  const std::string cluster =
      R"({"name":"c","subClusters":[{"name":"main","nodes":"n[1-9]","numberOfNodes":9,"flopRateScalar":12,)"
      R"("topology":{"node":[0],"accelerators":[{"id":70},{"id":"gpu"}]}},{"name":"rest","nodes":""}],)"
      R"("metricConfig":[{"name":"flops_any","unit":"GF/s","scope":"hwthread","timestep":60},)"
      R"({"name":"acc_power","unit":"W","timestep":30},{"name":"cpu_load","unit":"load","timestep":60}]})";
  return {{"compress.txt", "20"},
          {"c/cluster.json", cluster},
          {"c/README", "of the cluster"},
          {"c/0/001/100/meta.json", meta(1, 100)},
          {"c/0/001/100/data.json", data},
          {"c/0/001/100/notes.txt", "notes"},
          {"c/0/002/200/meta.json", meta(2, 200)},
          {"c/0/002/200/data.json.gz", gzipped(data)},
          {"c/0/003/300/meta.json", meta(3, 300)},
          {"c/0/003/300/data.json", data},
          {"c/0/004/400/meta.json", "{"},
          {"c/0/004/400/data.json", data},
          {"c/0/005/500/meta.json", ""}};
}

const std::string first = "c/0/001/100/", second = "c/0/002/200/", third = "c/0/003/300/";
const std::string meta1 = first + "meta.json", data1 = first + "data.json", data2 = second + "data.json.gz";

// A target that a test alters.
class Spoilt {
 public:
  explicit Spoilt(std::string root) : root_(std::move(root)) {}

  std::string at(const std::string& path) const { return root_ + '/' + path; }
  bool has(const std::string& path) const { return fs::exists(at(path)); }
  // Keeps mode and times, so only the content shows the change.
  void put(const std::string& path, const std::string& content) const {
    struct stat before {};
    const bool there = ::stat(at(path).c_str(), &before) == 0;
    write_tree(root_, {{path, content}});
    const timespec times[] = {before.st_mtim, before.st_mtim};
    if (there) ASSERT_EQ(::utimensat(AT_FDCWD, at(path).c_str(), times, 0), 0);
  }
  void alter(const std::string& path, const std::string& what, const std::string& by) const {
    const bool packed = path.ends_with(".gz");
    const std::string before = packed ? inflated(read_file(at(path))) : read_file(at(path));
    const std::string after = replaced(before, what, by);
    ASSERT_NE(after, before) << what << " is not in " << before;
    put(path, packed ? gzipped(after) : after);
  }
  void remove(const std::string& path) const { ASSERT_GT(fs::remove_all(at(path)), 0U); }
  void copy(const std::string& from, const std::string& to) const {
    fs::create_directories(fs::path(at(to)));
    for (const auto& [name, content] : read_tree(at(from))) write_file(at(to) + '/' + name, content);
  }

 private:
  std::string root_;
};

struct Alteration {
  std::string name;
  std::function<void(const Spoilt&)> spoil;
  std::string kind;
  std::string pointer{};
  std::string file{};
};

// Replaces a text in a file.
std::function<void(const Spoilt&)> text(std::string path, std::string what, std::string by) {
  return [=](const Spoilt& target) { target.alter(path, what, by); };
}
std::function<void(const Spoilt&)> gone(std::string path) {
  return [=](const Spoilt& target) { target.remove(path); };
}
std::function<void(const Spoilt&)> added(std::string path, std::string content) {
  return [=](const Spoilt& target) { target.put(path, content); };
}

std::vector<Alteration> data_alterations() {
  const std::string series = "/flops_any/node/series";
  const std::string one =
                        R"({"hostname":"n1","statistics":{"min":1,"avg":2.50,"max":4},"data":[1,null,3.10]})",
                    two = R"({"hostname":"n2","statistics":{"min":1,"avg":2.50,"max":4},"data":[4,5,6]})";
  const std::string acc =
      R"("acc_power":{"accelerator":{"unit":{"base":"W"},"series":[{"hostname":"n1","id":"gpu","statistics":{"min":1,"avg":1,"max":1},"data":[1]}],"timestep":30}})";
  const std::string unit = R"("unit":{"base":"F/s","prefix":"G"},)";
  return {
      {"a digit", text(data1, "[4,5,6]", "[4,5,7]"), "value-changed", series + "/1/data/2"},
      {"a digit in a .gz", text(data2, "[4,5,6]", "[4,5,7]"), "value-changed", series + "/1/data/2"},
      {"a rounded number", text(data1, "3.10", "3.1"), "value-changed", series + "/0/data/2"},
      {"a dropped null", text(data1, "[1,null,3.10]", "[1,3.10]"), "member-lost", series + "/0/data/1"},
      {"null instead of a number", text(data1, "[4,5,6]", "[4,null,6]"), "value-changed",
       series + "/1/data/1"},
      {"a number instead of null", text(data1, "[1,null,3.10]", "[1,0,3.10]"), "value-changed",
       series + "/0/data/1"},
      {"an element more", text(data1, "[4,5,6]", "[4,5,6,6]"), "member-added", series + "/1/data/3"},
      {"swapped series", text(data1, one + ',' + two, two + ',' + one), "value-changed",
       series + "/0/hostname"},
      {"a series lost", text(data1, ',' + two, ""), "member-lost", series},
      {"a series twice", text(data1, two, two + ',' + two), "member-added", series},
      {"swapped metrics",
       [=](const Spoilt& target) {
         target.alter(data1, ',' + acc, "");
         target.alter(data1, "{\"flops_any\"", '{' + acc + ",\"flops_any\"");
       },
       "order-changed", ""},
      {"a metric lost", text(data1, ',' + acc, ""), "member-lost", "/acc_power"},
      {"a metric more", text(data1, acc, acc + R"(,"more":{})"), "member-added", "/more"},
      {"a scope lost",
       [](const Spoilt& target) {
         const std::string before = read_file(target.at(data1));
         const std::size_t begin = before.find(",\"hwthread\""), end = before.find(",\"acc_power\"") - 1;
         target.put(data1, before.substr(0, begin) + before.substr(end));
       },
       "member-lost", "/flops_any/hwthread"},
      {"a computed average", text(data1, "\"avg\":0.15000000000000002", "\"avg\":0.15"), "value-changed",
       "/flops_any/hwthread/series/0/statistics/avg"},
      {"a computed minimum", text(data1, "\"min\":0.1,", "\"min\":0.10,"), "value-changed",
       "/flops_any/hwthread/series/0/statistics/min"},
      {"statistics not computed",
       text(data1, R"("statistics":{"min":0.1,"avg":0.15000000000000002,"max":0.2},)", ""),
       "rule-not-applied", "/flops_any/hwthread/series/0/statistics"},
      {"given statistics", text(data1, "\"avg\":2.50", "\"avg\":2.5"), "value-changed",
       series + "/0/statistics/avg"},
      {"a wrong prefix", text(data1, R"("prefix":"G")", R"("prefix":"M")"), "value-changed",
       "/flops_any/node/unit/prefix"},
      {"a unit as it was", text(data1, R"({"base":"F/s","prefix":"G"})", R"("GF/s")"), "rule-not-applied",
       "/flops_any/node/unit"},
      {"an accelerator's id", text(data1, R"("id":"gpu")", R"("id":"70")"), "value-changed",
       "/acc_power/accelerator/series/0/id"},
      {"an id as it was", text(data1, R"("id":"3")", R"("id":3)"), "rule-not-applied",
       "/flops_any/hwthread/series/0/id"},
      {"statisticsSeries lost", text(data1, R"(,"statisticsSeries":{"mean":[1.5,null]})", ""), "member-lost",
       "/flops_any/node/statisticsSeries"},
      {"a digit in statisticsSeries", text(data1, "[1.5,null]", "[1.25,null]"), "value-changed",
       "/flops_any/node/statisticsSeries/mean/0"},
      {"the scope member is still there", text(data1, unit, unit + R"("scope":"node",)"), "rule-not-applied",
       "/flops_any/node/scope"},
      {"a timestep that nobody filled in", text(data1, R"(,"timestep":30)", ""), "rule-not-applied",
       "/acc_power/accelerator/timestep"},
      {"another timestep", text(data1, R"("timestep":60)", R"("timestep":6)"), "value-changed",
       "/flops_any/node/timestep"},
      {"a hostname", text(data1, R"("hostname":"n2")", R"("hostname":"n3")"), "value-changed",
       series + "/1/hostname"},
      {"a line break at the end", text(data1, R"("timestep":30}}})", "\"timestep\":30}}}\n"), "not-compact"},
      {"white space", text(data1, ",\"acc_power\"", ", \"acc_power\""), "not-compact"},
      {"no JSON", text(data1, "[4,5,6]", "[4,5,]"), "json-broken"},
      {"a truncated .gz",
       [](const Spoilt& target) {
         const std::string packed = read_file(target.at(data2));
         target.put(data2, packed.substr(0, packed.size() - 9));
       },
       "gzip-broken"},
  };
}

std::vector<Alteration> meta_alterations() {
  const auto in = [](std::string what, std::string by) {
    return text(meta1, std::move(what), std::move(by));
  };
  return {
      {"1.0 is 1", in(R"("exact":1.0)", R"("exact":1)"), "value-changed", "/exact"},
      {"2^53 + 1 is rounded", in("9007199254740993", "9007199254740992"), "value-changed", "/big"},
      {"a string is escaped in another way", in("\\u00e9", "\xc3\xa9"), "value-changed", "/user"},
      {"a name is escaped in another way", in("\"big\"", "\"b\\u0069g\""), "value-changed", "/big"},
      {"a member lost", in(R"("project":"p",)", ""), "member-lost", "/project"},
      {"a member more", in(R"("project":"p",)", R"("project":"p","more":0,)"), "member-added", "/more"},
      {"two members swapped", in(R"("user":"u\u00e9","project":"p")", R"("project":"p","user":"u\u00e9")"),
       "order-changed", ""},
      {"shared with the wrong word", in(R"("shared":"none")", R"("shared":"single_user")"), "value-changed",
       "/shared"},
      {"exclusive as it was", in(R"("shared":"none")", R"("exclusive":1)"), "rule-not-applied", "/shared"},
      {"submitTime", in(R"("submitTime":100)", R"("submitTime":101)"), "value-changed", "/submitTime"},
      {"a value in the footprint", in(R"("mem_used_max":2.50)", R"("mem_used_max":2.5)"), "value-changed",
       "/footprint/mem_used_max"},
      {"a name in the footprint", in("cpu_load_avg", "load_avg"), "rule-not-applied",
       "/footprint/cpu_load_avg"},
      {"requestedMemory is still there", in(R"("submitTime")", R"("requestedMemory":0,"submitTime")"),
       "rule-not-applied", "/requestedMemory"},
      {"a tag without scope", in(R"(,"scope":"global")", ""), "rule-not-applied", "/tags/0/scope"},
      {"another subCluster", in(R"("subCluster":"main")", R"("subCluster":"rest")"), "value-changed",
       "/subCluster"},
      {"a state as it was", in("cancelled", "canceled"), "rule-not-applied", "/jobState"},
      {"an integer as it was", in(R"("numNodes":2)", R"("numNodes":2.0)"), "rule-not-applied", "/numNodes"},
      {"an accelerator of resources", in(R"(["70","gpu"])", R"(["gpu","70"])"), "value-changed",
       "/resources/0/accelerators/0"},
      {"a wrong base in statistics", in(R"("base":"F/s")", R"("base":"B/s")"), "value-changed",
       "/statistics/flops_any/unit/base"},
      {"metaData as it was", in(R"("n":"5")", R"("n":5)"), "rule-not-applied", "/metaData/n"},
      {"a line break at the end",
       in(R"("energy":0)", R"("energy":0)"
                           "\n"),
       "not-compact"},
      {"another job", in(R"("jobId":1,)", R"("jobId":3,)"), "value-changed", "/jobId"},
  };
}

std::vector<Alteration> cluster_alterations() {
  const auto in = [](std::string what, std::string by) {
    return text("c/cluster.json", std::move(what), std::move(by));
  };
  return {
      {"an aggregation", in(R"("aggregation":"sum")", R"("aggregation":"avg")"), "value-changed",
       "/metricConfig/0/aggregation"},
      {"a timestep of a metric", in(R"("timestep":30)", R"("timestep":60)"), "value-changed",
       "/metricConfig/1/timestep"},
      {"a subCluster lost",
       [](const Spoilt& target) {
         const std::string before = read_file(target.at("c/cluster.json"));
         const std::size_t begin = before.find(",{\"name\":\"rest\""),
                           end = before.find("],\"metricConfig\"");
         target.put("c/cluster.json", before.substr(0, begin) + before.substr(end));
       },
       "member-lost", "/subClusters"},
      {"numberOfNodes is still there", in(R"("nodes":"n[1-9]")", R"("nodes":"n[1-9]","numberOfNodes":9)"),
       "rule-not-applied", "/subClusters/0/numberOfNodes"},
      {"a rate", in(R"("value":12)", R"("value":12.0)"), "value-changed",
       "/subClusters/0/flopRateScalar/value"},
      {"the catch-all as it was", in(R"("nodes":"*")", R"("nodes":"")"), "rule-not-applied",
       "/subClusters/1/nodes"},
      {"an accelerator", in(R"({"id":"70"})", R"({"id":"71"})"), "value-changed",
       "/subClusters/0/topology/accelerators/0/id"},
      {"a footprint lost", in(R"(,"footprint":"avg")", ""), "rule-not-applied", "/metricConfig/0/footprint"},
      {"energy lost", in(R"(,"energy":"power")", ""), "rule-not-applied", "/metricConfig/1/energy"},
  };
}

void touch(const Spoilt& target, const std::string& path) {
  const timespec times[] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, target.at(path).c_str(), times, 0), 0);
}

std::vector<Alteration> tree_alterations() {
  return {
      {"a job lost", gone("c/0/001"), "job-missing"},
      {"the newest job lost", gone("c/0/003"), "job-id-differs"},
      {"a job more", [](const Spoilt& t) { t.copy(first, "c/0/009/100"); }, "job-unexpected"},
      {"a job under another start time",
       [](const Spoilt& t) {
         t.copy(third, "c/0/003/301");
         t.remove(third);
       },
       "start-time-differs"},
      {"a bad job", [](const Spoilt& t) { t.copy(first, "c/0/004/400"); }, "job-unexpected"},
      {"a skipped job", [](const Spoilt& t) { t.copy(first, "c/0/005/500"); }, "job-unexpected"},
      {"an empty directory of a bad job",
       [](const Spoilt& t) { fs::create_directories(t.at("c/0/004/400")); }, "job-unexpected"},
      {"a file more in a job", added(first + "extra", "x"), "file-unexpected", "", "extra"},
      {"a directory more in a job", added(first + "extra/x", "x"), "file-unexpected", "", "extra"},
      {"a second data file", added(first + "data.json.gz", gzipped("{}")), "file-unexpected"},
      {"a file more in a cluster", added("c/extra", "x"), "file-unexpected", "", "extra"},
      {"a file more in the root", added("extra", "x"), "file-unexpected", "", "extra"},
      {"a file between the levels", added("c/0/extra", "x"), "file-unexpected", "", "extra"},
      {"an empty directory between the levels", [](const Spoilt& t) { fs::create_directories(t.at("c/7")); },
       "file-unexpected"},
      {"a cluster more", added("d/cluster.json", "{}"), "file-unexpected", "", "d"},
      {"a cluster lost", gone("c"), "cluster-missing"},
      {"a stale version.txt", added("version.txt", "2\n"), "version-wrong"},
      {"a version.txt without line break", added("version.txt", "3"), "version-wrong"},
      {"no version.txt", gone("version.txt"), "version-wrong"},
      {"the marker", added("jobferry.unfinished", "x"), "marker-left"},
      {"a carried file altered", added(first + "notes.txt", "nodes"), "bytes-changed", "", "notes.txt"},
      {"a carried file of the root altered", added("compress.txt", "21"), "bytes-changed", "",
       "compress.txt"},
      {"a carried file lost", gone("c/README"), "file-missing", "", "README"},
      {"a meta.json lost", gone(meta1), "file-missing", "", "meta.json"},
      {"a data file lost", gone(data1), "file-missing", "", "data.json"},
      {"a cluster.json lost", gone("c/cluster.json"), "file-missing", "", "cluster.json"},
      {"another mtime", [](const Spoilt& t) { touch(t, data1); }, "attributes-changed", "", "data.json"},
      {"another mtime of meta.json", [](const Spoilt& t) { touch(t, meta1); }, "attributes-changed", "",
       "meta.json"},
      {"another mode", [](const Spoilt& t) { fs::permissions(t.at(meta1), fs::owner_read); },
       "attributes-changed", "", "meta.json"},
      {"another mode of a directory", [](const Spoilt& t) { fs::permissions(t.at(first), fs::owner_all); },
       "attributes-changed"},
  };
}

class Altered : public testing::Test {
 protected:
  Altered() {
    write_tree(source_, rich_archive());
    Options options;
    options.accept_bad = true;
    options.data = DataMode::copy;  // so an alteration of the target does not change the source
    const Summary summary = run(source_, clean_, 3, options);
    EXPECT_TRUE(summary.finalized) << summary_text({}, summary);
  }

  // A copy of the target, with its times.
  std::string fresh(std::size_t number) const {
    const std::string root = temp_.path(fmt::format("target{}", number));
    EXPECT_EQ(std::system(fmt::format("cp -a '{}' '{}'", clean_, root).c_str()), 0);
    return root;
  }

  TempDir temp_;
  const std::string source_ = temp_.path("source"), clean_ = temp_.path("clean");
};

TEST_F(Altered, NothingIsFoundWithoutAlteration) {
  const VerifyResult result = verified(source_, fresh(0));
  EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
  EXPECT_EQ(result.bad.size(), 1U);
  EXPECT_EQ(result.skipped.size(), 1U);
  for (const std::string rule : {"U",   "R1", "R2", "R3", "R4", "R6", "M3", "M6", "M7", "M8", "M9", "M10",
                                 "M11", "D2", "D3", "D4", "D6", "C2", "C3", "C4", "C5", "C7", "C8", "C9"})
    EXPECT_TRUE(result.changes.contains(rule)) << rule;
}

TEST_F(Altered, EachIsFound) {
  std::vector<Alteration> all = data_alterations();
  for (const auto& more : {meta_alterations(), cluster_alterations(), tree_alterations()})
    all.insert(all.end(), more.begin(), more.end());
  std::size_t number = 0;
  for (const Alteration& alteration : all) {
    const std::string target = fresh(++number);
    alteration.spoil(Spoilt(target));
    VerifyOptions options;
    options.to = 3;
    const VerifyResult result = verified(source_, target, options);
    EXPECT_EQ(result.outcome, VerifyOutcome::differs) << alteration.name;
    const auto is_it = [&](const Difference& finding) {
      return finding.kind == alteration.kind && finding.pointer == alteration.pointer &&
             (alteration.file.empty() || finding.file == alteration.file);
    };
    EXPECT_TRUE(std::any_of(result.found.begin(), result.found.end(), is_it)) << alteration.name << '\n'
                                                                              << words(result);
  }
}

// Every byte of a target matters: one is changed or removed. In rewritten .gz files only the content matters,
// so they are left out.
TEST_F(Altered, AnyByteIsFound) {
  constexpr std::size_t stride = 11;
  const std::string target = fresh(0);
  const Spoilt spoilt(target);
  for (const auto& [path, content] : read_tree(target)) {
    if (path.ends_with(".gz")) continue;
    for (std::size_t at = path.size() % stride; at < content.size(); at += stride) {
      std::string other = content, shorter = content;
      other[at] = static_cast<char>(other[at] ^ 1);
      shorter.erase(at, 1);
      for (const std::string& wrong : {other, shorter}) {
        spoilt.put(path, wrong);
        EXPECT_EQ(verified(source_, target).outcome, VerifyOutcome::differs)
            << path << " byte " << at << ": " << wrong;
      }
    }
    spoilt.put(path, content);
  }
  EXPECT_EQ(verified(source_, target).outcome, VerifyOutcome::agrees);
}

// The source has random changes. Engine and verify must agree on which jobs are bad, and on the other jobs.
TEST(Sources, WithRandomChangesAreJudgedTheSame) {
  const Tree sound = rich_archive();
  std::mt19937_64 random(5);
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  constexpr std::string_view bytes = "0123456789.eE+-\"\\{}[],: \n\tnulltrueNaN\x01\xc3\xff";
  // A higher number searches for hours.
  const std::size_t rounds = std::getenv("VERIFY_ROUNDS") ? std::stoul(std::getenv("VERIFY_ROUNDS")) : 200;
  for (std::size_t round = 0; round < rounds; ++round) {
    Tree source = sound;
    for (const std::string& path : {meta1, data1, third + "meta.json", third + "data.json"}) {
      std::string& content = source[path];
      for (std::size_t changes = 1 + below(2); changes > 0; --changes) {
        const std::size_t at = below(content.size());
        if (below(3) == 0)
          content.erase(at, 1 + below(4));
        else
          content[at] = bytes[below(bytes.size())];
      }
    }
    const TempDir temp;
    write_tree(temp.path("source"), source);
    Options options;
    options.accept_bad = true;
    const Summary summary = run(temp.path("source"), temp.path("target"), 3, options);
    const VerifyResult result = verified(temp.path("source"), temp.path("target"));
    EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result) << source.at(meta1) << source.at(data1);
    EXPECT_EQ(result.bad.size(), summary.bad.size());
    if (testing::Test::HasFailure()) break;
  }
}

TEST(Unread, AlterationsOfDataAreFound) {
  const std::vector<Alteration> all = {
      {"a digit", text(in_job(1, "data.json"), "1.0]", "1.1]"), "bytes-changed"},
      {"a line break", text(in_job(1, "data.json"), "1.0]", "1.0]\n"), "bytes-changed"},
      {"a .gz", [](const Spoilt& t) { t.put(in_job(2, "data.json.gz"), gzipped("{}")); }, "bytes-changed"},
      {"another .gz of the same",
       [](const Spoilt& t) { t.put(in_job(2, "data.json.gz"), gzipped("") + gzipped(plain_data(1))); },
       "bytes-changed"},
      {"a .gz in the place of another content",
       [](const Spoilt& t) {
         t.remove(in_job(1, "data.json"));
         t.put(in_job(1, "data.json.gz"), gzipped("{}"));
       },
       "bytes-changed"}};
  for (const Alteration& alteration : all) {
    const TempDir temp;
    write_tree(temp.path("source"),
               plain_archive(1) + Tree{{in_job(2, "meta.json"), meta_of(1, 2)},
                                       {in_job(2, "data.json.gz"), gzipped(plain_data(1))}});
    Options options;
    options.data = DataMode::copy;
    run(temp.path("source"), temp.path("target"), 3, options);
    EXPECT_EQ(verified(temp.path("source"), temp.path("target")).outcome, VerifyOutcome::agrees);
    alteration.spoil(Spoilt(temp.path("target")));
    const VerifyResult result = verified(temp.path("source"), temp.path("target"));
    EXPECT_TRUE(result.findings.contains(alteration.kind)) << alteration.name << '\n' << words(result);
  }
}

TEST(Given, CompressionIsCounted) {
  for (const Compression compress : {Compression::gzip, Compression::none}) {
    for (const int from : {0, 1}) {
      const TempDir temp;
      corpus::make_archive(temp.path("source"), shape_of(from, 3, false));
      Options options;
      options.compress = compress;
      options.compress_level = CompressLevel::fast;
      run(temp.path("source"), temp.path("target"), 3, options);
      const VerifyResult result = verified(temp.path("source"), temp.path("target"));
      EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
      EXPECT_GT(result.changes.at("compress"), 0U);
    }
  }
}

TEST(Given, AnAggregationIsExplainedByItsOption) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(1));
  Options options;
  options.overrides = {{"c", "cpu_load", "sum"}};
  run(temp.path("source"), temp.path("target"), 3, options);
  const VerifyResult without = verified(temp.path("source"), temp.path("target"));
  EXPECT_EQ(without.findings.at("value-changed"), 1U) << words(without);
  VerifyOptions given;
  given.overrides = options.overrides;
  const VerifyResult with = verified(temp.path("source"), temp.path("target"), given);
  EXPECT_EQ(with.outcome, VerifyOutcome::agrees) << words(with);
  EXPECT_EQ(with.changes.at("C3-override"), 1U);
}

TEST(Given, LinksAreFollowedAsTheMigrationDid) {
  const TempDir temp;
  place(temp.path("source"),
        plain_archive(1) + Tree{{"d/cluster.json", replaced(plain_cluster(1), "\"c\"", "\"d\"")},
                                {in_job(2, "meta.json"), meta_of(1, 2)},
                                {in_job(2, "data.json"), "-> ../../001/100/data.json"}});
  Options options;
  options.follow_symlinks = true;
  ASSERT_EQ(run(temp.path("source"), temp.path("target"), 3, options).outcome, Outcome::complete);
  VerifyOptions given;
  EXPECT_EQ(verified(temp.path("source"), temp.path("target"), given).findings.at("job-unexpected"), 1U);
  given.follow_symlinks = true;
  const VerifyResult result = verified(temp.path("source"), temp.path("target"), given);
  EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
}

// X11: a run that does not read a data file cannot leave out its job because of it.
TEST(Given, AJobThatIsBadUnreadIsMissingUnlessDataWasChecked) {
  const TempDir temp;
  write_tree(temp.path("source"),
             plain_archive(1) + Tree{{in_job(2, "meta.json"), meta_of(1, 2)},
                                     {in_job(2, "data.json"), data_with(1, R"(["n/a"])")}});
  Options options;
  options.accept_bad = true;
  for (const bool check : {true, false}) {
    options.check_data = check;
    const std::string target = temp.path(check ? "checked" : "unread");
    run(temp.path("source"), target, 3, options);
    VerifyOptions given;
    given.check_data = check;
    const VerifyResult result = verified(temp.path("source"), target, given);
    EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
    EXPECT_EQ(result.bad.size(), check ? 1U : 0U);
    given.check_data = !check;
    const VerifyResult other = verified(temp.path("source"), target, given);
    EXPECT_EQ(other.findings.count(check ? "job-missing" : "job-unexpected"), 1U) << words(other);
  }
}

// X13: an unfinished target is a finding, and its jobs are still checked.
TEST(Given, AnUnfinishedTargetIsChecked) {
  const TempDir temp;
  write_tree(temp.path("source"), rich_archive());
  run(temp.path("source"), temp.path("target"), 3);
  const VerifyResult result = verified(temp.path("source"), temp.path("target"));
  const std::map<std::string, std::uint64_t, std::less<>> expected = {{"marker-left", 1}};
  EXPECT_EQ(result.findings, expected) << words(result);
  EXPECT_EQ(result.source.jobs, 3U);
}

// The marker contains the version that the target will have.
TEST(Given, AnUnfinishedTargetOfAnotherVersionThanTheNewest) {
  const TempDir temp;
  for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 2), std::pair(3, 2)}) {
    const std::string source = temp.path(fmt::format("source{}", from));
    const std::string target = temp.path(fmt::format("target{}", from));
    write_tree(source, plain_archive(from) + Tree{{in_job(2, "meta.json"), "{"}});
    ASSERT_EQ(run(source, target, to).outcome, Outcome::bad_jobs);
    const VerifyResult result = verified(source, target);
    const std::map<std::string, std::uint64_t, std::less<>> expected = {{"marker-left", 1}};
    EXPECT_EQ(result.findings, expected) << words(result);
    EXPECT_EQ(result.to, to);
    EXPECT_EQ(result.source.jobs, 1U);
  }
}

// A later jobferry has begun this target. There are no rules for its version.
TEST(Given, AnUnfinishedTargetOfALaterVersion) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0));
  run(temp.path("source"), temp.path("target"), newest_version);
  boost::filesystem::remove(temp.path("target/version.txt"));
  write_file(temp.path("target/jobferry.unfinished"),
             marker_text({newest_version + 6, std::string(32, 'a')}));
  const VerifyResult result = verified(temp.path("source"), temp.path("target"));
  const std::map<std::string, std::uint64_t, std::less<>> expected = {{"marker-left", 1}};
  EXPECT_EQ(result.findings, expected) << words(result);
  EXPECT_EQ(result.to, newest_version);
}

// After a step down from version 3, only version.txt distinguishes versions 2 and 1.
TEST(Given, TheVersionThatTheTargetMustHave) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(3));
  run(temp.path("source"), temp.path("target"), 2);
  VerifyOptions options;
  options.to = 2;
  EXPECT_EQ(verified(temp.path("source"), temp.path("target"), options).outcome, VerifyOutcome::agrees);
  write_file(temp.path("target/version.txt"), "1\n");
  const VerifyResult other = verified(temp.path("source"), temp.path("target"), options);
  EXPECT_EQ(other.findings.count("version-wrong"), 1U) << words(other);
}

// If an option selects nothing, nothing would be compared, so that is an error.
TEST(Given, NothingToCompareIsAnError) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(1));
  run(temp.path("source"), temp.path("target"), 3);
  const auto reason = [&](const std::function<void(VerifyOptions&)>& ask, const std::string& target) {
    VerifyOptions options;
    ask(options);
    const VerifyResult result = verified(temp.path("source"), temp.path(target), options);
    EXPECT_EQ(result.outcome, VerifyOutcome::failed);
    return result.errors.empty() ? std::string() : result.errors[0].what;
  };
  const auto expect = [&](const std::string& words, const std::function<void(VerifyOptions&)>& ask) {
    EXPECT_NE(reason(ask, "target").find(words), std::string::npos) << reason(ask, "target");
  };
  expect("has a cluster nosuch", [](VerifyOptions& o) { o.cluster = "nosuch"; });
  expect("has a job c/2", [](VerifyOptions& o) { o.cluster = "c", o.job = 2; });
  expect("no folder nosuch/0/001", [](VerifyOptions& o) { o.from = "nosuch/0/001"; });
  expect("no folder c/0/001/100", [](VerifyOptions& o) { o.from = "c/0/001/100"; });
  expect("no job from there on", [](VerifyOptions& o) { o.from = "c/9/001"; });
  expect("no job is in so small a share", [](VerifyOptions& o) { o.sample = 0.0001; });
  expect("no metric nope", [](VerifyOptions& o) { o.overrides = {{"", "nope", "sum"}}; });
  expect("no cluster d", [](VerifyOptions& o) { o.overrides = {{"d", "cpu_load", "sum"}}; });
  EXPECT_NE(reason([](VerifyOptions&) {}, "source").find("it is the source"), std::string::npos);
}

// D4: statistics have the fewest digits, even if a double is an integer beyond 2^53.
TEST(Given, LargeStatisticsInTheFewestDigits) {
  const TempDir temp;
  Tree tree = plain_archive(0);
  tree[in_job(1, "data.json")] =
      R"({"cpu_load":{"node":{"unit":"","timestep":60,"series":[{"hostname":"n1","data":[9223372036854775807,100000000000000016]}]}}})";
  write_tree(temp.path("source"), tree);
  ASSERT_EQ(run(temp.path("source"), temp.path("target"), 1).outcome, Outcome::complete);
  const VerifyResult result = verified(temp.path("source"), temp.path("target"));
  EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
  const std::string file = temp.path("target/" + in_job(1, "data.json"));
  const std::string text = read_file(file);
  write_file(file, replaced(text, "\"max\":9223372036854776000", "\"max\":9223372036854775808"));
  const VerifyResult other = verified(temp.path("source"), temp.path("target"));
  EXPECT_EQ(other.findings.count("value-changed"), 1U) << words(other);
}

// X1: a name that stays keeps its text, even if its value is replaced.
TEST(Given, NamesWithEscapes) {
  const TempDir temp;
  const auto check = [&](int from, int to, const std::string& member) {
    Tree tree = plain_archive(from);
    std::string& meta = tree[in_job(1, "meta.json")];
    meta = replaced(meta, from == 3 ? R"("shared":"none")" : R"("exclusive":1)", member);
    ASSERT_NE(meta.find(member), std::string::npos);
    const std::string source = temp.path(fmt::format("source{}", from));
    const std::string target = temp.path(fmt::format("target{}", from));
    write_tree(source, tree);
    ASSERT_EQ(run(source, target, to).outcome, Outcome::complete);
    const VerifyResult result = verified(source, target);
    EXPECT_EQ(result.outcome, VerifyOutcome::agrees) << words(result);
    const std::string name = member.substr(0, member.find(':'));
    EXPECT_NE(read_file(target + '/' + in_job(1, "meta.json")).find(name), std::string::npos);
  };
  check(2, 3, R"("s\u0068ared":null)");
  check(3, 2, R"("excl\u0075sive":null)");
}

// The migration may have read a file that verify cannot read, so that does not explain a missing job.
TEST(Given, AnUnreadableFileExplainsNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give up its rights for a while";
  constexpr uid_t nobody = 65534;
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0) + Tree{{in_job(2, "meta.json"), meta_of(0, 2)},
                                                          {in_job(2, "data.json"), plain_data(0)}});
  run(temp.path("source"), temp.path("target"), 3);
  ::chmod(temp.path("").c_str(), 0755);
  for (const char* file : {"meta.json", "data.json"}) {
    const std::string closed = temp.path("source/" + in_job(2, file));
    ::chmod(closed.c_str(), 0);
    boost::filesystem::remove_all(temp.path("target/" + in_job(2, "")));
    ASSERT_EQ(::seteuid(nobody), 0);
    const VerifyResult result = verified(temp.path("source"), temp.path("target"));
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(result.findings.at("unreadable"), 1U) << words(result);
    ::chmod(closed.c_str(), 0644);
  }
}

// Section 9: only data files may be hard links to the source.
TEST(Given, OtherFilesMustNotBeLinks) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(3) + Tree{{"c/notes", "x"}});
  run(temp.path("source"), temp.path("target"), 2);
  for (const char* path : {"c/notes", "c/cluster.json"}) {
    boost::filesystem::remove(temp.path("target/") + path);
    boost::filesystem::create_hard_link(temp.path("source/") + path, temp.path("target/") + path);
  }
  const VerifyResult result = verified(temp.path("source"), temp.path("target"));
  EXPECT_EQ(result.findings.at("attributes-changed"), 2U) << words(result);
}

TEST(Given, OtherDirectoriesAreErrors) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(0));
  write_tree(temp.path("empty"), {{"x", ""}});
  EXPECT_EQ(verified(temp.path("empty"), temp.path("source")).outcome, VerifyOutcome::failed);
  EXPECT_EQ(verified(temp.path("source"), temp.path("nothing")).outcome, VerifyOutcome::failed);
  EXPECT_EQ(verified(temp.path("source"), temp.path("empty")).outcome, VerifyOutcome::differs);
}

// An archive of some size, and a target with many alterations.
class Damaged : public testing::Test {
 protected:
  void SetUp() override {
    corpus::Shape shape = shape_of(0, 7, true);
    shape.jobs = 150;
    corpus::make_archive(source_, shape);
    Options options;
    options.accept_bad = true;
    run(source_, target_, 3, options);
    std::size_t number = 0;
    for (const auto& [path, content] : read_tree(target_)) {
      if (path.ends_with("meta.json") && ++number % 5 == 0) write_file(target_ + '/' + path, content + ' ');
      if (path.ends_with("data.json") && number % 7 == 0) fs::remove(target_ + '/' + path);
    }
    write_tree(target_, {{"aspen/1/002/3/meta.json", "{}"}, {"zebra/1/002/3/meta.json", "{}"}});
  }

  TempDir temp_;
  const std::string source_ = temp_.path("source"), target_ = temp_.path("target");
};

TEST_F(Damaged, IsTheSameForAnyNumberOfThreads) {
  for (const std::size_t most : {5U, 1000U}) {
    VerifyOptions options;
    options.most_findings = most;
    options.threads = 1;
    const VerifyResult one = verified(source_, target_, options);
    EXPECT_EQ(one.outcome, VerifyOutcome::differs);
    EXPECT_LE(one.found.size(), most);
    for (const unsigned threads : {2U, 8U}) {
      options.threads = threads;
      const VerifyResult many = verified(source_, target_, options);
      EXPECT_EQ(verify_text(options, one), verify_text(options, many));
      EXPECT_EQ(verify_json(options, one), verify_json(options, many));
    }
  }
}

std::string all_of(const Difference& finding) {
  return fmt::format("{} {} {} {} {} {} {}", finding.subject, finding.file, finding.pointer, finding.kind,
                     finding.rule, finding.source, finding.target);
}

std::set<std::string> found_in(const VerifyResult& result) {
  std::set<std::string> all;
  for (const Difference& finding : result.found) all.insert(all_of(finding));
  return all;
}

// Runs that stop after some jobs and continue find together what one run finds, except for totals of a
// cluster, which need a complete run.
TEST_F(Damaged, PartsTogetherFindEverything) {
  const VerifyResult whole = verified(source_, target_);
  std::set<std::string> expected = found_in(whole), found;
  std::erase_if(expected, [](const std::string& line) {
    return line.find("-id-differs") != line.npos || line.find("-time-differs") != line.npos ||
           line.find("-count-differs") != line.npos;
  });
  VerifyOptions options;
  options.source = source_;
  options.target = target_;
  options.threads = 2;
  std::size_t parts = 0;
  do {
    Progress progress;
    std::atomic<bool> stop{false};
    Listener listener;
    listener.progress = &progress;
    listener.stop = &stop;
    std::jthread stopper([&](const std::stop_token& done) {
      while (!done.stop_requested() && progress.jobs < 20) std::this_thread::yield();
      stop = true;
    });
    const VerifyResult part = verify(options, listener);
    stopper.request_stop();
    ASSERT_NE(part.resume_from, options.from);
    found.merge(found_in(part));
    options.from = part.resume_from;
    ASSERT_LT(++parts, 1000U);
  } while (!options.from.empty());
  EXPECT_GT(parts, 1U);
  EXPECT_EQ(found, expected);
}

// After all jobs of the source, a run continues with jobs that only the target has.
TEST_F(Damaged, ContinuesWithJobsOfTheTarget) {
  VerifyOptions options;
  options.from = "target:birch/0/000";
  const VerifyResult result = verified(source_, target_, options);
  EXPECT_EQ(result.source.jobs, 0U);
  EXPECT_EQ(result.findings.at("job-unexpected"), 1U) << words(result);  // in zebra, after birch
}

TEST_F(Damaged, ASampleIsTheSameEachTime) {
  VerifyOptions options;
  options.sample = 30;
  const VerifyResult sample = verified(source_, target_, options);
  const VerifyResult whole = verified(source_, target_);
  EXPECT_EQ(verify_text(options, sample), verify_text(options, verified(source_, target_, options)));
  EXPECT_FALSE(sample.complete);
  EXPECT_GT(sample.source.jobs, whole.source.jobs / 10);
  EXPECT_LT(sample.source.jobs, whole.source.jobs * 6 / 10);
  options.seed = 1;
  EXPECT_NE(verify_text(options, sample), verify_text(options, verified(source_, target_, options)));

  VerifyOptions one;
  one.cluster = "birch";
  const VerifyResult birch = verified(source_, target_, one);
  EXPECT_EQ(birch.source_ends.size(), 1U);
  EXPECT_EQ(birch.source.jobs, whole.source_ends.at("birch").jobs);
  one.job = whole.source_ends.at("birch").highest_job;
  EXPECT_EQ(verified(source_, target_, one).source.jobs, 1U);
}

}  // namespace

}  // namespace jobferry::test
