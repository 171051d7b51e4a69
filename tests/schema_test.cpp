#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <thread>
#include <vector>

#include "schema_validator.h"

namespace jobferry {
namespace {

constexpr auto cluster = DocumentKind::cluster;
constexpr auto job_meta = DocumentKind::job_meta;
constexpr auto job_data = DocumentKind::job_data;
constexpr DocumentKind kinds[] = {cluster, job_meta, job_data};

// The smallest document that satisfies a schema, plus members that the cases below need.
constexpr std::string_view minimal_cluster_v0 = R"({"name":"emmy",
  "subClusters":[{"name":"main","topology":{"accelerators":[{"id":0}]},"flopRateScalar":44}],
  "metricConfig":[{"name":"flops","unit":"GF/s","scope":"node","timestep":60,
    "peak":4,"normal":3,"caution":2,"alert":1}]})";
constexpr std::string_view minimal_cluster = R"({"name":"emmy",
  "subClusters":[{"name":"main","nodes":"*","topology":{"accelerators":[{"id":"0"}]},
    "flopRateScalar":{"unit":{"base":"F/s","prefix":"G"},"value":44}}],
  "metricConfig":[{"name":"flops","unit":{"base":"F/s","prefix":"G"},"scope":"node","timestep":60,
    "aggregation":"sum","peak":4,"normal":3,"caution":2,"alert":1}]})";
constexpr std::string_view minimal_meta_v0 = R"({"jobId":1,"user":"u","project":"p","cluster":"emmy",
  "numNodes":1,"startTime":1600000000,"jobState":"completed","duration":60,
  "resources":[{"hostname":"e01"}],"statistics":{"flops":{"unit":"GF/s","min":0,"avg":1.5,"max":3}},
  "tags":[{"type":"t","name":"n"}]})";
constexpr std::string_view minimal_meta_v1 = R"({"jobId":1,"user":"u","project":"p","cluster":"emmy",
  "subCluster":"main","numNodes":1,"startTime":1600000000,"jobState":"completed","duration":60,"exclusive":1,
  "resources":[{"hostname":"e01"}],"statistics":{"flops":{"unit":{"base":"F/s"},"min":0,"avg":1.5,"max":3}},
  "tags":[{"type":"t","name":"n"}]})";
constexpr std::string_view minimal_meta_v2 = R"({"jobId":1,"user":"u","project":"p","cluster":"emmy",
  "subCluster":"main","numNodes":1,"startTime":1600000000,"jobState":"completed","duration":60,"exclusive":1,
  "resources":[{"hostname":"e01"}],"statistics":{"flops":{"unit":{"base":"F/s"},"min":0,"avg":1.5,"max":3}},
  "tags":[{"type":"t","name":"n","scope":"global"}]})";
constexpr std::string_view minimal_meta_v3 = R"({"jobId":1,"user":"u","project":"p","cluster":"emmy",
  "subCluster":"main","numNodes":1,"startTime":1600000000,"jobState":"completed","duration":60,"shared":"none",
  "resources":[{"hostname":"e01"}],"statistics":{"flops":{"unit":{"base":"F/s"},"min":0,"avg":1.5,"max":3}},
  "tags":[{"type":"t","name":"n","scope":"global"}]})";
constexpr std::string_view minimal_data_v0 = R"({"flops":{"node":{"unit":"GF/s","scope":"node","timestep":60,
  "series":[{"hostname":"e01","data":[1,null]}]}}})";
constexpr std::string_view minimal_data = R"({"flops":{"node":{"unit":{"base":"F/s"},"timestep":60,
  "series":[{"hostname":"e01","statistics":{"min":1,"avg":1,"max":1},"data":[1,null]}]}}})";

constexpr std::string_view minimal[][document_kinds] = {
    {minimal_cluster_v0, minimal_meta_v0, minimal_data_v0},
    {minimal_cluster, minimal_meta_v1, minimal_data},
    {minimal_cluster, minimal_meta_v2, minimal_data},
    {minimal_cluster, minimal_meta_v3, minimal_data},
};

std::string name_of(int version, DocumentKind kind) {
  constexpr const char* names[] = {"cluster", "job-meta", "job-data"};
  return std::string(names[static_cast<std::size_t>(kind)]) + " of version " + std::to_string(version);
}

rapidjson::Document parse(std::string_view json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  EXPECT_FALSE(document.HasParseError()) << json;
  return document;
}

rapidjson::Document minimal_document(int version, DocumentKind kind) {
  return parse(minimal[version][static_cast<std::size_t>(kind)]);
}

std::string to_text(const rapidjson::Document& document) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  document.Accept(writer);
  return text.GetString();
}

std::string without(int version, DocumentKind kind, const std::string& pointer) {
  rapidjson::Document document = minimal_document(version, kind);
  EXPECT_TRUE(rapidjson::Pointer(pointer.c_str()).Erase(document)) << pointer << " does not exist";
  return to_text(document);
}

std::string with(int version, DocumentKind kind, const std::string& pointer, std::string_view value) {
  rapidjson::Document document = minimal_document(version, kind);
  rapidjson::Document member(&document.GetAllocator());
  member.Parse(value.data(), value.size());
  EXPECT_FALSE(member.HasParseError()) << value;
  rapidjson::Pointer(pointer.c_str()).Set(document, member, document.GetAllocator());
  return to_text(document);
}

std::string describe(const std::optional<SchemaViolation>& violation) {
  return violation ? violation->keyword + " at " + violation->pointer : "satisfied";
}

// RapidJSON treats a reference without a target as a schema that allows everything.
void expect_references_resolve(const rapidjson::Value& part, const rapidjson::Document& schema) {
  if (part.IsArray())
    for (const auto& element : part.GetArray()) expect_references_resolve(element, schema);
  if (!part.IsObject()) return;
  for (const auto& member : part.GetObject()) {
    if (member.name == "$ref") {
      EXPECT_TRUE(rapidjson::Pointer(member.value.GetString()).Get(schema)) << member.value.GetString();
    }
    expect_references_resolve(member.value, schema);
  }
}

// A version whose documents do not change has the schemas of the version before.
int first_version_of(int version, DocumentKind kind) {
  while (version > 0 && schema_text(version - 1, kind) == schema_text(version, kind)) --version;
  return version;
}

TEST(Schema, EveryTextIsASchemaWhoseReferencesResolve) {
  for (int version = 0; version < schema_versions; ++version)
    for (DocumentKind kind : kinds) {
      SCOPED_TRACE(name_of(version, kind));
      const rapidjson::Document schema = parse(schema_text(version, kind));
      ASSERT_TRUE(schema.IsObject());
      expect_references_resolve(schema, schema);
      EXPECT_TRUE(std::string_view(schema["title"].GetString())
                      .ends_with(fmt::format(" of archive version {}", first_version_of(version, kind))))
          << schema["title"].GetString();
    }
}

TEST(Schema, TheMinimalDocumentSatisfies) {
  for (int version = 0; version < static_cast<int>(std::size(minimal)); ++version)
    for (DocumentKind kind : kinds)
      EXPECT_EQ(describe(find_violation(version, kind, to_text(minimal_document(version, kind)))),
                "satisfied")
          << name_of(version, kind);
}

struct RequiredMember {
  int first, last;  // versions that require it
  DocumentKind kind;
  std::string object;
  std::string member;
};

const RequiredMember required_members[] = {
    {0, 3, job_meta, "", "jobId"},
    {0, 3, job_meta, "", "user"},
    {0, 3, job_meta, "", "project"},
    {0, 3, job_meta, "", "cluster"},
    {1, 3, job_meta, "", "subCluster"},
    {0, 3, job_meta, "", "numNodes"},
    {0, 3, job_meta, "", "startTime"},
    {0, 3, job_meta, "", "jobState"},
    {0, 3, job_meta, "", "duration"},
    {0, 3, job_meta, "", "resources"},
    {0, 3, job_meta, "", "statistics"},
    {1, 2, job_meta, "", "exclusive"},
    {3, 3, job_meta, "", "shared"},
    {0, 3, job_meta, "/resources/0", "hostname"},
    {1, 3, job_meta, "/statistics/flops", "unit"},
    {0, 3, job_meta, "/statistics/flops", "min"},
    {0, 3, job_meta, "/statistics/flops", "avg"},
    {0, 3, job_meta, "/statistics/flops", "max"},
    {1, 3, job_meta, "/statistics/flops/unit", "base"},
    {0, 3, job_meta, "/tags/0", "type"},
    {0, 3, job_meta, "/tags/0", "name"},
    {2, 3, job_meta, "/tags/0", "scope"},
    {0, 3, cluster, "", "name"},
    {0, 3, cluster, "", "subClusters"},
    {0, 3, cluster, "", "metricConfig"},
    {0, 3, cluster, "/metricConfig/0", "name"},
    {0, 3, cluster, "/metricConfig/0", "unit"},
    {0, 3, cluster, "/metricConfig/0", "scope"},
    {0, 3, cluster, "/metricConfig/0", "timestep"},
    {1, 3, cluster, "/metricConfig/0", "aggregation"},
    {0, 3, cluster, "/metricConfig/0", "peak"},
    {0, 3, cluster, "/metricConfig/0", "normal"},
    {0, 3, cluster, "/metricConfig/0", "caution"},
    {0, 3, cluster, "/metricConfig/0", "alert"},
    {1, 3, cluster, "/metricConfig/0/unit", "base"},
    {0, 3, cluster, "/subClusters/0", "name"},
    {1, 3, cluster, "/subClusters/0", "nodes"},
    {0, 3, cluster, "/subClusters/0", "topology"},
    {0, 3, cluster, "/subClusters/0/topology/accelerators/0", "id"},
    {1, 3, cluster, "/subClusters/0/flopRateScalar", "unit"},
    {1, 3, cluster, "/subClusters/0/flopRateScalar", "value"},
    {1, 3, cluster, "/subClusters/0/flopRateScalar/unit", "base"},
    {0, 3, job_data, "/flops/node", "unit"},
    {0, 3, job_data, "/flops/node", "timestep"},
    {0, 3, job_data, "/flops/node", "series"},
    {1, 3, job_data, "/flops/node/unit", "base"},
    {0, 3, job_data, "/flops/node/series/0", "hostname"},
    {1, 3, job_data, "/flops/node/series/0", "statistics"},
    {0, 3, job_data, "/flops/node/series/0", "data"},
    {1, 3, job_data, "/flops/node/series/0/statistics", "min"},
    {1, 3, job_data, "/flops/node/series/0/statistics", "avg"},
    {1, 3, job_data, "/flops/node/series/0/statistics", "max"},
};

TEST(Schema, ARequiredMemberThatIsMissingIsAViolationOfItsObject) {
  for (const RequiredMember& required : required_members)
    for (int version = required.first; version <= required.last; ++version) {
      const std::string json = without(version, required.kind, required.object + "/" + required.member);
      EXPECT_EQ(describe(find_violation(version, required.kind, json)), "required at " + required.object)
          << name_of(version, required.kind) << " without " << required.member;
    }
}

TEST(Schema, MembersThatTheStepFromVersion0AddsAreOptionalThere) {
  const RequiredMember optional_members[] = {{0, 0, job_meta, "/statistics/flops", "unit"},
                                             {0, 0, job_data, "/flops/node", "scope"},
                                             {0, 0, cluster, "/subClusters/0", "flopRateScalar"}};
  for (const RequiredMember& optional : optional_members) {
    const std::string json = without(0, optional.kind, optional.object + "/" + optional.member);
    EXPECT_EQ(describe(find_violation(0, optional.kind, json)), "satisfied") << optional.member;
  }
}

struct ValueCase {
  int first, last;  // versions
  DocumentKind kind;
  std::string pointer;
  std::string_view value;
  std::string keyword;  // violated at the pointer; empty: satisfied
};

const ValueCase value_cases[] = {
    // Units: strings in version 0, objects after it
    {0, 0, job_data, "/flops/node/unit", R"({"base":"F/s"})", "type"},
    {1, 3, job_data, "/flops/node/unit", R"("GF/s")", "type"},
    {1, 3, job_data, "/flops/node/unit/base", "1", "type"},
    {1, 3, job_data, "/flops/node/unit/prefix", "1", "type"},
    {0, 0, job_meta, "/statistics/flops/unit", R"({"base":"F/s"})", "type"},
    {1, 3, job_meta, "/statistics/flops/unit", R"("GF/s")", "type"},
    {0, 0, cluster, "/metricConfig/0/unit", R"({"base":"F/s"})", "type"},
    {1, 3, cluster, "/metricConfig/0/unit", R"("GF/s")", "type"},

    // meta.json: identity and counts
    {0, 3, job_meta, "/jobId", R"("1")", "type"},
    {0, 3, job_meta, "/jobId", "1.0", "type"},
    {0, 3, job_meta, "/jobId", "-1", "minimum"},
    {0, 3, job_meta, "/jobId", "9223372036854775807", ""},
    {0, 3, job_meta, "/jobId", "9223372036854775808", "maximum"},
    {0, 3, job_meta, "/startTime", "1.6e9", "type"},
    {0, 3, job_meta, "/numNodes", "0", "minimum"},
    {0, 3, job_meta, "/duration", "60.5", "type"},
    {0, 0, job_meta, "/subCluster", "null", ""},
    {1, 3, job_meta, "/subCluster", "null", "type"},
    {1, 3, job_meta, "/subCluster", R"("")", ""},
    {0, 0, job_meta, "/walltime", "0", ""},
    {0, 0, job_meta, "/walltime", "null", ""},
    {0, 0, job_meta, "/walltime", "-1", "minimum"},
    {1, 3, job_meta, "/walltime", "0", "minimum"},
    {1, 3, job_meta, "/arrayJobId", "0", "minimum"},
    {1, 3, job_meta, "/numHwthreads", "0", "minimum"},
    {1, 3, job_meta, "/numAcc", "null", "type"},
    {1, 3, job_meta, "/smt", "1.5", "type"},
    {0, 0, job_meta, "/partition", R"("")", ""},
    {1, 3, job_meta, "/partition", R"("")", "minLength"},
    {0, 3, job_meta, "/monitoringStatus", "0", ""},
    {0, 3, job_meta, "/monitoringStatus", "4", "maximum"},

    // meta.json: members that version 3 changed
    {0, 2, job_meta, "/exclusive", "3", "maximum"},
    {0, 2, job_meta, "/exclusive", R"("none")", "type"},
    {0, 0, job_meta, "/exclusive", "null", ""},
    {0, 2, job_meta, "/shared", "null", ""},
    {0, 3, job_meta, "/shared", R"("both")", "enum"},
    {3, 3, job_meta, "/shared", R"("single_user")", ""},
    {3, 3, job_meta, "/shared", "1", "type"},
    {0, 0, job_meta, "/jobState", R"("canceled")", ""},
    {0, 0, job_meta, "/jobState", R"("out-of-memory")", ""},
    {1, 3, job_meta, "/jobState", R"("canceled")", "enum"},
    {0, 2, job_meta, "/jobState", R"("stopped")", ""},
    {3, 3, job_meta, "/jobState", R"("stopped")", "enum"},
    {0, 2, job_meta, "/jobState", R"("node_fail")", "enum"},
    {3, 3, job_meta, "/jobState", R"("node_fail")", ""},
    {1, 3, job_meta, "/jobState", R"("suspended")", ""},
    {0, 2, job_meta, "/requestedMemory", "0", ""},
    {3, 3, job_meta, "/requestedMemory", "0", "minimum"},
    {0, 2, job_meta, "/submitTime", "null", ""},
    {3, 3, job_meta, "/submitTime", "null", "type"},
    {0, 3, job_meta, "/energy", R"("1")", "type"},
    {0, 2, job_meta, "/load_avg", "null", ""},
    {0, 3, job_meta, "/load_avg", R"("1")", "type"},
    {0, 0, job_meta, "/footprint", "null", ""},
    {1, 3, job_meta, "/footprint", "null", "type"},
    {0, 3, job_meta, "/footprint", R"({"cpu_load_avg":1.5})", ""},
    {0, 3, job_meta, "/footprint/cpu_load_avg", "null", "type"},
    {1, 3, job_meta, "/concurrentJobs/items", "null", "type"},

    // meta.json: arrays and objects
    {0, 3, job_meta, "/resources", "{}", "type"},
    {0, 3, job_meta, "/resources", "[]", ""},
    {0, 3, job_meta, "/resources/0/hostname", "1", "type"},
    {0, 0, job_meta, "/resources/0/hwthreads", "null", ""},
    {1, 3, job_meta, "/resources/0/hwthreads", "null", "type"},
    {0, 3, job_meta, "/resources/0/hwthreads", R"(["0"])", "type at /resources/0/hwthreads/0"},
    {0, 0, job_meta, "/resources/0/accelerators", R"([0,"0",null])", ""},
    {1, 3, job_meta, "/resources/0/accelerators", R"(["0",1])", "type at /resources/0/accelerators/1"},
    {0, 0, job_meta, "/tags", "null", ""},
    {1, 3, job_meta, "/tags", "null", "type"},
    {0, 1, job_meta, "/tags/0/scope", "null", ""},
    {2, 3, job_meta, "/tags/0/scope", "null", "type"},
    {0, 0, job_meta, "/metaData", R"({"a":1,"b":null})", ""},
    {1, 3, job_meta, "/metaData", R"({"a":"1","b":null})", "type at /metaData/b"},
    {1, 3, job_meta, "/metaData", "null", "type"},
    {0, 3, job_meta, "/statistics", "[]", "type"},
    {0, 3, job_meta, "/statistics/other", "1", ""},
    {0, 3, job_meta, "/statistics/flops/avg", "null", "type"},
    {0, 3, job_meta, "/stopTime", R"(["unknown members are kept"])", ""},

    // data.json
    {0, 3, job_data, "/other", "null", ""},
    {0, 3, job_data, "/flops/other", R"("kept")", ""},
    {0, 0, job_data, "/flops/socket", "null", ""},
    {1, 3, job_data, "/flops/socket", "null", "type"},
    {0, 0, job_data, "/flops/node/scope", "1", "type"},
    {0, 3, job_data, "/flops/node/timestep", R"("60")", "type"},
    {0, 3, job_data, "/flops/node/series", "{}", "type"},
    {0, 3, job_data, "/flops/node/series/0/data", "null", ""},
    {0, 3, job_data, "/flops/node/series/0/data", R"([1,"n/a"])", "type at /flops/node/series/0/data/1"},
    {0, 3, job_data, "/flops/node/series/0/data", "[[1]]", "type at /flops/node/series/0/data/0"},
    {0, 0, job_data, "/flops/node/series/0/id", "0", ""},
    {0, 0, job_data, "/flops/node/series/0/id", "null", ""},
    {0, 0, job_data, "/flops/node/series/0/id", "0.5", "type"},
    {1, 3, job_data, "/flops/node/series/0/id", "0", "type"},
    {1, 3, job_data, "/flops/node/series/0/id", R"("0")", ""},
    {0, 0, job_data, "/flops/node/series/0/statistics", "null", ""},
    {1, 3, job_data, "/flops/node/series/0/statistics", "null", "type"},
    {0, 3, job_data, "/flops/node/statisticsSeries", "[]", "type"},
    {0, 3, job_data, "/flops/node/statisticsSeries",
     R"({"mean":[1,null],"min":null,"max":[],"median":[0.5]})", ""},
    {0, 3, job_data, "/flops/node/statisticsSeries", R"({"mean":[],"min":[]})", "required"},
    {0, 3, job_data, "/flops/node/statisticsSeries",
     R"({"mean":[],"min":[],"max":[],"percentiles":{"25":[true]}})",
     "type at /flops/node/statisticsSeries/percentiles/25/0"},

    // cluster.json
    {0, 3, cluster, "/name", R"("")", "minLength"},
    {0, 3, cluster, "/subClusters", "[]", "minItems"},
    {0, 3, cluster, "/metricConfig", "[]", "minItems"},
    {0, 3, cluster, "/metricConfig/0/scope", R"("rack")", "enum"},
    {0, 3, cluster, "/metricConfig/0/scope", R"("")", ""},
    {0, 3, cluster, "/metricConfig/0/timestep", "0", "minimum"},
    {0, 3, cluster, "/metricConfig/0/timestep", "60.0", "type"},
    {0, 0, cluster, "/metricConfig/0/aggregation", "null", ""},
    {1, 3, cluster, "/metricConfig/0/aggregation", "null", "type"},
    {0, 3, cluster, "/metricConfig/0/aggregation", R"("max")", ""},
    {0, 3, cluster, "/metricConfig/0/footprint", "true", "type"},
    {0, 3, cluster, "/metricConfig/0/subClusters", R"([{"name":"main","energy":"power","remove":false}])",
     ""},
    {0, 3, cluster, "/metricConfig/0/subClusters", "[1]", "type at /metricConfig/0/subClusters/0"},
    {0, 0, cluster, "/subClusters/0/nodes", R"("")", ""},
    {1, 3, cluster, "/subClusters/0/nodes", R"("")", "minLength"},
    {0, 0, cluster, "/subClusters/0/flopRateSimd", R"({"unit":{"base":"F/s"},"value":1})", ""},
    {1, 3, cluster, "/subClusters/0/flopRateSimd", "704", "type"},
    {0, 3, cluster, "/subClusters/0/memoryBandwidth", R"("80")", "type"},
    {1, 3, cluster, "/subClusters/0/topology/accelerators/0/id", "0", "type"},
    {0, 0, cluster, "/subClusters/0/topology/accelerators/0/id", "0.5", "type"},
};

std::string expected(const ValueCase& value) {
  if (value.keyword.empty()) return "satisfied";
  const bool says_where = value.keyword.find(" at ") != std::string::npos;
  return says_where ? value.keyword : value.keyword + " at " + value.pointer;
}

TEST(Schema, ValuesThatAVersionAllowsAndForbids) {
  for (const ValueCase& value : value_cases)
    for (int version = value.first; version <= value.last; ++version) {
      const std::string json = with(version, value.kind, value.pointer, value.value);
      EXPECT_EQ(describe(find_violation(version, value.kind, json)), expected(value))
          << name_of(version, value.kind) << " with " << value.pointer << " = " << value.value;
    }
}

TEST(Schema, AViolationNamesThePartOfTheSchema) {
  const auto violation = find_violation(3, job_meta, with(3, job_meta, "/resources/0/hostname", "1"));
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->schema_pointer, "/definitions/resource/properties/hostname");
}

TEST(Schema, APointerEscapesTheNamesItGoesThrough) {
  EXPECT_EQ(describe(find_violation(1, job_data, R"({"a/b~c":{"n\u00f6de":{}}})")),
            "required at /a~1b~0c/n\u00f6de");
}

TEST(Schema, ATextThatIsNotJsonIsAViolation) {
  using namespace std::string_view_literals;
  for (std::string_view text : {""sv, "{"sv, "{} {}"sv, "{}\0"sv, "{}\0{}"sv, "\xEF\xBB\xBF{}"sv,
                                "{\"a\":NaN}"sv, "{\"a\":01}"sv, "{\"a\":\"\xff\"}"sv, "{\"a\":[1,]}"sv})
    EXPECT_EQ(describe(find_violation(1, job_data, text)), "json at ") << text;
}

TEST(Schema, WhiteSpaceAroundTheDocumentIsNoViolation) {
  EXPECT_EQ(describe(find_violation(1, job_data, " \r\n{ }\t\n")), "satisfied");
}

TEST(Schema, TheTextNeedsNoTerminator) {
  EXPECT_EQ(describe(find_violation(1, job_data, std::string_view("{}}", 2))), "satisfied");
}

TEST(Schema, ADocumentMayBeDeeperThanAnArchiveAllows) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_EQ(describe(find_violation(1, job_data, R"({"flops":)" + deep + "}")), "satisfied");
}

TEST(Schema, ThreadsShareTheCompiledSchemas) {
  const std::string json = to_text(minimal_document(3, job_meta));
  std::vector<std::string> answers(4);
  std::vector<std::thread> threads;
  for (std::string& answer : answers)
    threads.emplace_back([&] { answer = describe(find_violation(3, job_meta, json)); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& answer : answers) EXPECT_EQ(answer, "satisfied");
}

}  // namespace
}  // namespace jobferry
