// Hostile trees: the program reads nothing outside the source, writes nothing outside the target and the
// state, and prints only text that is safe in a terminal.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "corpus/corpus.h"
#include "engine/run.h"
#include "forwarding.h"
#include "reports.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

const std::string secret = "do-not-read-this";

// Before the n-th call, a directory above a job becomes a link that leads out of the archive.
class SwappingFiles : public ForwardingFiles {
 public:
  SwappingFiles(std::uint64_t nth, std::string directory, std::string outside)
      : nth_(nth), directory_(std::move(directory)), outside_(std::move(outside)) {}
  std::uint64_t calls() const { return calls_; }

 private:
  Result<void> before(std::string_view, const std::string&) override {
    if (++calls_ != nth_) return {};
    fs::rename(directory_, directory_ + ".aside");
    fs::create_directory_symlink(outside_, directory_);
    return {};
  }
  const std::uint64_t nth_;
  const std::string directory_, outside_;
  std::uint64_t calls_ = 0;
};

// The same archive with a secret in every file.
Tree with_secret(int version) {
  Tree tree = plain_archive(version);
  std::string& meta = tree["c/0/001/100/meta.json"];
  meta.insert(meta.rfind('}'), ",\"secret\":\"" + secret + '"');
  std::string& data = tree["c/0/001/100/data.json"];
  data.insert(data.rfind('}'), (data.size() > 4 ? ",\"" : "\"") + secret + "\":{}");
  tree["c/0/001/100/extra"] = secret;
  return tree;
}

}  // namespace

class Swapped : public testing::TestWithParam<std::tuple<int, std::string>> {};

TEST_P(Swapped, AtEveryCall) {
  const auto [version, place] = GetParam();
  for (std::uint64_t n = 1;; ++n) {
    const TempDir temp;
    Tree tree = plain_archive(version);
    tree["c/0/001/100/extra"] = "x";
    write_tree(temp.path("source"), tree);
    write_tree(temp.path("outside"), with_secret(version));
    Options options;
    options.source = temp.path("source");
    options.target = temp.path("target");
    options.debug = true;
    options.accept_bad = true;
    SwappingFiles files(n, temp.path("source/" + place), temp.path("outside/" + place));
    const Summary summary = migrate_with(files, options, {});
    SCOPED_TRACE(fmt::format("{} is swapped before call {}\n{}", place, n, summary_text(options, summary)));
    for (const auto& [path, content] : read_tree(temp.path("target")))
      EXPECT_EQ(content.find(secret), content.npos) << path << ": " << content;
    if (files.calls() < n) {
      EXPECT_EQ(summary.total().migrated, 1U);
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Places, Swapped,
                         testing::Combine(testing::Values(0, 1),
                                          testing::Values("c", "c/0", "c/0/001", "c/0/001/100")));

// Entries of every kind under every name that has a meaning.
TEST(Hostile, EntriesOfEveryKind) {
  const TempDir temp;
  const std::string root = temp.path("source");
  write_tree(root, plain_archive(1));
  write_tree(temp.path("outside"), with_secret(1));
  const auto fifo = [](const std::string& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0) << path; };
  int id = 1;
  for (const std::string name : {"meta.json", "data.json", "data.json.gz", "extra"}) {
    for (const std::string kind : {"fifo", "directory", "link", "dangling", "device"}) {
      const std::string job = fmt::format("{}/c/0/{:03}/100", root, ++id);
      fs::create_directories(job);
      if (name != "meta.json") {
        std::string meta = plain_meta(1);
        meta.replace(meta.find("\"jobId\":1"), 9, fmt::format("\"jobId\":{}", id));
        write_file(job + "/meta.json", meta);
      }
      const std::string path = job + '/' + name;
      if (kind == "fifo") fifo(path);
      if (kind == "directory") fs::create_directories(path);
      if (kind == "link") fs::create_symlink(temp.path("outside/c/0/001/100/" + name), path);
      if (kind == "dangling") fs::create_symlink("nowhere", path);
      if (kind == "device" && ::mknod(path.c_str(), S_IFCHR | 0644, makedev(1, 5)) != 0)
        fifo(path);  // only root can make a device
    }
  }
  for (const std::string place : {"c/0/500", "c/7", "d"}) fifo(root + '/' + place);
  fs::create_directory_symlink(temp.path("outside/c"), root + "/linked");
  fs::create_directory_symlink(temp.path("outside/c/0"), root + "/c/8");
  fs::create_directory_symlink(root, root + "/c/9");

  Options options;
  options.source = root;
  options.target = temp.path("target");
  options.accept_bad = true;
  options.threads = 2;
  const auto files = real_files(false);
  const Summary summary = migrate_with(*files, options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << summary_text(options, summary);
  EXPECT_EQ(summary.bad.size(), 15U);            // meta.json or a data file is not a regular file
  EXPECT_EQ(summary.total().migrated, 1U + 5U);  // those with `extra`, which is left behind
  for (const auto& [path, content] : read_tree(options.target))
    EXPECT_EQ(content.find(secret), content.npos) << path;
}

TEST(Hostile, NamesAreEscaped) {
  const TempDir temp;
  Tree tree = plain_archive(1);
  const std::string name = "evil\n\x1b[2J\xff\x01";
  tree["c/0/" + name + "/100/meta.json"] = tree["c/0/001/100/meta.json"];
  tree[name + "/cluster.json"] = tree["c/cluster.json"];
  tree["c/0/001/100/" + name] = "carried";
  write_tree(temp.path("source"), tree);
  Options options;
  options.source = temp.path("source");
  options.target = temp.path("target");
  const auto files = real_files(false);
  const Summary summary = migrate_with(*files, options, {});
  EXPECT_FALSE(summary.bad.empty() && summary.errors.empty());
  std::string said = summary_text(options, summary) + report_json(options, summary);
  for (const auto* errors : {&summary.bad, &summary.errors})
    for (const Error& error : *errors) said += describe(error);
  for (const char c : said) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << said;
  EXPECT_EQ(said.find("evil\n"), said.npos);
  EXPECT_EQ(said.find('\xff'), said.npos);
}

TEST(Hostile, TenThousandEntriesInAJob) {
  const TempDir temp;
  Tree tree = plain_archive(1);
  for (int i = 0; i < 10'000; ++i) tree[fmt::format("c/0/001/100/{:05}", i)] = "x";
  write_tree(temp.path("source"), tree);
  Options options;
  options.source = temp.path("source");
  options.target = temp.path("target");
  const auto files = real_files(false);
  const Summary summary = migrate_with(*files, options, {});
  EXPECT_EQ(summary.outcome, Outcome::complete) << summary_text(options, summary);
  EXPECT_EQ(summary.total().carried, 10'000U);
}

}  // namespace jobferry::test
