#include "jobferry/validate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <sys/stat.h>

#include <atomic>
#include <functional>
#include <map>
#include <set>

#include "bad_jobs.h"
#include "corpus/corpus.h"
#include "forwarding.h"
#include "info/info_with.h"
#include "jobferry/step.h"
#include "json/document.h"
#include "reports.h"
#include "schema_validator.h"
#include "trial.h"
#include "validate/schema_walk.h"
#include "validate/validate_with.h"

namespace jobferry::test {

namespace {

constexpr int versions = newest_version + 1;

ValidateOptions options_for(const std::string& archive, unsigned threads = 2) {
  ValidateOptions options;
  options.archive = archive;
  options.threads = threads;
  options.now = 2'000'000'000;
  return options;
}

// A line for each group, such as `unit-unknown c/0/001/100 data.json /cpu_load/node/unit`. A number of places
// other than one follows as `x5`.
std::string findings_of(const ValidateResult& result) {
  std::string out;
  for (const FindingGroup& group : result.findings) {
    out += std::string(group.kind->word);
    for (const std::string& part :
         {group.rule, group.examples[0].subject, group.examples[0].file, group.examples[0].pointer})
      if (!part.empty()) out += ' ' + part;
    if (group.count != 1) out += fmt::format(" x{}", group.count);
    out += '\n';
  }
  for (const Error& error : result.errors) out += describe(error) + '\n';
  return out;
}

ValidateResult validated(const Tree& tree, ValidateOptions options = options_for("")) {
  TempDir temp;
  place(temp.path("archive"), tree);
  options.archive = temp.path("archive");
  const Tree before = snapshot(options.archive);
  ValidateResult result = validate(options, {});
  EXPECT_EQ(difference(before, snapshot(options.archive)), "") << "the archive was changed";
  return result;
}

struct Fault {
  const char* name;
  int first, last;  // versions
  std::function<Tree(int version)> tree;
  std::string findings;  // all of them
  std::uint64_t max_file_size = 0xFFFFFFFF;
};

const std::string job = "c/0/001/100";

using Change = std::function<Tree(int)>;

Change in_file(const std::string& path, const std::string& what, const std::string& by) {
  return [=](int version) {
    Tree tree = plain_archive(version);
    const std::string text = replaced(tree.at(path), what, by);
    EXPECT_NE(text, tree.at(path)) << what << " does not exist";
    tree[path] = text;
    return tree;
  };
}
Change meta(const std::string& what, const std::string& by) { return in_file(job + "/meta.json", what, by); }
Change data(const std::string& what, const std::string& by) { return in_file(job + "/data.json", what, by); }
Change cluster(const std::string& what, const std::string& by) { return in_file("c/cluster.json", what, by); }
Change metas_end(const std::string& members) {
  return meta(R"("statistics":{},)", R"("statistics":{},)" + members);
}

Change with(const Tree& more) {
  return [=](int version) { return plain_archive(version) + more; };
}
Change without(const std::string& path) {
  return [=](int version) {
    Tree tree = plain_archive(version);
    EXPECT_EQ(tree.erase(path), 1U);
    return tree;
  };
}
Change instead(const std::string& path, const std::string& other,
               const std::function<std::string(int)>& content) {
  return [=](int version) {
    Tree tree = plain_archive(version);
    tree.erase(path);
    tree[other] = content(version);
    return tree;
  };
}
Change gz(const std::function<std::string(const std::string&)>& change) {
  return instead(job + "/data.json", job + "/data.json.gz",
                 [=](int version) { return change(gzipped(plain_data(version))); });
}

std::string at_meta(const std::string& kind, const std::string& pointer = "") {
  return kind + " c/0/001/100 meta.json" + (pointer.empty() ? "" : " " + pointer) + '\n';
}
std::string at_data(const std::string& kind, const std::string& pointer = "") {
  return kind + " c/0/001/100 data.json" + (pointer.empty() ? "" : " " + pointer) + '\n';
}
std::string at_gz(const std::string& kind) { return kind + " c/0/001/100 data.json.gz\n"; }
std::string at_cluster(const std::string& kind, const std::string& pointer = "") {
  return kind + " c cluster.json" + (pointer.empty() ? "" : " " + pointer) + '\n';
}

const std::string node = "/cpu_load/node", series = node + "/series/0";
const std::string deep = std::string(1100, '[') + std::string(1100, ']');

std::string zeros(int count) {
  std::string pointer;
  while (count-- > 0) pointer += "/0";
  return pointer;
}

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      // Files that cannot be read
      {"MetaSyntax", 0, newest_version, meta("{", "{,"), at_meta("json-syntax")},
      {"DataTrailing", 0, newest_version, data("}}}", "}}}x"), at_data("json-syntax")},
      {"DataUtf8", 0, newest_version, data("n1", "n\xff"), at_data("utf8-invalid", series + "/hostname")},
      {"MetaUtf8", 0, newest_version, meta(R"("u")", "\"\xff\""), at_meta("utf8-invalid", "/user")},
      {"MetaDeep", 0, newest_version, metas_end(R"("more":)" + deep + ","), at_meta("nesting-too-deep", "/more" + zeros(1023))},
      {"DataElement", 0, newest_version, data("null", R"("n/a")"), at_data("data-element", series + "/data/1")},
      {"DataDuplicate", 0, newest_version, data(R"("timestep":60)", R"("timestep":60,"timestep":60)"),
       at_data("duplicate-member", node + "/timestep")},
      {"MetaDuplicate", 0, newest_version, meta(R"("user":"u")", R"("user":"u","user":"v")"),
       at_meta("duplicate-member", "/user")},
      {"MetaDuplicateIdentity", 0, newest_version, meta(R"("jobId":1)", R"("jobId":1,"jobId":1)"),
       at_meta("duplicate-member", "/jobId")},
      {"DuplicateBesideAWarning", 0, 0,
       meta(R"("statistics":{})",
            R"("statistics":{"a":{"unit":"foo","unit":"foo","min":1,"avg":2,"max":3}})"),
       at_meta("duplicate-member", "/statistics/a/unit") + at_meta("unit-unknown", "/statistics/a/unit")},
      {"MetaDataMayRepeat", 0, newest_version, metas_end(R"("metaData":{"a":"1","a":"2"},)"), ""},
      {"GzipSound", 0, newest_version, gz([](const std::string& s) { return s; }), ""},
      {"GzipTruncated", 0, newest_version, gz([](const std::string& s) { return s.substr(0, 30); }), at_gz("gzip-truncated")},
      {"GzipCorrupt", 0, newest_version, gz([](const std::string&) { return "not gzip"; }), at_gz("gzip-corrupt")},
      {"GzipTrailing", 0, newest_version, gz([](const std::string& s) { return s + "x"; }), at_gz("gzip-trailing")},
      {"GzipOfNothing", 0, newest_version, gz([](const std::string&) { return gzipped(""); }), at_gz("empty-file")},
      {"DataTooLarge", 0, newest_version, data("}}}", "}}}" + std::string(5000, ' ')), at_data("file-too-large"), 4000},
      {"DataIsALink", 0, newest_version, with({{in_job(1, "data.json"), "-> meta.json"}}), at_data("not-a-regular-file")},
      {"DataEmpty", 0, newest_version, with({{in_job(1, "data.json"), ""}}), at_data("empty-file")},
      {"MetaEmpty", 0, newest_version, with({{in_job(1, "meta.json"), ""}}), at_meta("empty-file")},
      {"MetaMissing", 0, newest_version, without(job + "/meta.json"), at_meta("no-meta-file")},

      // Entries of the archive
      {"HiddenDirectory", 0, newest_version, with({{".backup/x", ""}}), "root-directory .backup\n"},
      {"LostAndFound", 0, newest_version, with({{"lost+found/", ""}}), "root-directory lost+found\n"},
      {"StrayFile", 0, newest_version, with({{"c/0/notes", "x"}}), "stray-file c/0/notes\n"},
      {"StrayLink", 0, newest_version, with({{"c/0/002", "-> 001"}}), "stray-file c/0/002\n"},
      {"ForeignDirectory", 0, newest_version, with({{"c/0/001/200/notes", "x"}}), "foreign-directory c/0/001/200\n"},
      {"StrayEntry", 0, newest_version, with({{"c/0/001/notes", "x"}}), "stray-entry c/0/001/notes\n"},
      {"StrayEntries", 0, newest_version,
       with({{"link", "-> c"}, {"c/pipe", fifo}, {"c/1/", ""}, {"c/0/002/", ""}, {in_job(1, "more/"), ""}}),
       "stray-entry c/0/001/100 more x5\n"},
      {"CarriedFiles", 0, newest_version, with({{"notes", "x"}, {"c/notes", "x"}, {in_job(1, "notes"), "x"}}), ""},
      {"ClusterMissing", 1, newest_version, without("c/cluster.json"), at_cluster("cluster-bad")},
      {"ClusterSyntax", 0, newest_version, cluster("{", "{,"), at_cluster("cluster-bad")},
      {"ClusterName", 0, newest_version, cluster(R"("name":"c")", R"("name":"d")"), at_cluster("cluster-bad", "/name")},
      {"ClusterTimestep", 0, newest_version, cluster(R"("timestep":60)", R"("timestep":0)"),
       at_cluster("cluster-bad", "/metricConfig/0/timestep")},
      {"ClusterNodes", 0, newest_version, cluster(R"("nodes":"*")", R"("nodes":"n[1")"),
       at_cluster("cluster-bad", "/subClusters/0/nodes")},
      {"ClusterIsADirectory", 1, newest_version,
       [](int version) {
         Tree tree = plain_archive(version) + Tree{{"c/cluster.json/", ""}};
         tree.erase("c/cluster.json");
         return tree;
       },
       at_cluster("cluster-bad")},
      {"ClusterNumbers", 0, newest_version,
       cluster(R"("topology":{"node":[0])",
               R"("socketsPerNode":"2","coresPerSocket":1.5,"threadsPerCore":null,"processorType":7,"topology":{"node":"0-3","core":[[0],["1"]],"socket":[[0,1]])"),
       "schema type /subClusters/*/coresPerSocket c cluster.json /subClusters/0/coresPerSocket\n"
       "schema type /subClusters/*/processorType c cluster.json /subClusters/0/processorType\n"
       "schema type /subClusters/*/socketsPerNode c cluster.json /subClusters/0/socketsPerNode\n"
       "schema type /subClusters/*/topology/core/*/* c cluster.json /subClusters/0/topology/core/1/0\n"
       "schema type /subClusters/*/topology/node c cluster.json /subClusters/0/topology/node\n"},
      {"ClusterTimestepBeyond64Bits", 0, newest_version, cluster(R"("timestep":60)", R"("timestep":9223372036854775808)"),
       "schema maximum /metricConfig/*/timestep c cluster.json /metricConfig/0/timestep\n" +
           at_data("timestep-differs", node + "/timestep")},
      {"PeakOfSubCluster", 0, newest_version,
       cluster(R"("peak":4,)", R"("peak":4,"subClusters":[{"name":"main","peak":"4"}],)"),
       "schema type /metricConfig/*/subClusters/*/peak c cluster.json /metricConfig/0/subClusters/0/peak\n"},
      {"VersionWithReturn", 1, newest_version,
       [](int version) {
         return plain_archive(version) + Tree{{"version.txt", fmt::format("{}\r\n", version)}};
       },
       "version-text version.txt\n"},
      {"VersionInTwoLines", 1, newest_version,
       [](int version) {
         return plain_archive(version) + Tree{{"version.txt", fmt::format("{}\n\n", version)}};
       },
       "version-text version.txt\n"},
      {"VersionWithoutNewline", 1, newest_version,
       [](int version) {
         return plain_archive(version) + Tree{{"version.txt", std::to_string(version)}};
       },
       ""},
      {"ClusterEmpty", 0, newest_version,
       [](int version) {
         return plain_archive(version) +
                Tree{{"d/cluster.json", replaced(plain_cluster(version), R"("name":"c")", R"("name":"d")")}};
       },
       "cluster-empty d\n"},
      {"ClusterSchema", 0, newest_version, cluster(R"("peak":4,)", ""),
       "schema required /metricConfig/*/peak c cluster.json /metricConfig/0/peak\n"},
      {"ClusterUnit", 0, 0, cluster(R"("load")", R"("bit/s")"),
       at_cluster("unit-unknown", "/metricConfig/0/unit")},
      {"ClusterUnitObject", 1, newest_version, cluster(R"({"base":"load"})", R"({"base":"bit/s"})"),
       at_cluster("unit-unknown", "/metricConfig/0/unit")},
      {"AggregationInvalid", 0, newest_version, cluster(R"("aggregation":"avg")", R"("aggregation":"median")"),
       at_cluster("aggregation-invalid", "/metricConfig/0/aggregation")},
      {"AggregationIsNoString", 1, newest_version, cluster(R"("aggregation":"avg")", R"("aggregation":true)"),
       "schema type /metricConfig/*/aggregation c cluster.json /metricConfig/0/aggregation\n" +
           at_cluster("aggregation-invalid", "/metricConfig/0/aggregation")},
      {"AggregationSuspicious", 0, newest_version, cluster(R"("aggregation":"avg")", R"("aggregation":"sum")"),
       at_cluster("aggregation-suspicious", "/metricConfig/0/aggregation")},

      // meta.json
      {"OtherJob", 0, newest_version, meta(R"("jobId":1)", R"("jobId":2)"), at_meta("identity-mismatch", "/jobId")},
      {"OtherStart", 0, newest_version, meta(R"("startTime":100)", R"("startTime":101)"),
       at_meta("identity-mismatch", "/startTime")},
      {"OtherCluster", 0, newest_version, meta(R"("cluster":"c")", R"("cluster":"d")"),
       at_meta("identity-mismatch", "/cluster")},
      {"NoCluster", 0, newest_version, meta(R"("cluster":"c",)", ""), at_meta("missing-member", "/cluster")},
      {"JobIdText", 0, newest_version, meta(R"("jobId":1)", R"("jobId":"1")"), at_meta("wrong-type", "/jobId")},
      {"JobIdLarge", 0, newest_version, meta(R"("jobId":1)", R"("jobId":9223372036854775808)"),
       at_meta("number-range", "/jobId")},
      {"NoDouble", 0, newest_version, metas_end(R"("energy_x":1e999,)"), at_meta("number-range", "/energy_x")},
      {"DataNoDouble", 0, newest_version, data("null", "1e999"), at_data("number-range", series + "/data")},
      {"DataManyDigits", 0, newest_version, data("null", "1" + std::string(309, '0')),
       at_data("number-range", series + "/data")},
      {"DataWithExponents", 0, newest_version, data("null", "1e-999 , 1e308,1E2"), ""},
      {"StatisticsNoDouble", 0, newest_version, data(R"("max":1)", R"("max":1e999)"),
       at_data("number-range", series + "/statistics/max")},
      {"Exclusive", 0, 2, meta(R"("exclusive":1)", R"("exclusive":3)"),
       at_meta("exclusive-invalid", "/exclusive")},
      {"Shared", 3, newest_version, meta(R"("shared":"none")", R"("shared":"both")"), at_meta("shared-invalid", "/shared")},
      {"Fraction", 0, newest_version, meta(R"("duration":60)", R"("duration":60.0)"), at_meta("integer-form", "/duration")},
      {"Exponent", 0, newest_version, metas_end(R"("walltime":3e3,)"), at_meta("integer-form", "/walltime")},
      {"TimestepFraction", 0, newest_version, data(R"("timestep":60)", R"("timestep":60.0)"),
       at_data("integer-form", node + "/timestep")},
      {"Beyond32Bits", 0, newest_version, meta(R"("duration":60)", R"("duration":2147483648)"),
       at_meta("integer-range", "/duration")},
      {"Within64Bits", 0, newest_version, metas_end(R"("walltime":9223372036854775807,)"), ""},
      {"Beyond64Bits", 0, newest_version, metas_end(R"("walltime":9223372036854775808,)"),
       at_meta("integer-range", "/walltime")},
      {"WhatServersHaveForIt", 0, newest_version,
       metas_end(
           R"("energyFootprint":{"cpu":"x"},"concurrentJobs":{"items":[3],"count":"x"},"tags":[{"id":"x","type":"t","name":"n","scope":"global"}],)"),
       "schema type /concurrentJobs/count c/0/001/100 meta.json /concurrentJobs/count\n"
       "schema type /concurrentJobs/items/* c/0/001/100 meta.json /concurrentJobs/items/0\n"
       "schema type /energyFootprint/* c/0/001/100 meta.json /energyFootprint/cpu\n"
       "schema type /tags/*/id c/0/001/100 meta.json /tags/0/id\n"},
      {"ResourceNumbers", 0, newest_version,
       meta(R"({"hostname":"n1"})",
            R"({"hostname":"n1","hwthreads":[9223372036854775808],"configuration":7})"),
       "schema maximum /resources/*/hwthreads/* c/0/001/100 meta.json /resources/0/hwthreads/0\n"
       "schema type /resources/*/configuration c/0/001/100 meta.json /resources/0/configuration\n"},
      {"ExclusiveIsNoMember", 3, newest_version, metas_end(R"("exclusive":1.0,)"), ""},
      {"NotIntegral", 0, newest_version, meta(R"("duration":60)", R"("duration":60.5)"),
       "schema type /duration c/0/001/100 meta.json /duration\n"},
      {"Canceled", 0, newest_version, meta("completed", "canceled"), at_meta("state-unknown", "/jobState")},
      {"Stopped", 3, newest_version, meta("completed", "stopped"), at_meta("state-unknown", "/jobState")},
      {"StoppedBefore", 0, 2, meta("completed", "stopped"), ""},
      {"NodeFail", 0, 2, meta("completed", "node_fail"), at_meta("state-unknown", "/jobState")},
      {"NodeFailAfter", 3, newest_version, meta("completed", "node_fail"), ""},
      {"NoSubCluster", 1, newest_version, meta(R"("subCluster":"main",)", ""), at_meta("subcluster-missing", "/subCluster")},
      {"EmptySubCluster", 1, newest_version, meta(R"("main")", R"("")"), at_meta("subcluster-missing", "/subCluster")},
      {"NoSubClusterBefore", 0, 0, meta(R"("subCluster":"main",)", ""), ""},
      {"UnknownSubCluster", 0, newest_version, meta(R"("main")", R"("gpu")"), at_meta("subcluster-unknown", "/subCluster")},
      {"FewResources", 0, newest_version, meta(R"("numNodes":1)", R"("numNodes":2)"),
       at_meta("resources-mismatch", "/resources")},
      {"NoResources", 0, newest_version, meta(R"({"hostname":"n1"})", ""), at_meta("resources-mismatch", "/resources")},
      {"NoUser", 0, newest_version, meta(R"("user":"u")", R"("user":"")"), at_meta("user-empty", "/user")},
      {"MetaDataNumber", 0, newest_version, metas_end(R"("metaData":{"a":"1","b":2},)"),
       at_meta("not-a-string", "/metaData/b")},
      {"TagNumber", 0, newest_version, metas_end(R"("tags":[{"type":"t","name":1,"scope":"global"}],)"),
       at_meta("not-a-string", "/tags/0/name")},
      {"TagTwice", 0, newest_version,
       metas_end(
           R"("tags":[{"type":"t","name":"n","scope":"a"},{"type":"t","name":"n","scope":"b"},{"type":"t","name":"n","scope":"a"}],)"),
       at_meta("duplicate-tag", "/tags/2")},
      {"TagWithoutScope", 2, newest_version, metas_end(R"("tags":[{"type":"t","name":"n"}],)"),
       "schema required /tags/*/scope c/0/001/100 meta.json /tags/0/scope\n"},
      {"HostTwice", 0, newest_version,
       [](int version) {
         return meta(R"("resources":[)", R"("resources":[{"hostname":"n1"},)")(version) +
                Tree{{in_job(1, "meta.json"),
                      replaced(replaced(plain_meta(version), R"("resources":[)",
                                        R"("resources":[{"hostname":"n1"},)"),
                               R"("numNodes":1)", R"("numNodes":2)")}};
       },
       at_meta("hostname-duplicate", "/resources/1/hostname")},
      {"HostEmpty", 0, newest_version, data(R"("n1")", R"("")"),
       at_data("hostname-empty", series + "/hostname") +
           at_data("series-mismatch", series + "/hostname")},
      {"StatisticNumber", 0, newest_version, meta(R"("statistics":{})", R"("statistics":{"a":1})"),
       at_meta("metric-unrecognised", "/statistics/a")},
      {"StatisticsOrder", 0, 0,
       meta(R"("statistics":{})", R"("statistics":{"a":{"unit":"W","min":2,"avg":1,"max":3}})"),
       at_meta("statistics-order", "/statistics/a")},
      {"StartsInTheFuture", 0, newest_version,
       [](int version) {
         const std::string folder = "c/0/001/3000000000/";
         const Tree plain = plain_archive(version);
         return Tree{{"c/cluster.json", plain_cluster(version)},
                     {folder + "meta.json", replaced(plain_meta(version), "100", "3000000000")},
                     {folder + "data.json", plain_data(version)}} +
                (version ? Tree{{"version.txt", plain.at("version.txt")}} : Tree{});
       },
       "start-time c/0/001/3000000000 meta.json /startTime\n"},
      {"LoneSurrogate", 0, newest_version, meta(R"("user":"u")", R"("user":"\ud83d\ude00\ud83d")"),
       at_meta("lone-surrogate", "/user")},

      // data.json
      {"MetricIsNumber", 0, newest_version, data("{\"cpu_load\"", R"({"x":1,"cpu_load")"), at_data("metric-unrecognised", "/x")},
      {"ScopeIsNumber", 0, newest_version, data(R"({"node")", R"({"core":1,"node")"),
       at_data("metric-unrecognised", "/cpu_load/core")},
      {"ScopeIsNull", 0, newest_version, data(R"({"node")", R"({"core":null,"node")"),
       at_data("scope-null", "/cpu_load/core")},
      {"TimestepUnknown", 0, 0, instead(job + "/data.json", job + "/data.json",
                                        [](int) { return R"({"x":{"node":{"unit":"W","series":[]}}})"; }),
       at_data("timestep-unknown", "/x/node/timestep") + at_data("metric-unknown", "/x") +
           at_data("series-mismatch", "/x/node/series")},
      {"MetricUnknown", 0, newest_version, data("cpu_load", "other"), at_data("metric-unknown", "/other")},
      {"ScopeUnknown", 0, newest_version, data(R"("node")", R"("die")"), at_data("scope-unknown", "/cpu_load/die")},
      {"TimestepDiffers", 0, newest_version, data(R"("timestep":60)", R"("timestep":30)"),
       at_data("timestep-differs", node + "/timestep")},
      {"SeriesOfOtherHost", 0, newest_version, data("n1", "n2"), at_data("series-mismatch", series + "/hostname")},
      {"DataLength", 0, newest_version,
       data(R"("series":[)",
            R"("series":[{"hostname":"n1","statistics":{"min":1,"avg":1,"max":1},"data":[ 1 , 2 ]},)"),
       at_data("series-mismatch", node + "/series") + at_data("data-length", node + "/series/1/data")},
      {"DataStatisticsOrder", 0, newest_version, data(R"("avg":1)", R"("avg":2)"),
       at_data("statistics-order", series + "/statistics")},
      {"DataUnit", 0, 0, data(R"("load")", R"("bit/s")"), at_data("unit-unknown", node + "/unit")},
      {"DataUnitPrefix", 1, newest_version, data(R"("load")", R"("W","prefix":"k")"), at_data("unit-unknown", node + "/unit")},
      {"DataUnitMissing", 1, newest_version, data(R"("unit":{"base":"load"},)", ""),
       "schema required /*/*/unit c/0/001/100 data.json /cpu_load/node/unit\n"},
      {"SeriesWithoutStatistics", 1, newest_version, data(R"("statistics":{"min":1,"avg":1,"max":1},)", ""),
       "schema required /*/*/series/*/statistics c/0/001/100 data.json " + series + "/statistics\n"},
      {"StatisticsSeries", 0, newest_version,
       data(R"("series":[)", R"("statisticsSeries":{"mean":[1],"min":[1],"max":[1e999]},"series":[)"),
       at_data("number-range", node + "/statisticsSeries/max")},
      {"BothDataFiles", 0, newest_version,
       [](int version) { return plain_archive(version) + Tree{{in_job(1, "data.json.gz"), gzipped(plain_data(version))}}; },
       at_data("two-data-files")},
      {"UnusedDataFileIsBad", 0, newest_version,
       [](int version) {
         return plain_archive(version) +
                Tree{{in_job(1, "data.json.gz"), gzipped(plain_data(version))}, {in_job(1, "data.json"), "x"}};
       },
       at_data("two-data-files")},
      {"BothDataFilesAreBad", 0, newest_version,
       [](int version) {
         return plain_archive(version) +
                Tree{{in_job(1, "data.json.gz"), "not gzip"}, {in_job(1, "data.json"), "x"}};
       },
       at_data("json-syntax") + at_gz("gzip-corrupt") + at_data("two-data-files")},
      {"TimestepBeyond64Bits", 0, newest_version, data(R"("timestep":60)", R"("timestep":9223372036854775808)"),
       "schema maximum /*/*/timestep c/0/001/100 data.json " + node + "/timestep\n" +
           at_data("timestep-differs", node + "/timestep")},
      {"NoDataFile", 0, newest_version, without(job + "/data.json"), at_data("no-data-file")},
  };
  return all;
}

std::string name_of_case(const Fault& fault, int version) {
  return fmt::format("{} in version {}", fault.name, version);
}

ValidateResult validated(const Fault& fault, int version) {
  ValidateOptions options = options_for("");
  options.max_file_size = fault.max_file_size;
  return validated(fault.tree(version), options);
}

}  // namespace

TEST(Validate, SoundArchivesHaveNoFindings) {
  for (int version = 0; version < versions; ++version) {
    const ValidateResult result = validated(plain_archive(version));
    EXPECT_EQ(findings_of(result), "") << version;
    EXPECT_TRUE(result.sound());
    EXPECT_EQ(result.version, version);
    EXPECT_EQ(result.total().jobs, 1U);
    EXPECT_EQ(result.total().files, 3U);
  }
}

TEST(Validate, EveryFaultIsFoundOnceAndInItsPlace) {
  for (const Fault& fault : faults())
    for (int version = fault.first; version <= fault.last; ++version)
      EXPECT_EQ(findings_of(validated(fault, version)), fault.findings) << name_of_case(fault, version);
}

// The members are those of the smallest documents, so a version that renames one needs no other case.
TEST(Validate, ANumberInsteadOfAStringIsFoundInEachMember) {
  const std::map<std::string, std::string> other_kinds = {
      {"cluster", at_meta("wrong-type", "/cluster")},
      {"shared", "schema type /shared c/0/001/100 meta.json /shared\n"}};
  for (int version = 0; version < versions; ++version) {
    const std::string text = plain_meta(version);
    Document document;
    ASSERT_TRUE(document.parse(text));
    for (const Node& member : children(&document.root())) {
      if (!member.is(json::Type::string)) continue;
      const std::string name(member.name), start = fmt::format("\"{}\":", name);
      const auto other = other_kinds.find(name);
      EXPECT_EQ(findings_of(validated(meta(start + std::string(member.text), start + '1')(version))),
                other == other_kinds.end() ? at_meta("not-a-string", '/' + name) : other->second)
          << name << " in version " << version;
    }
  }
}

TEST(Validate, EveryKindOfTheTableIsFoundInSomeArchive) {
  // Two kinds need more than a tree and have separate tests.
  std::set<std::string_view> found = {"unfinished", "read-failed"};
  for (const Fault& fault : faults())
    for (const FindingGroup& group : validated(fault, fault.first).findings) found.insert(group.kind->word);
  for (const FindingKind& kind : finding_kinds) {
    EXPECT_TRUE(found.contains(kind.word)) << kind.word;
    EXPECT_FALSE(kind.meaning.empty() || kind.advice.empty()) << kind.word;
  }
}

TEST(Validate, EveryClassOfBadJobsHasAKind) {
  for (const BadJob& bad : bad_jobs()) {
    const auto named = [&](const FindingKind& kind) { return kind.word == bad.kind; };
    EXPECT_TRUE(std::any_of(finding_kinds.begin(), finding_kinds.end(), named)) << bad.kind;
  }
}

TEST(Validate, ABadJobOfAMigrationIsAnError) {
  ValidateOptions options = options_for("");
  options.max_file_size = largest_allowed;
  options.examples = 100;
  const ValidateResult result = validated(archive_of_bad_jobs(), options);
  const std::vector<BadJob> jobs = bad_jobs();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].kind == "number-range") continue;  // only the step computes these statistics
    bool found = false;
    for (const FindingGroup& group : result.findings)
      for (const Finding& finding : group.examples)
        found |= group.kind->severity == Severity::error && finding.subject == subject_of(bad_job_id(i));
    EXPECT_TRUE(found) << jobs[i].kind;
  }
  EXPECT_FALSE(result.sound());
}

TEST(Validate, HasTheByteOfAFinding) {
  Tree tree = plain_archive(1);
  std::string& data = tree[job + "/data.json"];
  data = replaced(data, R"("avg":1)", R"("avg":2)");
  const ValidateResult result = validated(tree);
  ASSERT_EQ(result.findings.size(), 1U);
  const Finding& finding = result.findings[0].examples.at(0);
  ASSERT_TRUE(finding.byte);
  EXPECT_EQ(*finding.byte, data.find(R"({"min")"));
  EXPECT_EQ(finding.text, "min 1, avg 2, max 1");
}

// The byte of a duplicate member is that of its second name. The byte of an error in its value is in the
// value that counts, which is the last.
TEST(Validate, HasTheByteOfTheLastDuplicate) {
  Tree tree = plain_archive(3);
  std::string& meta = tree[in_job(1, "meta.json")];
  meta = replaced(
      meta, R"("statistics":{})",
      R"("zz":1,"zz":2,"jobState":null,"statistics":{"a":1,"a":{"unit":{"base":"W"},"min":3,"avg":2,"max":3}})");
  meta = replaced(meta, R"("cluster":"c")", R"("cluster":null)");
  const ValidateResult result = validated(tree);
  std::map<std::string, std::uint64_t> bytes;
  for (const FindingGroup& group : result.findings)
    for (const Finding& finding : group.examples)
      if (finding.byte) bytes[std::string(group.kind->word) + finding.pointer] = *finding.byte;
  const auto at = [&](const std::string& text, std::size_t more) { return meta.find(text) + more; };
  EXPECT_EQ(bytes["duplicate-member/zz"], at(R"("zz":2)", 0));
  EXPECT_EQ(bytes["duplicate-member/statistics/a"], at(R"("a":{)", 0));
  EXPECT_EQ(bytes["statistics-order/statistics/a"], at(R"("a":{)", 4));
  EXPECT_EQ(bytes["missing-member/cluster"], at(R"("cluster":null)", 10));
}

TEST(Validate, CountsAllAndShowsTheFirst) {
  Tree tree = plain_archive(3);
  for (int id = 2; id < 30; ++id) {
    tree[test::in_job(id, "meta.json")] = replaced(meta_of(3, id), "completed", "stopped");
    tree[test::in_job(id, "data.json")] = plain_data(3);
  }
  const ValidateResult result = validated(tree);
  ASSERT_EQ(result.findings.size(), 1U);
  const FindingGroup& group = result.findings[0];
  EXPECT_EQ(group.count, 28U);
  EXPECT_EQ(group.subjects, 28U);
  ASSERT_EQ(group.examples.size(), 3U);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(group.examples[static_cast<std::size_t>(i)].subject, subject_of(i + 2));
  EXPECT_EQ(result.total().jobs, 29U);
  EXPECT_EQ(result.total().bad, 28U);
}

TEST(Validate, UnfinishedTargets) {
  Tree tree = plain_archive(3);
  tree[marker] = "x";
  EXPECT_EQ(findings_of(validated(tree)), "unfinished jobferry.unfinished\n");
  EXPECT_EQ(validated(tree).total().jobs, 1U);
  tree.erase("version.txt");
  const ValidateResult result = validated(tree);
  EXPECT_EQ(findings_of(result), "unfinished jobferry.unfinished\n");
  EXPECT_FALSE(result.complete);
  EXPECT_FALSE(result.sound());
}

TEST(Validate, RefusesOtherDirectories) {
  const auto kind_of = [](const Tree& tree) {
    const ValidateResult result = validated(tree);
    return result.errors.empty() ? std::string() : std::string(name_of(result.errors[0].kind));
  };
  EXPECT_EQ(kind_of({{"x/y", ""}}), "not-an-archive");
  EXPECT_EQ(kind_of(plain_archive(3) + Tree{{"version.txt", fmt::format("{}\n", newest_version + 1)}}),
            "version-unknown");
  EXPECT_EQ(kind_of(plain_archive(3) + Tree{{"version.txt", "x"}}), "version-unknown");
  EXPECT_EQ(name_of(validate(options_for("/nowhere"), {}).errors.at(0).kind), "not-an-archive");
}

namespace {

// A disk on which one path cannot be read or listed.
class FailingFiles : public ForwardingFiles {
 public:
  explicit FailingFiles(std::string path) : path_(std::move(path)) {}

 private:
  Result<void> before(std::string_view call, const std::string& path) override {
    if ((call == "read" || call == "list") && path.ends_with(path_))
      return Error{Kind::read_failed, "Input/output error"};
    return {};
  }
  const std::string path_;
};

std::string found_with_failing(const std::string& path) {
  TempDir temp;
  write_tree(temp.path("archive"), plain_archive(3));
  FailingFiles files(path);
  return findings_of(validate_with(files, options_for(temp.path("archive")), {}));
}

}  // namespace

TEST(Validate, ReportsFailingDisks) {
  EXPECT_EQ(found_with_failing("/meta.json"), at_meta("read-failed"));
  EXPECT_EQ(found_with_failing("/data.json"), at_data("read-failed"));
  EXPECT_EQ(found_with_failing("/100"), "read-failed c/0/001/100\n");
  EXPECT_EQ(found_with_failing("/001"), "read-failed c/0/001\n");
  EXPECT_EQ(found_with_failing("/cluster.json"), at_cluster("cluster-bad"));
}

TEST(Validate, StopsOnRequest) {
  TempDir temp;
  write_tree(temp.path("archive"), plain_archive(3));
  const std::atomic<bool> stop = true;
  Progress progress;
  Listener listener;
  listener.stop = &stop;
  listener.progress = &progress;
  const ValidateResult stopped = validate(options_for(temp.path("archive")), listener);
  EXPECT_FALSE(stopped.complete);
  EXPECT_EQ(findings_of(stopped), "");
  EXPECT_EQ(progress.jobs, 0U);
  listener.stop = nullptr;
  EXPECT_TRUE(validate(options_for(temp.path("archive")), listener).sound());
  EXPECT_EQ(progress.jobs, 1U);
  EXPECT_GT(progress.bytes_in, 0U);
}

TEST(Validate, FollowsLinksOnRequest) {
  Tree tree = plain_archive(3);
  tree["aside/data.json"] = tree[job + "/data.json"];
  tree["aside/cluster.json"] = replaced(plain_cluster(3), R"("name":"c")", R"("name":"aside")");
  tree[job + "/data.json"] = "-> ../../../../aside/data.json";
  ValidateOptions options = options_for("");
  EXPECT_EQ(findings_of(validated(tree, options)), at_data("not-a-regular-file") + "cluster-empty aside\n");
  options.follow_symlinks = true;
  EXPECT_EQ(findings_of(validated(tree, options)), "cluster-empty aside\n");
}

namespace {

std::string words_of(const ValidateResult& result, Severity severity) {
  std::string out;
  for (const FindingGroup& group : result.findings)
    if (group.kind->severity == severity)
      out += fmt::format("{} {}: {} {} {} {}\n", group.kind->word, group.rule, group.examples[0].subject,
                         group.examples[0].file, group.examples[0].pointer, group.examples[0].text);
  return out;
}

std::string comparable(ValidateResult result) {
  result.seconds = 0;
  ValidateOptions same;
  return validate_json(same, result);
}

}  // namespace

TEST(Validate, MadeUpArchivesWithoutQuirksHaveNoErrors) {
  for (int version = 0; version < versions; ++version) {
    TempDir temp;
    corpus::Shape shape;
    shape.version = version;
    shape.quirks = false;
    corpus::make_archive(temp.path("archive"), shape);
    const ValidateResult result = validate(options_for(temp.path("archive")), {});
    EXPECT_EQ(words_of(result, Severity::error), "") << version;
    EXPECT_EQ(result.total().jobs, shape.jobs);
  }
}

TEST(Validate, MigratedArchivesHaveNoErrors) {
  for (int from = 0; from < versions; ++from)
    for (int to = 0; to < versions; ++to) {
      if (from == to || !find_chain(from, to)) continue;
      TempDir temp;
      corpus::Shape shape;
      shape.version = from;
      shape.seed = 7;
      corpus::make_archive(temp.path("source"), shape);
      ASSERT_EQ(run(temp.path("source"), temp.path("target"), to).outcome, Outcome::complete);
      const ValidateResult result = validate(options_for(temp.path("target")), {});
      EXPECT_EQ(words_of(result, Severity::error), "") << from << " to " << to;
    }
}

TEST(Validate, PlantedDefectsAreFound) {
  for (int version = 0; version < versions; ++version) {
    TempDir temp;
    corpus::Shape shape;
    shape.version = version;
    shape.bad["all"] = 0.4;
    shape.quirks = false;
    const std::vector<corpus::Planted> planted = corpus::make_archive(temp.path("archive"), shape);
    ASSERT_FALSE(planted.empty());
    ValidateOptions options = options_for(temp.path("archive"));
    options.examples = 1000;
    const ValidateResult result = validate(options, {});
    std::set<std::string> bad;
    for (const FindingGroup& group : result.findings)
      for (const Finding& finding : group.examples)
        if (group.kind->severity == Severity::error) bad.insert(finding.subject);
    for (const corpus::Planted& each : planted) {
      // Only statistics that the step would compute do not fit into a double, so the archive itself is sound.
      if (version == 0 && each.kind == "number-range" && each.file.starts_with("data")) continue;
      EXPECT_TRUE(bad.contains(each.job)) << version << ' ' << each.kind << ' ' << each.job;
    }
    EXPECT_LE(bad.size(), planted.size());
  }
}

TEST(Validate, IsTheSameForAnyNumberOfThreads) {
  TempDir temp;
  corpus::Shape shape;
  shape.version = 0;
  shape.jobs = 200;
  shape.bad["all"] = 0.2;
  corpus::make_archive(temp.path("archive"), shape);
  const std::string one = comparable(validate(options_for(temp.path("archive"), 1), {}));
  for (const unsigned threads : {2U, 8U})
    for (int again = 0; again < 3; ++again)
      EXPECT_EQ(comparable(validate(options_for(temp.path("archive"), threads), {})), one) << threads;
}

// Checks the inputs that fuzzers found interesting. None makes a check fail or take long.
TEST(Validate, AcceptsAnyContentOfFiles) {
  for (int version = 0; version < versions; ++version) {
    Tree tree = plain_archive(version);
    int id = 2;
    const auto add = [&](const std::string& corpus, const std::string& name) {
      for (const auto& [path, text] : read_tree(test_folder("fuzz/corpus/" + corpus))) {
        tree[test::in_job(id, "meta.json")] = meta_of(version, id);
        tree[test::in_job(id++, name)] = text;
      }
    };
    add("data", "data.json");
    add("meta", "meta.json");
    add("gzip", "data.json.gz");
    ASSERT_GT(id, 50);
    const ValidateResult result = validated(tree);
    EXPECT_TRUE(result.complete);
    EXPECT_TRUE(result.errors.empty()) << describe(result.errors[0]);
    EXPECT_EQ(result.total().jobs, static_cast<std::uint64_t>(id) - 1);
  }
  for (const auto& [path, text] : read_tree(test_folder("fuzz/corpus/cluster")))
    for (int version = 1; version < versions; ++version) {
      const ValidateResult result = validated(plain_archive(version) + Tree{{"c/cluster.json", text}});
      EXPECT_TRUE(result.errors.empty()) << path << ' ' << describe(result.errors[0]);
    }
}

TEST(Validate, TheWalkAgreesWithRapidJson) {
  std::size_t breaches = 0;
  const auto compare = [&](int version, DocumentKind kind, const std::string& text) {
    Document document;
    if (!document.parse(text)) return;
    std::vector<std::string> found;
    walk_schema(version, kind, document.root(), [&](SchemaBreach breach) {
      const std::size_t member = breach.pointer.rfind('/');
      if (breach.keyword == "required") breach.pointer.resize(member);
      found.push_back(std::string(breach.keyword) + " at " + breach.pointer);
    });
    const auto first = find_violation(version, kind, text);
    if (first && first->keyword == "json") return;
    EXPECT_EQ(found.empty(), !first) << version << ' ' << text;
    if (!first) return;
    ++breaches;
    EXPECT_NE(std::find(found.begin(), found.end(), first->keyword + " at " + first->pointer), found.end())
        << first->keyword << " at " << first->pointer << ' ' << version << ' ' << text;
  };
  // Checks every archive against the schemas of every version.
  for (const Fault& fault : faults())
    for (int version = fault.first; version <= fault.last; ++version)
      for (const auto& [path, text] : fault.tree(version))
        for (int other = 0; other < versions; ++other) {
          if (path.ends_with("cluster.json")) compare(other, DocumentKind::cluster, text);
          if (path.ends_with("meta.json")) compare(other, DocumentKind::job_meta, text);
          if (path.ends_with("data.json")) compare(other, DocumentKind::job_data, text);
        }
  for (const auto& [path, text] : read_tree(test_folder("golden")))
    for (int version = 0; version < versions; ++version) {
      if (path.ends_with("cluster.json")) compare(version, DocumentKind::cluster, text);
      if (path.ends_with("meta.json")) compare(version, DocumentKind::job_meta, text);
      if (path.ends_with("data.json")) compare(version, DocumentKind::job_data, text);
    }
  EXPECT_GT(breaches, 1000U);
}

TEST(Validate, Text) {
  Tree tree = plain_archive(3);
  std::string& meta = tree[job + "/meta.json"];
  meta = replaced(meta, R"("duration":60)", R"("duration":60.5)");
  meta = replaced(meta, "completed", "canceled");
  ValidateOptions options = options_for("the\narchive");
  ValidateResult result = validated(tree);
  result.seconds = 0;
  EXPECT_EQ(validate_text(options, result), R"(Validation of a job archive
  Jobs        1
  With errors 1
  Errors      2
  Warnings    0
  Time        0 ms
What was done:
  Archive         the\x0aarchive
  Archive version 3
Clusters:
  Cluster Jobs With errors Files Bytes
  c          1           1     3 608 B
  Total      1           1     3 608 B
Findings:
  state-unknown: error, places: 1, jobs and clusters: 1
    servers of this version do not know the jobState
    What to do: a repair fixes other spellings (R2), a migration to version 3 fixes `stopped` (M13)
    c/0/001/100 meta.json /jobState byte 110: "canceled"
  schema type /duration: error, places: 1, jobs and clusters: 1
    the document breaks the schema of the archive's version
    What to do: a repair fixes what R1 to R7 name, and a migration what its steps name; fix the rest by hand
    c/0/001/100 meta.json /duration byte 132: expected integer, found a number `60.5`
Not sound: 2 errors, 0 warnings. Bad jobs: 1 of 1.
A repair: jobferry migrate --src $'the\x0aarchive' --dst $'the\x0aarchive-repaired' --to 3 --repair
)");
  EXPECT_EQ(validate_text(options, validated(plain_archive(0))).find("Findings"), std::string::npos);
  tree.erase("version.txt");
  const auto repair_in = [&](const Tree& archive) {
    rapidjson::Document report;
    report.Parse(validate_json(options, validated(archive)).c_str());
    return std::string(report["repair"].GetString());
  };
  EXPECT_EQ(repair_in(tree), "A repair is part of every migration from version 0.");
  EXPECT_EQ(repair_in(plain_archive(3)), "");
}

TEST(Validate, Json) {
  Tree tree = plain_archive(3);
  tree[job + "/meta.json"] = replaced(plain_meta(3), R"("duration":60)", R"("duration":60.5)");
  tree["c/0/\xff\n"] = "x";
  const ValidateOptions options = options_for("archive");
  rapidjson::Document json;
  json.Parse(validate_json(options, validated(tree)).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_STREQ(json["format"].GetString(), "jobferry-validate");
  EXPECT_EQ(json["formatVersion"].GetInt(), 1);
  EXPECT_EQ(json["version"].GetInt(), 3);
  EXPECT_STREQ(json["outcome"].GetString(), "bad");
  EXPECT_TRUE(json["complete"].GetBool());
  EXPECT_EQ(json["total"]["jobs"].GetInt(), 1);
  EXPECT_EQ(json["clusters"]["c"]["bad"].GetInt(), 1);
  EXPECT_EQ(json["errorCount"].GetInt(), 2);
  EXPECT_EQ(json["warningCount"].GetInt(), 0);
  ASSERT_EQ(json["findings"].Size(), 2U);
  const auto& stray = json["findings"][0];
  EXPECT_STREQ(stray["kind"].GetString(), "stray-file");
  EXPECT_STREQ(stray["examples"][0]["subject"].GetString(), R"(c/0/\xff\x0a)");
  EXPECT_FALSE(stray.HasMember("rule"));
  const auto& schema = json["findings"][1];
  EXPECT_STREQ(schema["rule"].GetString(), "type /duration");
  EXPECT_STREQ(schema["severity"].GetString(), "error");
  EXPECT_EQ(schema["count"].GetInt(), 1);
  EXPECT_EQ(schema["subjects"].GetInt(), 1);
  EXPECT_STREQ(schema["examples"][0]["pointer"].GetString(), "/duration");
  EXPECT_EQ(schema["examples"][0]["byte"].GetUint64(), plain_meta(3).find("60,"));
}

TEST(Validate, Emmy) {
  if (shared_data().empty()) GTEST_SKIP() << "there is no shared/data";
  const std::string first = "emmy/1403/244/1608923076";
  const auto found_in = [](const std::string& name) {
    const ValidateResult result = validate(options_for(shared_data() + '/' + name), {});
    EXPECT_EQ(result.total().jobs, 2U);
    return findings_of(result);
  };
  // The maximum of ipc is below its average.
  const std::string order = "statistics-order " + first + " meta.json /statistics/ipc x2\n";
  EXPECT_EQ(found_in("emmy-v0"), order);
  EXPECT_EQ(found_in("emmy-v1"), "schema required /*/*/series/*/statistics " + first +
                                     " data.json.gz /ipc/node/series/0/statistics x64\n" + order +
                                     "metric-unknown " + first + " data.json.gz /rapl_power x2\n");
}

}  // namespace jobferry::test
