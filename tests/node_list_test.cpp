// The node lists of R1.
#include "archive/node_list.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {
namespace {

using namespace std::string_view_literals;

NodeList parsed(std::string_view text) {
  std::string problem;
  auto list = NodeList::parse(text, problem);
  EXPECT_TRUE(list) << text << ": " << problem;
  return list ? *list : NodeList();
}

std::string problem_of(std::string_view text) {
  std::string problem;
  return NodeList::parse(text, problem) ? "none" : problem;
}

TEST(RuleR1, ContainsWhatTheListSays) {
  struct Case {
    std::string_view list;
    std::vector<std::string_view> in;
    std::vector<std::string_view> out;
  };
  const Case cases[] = {
      {"node01", {"node01"}, {"node1", "node011", "node0", "Node01", "", "xnode01"}},
      {"a,b", {"a", "b"}, {"", "c", "ab", "a,b"}},
      {"name[01-10,15-20]rest",
       {"name01rest", "name10rest", "name15rest", "name20rest"},
       {"name00rest", "name11rest", "name14rest", "name21rest", "name1rest", "name001rest", "name01",
        "01rest"}},
      {"e[0101-0188,0201-0288],e0301", {"e0101", "e0288", "e0301"}, {"e0189", "e0302", "e101"}},
      {"n[1-9,10-20]", {"n1", "n9", "n10", "n15", "n20"}, {"n0", "n21", "n01", "n", "n100"}},
      {"n[1-9,10-20,100-200]x[1-2,10-12]y",
       {"n150x11y", "n1x1y", "n15x10y"},
       {"n150x9y", "n150x11", "n21x1y"}},
      {"[01-02][3-4]", {"013", "024"}, {"01", "033", "015", "0134"}},
      {"[1-9,10-99][1-9,10-99]", {"11", "111", "1111", "909"}, {"1", "11111", "0909", "001"}},
      {"r[1-2]n[1-2]", {"r1n2", "r2n1"}, {"r1n3", "r3n1", "rn", "r1"}},
      {"a-b-", {"a-b-"}, {"a-b", "a-"}},
      {"1a[0-3]2", {"1a02", "1a32"}, {"1a42", "1a2"}},
      {"n[10-01]", {}, {"n01", "n05", "n10"}},
      {"n[5-1,7-8]", {"n7", "n8"}, {"n1", "n3", "n5"}},
      {"n[3-3]", {"n3"}, {"n2", "n4"}},
      {"n[0-9]", {"n0"}, {"n:", "n/", "na", "n-", "n\xB9"}},
      {"n[00-99]", {"n00", "n99"}, {"n1a", "n-1", "n 1", "n+1", "n1", "n5:"}},
      {"a,,b,", {"a", "b"}, {""}},
      {",", {}, {"", ",", "a"}},
      {"n[99999999999999999998-99999999999999999999]",
       {"n99999999999999999998", "n99999999999999999999"},
       {"n99999999999999999997", "n9", "n100000000000000000000"}},
  };
  for (const auto& [text, in, out] : cases) {
    const NodeList list = parsed(text);
    EXPECT_FALSE(list.catch_all()) << text;
    for (const auto name : in) EXPECT_TRUE(list.contains(name)) << text << " " << name;
    for (const auto name : out) EXPECT_FALSE(list.contains(name)) << text << " " << name;
  }
}

TEST(RuleR1, CatchAllContainsEveryName) {
  for (const auto text : {""sv, "*"sv}) {
    const NodeList list = parsed(text);
    EXPECT_TRUE(list.catch_all());
    for (const auto name : {"", "a", "n[1", "ä", "*"}) EXPECT_TRUE(list.contains(name));
  }
}

TEST(RuleR1, ErrorsSayWhatAndWhere) {
  struct Case {
    std::string_view list;
    std::string_view problem;
  };
  const Case cases[] = {
      {"n[01]", "expected '-' and the end of the range, found ']' at character 5"},
      {"n[01,02]", "expected '-' and the end of the range, found ',' at character 5"},
      {"n[1-2,03]", "expected '-' and the end of the range, found ']' at character 9"},
      {"n[]", "expected a digit, found ']' at character 3"},
      {"n[,]", "expected a digit, found ',' at character 3"},
      {"n[1-2,]", "expected a digit, found ']' at character 7"},
      {"n[,1-2]", "expected a digit, found ',' at character 3"},
      {"n[-2]", "expected a digit, found '-' at character 3"},
      {"n[1-]", "expected a digit, found ']' at character 5"},
      {"n[-]", "expected a digit, found '-' at character 3"},
      {"n[1--2]", "expected a digit, found '-' at character 5"},
      {"n[1-2-3]", "expected ',' or ']', found '-' at character 6"},
      {"n[a-b]", "expected a digit, found 'a' at character 3"},
      {"n[1-b]", "expected a digit, found 'b' at character 5"},
      {"n[1a-2b]", "expected '-' and the end of the range, found 'a' at character 4"},
      {"n[+1-+2]", "expected a digit, found '+' at character 3"},
      {"n[1 -2]", "expected '-' and the end of the range, found ' ' at character 4"},
      {"n[1-2, 3-4]", "expected a digit, found ' ' at character 7"},
      {"n[[1-2]]", "expected a digit, found '[' at character 3"},
      {"n[*]", "expected a digit, found '*' at character 3"},
      {"n[1-10]", "the two ends of a range differ in width at character 3"},
      {"n[1-2,001-10]", "the two ends of a range differ in width at character 7"},
      {"n[", "unclosed '[' at character 2"},
      {"n[1", "unclosed '[' at character 2"},
      {"n[1-", "unclosed '[' at character 2"},
      {"n[1-2", "unclosed '[' at character 2"},
      {"n[1-2,", "unclosed '[' at character 2"},
      {"a,n[1-2]m[3-4,", "unclosed '[' at character 10"},
      {"n]", "']' without '[' at character 2"},
      {"]", "']' without '[' at character 1"},
      {"n[1-2]]", "']' without '[' at character 7"},
      {"-n", "expected a letter, a digit or '[', found '-' at character 1"},
      {"a,-n", "expected a letter, a digit or '[', found '-' at character 3"},
      {"n[1-2]-ib", "expected a letter, a digit or '[', found '-' at character 7"},
      {"-", "expected a letter, a digit or '[', found '-' at character 1"},
      {" ", "unexpected ' ' at character 1"},
      {"a, b", "unexpected ' ' at character 3"},
      {"a b", "unexpected ' ' at character 2"},
      {"a ", "unexpected ' ' at character 2"},
      {"n1.site", "unexpected '.' at character 3"},
      {"n_1", "unexpected '_' at character 2"},
      {"**", "'*' is only allowed as the whole list, found one at character 1"},
      {"*,a", "'*' is only allowed as the whole list, found one at character 1"},
      {"a,*", "'*' is only allowed as the whole list, found one at character 3"},
      {"a*", "'*' is only allowed as the whole list, found one at character 2"},
      {"nä", "unexpected byte 0xc3 at character 2"},
      {"n\0"sv, "unexpected byte 0x00 at character 2"},
      {"n\n", "unexpected byte 0x0a at character 2"},
      {"n\x7f", "unexpected byte 0x7f at character 2"},
      {"n;m", "unexpected ';' at character 2"},
      {"n{1-2}", "unexpected '{' at character 2"},
  };
  for (const auto& [list, problem] : cases) EXPECT_EQ(problem_of(list), problem) << list;
}

// Every ASCII character and others, at the beginning of a term and inside it.
TEST(RuleR1, OnlyLettersDigitsAndDashesInNames) {
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool letter_or_digit =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"sv.find(c) != std::string_view::npos;
    const bool alone = letter_or_digit || c == ',' || c == '*';
    EXPECT_EQ(problem_of({&c, 1}) == "none", alone) << code;
    const bool within = letter_or_digit || c == ',' || c == '-';
    EXPECT_EQ(problem_of(std::string("a") + c) == "none", within) << code;
  }
}

// A range contains its numbers, printed at its width.
TEST(RuleR1, RangesContainNumbersOfTheirWidth) {
  const auto padded = [](int number, std::size_t width) {
    auto text = std::to_string(number);
    return text.insert(0, width - text.size(), '0');
  };
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const int first = static_cast<int>(random() % 1000), last = static_cast<int>(random() % 1000);
    const NodeList list = parsed("[" + padded(first, 3).append("-").append(padded(last, 3)).append("]"));
    for (int number = 0; number < 1000; ++number)
      ASSERT_EQ(list.contains(padded(number, 3)), first <= number && number <= last);
  }
}

// Each bracket may match one digit or two, so trying all combinations would need 2^1000 steps.
TEST(RuleR1, HostileListsNeedNoExponentialTime) {
  std::string brackets;
  for (int i = 0; i < 1000; ++i) brackets += "[0-9,00-99]";
  const NodeList list = parsed(brackets + "x");
  EXPECT_TRUE(list.contains(std::string(1500, '1') + "x"));
  EXPECT_FALSE(list.contains(std::string(1500, '1')));
  EXPECT_FALSE(list.contains(std::string(2001, '1') + "x"));
  EXPECT_FALSE(list.contains(std::string(999, '1') + "x"));
}

// Parsing does not recurse, so the length of a list does not matter.
TEST(RuleR1, LongListsParse) {
  std::string commas(1'000'000, ',');
  EXPECT_FALSE(parsed(commas).contains(""));
  EXPECT_TRUE(parsed(commas + "n1").contains("n1"));
  EXPECT_EQ(problem_of(std::string(1'000'000, '[')), "expected a digit, found '[' at character 2");
  const std::string digits(100'000, '7');
  EXPECT_TRUE(parsed("n[" + digits + "-" + digits + "]").contains("n" + digits));
}

}  // namespace
}  // namespace jobferry
