// Text from an archive must not move the cursor of a terminal, change its writing direction or be invisible.
#include "base/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "program.h"

namespace jobferry::test {

namespace {

std::string utf8(char32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

std::string as_bytes(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::vector<char32_t> misleading() {
  std::vector<char32_t> codes = {0x7F, 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF};
  const auto add = [&](char32_t first, char32_t last) {
    for (char32_t code = first; code <= last; ++code) codes.push_back(code);
  };
  add(0x00, 0x1F);
  add(0x80, 0x9F);
  add(0x202A, 0x202E);
  add(0x2066, 0x2069);
  add(0xE0000, 0xE007F);
  return codes;
}

}  // namespace

TEST(Printable, EscapesMisleadingCharacters) {
  for (const char32_t code : misleading())
    EXPECT_EQ(printable("a" + utf8(code) + "b"), "a" + as_bytes(utf8(code)) + "b");
  for (const char32_t code : {0x200BU, 0xE000U, 0xFFFFU})
    EXPECT_EQ(printable(utf8(code)), as_bytes(utf8(code)));
}

TEST(Printable, LeavesOrdinaryTextAlone) {
  for (const char32_t code :
       {0x20U, 0x7EU, 0xA0U, 0xE4U, 0x61BU, 0x61DU, 0x2010U, 0x2030U, 0x20ACU, 0x4E00U, 0x1F600U})
    EXPECT_EQ(printable(utf8(code)), utf8(code));
  EXPECT_EQ(printable("\xff\xc3(\xe2\x80"), "\\xff\\xc3(\\xe2\\x80");
  EXPECT_EQ(printable(printable("\u202e\xc3")), printable("\u202e\xc3"));
}

// The output of every command, on stdout and stderr, as text and as JSON.
TEST(Printable, IsTheOutputOfAllCommands) {
  std::string evil = "e";
  for (const char32_t code :
       {0x1BU, 0x85U, 0x9BU, 0x61CU, 0x200FU, 0x2028U, 0x202EU, 0x2066U, 0xFEFFU, 0xE0041U})
    evil += utf8(code);
  const std::string meta = plain_meta(1), in_json = replaced(evil, "\x1b", "\\u001b");
  Tree tree = plain_archive(1) + job(1, 2) + job(1, 3) + job(1, 4);
  tree["c/0/002/100/meta.json"] =
      replaced(tree["c/0/002/100/meta.json"], "{", "{\"" + in_json + "\":1,\"" + in_json + "\":2,");
  tree["c/0/003/" + evil + "/meta.json"] = "{" + evil;
  tree["c/0/004/100/" + evil + ".txt"] = "x";
  tree["c/0/004/100/" + evil + "/meta.json"] = "x";
  tree["c/0/" + evil + "/100/meta.json"] = meta;
  tree["c/" + evil + "/x"] = "x";
  tree[evil + "/cluster.json"] = replaced(plain_cluster(1), "\"c\"", "\"" + in_json + "\"");
  tree[evil + "/0/001/100/meta.json"] = replaced(meta, "\"jobId\":1", "\"jobId\":\"" + in_json + "\"");
  tree["." + evil + "/meta.json"] = "x";
  const Scene scene(tree);
  const std::vector<Words> calls = {
      {"info", "a"},
      {"validate", "a"},
      {"plan", "--src", "a", "--dst", "b"},
      {"--src", "a", "--dst", "b", "--debug", "--log-level", "debug"},
      {"--src", "a", "--dst", "b", "--accept-bad", "--log-level", "debug", "--log-format", "json"},
      {"status", "b"},
      {"verify", "a", "b"},
      {"validate", "b"},
      {"validate", evil}};
  for (const Words& call : calls)
    for (const Words& more : {Words{}, Words{"--json"}}) {
      const Ran ran = scene.run(call + more);
      SCOPED_TRACE(call[0] + " " + call[1] + (more.empty() ? "" : " --json"));
      EXPECT_NE(ran.code, usage) << ran.text();
      for (const char32_t code : misleading())
        if (code != '\n')
          EXPECT_EQ((ran.out + ran.err).find(utf8(code)), std::string::npos)
              << fmt::format("U+{:04X} in ", static_cast<unsigned>(code)) << printable(ran.text());
    }
}

}  // namespace jobferry::test
