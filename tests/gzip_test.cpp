// X4: which .gz files are allowed, and every kind of damage.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <random>

#include "trial.h"

namespace jobferry::test {

namespace {

std::string zlib_inflated(std::string_view packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string content(1'000'000, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  content.resize(stream.total_out);
  inflateEnd(&stream);
  return content;
}

struct Packed {
  std::string name, bytes, fate;
};

// Migrates one archive of version 0 with a job for each file.
void expect_fates(const std::vector<Packed>& files, const Options& options = {}) {
  Tree tree = plain_archive(0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const int id = static_cast<int>(i) + 2;
    tree[in_job(id, "meta.json")] = meta_of(0, id);
    tree[in_job(id, "data.json.gz")] = files[i].bytes;
  }
  Trial trial(tree);
  const Summary summary = trial.run(1, options);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string subject = subject_of(static_cast<int>(i) + 2), fate = fate_of(trial, summary, subject);
    EXPECT_TRUE(is_one_of(fate, files[i].fate))
        << files[i].name << ": " << fate << ", expected " << files[i].fate;
    if (fate == "migrated")
      EXPECT_EQ(inflated(read_file(trial.target(subject + "/data.json.gz"))), plain_data(1)) << files[i].name;
  }
}

TEST(X4, ReadsWhatRfc1952Allows) {
  using namespace std::string_literals;
  const std::string empty = gzipped("");
  std::vector<Packed> files = {
      {"one member", sound_gz, "migrated"},
      {"an empty member before", empty + sound_gz, "migrated"},
      {"an empty member behind", sound_gz + empty, "migrated"},
      {"empty members everywhere", empty + empty + sound_gz + empty + empty, "migrated"},
      {"a text flag", with_header(1, ""), "migrated"},
      {"an extra field", with_header(4, "\4\0abcd"s), "migrated"},
      {"a file name", with_header(8, "data.json\0"s), "migrated"},
      {"a comment", with_header(16, "by hand\0"s), "migrated"}};
  const std::string content = plain_data(0);
  for (std::size_t cut = 0; cut <= content.size(); ++cut)
    files.push_back({fmt::format("two members, cut at {}", cut),
                     gzipped(content.substr(0, cut)) + gzipped(content.substr(cut)), "migrated"});
  expect_fates(files);
}

TEST(X4, FindsTruncationAtEveryLength) {
  std::vector<Packed> files;
  for (std::size_t length = 1; length < sound_gz.size(); ++length)
    files.push_back(
        {fmt::format("{} bytes of a member", length), sound_gz.substr(0, length), "gzip-truncated"});
  // A lone first byte may be the start of a member or garbage.
  for (std::size_t length = 1; length < sound_gz.size(); ++length)
    files.push_back({fmt::format("a member and {} bytes of another", length),
                     sound_gz + sound_gz.substr(0, length),
                     length == 1 ? "gzip-truncated|gzip-trailing" : "gzip-truncated"});
  expect_fates(files);
}

TEST(X4, FindsEveryFlippedByte) {
  std::vector<Packed> files;
  for (std::size_t at = 0; at < sound_gz.size(); ++at) {
    std::string packed = sound_gz;
    packed[at] = static_cast<char>(~packed[at]);
    const bool has_no_effect = at >= 4 && at < 10;                // time, level and system
    const bool in_stream = at >= 10 && at + 8 < sound_gz.size();  // may look as if the end were missing
    files.push_back({fmt::format("byte {} flipped", at), packed,
                     has_no_effect ? "migrated"
                     : in_stream   ? "gzip-corrupt|gzip-truncated"
                                   : "gzip-corrupt"});
  }
  expect_fates(files);
}

TEST(X4, NamesTheKindOfDamage) {
  using namespace std::string_literals;
  std::string wrong_size = sound_gz, wrong_sum = sound_gz;
  wrong_size[sound_gz.size() - 4] ^= 1;
  wrong_sum[sound_gz.size() - 8] ^= 1;
  expect_fates({{"a byte behind", sound_gz + "x", "gzip-trailing"},
                {"a newline behind", sound_gz + "\n", "gzip-trailing"},
                {"zeros behind", sound_gz + std::string(512, '\0'), "gzip-trailing"},
                {"half a magic number behind", sound_gz + "\x1f\x8c"s, "gzip-trailing"},
                {"a byte behind two members", sound_gz + gzipped("") + "x", "gzip-trailing"},
                {"a wrong ISIZE", wrong_size, "gzip-corrupt"},
                {"a wrong CRC32", wrong_sum, "gzip-corrupt"},
                {"a wrong ISIZE in front of a sound member", wrong_size + gzipped(""), "gzip-corrupt"},
                {"a wrong ISIZE behind a sound member", gzipped("") + wrong_size, "gzip-corrupt"},
                {"no gzip at all", plain_data(0), "gzip-corrupt"},
                {"an unknown method", replaced(sound_gz, "\x1f\x8b\x08", "\x1f\x8b\x07"), "gzip-corrupt"},
                {"only empty members", gzipped("") + gzipped(""), "skipped"},
                {"broken text in a sound member", gzipped("{"), "json-syntax"}});
}

// Servers read .gz files with zlib, so zlib must read the output of both levels: texts of all sizes, and
// noise that does not shrink.
TEST(Section9, BothLevelsWriteSoundMembers) {
  Codec codec;
  Buffer packed;
  std::minstd_rand random(1);
  std::string noise(300'000, 'x'), numbers;
  for (char& c : noise) c = static_cast<char>(random());
  while (numbers.size() < 300'000) numbers += fmt::format("{}.{},", random() % 1000, random() % 100);
  for (const CompressLevel level : {CompressLevel::normal, CompressLevel::fast}) {
    for (const std::string& content : {noise, numbers}) {
      for (const std::size_t size : {0U, 1U, 2U, 100U, 4095U, 4096U, 4097U, 65536U, 131072U, 300'000U}) {
        const std::string text = content.substr(0, size);
        codec.deflate(text, level, packed);
        EXPECT_EQ(zlib_inflated(packed.view()), text) << size;
        EXPECT_EQ(inflated(std::string(packed.view())), text) << size;
        EXPECT_EQ(packed.view().substr(3, 5), std::string(5, '\0')) << "flags and time";
        const std::string once(packed.view());
        codec.deflate(text, level, packed);
        EXPECT_EQ(packed.view(), once) << "the bytes of a second run";
      }
    }
  }
}

TEST(X4, BoundsTheContentOfGzFiles) {
  constexpr std::size_t limit = 2000;
  Options options;
  options.max_file_size = limit;
  const std::string bomb = gzipped(std::string(20'000'000, ' '));
  ASSERT_GT(bomb.size(), limit);  // so the size of the .gz itself is over the limit, too
  const std::string small_bomb = gzipped(std::string(1'000'000, ' '));
  ASSERT_LT(small_bomb.size(), limit);
  expect_fates(
      {{"as large as allowed", gzipped(padded(plain_data(0), limit)), "migrated"},
       {"a byte more", gzipped(padded(plain_data(0), limit + 1)), "file-too-large"},
       {"two members, a byte more", gzipped(padded(plain_data(0), limit)) + gzipped(" "), "file-too-large"},
       {"a bomb", bomb, "file-too-large"},
       {"a small bomb", small_bomb, "file-too-large"}},
      options);
}

TEST(X4, BoundsPlainFiles) {
  constexpr std::size_t limit = 2000;
  struct Case {
    int from, to;
    std::string file;
    std::size_t size;
    std::string fate;
  };
  const std::vector<Case> cases = {{0, 1, "meta.json", limit, "migrated"},
                                   {0, 1, "meta.json", limit + 1, "file-too-large"},
                                   {0, 1, "data.json", limit, "migrated"},
                                   {0, 1, "data.json", limit + 1, "file-too-large"},
                                   {1, 2, "data.json", limit + 1, "migrated"}};  // X11: not read
  for (const Case& c : cases) {
    Tree tree = plain_archive(c.from);
    tree[in_job(1, c.file)] = padded(tree[in_job(1, c.file)], c.size);
    Trial trial(tree);
    Options options;
    options.max_file_size = limit;
    const Summary summary = trial.run(c.to, options);
    EXPECT_EQ(fate_of(trial, summary, subject_of(1)), c.fate)
        << c.file << " of " << c.size << " bytes, " << c.from << "->" << c.to;
  }
}

}  // namespace

}  // namespace jobferry::test
