// Rule U, and the units whose metrics C3 sums.
#include "archive/unit.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {
namespace {

using namespace std::string_view_literals;

// The result as a text: `base|prefix` or `none`.
std::string read(std::string_view text) {
  const auto unit = parse_unit(text);
  return unit ? std::string(unit->base) + "|" + std::string(unit->prefix) : "none";
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// All spellings of a lower-case word with upper-case and lower-case ASCII letters.
std::vector<std::string> case_variants(std::string_view word) {
  std::vector<std::string> variants{""};
  for (const char c : word) {
    const auto count = variants.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (upper(c) != c) variants.push_back(variants[i] + upper(c));
      variants[i] += c;
    }
  }
  return variants;
}

struct Spelled {
  std::string text;
  std::string means;
};

const std::vector<Spelled> words = {
    {"b", "B"},
    {"byte", "B"},
    {"bytes", "B"},
    {"f", "F"},
    {"flop", "F"},
    {"flops", "F"},
    {"hz", "Hz"},
    {"hertz", "Hz"},
    {"w", "W"},
    {"watt", "W"},
    {"watts", "W"},
    {"j", "J"},
    {"joule", "J"},
    {"joules", "J"},
    {"%", "%"},
    {"percent", "%"},
    {"\xC2\xB0"
     "c",
     "°C"},
    {"degc", "°C"},
    {"\xC2\xB0"
     "f",
     "°F"},
    {"degf", "°F"},
    {"s", "s"},
    {"sec", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"rpm", "RPM"},
    {"packet", "packets"},
    {"packets", "packets"},
    {"request", "requests"},
    {"requests", "requests"},
    {"event", "events"},
    {"events", "events"},
    {"cycle", "cycles"},
    {"cycles", "cycles"},
    {"cyc", "cycles"},
};

const std::set<std::string> bases_without_milli = {"B", "F", "Hz", "packets", "requests", "events", "cycles"};

const std::vector<Spelled> good_prefixes = {
    {"", ""},     {"k", "K"},   {"K", "K"},   {"M", "M"},   {"m", "m"},   {"g", "G"},   {"G", "G"},
    {"t", "T"},   {"T", "T"},   {"p", "P"},   {"P", "P"},   {"e", "E"},   {"E", "E"},   {"z", "Z"},
    {"Z", "Z"},   {"y", "Y"},   {"Y", "Y"},   {"Ki", "Ki"}, {"ki", "Ki"}, {"Mi", "Mi"}, {"Gi", "Gi"},
    {"gi", "Gi"}, {"Ti", "Ti"}, {"ti", "Ti"}, {"Pi", "Pi"}, {"pi", "Pi"}, {"Ei", "Ei"}, {"ei", "Ei"},
};

const std::vector<std::string> bad_prefixes = {"mi", "MI", "mI",  "KI", "kI", "GI", "gI", "TI",   "PI",  "EI",
                                               "Zi", "zi", "Yi",  "yi", "i",  "n",  "u",  "µ",    "da",  "x",
                                               "kk", "kM", "Mik", "1",  "k ", "-",  "/",  "\xC2", "\xB0"};

std::vector<Spelled> rates() {
  std::vector<Spelled> all{{"", ""}};
  for (const auto* suffix : {"/s", "/sec", "/second"})
    for (const auto& variant : case_variants(suffix)) all.push_back({variant, "/s"});
  for (const auto* variant : {"/seconds", "/SECONDS", "/Seconds", "/secondS"}) all.push_back({variant, "/s"});
  return all;
}

TEST(RuleU, ExamplesOfTheContract) {
  const Spelled examples[] = {
      {"GB/s", "B/s|G"},
      {"GF/s", "F/s|G"},
      {"GFlops/s", "F/s|G"},
      {"MHz", "Hz|M"},
      {"mhz", "Hz|M"},
      {"GB", "B|G"},
      {"mb/s", "B/s|M"},
      {"MB/S", "B/s|M"},
      {"MByte/s", "B/s|M"},
      {"kB", "B|K"},
      {"GiB", "B|Gi"},
      {"W", "W|"},
      {"mW", "W|m"},
      {"load", "load|"},
      {"ipc", "IPC|"},
      {"packets/s", "packets/s|"},
      {"percent", "%|"},
      {"degC", "°C|"},
      {"bit/s", "none"},
      {"load 1m", "none"},
      {"", "|"},
  };
  for (const auto& [text, means] : examples) EXPECT_EQ(read(text), means) << text;
}

TEST(RuleU, EveryWordWithEveryPrefixAndRate) {
  const auto all_rates = rates();
  for (const auto& [word, base] : words)
    for (const auto& variant : case_variants(word))
      for (const auto& [prefix, prefix_means] : good_prefixes)
        for (const auto& [rate, rate_means] : all_rates) {
          const bool mega = prefix == "m" && bases_without_milli.contains(base);
          const std::string kept = base == "%" ? "" : mega ? "M" : prefix_means;
          ASSERT_EQ(read(prefix + variant + rate), base + rate_means + "|" + kept) << prefix + variant + rate;
        }
}

TEST(RuleU, OnlyTheListedPrefixes) {
  for (const auto& prefix : bad_prefixes)
    for (const auto& [word, base] : words) {
      EXPECT_EQ(read(prefix + word), "none") << prefix + word;
      EXPECT_EQ(read(prefix + word + "/s"), "none") << prefix + word;
    }
}

TEST(RuleU, WholeWordsHaveNoPrefix) {
  const Spelled whole[] = {{"load", "load|"}, {"ipc", "IPC|"}, {"cpi", "CPI|"}};
  for (const auto& [word, means] : whole) {
    for (const auto& variant : case_variants(word)) EXPECT_EQ(read(variant), means) << variant;
    for (const auto* prefix : {"k", "M", "m", "Gi"}) EXPECT_EQ(read(prefix + word), "none") << prefix << word;
    for (const auto* rate : {"/s", "/sec"}) EXPECT_EQ(read(word + rate), "none") << word << rate;
  }
}

TEST(RuleU, TrimsAsciiWhiteSpaceOnly) {
  const Spelled cases[] = {
      {" GB/s", "B/s|G"},
      {"GB/s \t\n\v\f\r", "B/s|G"},
      {"\t\n\v\f\r load ", "load|"},
      {" \t\n\v\f\r", "|"},
      {"\u00A0GB", "none"},
      {"GB\u00A0", "none"},
      {"G B", "none"},
      {"GB /s", "none"},
      {"GB/ s", "none"},
      {"GB\u2003/s", "none"},
  };
  for (const auto& [text, means] : cases) EXPECT_EQ(read(text), means) << text;
  EXPECT_EQ(read("GB\0"sv), "none");
  EXPECT_EQ(read("\0"sv), "none");
}

TEST(RuleU, AnythingElseIsNone) {
  const std::string_view unknown[] = {
      "/s",
      "k",
      "M",
      "Ki",
      "k/s",
      "B/",
      "B//s",
      "B/s/s",
      "B/ms",
      "B/h",
      "B/sek",
      "B/secs",
      "B/minute",
      "bps",
      "Bs",
      "flop/",
      "bit",
      "GBit/s",
      "Mbit",
      "watth",
      "deg",
      "°",
      "°K",
      "°\xC3",
      "degk",
      "deg C",
      "percents",
      "rpms",
      "%%",
      "loads",
      "ipc%",
      "µs",
      "ſ",
      "hertzs",
      "K",
      "cy",
      "byte s",
      "1/s",
      "B*s",
      "events/sec/s",
      "\xC2",
      "\xB0"
      "C",
      "\xFF",
      "B\xFF",
  };
  for (const auto text : unknown) EXPECT_EQ(read(text), "none") << text;
  EXPECT_EQ(read(std::string(100'000, 'k')), "none");
}

TEST(RuleU, KnowsTheUnitsThatItWrites) {
  for (const Spelled& word : words)
    for (const std::string_view prefix : {"", "k", "M", "m", "g", "Ki", "ei"})
      for (const std::string_view rate : {"", "/s"}) {
        const auto unit = parse_unit(std::string(prefix) + word.text + std::string(rate));
        if (unit) EXPECT_TRUE(is_known_unit(*unit)) << unit->base << '|' << unit->prefix;
      }
  for (const std::string_view whole : {"", "load", "ipc", "cpi"})
    EXPECT_TRUE(is_known_unit(*parse_unit(whole)));
}

TEST(RuleU, KnowsNoOtherUnits) {
  for (const Unit& unit : std::vector<Unit>{{"b", ""},
                                            {"Flops/s", ""},
                                            {"bit/s", ""},
                                            {"W", "k"},
                                            {"B", "m"},
                                            {"%", "K"},
                                            {"load", "K"},
                                            {"", "K"},
                                            {"load/s", ""}})
    EXPECT_FALSE(is_known_unit(unit)) << unit.base << '|' << unit.prefix;
}

TEST(RuleC3, SumsOverTheBasesThatAddUp) {
  for (const auto* base : {"B", "F", "W", "J", "packets", "requests", "events", "cycles", "Flops"}) {
    EXPECT_TRUE(sums_over_nodes(base)) << base;
    EXPECT_TRUE(sums_over_nodes(std::string(base) + "/s")) << base;
  }
  for (const auto* base : {"Hz",      "%",   "°C",    "°F",    "s",  "RPM", "IPC",   "CPI",     "load",
                           "",        "/s",  "b",     "f",     "w",  "b/s", "flops", "FLOPS/s", "Flop",
                           "Packets", "B/S", "B/sec", "B/s/s", "GB", "B ",  " B/s",  "bit/s"})
    EXPECT_FALSE(sums_over_nodes(base)) << base;
}

}  // namespace
}  // namespace jobferry
