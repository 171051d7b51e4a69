// Migrates the real archives in shared/data. Skipped without them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <set>

#include "flat.h"
#include "io/codec.h"
#include "tree.h"

namespace jobferry::test {

namespace {

struct RealJob {
  std::string path;
  std::size_t data_points;
};
const std::vector<RealJob> jobs = {{"emmy/1403/244/1608923076", 415008},
                                   {"emmy/1404/397/1609300556", 415296}};

std::string member(const std::map<std::string, std::string>& flat, const std::string& pointer) {
  const auto found = flat.find(pointer);
  return found == flat.end() ? "missing" : found->second;
}

std::map<std::string, std::string> flat_file(const std::string& path) { return flatten(read_file(path)); }

class Emmy : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_data().empty()) GTEST_SKIP() << "there is no shared/data";
  }
  // Migrates one of the real archives to version 3.
  void migrate_real(const std::string& name, Options options = {}) {
    const Summary summary = run(shared_data() + '/' + name, temp_.path("v3"), 3, options);
    ASSERT_EQ(summary.outcome, Outcome::complete);
    ASSERT_EQ(summary.total().migrated, jobs.size());
  }
  std::map<std::string, std::string> source(const std::string& path) {
    return flat_file(shared_data() + "/emmy-v0/" + path);
  }
  std::map<std::string, std::string> target(const std::string& path) {
    return flat_file(temp_.path("v3") + '/' + path);
  }

  TempDir temp_{Place::disk};
};

bool is_data_point(const std::string& pointer) {
  return pointer.find("/series/") != pointer.npos && pointer.find("/data/") != pointer.npos;
}

}  // namespace

TEST_F(Emmy, EveryDataPointKeepsItsText) {
  migrate_real("emmy-v0");
  for (const RealJob& job : jobs) {
    const auto before = source(job.path + "/data.json"), after = target(job.path + "/data.json");
    std::size_t points = 0;
    for (const auto& [pointer, text] : before) {
      if (!is_data_point(pointer)) continue;
      ++points;
      ASSERT_EQ(member(after, pointer), text) << pointer;
    }
    EXPECT_EQ(points, job.data_points);
  }
}

TEST_F(Emmy, IpcGetsComputedStatistics) {
  migrate_real("emmy-v0");
  for (const RealJob& job : jobs) {
    const auto before = source(job.path + "/data.json"), after = target(job.path + "/data.json");
    for (int series = 0; series < 32; ++series) {
      const std::string at = "/ipc/node/series/" + std::to_string(series);
      double sum = 0, count = 0, low = INFINITY, high = -INFINITY;
      for (std::size_t i = 0; before.contains(at + "/data/" + std::to_string(i)); ++i) {
        const std::string text = member(before, at + "/data/" + std::to_string(i));
        if (text == "null") continue;
        const double value = std::stod(text);
        sum += value;
        ++count;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      ASSERT_GT(count, 0);
      EXPECT_FALSE(before.contains(at + "/statistics/avg"));
      EXPECT_EQ(std::stod(member(after, at + "/statistics/avg")), sum / count);
      EXPECT_EQ(std::stod(member(after, at + "/statistics/min")), low);
      EXPECT_EQ(std::stod(member(after, at + "/statistics/max")), high);
    }
  }
}

TEST_F(Emmy, ClusterFileIsComplete) {
  migrate_real("emmy-v0");
  const auto cluster = target("emmy/cluster.json");
  EXPECT_EQ(member(cluster, "/subClusters/0/name"), "\"main\"");
  EXPECT_EQ(member(cluster, "/subClusters/0/nodes"), "\"*\"");
  const std::set<std::string> averages = {"\"cpu_load\"", "\"ipc\"", "\"clock\""};
  for (int i = 0; i < 11; ++i) {
    const std::string at = "/metricConfig/" + std::to_string(i);
    const std::string name = member(cluster, at + "/name");
    EXPECT_EQ(member(cluster, at + "/aggregation"), averages.contains(name) ? "\"avg\"" : "\"sum\"") << name;
    if (name == "\"flops_any\"") {
      EXPECT_EQ(member(cluster, at + "/unit/base"), "\"F/s\"");
      EXPECT_EQ(member(cluster, at + "/unit/prefix"), "\"G\"");
    }
  }
}

TEST_F(Emmy, MetaKeepsWhatNoRuleNames) {
  migrate_real("emmy-v0");
  for (const RealJob& job : jobs) {
    const auto before = source(job.path + "/meta.json"), after = target(job.path + "/meta.json");
    EXPECT_EQ(member(after, "/shared"), "\"none\"");
    EXPECT_EQ(member(after, "/subCluster"), "\"main\"");
    EXPECT_NE(member(after, "/stopTime"), "missing");
    for (const auto& [pointer, text] : before) {
      const bool changed = pointer == "/exclusive" || pointer.ends_with("/unit");
      if (!changed) EXPECT_EQ(member(after, pointer), text) << pointer;
    }
  }
}

TEST_F(Emmy, Version1DataIsNotCopied) {
  // Links need the source on the file system of the target, so the test copies it.
  const std::string source = temp_.path("v1");
  write_tree(source, read_tree(shared_data() + "/emmy-v1"));
  ASSERT_EQ(run(source, temp_.path("v3"), 3).outcome, Outcome::complete);
  for (const RealJob& job : jobs) {
    struct stat before, after;
    ASSERT_EQ(::stat((source + '/' + job.path + "/data.json.gz").c_str(), &before), 0);
    ASSERT_EQ(::stat((temp_.path("v3") + '/' + job.path + "/data.json.gz").c_str(), &after), 0);
    const bool linked = before.st_ino == after.st_ino;
    const bool reflinked =
        !linked && before.st_nlink == 1;  // the file system may share blocks; the test cannot see that
    EXPECT_TRUE(linked || reflinked);
  }
}

}  // namespace jobferry::test
