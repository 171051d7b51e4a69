// Whole small archives through the library: everything around the content of single jobs, which tests/golden
// covers. Each test is named for the rule of the contract that it tries. None of the migrations may change
// its source: every one of them is checked for that.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <set>

#include "archive.h"
#include "cluster.h"
#include "codec.h"
#include "report.h"
#include "stages.h"
#include "target.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

// --- Archives in words ---

const std::string fifo = "(fifo)";
const std::string link_to = "-> ";  // followed by where the link points
const std::string marker(names::unfinished);

// Like write_tree, and makes links and FIFOs as well.
void place(const std::string& root, const Tree& tree) {
  for (const auto& [path, content] : tree) {
    const fs::path full = fs::path(root) / path;
    fs::create_directories(full.parent_path());
    if (content == fifo) {
      ASSERT_EQ(::mkfifo(full.c_str(), 0644), 0);
    } else if (content.starts_with(link_to))
      fs::create_symlink(content.substr(link_to.size()), full);
    else
      write_tree(root, {{path, content}});
  }
}

Tree operator+(Tree left, const Tree& right) {
  for (const auto& [path, content] : right) left[path] = content;
  return left;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

// Jobs of cluster `c` are told apart by their jobId alone.
std::string subject_of(int id) { return fmt::format("c/{}/{:03}/100", id / 1000, id % 1000); }
std::string in_job(int id, const std::string& name) { return subject_of(id) + '/' + name; }
std::string meta_of(int version, int id) {
  return replaced(plain_meta(version), R"("jobId":1)", fmt::format(R"("jobId":{})", id));
}

std::string plain_data(int version) { return plain_archive(version).at(in_job(1, "data.json")); }
std::string data_with(int version, const std::string& data) {
  return replaced(plain_data(version), "[1,null,1.0]", data);
}
std::string long_data(int version) {
  std::string values = "[1";
  while (values.size() < 4000) values += ",2.50";
  return data_with(version, values + ']');
}
std::string padded(const std::string& text, std::size_t size) {
  return text + std::string(size - text.size(), ' ');
}

std::string inflated(const std::string& packed) {
  Codec codec;
  Buffer content;
  const auto done = codec.inflate(packed, 1U << 30, content);
  return done ? std::string(content.view()) : "(damaged)";
}

// Everything of a tree but access times: what a migration must leave alone.
Tree snapshot(const std::string& root) {
  Tree found;
  const auto add = [&](const fs::path& path) {
    struct stat s;
    if (::lstat(path.c_str(), &s) != 0) return;
    const std::string content = S_ISREG(s.st_mode)   ? read_file(path.string())
                                : S_ISLNK(s.st_mode) ? fs::read_symlink(path).string()
                                                     : "";
    found[path.lexically_relative(root).string()] =
        fmt::format("{:o} {}:{} {}.{:09} {}", s.st_mode, s.st_uid, s.st_gid, s.st_mtim.tv_sec,
                    s.st_mtim.tv_nsec, content);
  };
  add(root);
  if (!fs::is_directory(root)) return found;
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) add(at->path());
  return found;
}

// --- A source, and what becomes of it ---

class Trial {
 public:
  explicit Trial(const Tree& tree) { place(source(), tree); }

  std::string source(const std::string& path = "") const {
    return temp_.path(path.empty() ? "source" : "source/" + path);
  }
  std::string target(const std::string& path = "") const {
    return temp_.path(path.empty() ? "target" : "target/" + path);
  }
  std::string beside(const std::string& path) const { return temp_.path(path); }
  bool has(const std::string& path) const { return fs::exists(fs::symlink_status(target(path))); }
  Tree result() const { return read_tree(target()); }

  Summary run(int to, Options options = {}, Listener listener = {}) {
    options.source = source();
    options.target = target();
    options.to = to;
    listener.note = [this](const std::string& subject, const Note& note) {
      notes_[subject].emplace(note.code);
    };
    const Tree before = snapshot(source());
    Summary summary = migrate(options, listener);
    EXPECT_EQ(difference(before, snapshot(source())), "") << "the source was changed";
    return summary;
  }

  bool noted(const std::string& subject, const std::string& code) const {
    const auto found = notes_.find(subject);
    return found != notes_.end() && found->second.contains(code);
  }

 private:
  TempDir temp_;
  std::map<std::string, std::set<std::string>> notes_;
};

// `migrated`, `skipped`, `left behind` or the class of the bad job. A job that is not migrated leaves
// nothing.
std::string fate_of(const Trial& trial, const Summary& summary, const std::string& subject) {
  const auto listed = [&](const std::vector<Error>& errors) {
    return std::find_if(errors.begin(), errors.end(),
                        [&](const Error& error) { return error.subject == subject; });
  };
  const auto bad = listed(summary.bad), skipped = listed(summary.skipped);
  if (bad == summary.bad.end() && skipped == summary.skipped.end())
    return trial.has(subject + "/meta.json") ? "migrated"
           : trial.has(subject)              ? "written without meta.json"
                                             : "left behind";
  const std::string word = bad == summary.bad.end() ? "skipped" : std::string(name_of(bad->kind));
  return trial.has(subject) ? word + ", but written" : word;
}

// `a|b`: one is as right as the other.
bool is_one_of(const std::string& fate, const std::string& expected) {
  return ("|" + expected + "|").find("|" + fate + "|") != std::string::npos;
}

std::string text_of(const Summary& summary) { return summary_text({}, summary); }

void expect_failed(const Trial& trial, const Summary& summary, Kind kind) {
  EXPECT_EQ(summary.outcome, Outcome::failed) << text_of(summary);
  ASSERT_FALSE(summary.errors.empty());
  EXPECT_EQ(name_of(summary.errors[0].kind), name_of(kind)) << text_of(summary);
  EXPECT_FALSE(trial.has("")) << "something was written";
}

void expect_complete(const Trial& trial, const Summary& summary, int version) {
  EXPECT_EQ(summary.outcome, Outcome::complete) << text_of(summary);
  EXPECT_TRUE(summary.finalized);
  EXPECT_EQ(read_file(trial.target("version.txt")), fmt::format("{}\n", version));
  EXPECT_FALSE(trial.has(marker));
}

void expect_unfinished(const Trial& trial, const Summary& summary, Outcome outcome) {
  EXPECT_EQ(name_of(summary.outcome), name_of(outcome)) << text_of(summary);
  EXPECT_FALSE(summary.finalized);
  EXPECT_FALSE(trial.has("version.txt"));
  EXPECT_TRUE(trial.has(marker));
}

// --- X4: gzip ---

struct Packed {
  std::string name, bytes, fate;
};

// One job of version 0 for each file, all in one archive.
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

const std::string sound_gz = gzipped(plain_data(0));

// The same member with optional fields in its header.
std::string with_header(char flags, const std::string& fields) {
  std::string packed = sound_gz;
  packed[3] = flags;
  return packed.insert(10, fields);
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
    const bool says_nothing = at >= 4 && at < 10;                 // time, level and system
    const bool in_stream = at >= 10 && at + 8 < sound_gz.size();  // it may seem to go on beyond the end
    files.push_back({fmt::format("byte {} flipped", at), packed,
                     says_nothing ? "migrated"
                     : in_stream  ? "gzip-corrupt|gzip-truncated"
                                  : "gzip-corrupt"});
  }
  expect_fates(files);
}

TEST(X4, NamesWhatIsWrong) {
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

TEST(X4, BoundsWhatIsRead) {
  constexpr std::size_t limit = 2000;
  Options options;
  options.max_file_size = limit;
  const std::string bomb = gzipped(std::string(20'000'000, ' '));
  ASSERT_GT(bomb.size(), limit);  // so it is cut short by its own size, too
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

TEST(X4, BoundsPlainFilesThatAreRead) {
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

// --- X6, X7: empty files, and two data files ---

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

// The contents differ, so that it shows which file was used.
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

// What the contract says of a combination: the fate, and the data file that is used.
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
  // Whether data files are read at all where meta.json is missing, the contract leaves open.
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

TEST(X6, SkipsWhateverElseIsWrong) {
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

// X7: whichever is used, --compress makes of it what was asked for.
TEST(X7, ConvertsTheOneThatIsUsed) {
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

TEST(X6, LooksAtTheDirectoryNameNeither) {
  Trial trial(plain_archive(1) + Tree{{"c/odd/names/here/meta.json", ""}});
  const Summary summary = trial.run(2);
  EXPECT_EQ(fate_of(trial, summary, "c/odd/names/here"), "skipped");
}

// --- X8: what is carried, left behind, bad ---

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

// Files of any name are carried, but neither jobs nor directories: the target is the plain one and the
// carried.
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

// X5: whatever the directories are named, they hold a job; but not the one that meta.json tells of.
TEST(X8, KnowsJobsWhateverTheirName) {
  for (const std::string directory :
       {"c/x/y/z", "c/0/001/100.bak", "c/0/001/0100", "c/0/001/+100", "c/0/001/100 ", "c/00/001/100",
        "c/0/01/100", "c/0/1/100", "c/0/0001/100", "c/1/001/100", "c/.0/.001/.100", "c/0/001/99",
        "c/-0/001/100"}) {
    SCOPED_TRACE(directory);
    expect_bad(directory, {{"meta.json", plain_meta(1)}, {"data.json", plain_data(1)}}, "identity-mismatch",
               "meta.json");
  }
}

// What lies in a job that is not written stays behind as well, and a meta.json in it is not lost sight of.
TEST(X8, LeavesBehindWhatLiesInBadAndSkippedJobs) {
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

// Following links, the same archive: what they point to is migrated as if it stood there.
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
  for (const auto& [path, to] : {std::pair{"c/self", "."},
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

// --- X11: data files that are not read ---

TEST(X11, ReadsDataFilesOnlyWhereItMust) {
  struct Case {
    std::string name;
    int from, to;
    std::string file, content;
    bool check_data;
    Compression compress;
    std::string fate;
    std::uint64_t unread;
  };
  const std::string sound = plain_data(1), broken = data_with(1, "[1,]"), large = padded(broken, 2001),
                    small = padded(broken, 2000);
  const auto keep = Compression::keep, gzip = Compression::gzip, none = Compression::none;
  const std::vector<Case> cases = {
      {"read by its step", 0, 1, "data.json", plain_data(0), false, keep, "migrated", 0},
      {"read by its step", 0, 3, "data.json", data_with(0, "[1,]"), false, keep, "json-syntax", 0},
      {"1 to 2", 1, 2, "data.json", sound, false, keep, "migrated", 1},
      {"1 to 3, broken", 1, 3, "data.json", broken, false, keep, "migrated", 1},
      {"3 to 1, broken", 3, 1, "data.json", broken, false, keep, "migrated", 1},
      {"a broken .gz", 2, 3, "data.json.gz", "x", false, keep, "migrated", 1},
      {"sound and checked", 1, 2, "data.json", sound, true, keep, "migrated", 0},
      {"broken and checked", 1, 2, "data.json", broken, true, keep, "json-syntax", 0},
      {"a broken .gz, checked", 2, 3, "data.json.gz", "x", true, keep, "gzip-corrupt|gzip-truncated", 0},
      {"converted to .gz", 1, 2, "data.json", large, false, gzip, "json-syntax", 0},
      {"too small for .gz", 1, 2, "data.json", small, false, gzip, "migrated", 1},
      {"a .gz already", 1, 2, "data.json.gz", gzipped(broken), false, gzip, "migrated", 1},
      {"converted from .gz", 1, 2, "data.json.gz", gzipped(broken), false, none, "json-syntax", 0},
      {"hollow and converted", 1, 2, "data.json.gz", gzipped(""), false, none, "skipped", 0},
      {"hollow and kept", 1, 2, "data.json.gz", gzipped(""), false, gzip, "migrated", 1},
      {"plain already", 1, 2, "data.json", broken, false, none, "migrated", 1}};
  for (const Case& c : cases) {
    Tree tree = plain_archive(c.from);
    tree.erase(in_job(1, "data.json"));
    tree[in_job(1, c.file)] = c.content;
    Trial trial(tree);
    Options options;
    options.check_data = c.check_data;
    options.compress = c.compress;
    const Summary summary = trial.run(c.to, options);
    const std::string fate = fate_of(trial, summary, subject_of(1));
    EXPECT_TRUE(is_one_of(fate, c.fate)) << c.name << ": " << fate << ", expected " << c.fate;
    EXPECT_EQ(summary.total().carried_unread, c.unread) << c.name;
    if (c.unread == 1) EXPECT_EQ(read_file(trial.target(in_job(1, c.file))), c.content) << c.name;
  }
}

// --- X12, X13: bad jobs and unfinished targets ---

constexpr std::uint64_t largest_allowed = 100'000;

struct BadJob {
  std::string kind, file;
  Tree files;  // in its directory; meta.json is added where it is not named
};

// One job of each class that a step up can meet, `read-failed` aside.
std::vector<BadJob> bad_jobs() {
  const auto data = [](const std::string& text) { return Tree{{"data.json", text}}; };
  const auto meta = [](const std::string& text) {
    return Tree{{"meta.json", text}, {"data.json", plain_data(0)}};
  };
  const std::string sound = plain_data(0), deep = std::string(1100, '[') + std::string(1100, ']');
  const std::string uncounted = replaced(sound, R"("statistics":{"min":1,"avg":1,"max":1},)", "");
  return {
      {"json-syntax", "data.json", data(sound + "x")},
      {"utf8-invalid", "data.json", data(replaced(sound, "n1", "n\xff"))},
      {"nesting-too-deep", "data.json",
       data(replaced(sound, R"("timestep":60)", R"("timestep":60,"more":)" + deep))},
      {"data-element", "data.json", data(data_with(0, R"([1,"n/a"])"))},
      {"duplicate-member", "data.json",
       data(replaced(sound, R"("timestep":60)", R"("timestep":60,"timestep":60)"))},
      {"missing-member", "meta.json", meta(replaced(meta_of(0, 2), R"("cluster":"c",)", ""))},
      {"wrong-type", "data.json", data(replaced(sound, R"("timestep":60)", R"("timestep":"60")"))},
      {"number-range", "data.json", data(replaced(uncounted, "[1,null,1.0]", "[1e308,1e308]"))},
      {"identity-mismatch", "meta.json", meta(meta_of(0, 1))},
      {"no-meta-file", "meta.json", {{"data.json", sound}, {"meta.json", "(none)"}}},
      {"not-a-regular-file", "data.json", data("-> ../../001/100/data.json")},
      {"gzip-truncated", "data.json.gz", {{"data.json.gz", sound_gz.substr(0, 30)}}},
      {"gzip-corrupt", "data.json.gz", {{"data.json.gz", "not gzip"}}},
      {"gzip-trailing", "data.json.gz", {{"data.json.gz", sound_gz + "x"}}},
      {"file-too-large", "data.json", data(padded(sound, largest_allowed + 1))},
      {"exclusive-invalid", "meta.json",
       meta(replaced(meta_of(0, 2), R"("exclusive":1)", R"("exclusive":3)"))},
      {"timestep-unknown", "data.json", data(R"({"other":{"node":{"unit":"W","series":[]}}})")},
  };
}

int bad_job_id(std::size_t index) { return static_cast<int>(index) + 2; }

// A sound job, a skipped one, and all bad ones.
Tree archive_of_bad_jobs() {
  Tree tree = plain_archive(0) + Tree{{in_job(900, "meta.json"), ""}};
  const std::vector<BadJob> jobs = bad_jobs();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const int id = bad_job_id(i);
    tree[in_job(id, "meta.json")] = meta_of(0, id);
    for (const auto& [name, content] : jobs[i].files)
      tree[in_job(id, name)] = jobs[i].kind == "identity-mismatch"
                                   ? content
                                   : replaced(content, R"("jobId":2)", fmt::format(R"("jobId":{})", id));
    if (jobs[i].kind == "no-meta-file") tree.erase(in_job(id, "meta.json"));
  }
  return tree;
}

Options with_limit() {
  Options options;
  options.max_file_size = largest_allowed;
  return options;
}

TEST(X12, ReportsEveryBadJobAndWritesTheOthers) {
  Trial trial(archive_of_bad_jobs());
  const Summary summary = trial.run(3, with_limit());
  expect_unfinished(trial, summary, Outcome::bad_jobs);
  const std::vector<BadJob> jobs = bad_jobs();
  ASSERT_EQ(summary.bad.size(), jobs.size()) << text_of(summary);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(fate_of(trial, summary, subject_of(bad_job_id(i))), jobs[i].kind);
    EXPECT_EQ(summary.bad[i].subject, subject_of(bad_job_id(i)));  // in path order
    EXPECT_EQ(summary.bad[i].file, jobs[i].file) << jobs[i].kind;
    EXPECT_FALSE(summary.bad[i].what.empty()) << jobs[i].kind;
  }
  EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "migrated");
  EXPECT_EQ(fate_of(trial, summary, subject_of(900)), "skipped");
  EXPECT_EQ(summary.total().bad, jobs.size());
  EXPECT_EQ(summary.total().skipped, 1U);
  EXPECT_EQ(summary.total().migrated, 1U);
}

TEST(X12, AcceptsBadJobsOnRequest) {
  Trial trial(archive_of_bad_jobs()), alone(plain_archive(0));
  Options options = with_limit();
  options.accept_bad = true;
  const Summary summary = trial.run(3, options);
  expect_complete(trial, summary, 3);
  EXPECT_EQ(summary.bad.size(), bad_jobs().size());
  alone.run(3);
  EXPECT_EQ(difference(alone.result(), trial.result()), "");
}

TEST(X12, SharedInvalidIsBadOnTheWayDown) {
  Tree tree = plain_archive(3);
  tree[in_job(1, "meta.json")] = replaced(plain_meta(3), R"("none")", R"("perhaps")");
  Trial trial(tree);
  const Summary summary = trial.run(2);
  EXPECT_EQ(fate_of(trial, summary, subject_of(1)), "shared-invalid");
  expect_unfinished(trial, summary, Outcome::bad_jobs);
}

TEST(X12, SkippedJobsAndNotesDoNotPreventCompletion) {
  Trial trial(plain_archive(1) + Tree{{in_job(2, "meta.json"), ""}, {in_job(3, "meta.json"), meta_of(1, 3)}});
  const Summary summary = trial.run(2);
  expect_complete(trial, summary, 2);
  EXPECT_EQ(summary.skipped.size(), 1U);
  EXPECT_TRUE(trial.noted(subject_of(3), "no-data-file"));
}

TEST(X12, ABadClusterStopsTheRunWithAllItsErrors) {
  Trial trial(plain_archive(1) + Tree{{"a/", ""}, {"b/", ""}});
  const Summary summary = trial.run(2);
  expect_failed(trial, summary, Kind::cluster_bad);
}

TEST(X13, RefusesAnUnfinishedTargetAsSource) {
  for (const int version : {0, 1}) {
    Trial trial(plain_archive(version) + Tree{{marker, "anything\n"}});
    const Summary summary = trial.run(2);
    expect_failed(trial, summary, Kind::not_an_archive);
  }
}

TEST(X13, TheMarkerIsNeverCarried) {
  for (const std::string& path : {"c/" + marker, in_job(1, marker)}) {
    SCOPED_TRACE(path);
    Trial trial(plain_archive(1) + Tree{{path, "x"}});
    const Summary summary = trial.run(2);
    expect_complete(trial, summary, 2);
    EXPECT_FALSE(trial.has(path));
    EXPECT_EQ(summary.total().left_behind, 1U);
  }
}

TEST(X13, TheMarkerSaysWhatItIs) {
  Trial trial(plain_archive(0) + Tree{{in_job(2, "meta.json"), "{"}});
  trial.run(1);
  const std::string text = read_file(trial.target(marker));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(text.back(), '\n');
  Trial again(trial.result());
  expect_failed(again, again.run(2), Kind::not_an_archive);
}

// The jobs in flight are finished, no other is begun, and the target stays unfinished.
TEST(X13, AnInterruptedRunStaysUnfinished) {
  constexpr std::size_t jobs = 5;
  Tree tree = plain_archive(0);
  for (int id = 2; id <= static_cast<int>(jobs); ++id) tree[in_job(id, "meta.json")] = meta_of(0, id);
  for (std::size_t begun = 0; begun < jobs; ++begun) {
    Trial trial(tree);
    Options options;
    options.debug = true;
    std::atomic<bool> stop{begun == 0};
    std::size_t seen = 0;
    Listener listener;
    listener.stop = &stop;
    listener.job = [&](const JobPath&) { stop = ++seen >= begun; };
    const Summary summary = trial.run(1, options, listener);
    expect_unfinished(trial, summary, Outcome::interrupted);
    EXPECT_EQ(summary.total().migrated, begun);
    for (std::size_t id = 1; id <= jobs; ++id)
      EXPECT_EQ(trial.has(subject_of(static_cast<int>(id))), id <= begun);
  }
}

// --- X14 and section 8: which way a run goes ---

Tree archive_to_repair(int version) {
  Tree tree = plain_archive(version);
  tree[in_job(1, "meta.json")] = replaced(tree[in_job(1, "meta.json")], R"("completed")", R"("canceled")");
  return tree;
}

TEST(X14, EqualVersionsAreNothingToDo) {
  for (const int version : {0, 1, 2, 3}) {
    Trial trial(archive_to_repair(version));
    const Summary summary = trial.run(version);
    EXPECT_EQ(summary.outcome, Outcome::nothing_to_do) << version;
    EXPECT_TRUE(summary.errors.empty());
    EXPECT_FALSE(trial.has(""));
  }
}

TEST(X14, RepairAloneWithEqualVersions) {
  for (const int version : {1, 2, 3}) {
    Trial trial(archive_to_repair(version));
    Options options;
    options.repair = true;
    expect_complete(trial, trial.run(version, options), version);
    Tree expected = plain_archive(version);
    expected[in_job(1, "meta.json")] =
        replaced(expected[in_job(1, "meta.json")], R"("completed")", R"("cancelled")");
    EXPECT_EQ(difference(expected, trial.result()), "") << version;
  }
}

TEST(X14, RepairsWithAggregationAndCompression) {
  Tree tree = plain_archive(2);
  const std::string data = padded(plain_data(2), 2001);
  tree[in_job(1, "data.json")] = data;
  Trial trial(tree);
  Options options;
  options.repair = true;
  options.compress = Compression::gzip;
  options.overrides = {{"", "cpu_load", "sum"}};
  expect_complete(trial, trial.run(2, options), 2);
  EXPECT_EQ(read_file(trial.target("c/cluster.json")),
            replaced(plain_cluster(2), R"("aggregation":"avg")", R"("aggregation":"sum")"));
  EXPECT_EQ(inflated(read_file(trial.target(in_job(1, "data.json.gz")))), data);
  EXPECT_FALSE(trial.has(in_job(1, "data.json")));
}

TEST(X14, RepairChangesNothingWithDifferentVersions) {
  for (const auto& [from, to] : {std::pair{0, 1}, {0, 3}, {1, 2}, {2, 3}, {3, 1}}) {
    Trial with(archive_to_repair(from)), without(archive_to_repair(from));
    Options options;
    options.repair = true;
    expect_complete(with, with.run(to, options), to);
    expect_complete(without, without.run(to), to);
    EXPECT_EQ(difference(without.result(), with.result()), "") << from << "->" << to;
  }
}

TEST(X14, RefusesWaysThatDoNotExist) {
  for (const auto& [from, to] : {std::pair{1, 0}, {2, 0}, {3, 0}, {0, 4}, {3, 4}, {1, 1000}, {1, -1}}) {
    SCOPED_TRACE(fmt::format("{} to {}", from, to));
    Trial trial(plain_archive(from));
    expect_failed(trial, trial.run(to), Kind::version_unknown);
  }
}

TEST(X14, RefusesToRepairVersion0) {
  Trial trial(plain_archive(0));
  Options options;
  options.repair = true;
  const Summary summary = trial.run(0, options);
  EXPECT_EQ(summary.outcome, Outcome::failed);
  EXPECT_FALSE(summary.errors.empty());
  EXPECT_FALSE(trial.has(""));
}

// --- Section 1: what an archive is ---

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
                                   {"4", -1},
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

TEST(Section1, ANewerVersionIsSaidToBeNewer) {
  Trial trial(plain_archive(3) + Tree{{"version.txt", "4\n"}});
  const Summary summary = trial.run(3);
  ASSERT_EQ(summary.errors.size(), 1U);
  EXPECT_NE(summary.errors[0].what.find("4"), std::string::npos);
  EXPECT_NE(summary.errors[0].what.find("newer"), std::string::npos) << summary.errors[0].what;
}

TEST(Section1, AbsentVersionTxtIsVersion0) {
  Trial trial(plain_archive(0));
  const Summary summary = trial.run(1);
  EXPECT_EQ(summary.from, 0);
  expect_complete(trial, summary, 1);
}

TEST(Section1, RefusesWhatIsNoArchive) {
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

TEST(Section1, RefusesASourceThatIsNotThere) {
  Trial trial{Tree()};
  expect_failed(trial, trial.run(1), Kind::not_an_archive);
  write_file(trial.source(), "a file");
  expect_failed(trial, trial.run(1), Kind::not_an_archive);
}

TEST(Section1, AnArchiveWithoutClustersIsOne) {
  Trial trial(Tree{{"version.txt", "2\n"}});
  expect_complete(trial, trial.run(3), 3);
  EXPECT_EQ(trial.result(), (Tree{{"version.txt", "3\n"}}));
}

TEST(Section1, VersionTxtIsAFile) {
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

TEST(Section1, VersionTxtMayBeALinkThatIsFollowed) {
  Trial trial(plain_archive(1) + Tree{{"compress.txt", "1\n"}, {"version.txt", "-> compress.txt"}});
  Options options;
  options.follow_symlinks = true;
  expect_complete(trial, trial.run(2, options), 2);
  EXPECT_FALSE(fs::is_symlink(trial.target("version.txt")));
  EXPECT_EQ(read_file(trial.target("compress.txt")), "1\n");
}

// --- Section 9: how files travel ---

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
      expect_complete(trial, trial.run(1, options), 1);  // on this way everything else is unchanged, too
      for (const auto& [path, content] : tree) {
        const bool data = path == in_job(1, name);
        EXPECT_EQ(same_file(trial.source(path), trial.target(path)), data && linked) << path;
        if (path != "version.txt") EXPECT_EQ(read_file(trial.target(path)), content) << path;
      }
    }
  }
}

TEST(Section9, ChangedDataFilesAreFilesOfTheirOwn) {
  for (const DataMode mode : {DataMode::automatic, DataMode::link, DataMode::copy}) {
    Trial trial(plain_archive(0));
    Options options;
    options.data = mode;
    expect_complete(trial, trial.run(1, options), 1);
    EXPECT_FALSE(same_file(trial.source(in_job(1, "data.json")), trial.target(in_job(1, "data.json"))));
    EXPECT_EQ(read_file(trial.target(in_job(1, "data.json"))), plain_data(1));
  }
}

// A mode, a time with nanoseconds and, as root, an owner of its own for every entry.
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

// From the leaves up: what is set last keeps what was set before.
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

// The directories of the source, in one that stood there empty.
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

// Their modes are set last: an unfinished target can be removed like any other directory.
TEST(Section9, ReadOnlyDirectoriesDoNotStandInTheWayOfAnUnfinishedTarget) {
  Trial trial(plain_archive(1) + Tree{{in_job(2, "meta.json"), "{"}});
  for (const std::string& path : std::vector<std::string>{subject_of(1), "c/0/001", "c/0", "c", ""})
    ASSERT_EQ(::chmod(trial.source(path).c_str(), 0555), 0);
  expect_unfinished(trial, trial.run(2), Outcome::bad_jobs);
  boost::system::error_code problem;
  fs::remove_all(trial.target(), problem);
  EXPECT_FALSE(problem) << "an unfinished target can be removed: " << problem.message();
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

// X10: no time, no name, no flags in the header of what we compress.
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

// --- X10: the same bytes ---

// Everything that the tests above try one by one.
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
  summary.seconds = 0;
  return {trial.result(), report_json({}, summary)};
}

TEST(X10, ThreadsAndMemoryDoNotShow) {
  Options serial;
  serial.debug = true;
  const Ran expected = run_motley(serial);
  EXPECT_GT(expected.result.size(), 60U);
  for (const unsigned threads : {0U, 1U, 2U, 8U}) {
    for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4'000'000}}) {
      Options options;
      options.threads = threads;
      options.memory = memory;
      const Ran ran = run_motley(options);
      EXPECT_EQ(difference(expected.result, ran.result), "") << threads << " threads, " << memory << " bytes";
      EXPECT_EQ(expected.report, ran.report) << threads << " threads, " << memory << " bytes";
    }
  }
  const Ran again = run_motley(serial);
  EXPECT_EQ(difference(expected.result, again.result), "");
  EXPECT_EQ(expected.report, again.report);
}

// A .gz that takes more memory than it was given comes again with more.
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
    // A job whose `exclusive` is invalid is bad in the last step only.
    expect_complete(third, third.run(3, options), 3);
    EXPECT_EQ(difference(whole.result(), third.result()), "");
  }
}

// The dry run tells what the real one would, and writes nothing.
TEST(DryRun, TellsTheSame) {
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
  dry.seconds = real.seconds = 0;
  dry.finalized = real.finalized;
  EXPECT_EQ(report_json({}, dry), report_json({}, real));
}

// --- A disk that fails ---

// Fails one call, the n-th.
class FailingFiles : public Files {
 public:
  explicit FailingFiles(std::size_t fail_at) : left_(fail_at) {}
  bool failed() const { return left_ == 0; }

  Result<std::vector<Entry>> list(const std::string& path) override {
    return reading([&] { return real_->list(path); });
  }
  Result<FileInfo> info(const std::string& path) override {
    return reading([&] { return real_->info(path); });
  }
  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    return reading([&] { return real_->read(path, limit, content); });
  }
  Result<Space> space(const std::string& path) override {
    return reading([&] { return real_->space(path); });
  }
  Result<bool> make_directory(const std::string& path, const FileInfo& like) override {
    return writing([&] { return real_->make_directory(path, like); });
  }
  Result<void> set_attributes(const std::string& path, const FileInfo& like) override {
    return writing([&] { return real_->set_attributes(path, like); });
  }
  Result<void> write(const std::string& path, std::string_view content, const FileInfo& like) override {
    return writing([&] { return real_->write(path, content, like); });
  }
  Result<void> copy(const std::string& from, const std::string& to, const FileInfo& like) override {
    return writing([&] { return real_->copy(from, to, like); });
  }
  Result<void> reflink(const std::string& from, const std::string& to, const FileInfo& like) override {
    return writing([&] { return real_->reflink(from, to, like); });
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    return writing([&] { return real_->link(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return writing([&] { return real_->remove(path); });
  }
  Result<void> sync(const std::string& path) override {
    return writing([&] { return real_->sync(path); });
  }

 private:
  template <class Call>
  auto reading(Call&& call) -> decltype(call()) {
    return pass(Kind::read_failed, call);
  }
  template <class Call>
  auto writing(Call&& call) -> decltype(call()) {
    return pass(Kind::write_failed, call);
  }
  template <class Call>
  auto pass(Kind kind, Call&& call) -> decltype(call()) {
    if (left_ > 0 && --left_ == 0) return Error{kind, "made to fail"};
    return call();
  }

  std::unique_ptr<Files> real_ = real_files(false);
  std::size_t left_;
};

// A job of version 0 with all kinds of files, and what its stages need.
class Bench {
 public:
  explicit Bench(Files& files) : files_(files) {
    options_.source = trial_.source();
    options_.target = trial_.target();
    archive_ = std::move(*open_archive(*real_, options_.source));
    plan_.emplace(Plan{options_, archive_, std::move(*plan_chain(0, 1)), {}});
    cluster_.name = "c";
    EXPECT_TRUE(cluster_.document.parse(cluster_text_));
    repair_cluster(cluster_, 0);
    plan_->clusters.emplace("c", Cluster(cluster_.document));
    target_.emplace(files, archive_, options_);
  }

  Fate carry() {
    const Stages stages(files_, *plan_, *target_);
    Slot slot;
    slot.reset({"c", "0", "001", "100"});
    stages.list(slot);
    stages.read(slot);
    stages.transform(slot);
    stages.encode(slot);
    stages.write(slot);
    error_ = std::move(slot.error);
    return slot.fate;
  }

  const std::optional<Error>& error() const { return error_; }
  Target& target() { return *target_; }
  const Trial& trial() const { return trial_; }

 private:
  Files& files_;
  Trial trial_{plain_archive(0) +
               Tree{{in_job(1, "a"), "x"}, {in_job(1, "z"), "x"}, {in_job(1, "sub/meta.json"), "x"}}};
  std::unique_ptr<Files> real_ = real_files(false);
  Options options_;
  Archive archive_;
  std::string cluster_text_ = padded(plain_cluster(0), 1000);
  ClusterFile cluster_;
  std::optional<Plan> plan_;
  std::optional<Target> target_;
  std::optional<Error> error_;
};

// Once for every call that may fail, and at last with a disk that is sound.
void with_every_failure(const std::function<void(FailingFiles& files, Bench& bench)>& test) {
  bool failed = true;
  for (std::size_t n = 1; failed; ++n) {
    ASSERT_LT(n, 1000U);
    SCOPED_TRACE(fmt::format("call {} fails", n));
    FailingFiles files(n);
    Bench bench(files);
    test(files, bench);
    failed = files.failed();
  }
}

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  if (!fs::exists(directory)) return names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().string());
  return names;
}

TEST(Fault, AJobIsThereAsAWholeOrNotAtAll) {
  with_every_failure([](FailingFiles& files, Bench& bench) {
    write_tree(bench.trial().target(), {{"c/", ""}});
    const Fate fate = bench.carry();
    const std::set<std::string> whole = {"a", "data.json", "meta.json", "z"}, none;
    EXPECT_TRUE(fate == Fate::migrated || files.failed());
    EXPECT_EQ(names_in(bench.trial().target(subject_of(1))), fate == Fate::migrated ? whole : none);
    EXPECT_EQ(bench.trial().has(subject_of(1)), fate == Fate::migrated);
  });
}

// What cannot be read is the job's fault, what cannot be written ends the run.
TEST(Fault, NamesTheJob) {
  with_every_failure([](FailingFiles&, Bench& bench) {
    write_tree(bench.trial().target(), {{"c/", ""}});
    const Fate fate = bench.carry();
    if (fate == Fate::migrated) return;
    ASSERT_TRUE(bench.error());
    EXPECT_EQ(bench.error()->subject, subject_of(1));
    EXPECT_EQ(name_of(bench.error()->kind), fate == Fate::bad ? "read-failed" : "write-failed");
  });
}

// Section 9: directories are made only where a file is written. After a bad job the run goes on.
TEST(Fault, ABadJobLeavesNoDirectories) {
  with_every_failure([](FailingFiles&, Bench& bench) {
    write_tree(bench.trial().target(), {{"c/", ""}});
    if (bench.carry() == Fate::bad) EXPECT_FALSE(bench.trial().has("c/0")) << describe(*bench.error());
  });
}

// X13: at no time does an unfinished target look finished, or like an archive of version 0.
TEST(Fault, TheMarkerStandsUntilVersionTxtDoes) {
  with_every_failure([](FailingFiles& files, Bench& bench) {
    const Trial& trial = bench.trial();
    ASSERT_EQ(::chmod(trial.source(subject_of(1)).c_str(), 0555), 0);
    const bool created = static_cast<bool>(bench.target().create());
    const bool carried = created && bench.carry() == Fate::migrated;
    const bool finalized = carried && bench.target().finalize(1);
    EXPECT_TRUE(finalized || files.failed());
    EXPECT_TRUE(created || trial.has(marker) || names_in(trial.target()).empty());
    EXPECT_TRUE(!created || trial.has(marker) || read_file(trial.target("version.txt")) == "1\n");
    EXPECT_TRUE(carried || !trial.has("version.txt"));
    EXPECT_TRUE(!finalized || (trial.has("version.txt") && !trial.has(marker)));
  });
}

}  // namespace

}  // namespace jobferry::test
