// Compares the strict reader (X3) with slow and simple readers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "flat.h"
#include "json/reader.h"
#include "tree.h"

using namespace std::string_literals;

namespace jobferry::test {

namespace {

bool reads_numbers(const std::string& text) {
  json::Reader reader(text);
  json::Value whole;
  json::Type type;
  return reader.peek(type) && type == json::Type::array && reader.numbers(whole) && reader.finish();
}

bool reads_value(const std::string& text) {
  json::Reader reader(text);
  json::Value whole;
  return reader.value(whole) && reader.finish();
}

// True for an array of numbers and nulls by the grammar. Splits the text at its commas.
bool is_number_array(const std::string& text) {
  static const std::regex element(
      R"([ \t\r\n]*(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|null)[ \t\r\n]*)");
  static const std::regex outer(R"([ \t\r\n]*\[([^]*)\][ \t\r\n]*)");
  static const std::regex blank(R"([ \t\r\n]*)");
  std::smatch parts;
  if (!std::regex_match(text, parts, outer)) return false;
  const std::string inner = parts[1];
  if (std::regex_match(inner, blank)) return true;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(inner.find(',', begin), inner.size());
    if (!std::regex_match(inner.begin() + static_cast<std::ptrdiff_t>(begin),
                          inner.begin() + static_cast<std::ptrdiff_t>(end), element))
      return false;
    if (end == inner.size()) return true;
    begin = end + 1;
  }
}

// Arrays like those in archives: compact, pretty-printed, with nulls, exponents and many digits.
std::string random_array(std::mt19937_64& random, std::size_t elements) {
  const auto pick = [&](std::uint64_t n) { return random() % n; };
  const std::string separators[] = {",", ", ", ",\n                        ", ",", " ,"};
  const std::string separator = separators[pick(5)];
  std::string text = "[";
  for (std::size_t i = 0; i < elements; ++i) {
    if (i) text += separator;
    switch (pick(12)) {
      case 0:
        text += "null";
        break;
      case 1:
        text += "0";
        break;
      case 2:
        text += fmt::format("-{}", pick(1000));
        break;
      case 3:
        text += fmt::format("{}.{:02}e{}", pick(10), pick(100), pick(30));
        break;
      case 4:
        text += fmt::format("0.{}", random());
        break;
      case 5:
        text += fmt::format("{}{}{}", random() | 1ULL << 63, random(), random());
        break;
      default:
        text += fmt::format("{}.{:02}", pick(500), pick(100));
        break;
    }
  }
  return text + "]";
}

}  // namespace

// Replaces every byte of an array by every byte that could matter. The reader must accept exactly the
// grammar, at any position in a block of 64 bytes.
TEST(X3, NumberArraysFollowTheGrammarExactly) {
  std::mt19937_64 random(1);
  const std::string replacements = "0123456789-+.eE,nul[]{}\"\\/ \n\tx\x00\x1f\xc3"s;
  std::size_t accepted = 0, refused = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string sound = random_array(random, 1 + random() % 40);
    ASSERT_TRUE(is_number_array(sound) && reads_numbers(sound)) << sound;
    for (std::size_t at = 0; at < sound.size(); ++at) {
      std::string mutated = sound;
      mutated[at] = replacements[random() % replacements.size()];
      const bool expected = is_number_array(mutated);
      ASSERT_EQ(reads_numbers(mutated), expected) << mutated << " at " << at;
      ++(expected ? accepted : refused);
      mutated = sound;
      mutated.insert(at, 1, replacements[random() % replacements.size()]);
      ASSERT_EQ(reads_numbers(mutated), is_number_array(mutated)) << mutated << " at " << at;
      mutated = sound;
      mutated.erase(at, 1);
      ASSERT_EQ(reads_numbers(mutated), is_number_array(mutated)) << mutated << " at " << at;
    }
  }
  EXPECT_GT(accepted, 1000U);
  EXPECT_GT(refused, 1000U);
}

TEST(X3, ShortArraysExhaustively) {
  const std::string alphabet = "0 1.-e,nul]";
  std::size_t accepted = 0;
  for (std::size_t number = 0; number < 11 * 11 * 11 * 11 * 11; ++number) {
    std::string inner;
    for (std::size_t rest = number; inner.size() < 5; rest /= alphabet.size())
      inner += alphabet[rest % alphabet.size()];
    // With enough text behind the array for the fast scan.
    const std::string text =
        "[" + inner + ",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]";
    const bool expected = is_number_array(text);
    ASSERT_EQ(reads_numbers(text), expected) << text;
    accepted += expected;
  }
  EXPECT_GT(accepted, 100U);
}

TEST(X3, ArraysMayEndAnywhereInABlock) {
  for (std::size_t length = 0; length < 300; ++length) {
    std::string text = "[";
    for (std::size_t i = 0; i < length; ++i) text += i % 7 == 6 ? "null," : "1.5,";
    text += "2]";
    ASSERT_TRUE(reads_numbers(text)) << text;
    ASSERT_FALSE(reads_numbers(text.substr(0, text.size() - 1))) << text;
    for (std::size_t cut = 1; cut < 8 && cut < text.size(); ++cut)
      ASSERT_FALSE(reads_numbers(text.substr(0, text.size() - cut)));
  }
}

TEST(X3, Strings) {
  for (const std::string good :
       {R"("")", R"("a\"b\\\/\b\f\n\r\t")", R"("\u00e9\uD800")", "\"\xc3\xa9\"", "\"\x7f\""})
    EXPECT_TRUE(reads_value(good)) << good;
  for (const std::string bad :
       {R"(")", R"("\x")", R"("\u12g4")", R"("\u12)", "\"\x1f\"", "\"a\nb\"", R"("\)", "'a'"})
    EXPECT_FALSE(reads_value(bad)) << bad;
}

TEST(X3, Encoding) {
  for (const std::string bad :
       {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff", "\xe0\x80\x80"}) {
    const std::string text = "{\"a\":\"xy" + bad + "\"}";
    const auto result = json::check_encoding(text);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::utf8_invalid);
    EXPECT_EQ(result.error().byte, 8U);
    EXPECT_EQ(result.error().pointer, "/a");
  }
  EXPECT_TRUE(static_cast<bool>(json::check_encoding("\"\xf0\x9f\x9a\x80\"")));
}

TEST(Pointers, LeadToTheirBytesAndBack) {
  const std::string text =
      R"({"a":[1,{"b/c":[[],{"":null}],"d~":"x,]}"}],"e":{"f":[true , "g" ]},"h":-1.5e3})";
  const auto flat = flatten(text);
  EXPECT_EQ(flat.size(), 7U);
  for (const auto& [pointer, scalar] : flat) {
    const auto byte = json::byte_of(text, pointer);
    ASSERT_TRUE(byte) << pointer;
    EXPECT_EQ(json::pointer_at(text, *byte), pointer);
    const std::string first = scalar.substr(0, 1);
    EXPECT_EQ(text.substr(*byte, 1), first) << pointer;
  }
  EXPECT_FALSE(json::byte_of(text, "/a/2"));
  EXPECT_FALSE(json::byte_of(text, "/a/1/b"));
}

TEST(Strings, QuoteAndUnescapeAreInverse) {
  for (const std::string text : {"", "a\"b\\c", "\n\x01\x1f", "\xc3\xa9\xf0\x9f\x9a\x80", "/~"})
    EXPECT_EQ(json::unescape(json::quote(text)), text);
  EXPECT_EQ(json::unescape(R"("\ud83d\ude80\u00e9\/")"), "\xf0\x9f\x9a\x80\xc3\xa9/");
  EXPECT_EQ(json::unescape(R"("\ud83dx")"), "\xed\xa0\xbdx");
}

}  // namespace jobferry::test
