// Small files that would expand to huge ones. Each makes its job bad with the right class, in bounded memory,
// and the job beside it is migrated.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tree.h"

namespace jobferry::test {

namespace {

struct Bomb {
  std::string name, file;
  std::function<std::string()> content;  // made late: a child inherits the memory of its parent
  std::string expected;                  // in the summary
  std::uint64_t most_mib;                // of memory
  std::uint64_t size = 0;                // extends the file to this size without writing data
};

void PrintTo(const Bomb& bomb, std::ostream* out) { *out << bomb.name; }

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string million_members(const std::string& before, const std::string& after) {
  std::string out = before;
  for (int i = 0; i < 1'000'000; ++i) out += fmt::format("{}\"k{}\":1", i ? "," : "", i);
  return out + after;
}

std::string meta_with(const std::string& member) {
  std::string meta = plain_meta(0);
  return meta.insert(meta.rfind('}'), "," + member);
}

std::string without_end(std::string text) {
  text.pop_back();
  return text;
}

std::vector<Bomb> bombs() {
  const std::string levels = repeated("[", 100'000) + repeated("]", 100'000);
  return {
      {"expands_1000_fold", "data.json.gz", [] { return gzipped(std::string(200'000'000, ' ')); },
       "file-too-large", 200},
      {"claims_4_gib", "data.json.gz",
       [] {
         std::string packed = gzipped("{}");
         return packed.replace(packed.size() - 4, 4, "\xff\xff\xff\xff");
       },
       "gzip-corrupt", 200},
      {"holds_4_gib", "data.json", [] { return "{"; }, "file-too-large", 200, 4ULL << 30},
      {"meta_of_1_gb", "meta.json", [] { return "{"; }, "file-too-large", 200, 1'000'000'000},
      {"nested_in_data", "data.json", [=] { return "{\"m\":" + levels + "}"; }, "nesting-too-deep", 200},
      {"nested_in_meta", "meta.json", [=] { return meta_with("\"x\":" + levels); }, "nesting-too-deep", 200},
      {"large_meta", "meta.json", [] { return meta_with("\"x\":\"" + std::string(100'000'000, 'x') + '"'); },
       "file-too-large", 200},
      {"members_in_meta", "meta.json",
       [] { return million_members(without_end(meta_with("\"x\":{")), "}}"); }, "Jobs migrated 2", 400},
      {"members_in_data", "data.json", [] { return million_members("{\"m\":{\"node\":{", "}}}"); },
       "timestep-unknown", 400},
      {"empty_series", "data.json",
       [] { return "{\"m\":{\"node\":{\"timestep\":1,\"series\":[{}" + repeated(",{}", 1'000'000) + "]}}}"; },
       "Jobs migrated 2", 800},
  };
}

struct Ran {
  std::string text;
  std::uint64_t peak_mib = 0;
};

Ran run_program(const TempDir& temp) {
  const std::string output = temp.path("output");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool told = std::freopen(output.c_str(), "w", stdout) != nullptr;
    if (told)
      ::execl(JOBFERRY_PROGRAM, JOBFERRY_PROGRAM, "--src", temp.path("source").c_str(), "--dst",
              temp.path("target").c_str(), "--memory", "64MiB", "--max-file-size", "50MB", nullptr);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  return {read_file(output), static_cast<std::uint64_t>(usage.ru_maxrss) / 1024};
}

void write_source(const TempDir& temp, const Bomb& bomb) {
  Tree tree = plain_archive(0);
  std::string other = plain_meta(0);
  tree["c/0/002/100/meta.json"] = other.replace(other.find("\"jobId\":1"), 9, "\"jobId\":2");
  if (bomb.file == "data.json.gz") tree.erase("c/0/001/100/data.json");
  tree["c/0/001/100/" + bomb.file] = bomb.content();
  write_tree(temp.path("source"), tree);
  if (bomb.size) boost::filesystem::resize_file(temp.path("source/c/0/001/100/" + bomb.file), bomb.size);
}

}  // namespace

class Bombs : public testing::TestWithParam<Bomb> {};

TEST_P(Bombs, AreBounded) {
  const Bomb& bomb = GetParam();
  const TempDir temp;
  write_source(temp, bomb);
  const Ran ran = run_program(temp);
  EXPECT_NE(ran.text.find(bomb.expected), std::string::npos) << ran.text;
  EXPECT_TRUE(boost::filesystem::exists(temp.path("target/c/0/002/100/meta.json")));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(ran.peak_mib, bomb.most_mib);
#endif
}

INSTANTIATE_TEST_SUITE_P(All, Bombs, testing::ValuesIn(bombs()),
                         [](const auto& test) { return test.param.name; });

}  // namespace jobferry::test
