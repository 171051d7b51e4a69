// Section 9: how files are linked, copied and compressed, and which attributes they keep.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trial.h"

namespace jobferry::test {

namespace {

struct stat look(const std::string& path) {
  struct stat s {};
  EXPECT_EQ(::lstat(path.c_str(), &s), 0) << path;
  return s;
}

bool same_file(const std::string& a, const std::string& b) {
  const struct stat x = look(a), y = look(b);
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool can_reflink() {
  Trial trial(plain_archive(1));
  Options options;
  options.data = DataMode::reflink;
  return trial.run(2, options).outcome == Outcome::complete;
}

TEST(Section9, LinksOrCopiesDataFiles) {
  const std::vector<std::pair<DataMode, bool>> cases = {
      {DataMode::automatic, !can_reflink()}, {DataMode::link, true}, {DataMode::copy, false}};
  for (const auto& [mode, linked] : cases) {
    for (const std::string name : {"data.json", "data.json.gz"}) {
      Tree tree = plain_archive(2) + Tree{{"compress.txt", "x"}, {"c/note", "x"}, {in_job(1, "extra"), "x"}};
      tree.erase(in_job(1, "data.json"));
      tree[in_job(1, name)] = name == "data.json" ? plain_data(2) : gzipped(plain_data(2));
      Trial trial(tree);
      Options options;
      options.data = mode;
      expect_complete(trial, trial.run(1, options), 1);  // the step down leaves all other files unchanged
      for (const auto& [path, content] : tree) {
        const bool data = path == in_job(1, name);
        EXPECT_EQ(same_file(trial.source(path), trial.target(path)), data && linked) << path;
        if (path != "version.txt") EXPECT_EQ(read_file(trial.target(path)), content) << path;
      }
    }
  }
}

TEST(Section9, ChangedDataFilesAreNotLinked) {
  for (const DataMode mode : {DataMode::automatic, DataMode::link, DataMode::copy}) {
    Trial trial(plain_archive(0));
    Options options;
    options.data = mode;
    expect_complete(trial, trial.run(1, options), 1);
    EXPECT_FALSE(same_file(trial.source(in_job(1, "data.json")), trial.target(in_job(1, "data.json"))));
    EXPECT_EQ(read_file(trial.target(in_job(1, "data.json"))), plain_data(1));
  }
}

// Gives every entry a different mode, a time with nanoseconds and, as root, an owner.
void give_attributes(const std::string& path, mode_t mode, int number) {
  if (::geteuid() == 0)
    ASSERT_EQ(::lchown(path.c_str(), static_cast<uid_t>(1000 + number), static_cast<gid_t>(2000 + number)),
              0);
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  const timespec time{1'400'000'000 + number, 123'456'789 + number};
  const timespec times[2] = {time, time};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

std::string attributes(const std::string& path) {
  const struct stat s = look(path);
  const std::string time =
      S_ISDIR(s.st_mode) ? "" : fmt::format(" {}.{:09}", s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  return fmt::format("{:o} {}:{}{}", s.st_mode, s.st_uid, s.st_gid, time);
}

struct Attributed {
  std::string path;
  mode_t mode;
};

// From the leaves up, because a change of an entry changes the time of its directory.
std::vector<Attributed> attributed() {
  return {{in_job(1, "meta.json"), 0640},
          {in_job(1, "data.json"), 0440},
          {in_job(1, "extra"), 0600},
          {in_job(2, "meta.json"), 0400},
          {in_job(2, "data.json.gz"), 0666},
          {"c/cluster.json", 0604},
          {"c/note", 0755},
          {"compress.txt", 0444},
          {subject_of(1), 0555},
          {subject_of(2), 0700},
          {"c/0/001", 02750},
          {"c/0/002", 0711},
          {"c/0", 0511},
          {"c", 01777},
          {"", 0555}};
}

class Attributes : public testing::TestWithParam<std::tuple<int, Compression, DataMode>> {};

TEST_P(Attributes, Section9_ArePreserved) {
  const auto [from, compress, mode] = GetParam();
  Tree tree = plain_archive(from);
  const std::string data = long_data(from);
  tree = tree + Tree{{in_job(1, "data.json"), data},
                     {in_job(1, "extra"), "x"},
                     {in_job(2, "meta.json"), meta_of(from, 2)},
                     {in_job(2, "data.json.gz"), gzipped(data)},
                     {"c/note", "x"},
                     {"compress.txt", "x"}};
  Trial trial(tree);
  int number = 0;
  for (const Attributed& each : attributed()) give_attributes(trial.source(each.path), each.mode, ++number);
  Options options;
  options.compress = compress;
  options.data = mode;
  expect_complete(trial, trial.run(from + 1, options), from + 1);
  for (const Attributed& each : attributed()) {
    std::string path = each.path;
    if (compress == Compression::gzip && path == in_job(1, "data.json")) path += ".gz";
    if (compress == Compression::none && path == in_job(2, "data.json.gz")) path = in_job(2, "data.json");
    EXPECT_EQ(attributes(trial.target(path)), attributes(trial.source(each.path))) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, Attributes,
                         testing::Combine(testing::Values(0, 1, 2),
                                          testing::Values(Compression::keep, Compression::gzip,
                                                          Compression::none),
                                          testing::Values(DataMode::automatic, DataMode::copy)));

// New entries in a setgid directory get its group and its bit. Neither may appear in the target, whether that
// directory is above the source or above the target.
TEST(Section9, SetgidDirectoriesDoNotLeak) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  for (const bool in_source : {true, false}) {
    Trial trial(plain_archive(0));
    const std::string parent =
        in_source ? trial.source("c") : fs::path(trial.target()).parent_path().native();
    ASSERT_EQ(::chown(parent.c_str(), 0, 4242), 0);
    ASSERT_EQ(::chmod(parent.c_str(), 02755), 0);
    expect_complete(trial, trial.run(1), 1);
    for (const std::string& path : {std::string(), std::string("c"), std::string("c/0"), subject_of(1),
                                    in_job(1, "meta.json"), in_job(1, "data.json")}) {
      const auto like = look(trial.source(path)), made = look(trial.target(path));
      EXPECT_EQ(made.st_mode, like.st_mode) << path;
      EXPECT_EQ(made.st_gid, like.st_gid) << path;
    }
  }
}

// An empty directory is the target. It gets the attributes of the source.
TEST(Section9, AnEmptyTargetBecomesLikeTheSource) {
  Trial trial(plain_archive(1));
  give_attributes(trial.source(), 0750, 1);
  fs::create_directory(trial.target());
  ASSERT_EQ(::chmod(trial.target().c_str(), 0700), 0);
  expect_complete(trial, trial.run(2), 2);
  EXPECT_EQ(attributes(trial.target()), attributes(trial.source()));
}

TEST(Section9, VersionTxtKeepsItsMode) {
  for (const mode_t mode : {0600U, 0640U, 0444U, 0666U}) {
    Trial trial(plain_archive(1));
    ASSERT_EQ(::chmod(trial.source("version.txt").c_str(), mode), 0);
    expect_complete(trial, trial.run(2), 2);
    EXPECT_EQ(look(trial.target("version.txt")).st_mode & 07777U, mode);
  }
}

TEST(Section9, VersionTxtOfVersion0IsReadableByAll) {
  for (const mode_t mask : {0U, 022U, 077U}) {
    Trial trial(plain_archive(0));
    ASSERT_EQ(::chmod(trial.source().c_str(), 0750), 0);
    const mode_t before = ::umask(mask);
    expect_complete(trial, trial.run(1), 1);
    ::umask(before);
    EXPECT_EQ(look(trial.target("version.txt")).st_mode & 07777U, 0644U);
    EXPECT_EQ(look(trial.target()).st_mode & 07777U, 0750U);
  }
}

// The modes of directories are set last, so an unfinished target can be removed like any other directory.
TEST(Section9, ReadOnlyDirectoriesDoNotPreventTheRemovalOfAnUnfinishedTarget) {
  Trial trial(plain_archive(1) + Tree{{in_job(2, "meta.json"), "{"}});
  for (const std::string& path : std::vector<std::string>{subject_of(1), "c/0/001", "c/0", "c", ""})
    ASSERT_EQ(::chmod(trial.source(path).c_str(), 0555), 0);
  expect_unfinished(trial, trial.run(2), Outcome::bad_jobs);
  boost::system::error_code problem;
  fs::remove_all(trial.target(), problem);
  EXPECT_FALSE(problem) << "an unfinished target cannot be removed: " << problem.message();
}

TEST(Section9, CompressesAsAsked) {
  struct Case {
    Compression compress;
    std::string before;
    std::size_t size;
    std::string after;
  };
  const auto keep = Compression::keep, gzip = Compression::gzip, none = Compression::none;
  const std::string plain = "data.json", packed = "data.json.gz";
  const std::vector<Case> cases = {{keep, plain, 2001, plain},   {keep, packed, 2001, packed},
                                   {gzip, plain, 2000, plain},   {gzip, plain, 2001, packed},
                                   {gzip, plain, 500, plain},    {gzip, packed, 500, packed},
                                   {gzip, packed, 2001, packed}, {none, plain, 2001, plain},
                                   {none, packed, 2001, plain},  {none, packed, 500, plain}};
  for (const int from : {1, 2, 3}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(fmt::format("{} from {}, {} bytes, compress {}", c.before, from, c.size,
                               static_cast<int>(c.compress)));
      const std::string content = padded(plain_data(from), c.size),
                        bytes = c.before == plain ? content : gzipped(content);
      Tree tree = plain_archive(from);
      tree.erase(in_job(1, plain));
      tree[in_job(1, c.before)] = bytes;
      Trial trial(tree);
      Options options;
      options.compress = c.compress;
      options.check_data = from == 2;
      const int to = from == 3 ? 2 : from + 1;
      expect_complete(trial, trial.run(to, options), to);
      const std::string found = read_file(trial.target(in_job(1, c.after)));
      EXPECT_FALSE(trial.has(in_job(1, c.after == plain ? packed : plain)));
      EXPECT_EQ(c.after == plain ? found : inflated(found), content);
      if (c.before == c.after) EXPECT_EQ(found, bytes);
    }
  }
}

// X10: the header of a compressed file has no time, name or flags.
TEST(Section9, WritesBareGzipHeaders) {
  Tree tree = plain_archive(0);
  tree.erase(in_job(1, "data.json"));
  tree[in_job(1, "data.json.gz")] = with_header(8, std::string("data.json\0", 10));
  Trial trial(tree);
  expect_complete(trial, trial.run(1), 1);
  const std::string packed = read_file(trial.target(in_job(1, "data.json.gz")));
  EXPECT_EQ(packed.substr(3, 5), std::string(5, '\0'));
  EXPECT_EQ(packed, gzipped(plain_data(1)));
}

}  // namespace

}  // namespace jobferry::test
