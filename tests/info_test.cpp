#include "jobferry/info.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <atomic>

#include "corpus/corpus.h"
#include "forwarding.h"
#include "info/info_with.h"
#include "reports.h"
#include "trial.h"
#include "validate/validate_with.h"

namespace jobferry::test {

namespace {

InfoOptions options_for(const std::string& archive, unsigned threads = 2) {
  return {archive, threads, false};
}

InfoResult info_of(const Tree& tree, bool follow = false) {
  TempDir temp;
  place(temp.path("archive"), tree);
  InfoOptions options = options_for(temp.path("archive"));
  options.follow_symlinks = follow;
  return info(options, {});
}

std::string comparable(InfoResult result) {
  result.seconds = 0;
  return info_json({}, result);
}

// Two clusters and five jobs of different kinds.
Tree mixed_archive(int version) {
  return plain_archive(version) + Tree{{"d/cluster.json", "x"},
                                       {"d/notes", "four"},
                                       {"c/0/001/50/meta.json", "12345"},
                                       {"c/1403/244/1608923076/meta.json", ""},
                                       {"c/1403/244/1608923076/data.json", "x"},
                                       {"c/2/000/900/data.json.gz", std::string(5000, 'x')},
                                       {"c/2/000/900/extra", "123"},
                                       {"c/2/001/900/foreign", "x"},
                                       {"c/2/notes", "x"},
                                       {"notes", "12"},
                                       {".backup/meta.json", "x"}};
}

}  // namespace

TEST(Info, CountsEverything) {
  for (int version = 0; version <= newest_version; ++version) {
    const Tree tree = mixed_archive(version);
    const InfoResult result = info_of(tree);
    EXPECT_EQ(result.version, version);
    EXPECT_TRUE(result.complete);
    EXPECT_FALSE(result.unfinished);
    ASSERT_EQ(result.clusters.size(), 2U);

    const ClusterInfo& c = result.clusters.at("c");
    EXPECT_EQ(c.jobs, 4U);
    EXPECT_EQ(c.empty, 1U);
    EXPECT_EQ(c.without_meta, 1U);
    EXPECT_EQ(c.without_data, 1U);
    EXPECT_EQ(c.files, 8U);
    EXPECT_EQ(c.meta_bytes, plain_meta(version).size() + 5);
    EXPECT_EQ(c.plain_bytes, plain_data(version).size() + 1);
    EXPECT_EQ(c.gzip_bytes, 5000U);
    EXPECT_EQ(c.other_bytes, plain_cluster(version).size() + 3);
    EXPECT_EQ(c.first_start, 50);
    EXPECT_EQ(c.last_start, 1608923076);
    EXPECT_EQ(c.highest_job_id, 1403244U);
    EXPECT_EQ(c.largest_job, "c/2/000/900");
    EXPECT_EQ(c.largest_bytes, 5003U);

    const ClusterInfo& d = result.clusters.at("d");
    EXPECT_EQ(d.jobs, 0U);
    EXPECT_EQ(d.files, 2U);
    EXPECT_EQ(d.other_bytes, 5U);
    EXPECT_FALSE(d.first_start || d.highest_job_id);

    EXPECT_EQ(result.total().jobs, 4U);
    EXPECT_EQ(result.total().largest_job, "c/2/000/900");
    EXPECT_EQ(result.root_files, version ? 2U : 1U);
    EXPECT_EQ(result.root_bytes, version ? 4U : 2U);
    EXPECT_EQ(result.left_behind, 3U);  // .backup, c/2/notes, c/2/001/900
  }
}

namespace {

// Records the files that are read. One directory cannot be listed.
class WatchedFiles : public ForwardingFiles {
 public:
  std::vector<std::string> opened;
  std::string unreadable;

 private:
  Result<void> before(std::string_view call, const std::string& path) override {
    if (call == "read") opened.push_back(path);
    if (call == "list" && !unreadable.empty() && path.ends_with(unreadable))
      return Error{Kind::read_failed, "Input/output error"};
    return {};
  }
};

}  // namespace

TEST(Info, OpensOnlyVersionTxt) {
  TempDir temp;
  place(temp.path("archive"), mixed_archive(3));
  WatchedFiles files;
  EXPECT_EQ(info_with(files, options_for(temp.path("archive"), 1), {}).total().jobs, 4U);
  EXPECT_EQ(files.opened, std::vector<std::string>{temp.path("archive/version.txt")});
}

TEST(Info, NamesDirectoriesThatCannotBeListed) {
  TempDir temp;
  write_tree(temp.path("archive"), plain_archive(3));
  for (const char* path : {"c/0/001/100", "c/0/001", "c/0", "c"}) {
    WatchedFiles files;
    files.unreadable = std::string("/") + path;
    const InfoResult result = info_with(files, options_for(temp.path("archive"), 1), {});
    ASSERT_EQ(result.unreadable.size(), 1U) << path;
    EXPECT_EQ(result.unreadable[0].subject, path);
    EXPECT_EQ(result.total().jobs, 0U);
    EXPECT_NE(info_text({}, result).find(std::string(path) + ": read-failed: Input/output error"),
              std::string::npos);
  }
}

TEST(Info, AcceptsNamesThatAreNotNumbers) {
  const InfoResult result = info_of(plain_archive(3) + Tree{{"c/x/y/z/meta.json", "1"},
                                                            {"c/x/y/99999999999999999999/meta.json", "1"},
                                                            {"c/0/002/9223372036854775807/meta.json", "1"}});
  const ClusterInfo& c = result.clusters.at("c");
  EXPECT_EQ(c.jobs, 4U);
  EXPECT_EQ(c.first_start, 100);
  EXPECT_EQ(c.last_start, 9223372036854775807);
  EXPECT_EQ(c.highest_job_id, 2U);
  EXPECT_NE(info_text({}, result).find("9223372036854775807"), std::string::npos);
}

TEST(Info, OfEqualJobsTheFirstIsTheLargest) {
  Tree tree = plain_archive(3);
  for (int id = 2; id < 40; ++id) tree[in_job(id, "meta.json")] = std::string(5000, 'x');
  EXPECT_EQ(info_of(tree).total().largest_job, "c/0/002/100");
}

TEST(Info, FollowsLinksOnRequest) {
  const Tree tree = plain_archive(3) + Tree{{in_job(2, "meta.json"), "1"},
                                            {in_job(2, "data.json"), "-> ../../001/100/data.json"}};
  EXPECT_EQ(info_of(tree).total().plain_bytes, plain_data(3).size());
  EXPECT_EQ(info_of(tree).total().empty, 0U);
  EXPECT_EQ(info_of(tree, true).total().plain_bytes, 2 * plain_data(3).size());
}

TEST(Info, UnfinishedTargets) {
  Tree tree = plain_archive(3) + Tree{{marker, "x"}};
  EXPECT_EQ(info_of(tree).version, 3);
  EXPECT_TRUE(info_of(tree).unfinished);
  tree.erase("version.txt");
  const InfoResult result = info_of(tree);
  EXPECT_FALSE(result.version);
  EXPECT_TRUE(result.unfinished);
  EXPECT_EQ(result.total().jobs, 1U);
  EXPECT_NE(info_text({}, result).find("Unfinished"), std::string::npos);
  // A target that contains only its marker.
  EXPECT_TRUE(info_of({{marker, "x"}}).complete);
}

TEST(Info, RefusesOtherDirectories) {
  EXPECT_EQ(name_of(info_of({{"x/y", ""}}).errors.at(0).kind), "not-an-archive");
  EXPECT_EQ(name_of(info_of(plain_archive(3) + Tree{{"version.txt", std::to_string(newest_version + 1)}})
                        .errors.at(0)
                        .kind),
            "version-unknown");
  EXPECT_EQ(name_of(info(options_for("/nowhere"), {}).errors.at(0).kind), "not-an-archive");
}

TEST(Info, StopsOnRequest) {
  TempDir temp;
  write_tree(temp.path("archive"), plain_archive(3));
  std::atomic<bool> stop = true;
  Progress progress;
  Listener listener;
  listener.stop = &stop;
  listener.progress = &progress;
  EXPECT_FALSE(info(options_for(temp.path("archive")), listener).complete);
  stop = false;
  EXPECT_TRUE(info(options_for(temp.path("archive")), listener).complete);
  EXPECT_EQ(progress.jobs, 1U);
}

TEST(Info, IsTheSameForAnyNumberOfThreads) {
  TempDir temp;
  corpus::Shape shape;
  shape.jobs = 300;
  shape.bad["all"] = 0.2;
  const corpus::Made made = corpus::make_archive(temp.path("archive"), shape, [](const corpus::Planted&) {});
  const InfoResult one = info(options_for(temp.path("archive"), 1), {});
  EXPECT_GT(one.total().jobs, 280U);
  EXPECT_LE(one.total().jobs, made.jobs);
  for (const unsigned threads : {2U, 8U})
    EXPECT_EQ(comparable(info(options_for(temp.path("archive"), threads), {})), comparable(one)) << threads;
}

TEST(Info, Text) {
  const InfoResult result = info_of(mixed_archive(3));
  EXPECT_EQ(info_text(options_for("the\narchive"), result),
            R"(the\x0aarchive: version 3, 4 jobs in 2 clusters
Jobs:
  Cluster Jobs Empty No meta No data First start          Last start           Highest ID
  c          4     1       1       1 1970-01-01T00:00:50Z 2020-12-25T19:04:36Z    1403244
  d          0     0       0       0 -                    -                             -
  Total      4     1       1       1 1970-01-01T00:00:50Z 2020-12-25T19:04:36Z    1403244
Files and bytes:
  Cluster Files  Bytes meta.json data.json data.json.gz Other Largest job Its path
  c           8 5.6 kB     233 B     149 B       5.0 kB 234 B      5.0 kB c/2/000/900
  d           2    5 B       0 B       0 B          0 B   5 B           - -
  Total      10 5.6 kB     233 B     149 B       5.0 kB 239 B      5.0 kB c/2/000/900
All of it:
  Files                                              12
  Bytes                                              5.6 kB
  Entries of no job, which a migration leaves behind 3
)");
}

TEST(Info, Json) {
  rapidjson::Document json;
  json.Parse(info_json(options_for("archive"), info_of(mixed_archive(3))).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_STREQ(json["format"].GetString(), "jobferry-info");
  EXPECT_EQ(json["formatVersion"].GetInt(), 1);
  EXPECT_EQ(json["version"].GetInt(), 3);
  EXPECT_FALSE(json["unfinished"].GetBool());
  const auto& c = json["clusters"]["c"];
  EXPECT_EQ(c["jobs"].GetInt(), 4);
  EXPECT_EQ(c["firstStart"].GetInt64(), 50);
  EXPECT_EQ(c["highestJobId"].GetInt64(), 1403244);
  EXPECT_EQ(c["gzipBytes"].GetInt(), 5000);
  EXPECT_STREQ(c["largestJob"]["job"].GetString(), "c/2/000/900");
  EXPECT_FALSE(json["clusters"]["d"].HasMember("firstStart"));
  EXPECT_EQ(json["total"]["jobs"].GetInt(), 4);
  EXPECT_EQ(json["leftBehind"].GetInt(), 3);
}

TEST(Info, Emmy) {
  if (shared_data().empty()) GTEST_SKIP() << "there is no shared/data";
  const InfoResult result = info(options_for(shared_data() + "/emmy-v0"), {});
  const ClusterInfo& emmy = result.clusters.at("emmy");
  EXPECT_EQ(result.version, 0);
  EXPECT_EQ(emmy.jobs, 2U);
  EXPECT_EQ(emmy.first_start, 1608923076);
  EXPECT_EQ(emmy.last_start, 1609300556);
  EXPECT_EQ(emmy.highest_job_id, 1404397U);
}

}  // namespace jobferry::test
