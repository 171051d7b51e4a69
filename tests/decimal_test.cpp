// Number tokens: R3, M3, D3, D4, X5.
#include "json/decimal.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace jobferry {
namespace {

const std::string zeros_400(400, '0');

TEST(RuleR3, PlainIntegers) {
  for (const auto* token : {"0", "-0", "7", "-12", "9223372036854775808", "123456789012345678901234567890"})
    EXPECT_TRUE(is_plain_integer(token)) << token;
  for (const auto* token : {"0.0", "1.0", "1e3", "1E3", "-1e0", "1.5E-7"})
    EXPECT_FALSE(is_plain_integer(token)) << token;
}

TEST(RuleM3, AnyTextOfValueZero) {
  for (const auto* token : {"0", "-0", "0.0", "0e5", "-0.00E-3", "0E+0", "0e999999999999", "0.000e12"})
    EXPECT_TRUE(is_zero(token)) << token;
  for (const auto* token : {"1", "-1", "0.1", "0.0001e0", "10", "1e-999999999999", "0.001E-7", "9e0"})
    EXPECT_FALSE(is_zero(token)) << token;
}

TEST(RuleR3, IntegralTextKeepsTheValueExactly) {
  struct Case {
    std::string token;
    std::string integer;
  };
  const Case cases[] = {
      {"86486.0", "86486"},
      {"3e3", "3000"},
      {"3E+3", "3000"},
      {"1.50e1", "15"},
      {"-0.0", "0"},
      {"-0e0", "0"},
      {"0.0", "0"},
      {"0e999999999999", "0"},
      {"-0.00E-3", "0"},
      {"0e-99999999999999999999999999999999", "0"},
      {"-3.0", "-3"},
      {"0", "0"},
      {"-0", "-0"},
      {"42", "42"},
      {"-42", "-42"},
      {"12300e-2", "123"},
      {"-12300e-2", "-123"},
      {"0.001e3", "1"},
      {"1e18", "1000000000000000000"},
      {"9007199254740993.0", "9007199254740993"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775807", "-9223372036854775807"},
      {"9223372036854775807.000", "9223372036854775807"},
      {"-9223372036854775807.0", "-9223372036854775807"},
      {"9.223372036854775807e18", "9223372036854775807"},
      {"922337203685477580700e-2", "9223372036854775807"},
      {"0." + zeros_400 + "25e402", "25"},
      {"25" + zeros_400 + "e-400", "25"},
      {"1e00000000000000000000000000000003", "1000"},
      {"1000e-00000000000000000000000000000003", "1"},
  };
  for (const auto& [token, integer] : cases) EXPECT_EQ(integral_text(token), integer) << token;
}

TEST(RuleR3, LongTokensStayExact) {
  EXPECT_EQ(integral_text(std::string("25").append(100'000, '0').append("e-100000")), "25");
  EXPECT_EQ(integral_text(std::string("0.").append(100'000, '0').append("25e100002")), "25");
  EXPECT_FALSE(integral_text(std::string("25").append(100'000, '0').append("e-100002")));
  EXPECT_FALSE(integral_text(std::string("7.").append(100'000, '0').append("1")));
}

TEST(RuleR3, NotIntegralOrTooLarge) {
  const std::string tokens[] = {
      "0.5",
      "-1.5",
      "1e-1",
      "15e-1",
      "1.05e1",
      "9007199254740992.5",
      "1e-400",
      "0.1e-999999999999999999999999",
      "9223372036854775808",
      "-9223372036854775808",
      "9223372036854775808.0",
      "-9223372036854775808.0",
      "9.223372036854775808e18",
      "1e19",
      "10000000000000000000",
      "123456789012345678901234567890",
      "1e999999999999",
      "1e99999999999999999999999999999999999999",
      "1e18446744073709551616",
      "1e-18446744073709551616",
      "1" + zeros_400,
      "0." + zeros_400 + "25e401",
  };
  for (const auto& token : tokens) EXPECT_FALSE(integral_text(token)) << token;
}

// mantissa · 10^exponent, computed by single multiplications and divisions.
std::optional<std::string> computed(bool negative, std::uint64_t mantissa, int exponent) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 63;
  for (; exponent < 0; ++exponent) {
    if (mantissa % 10 != 0) return std::nullopt;
    mantissa /= 10;
  }
  for (; exponent > 0; --exponent) {
    if (mantissa > limit / 10) return std::nullopt;
    mantissa *= 10;
  }
  if (mantissa >= limit) return std::nullopt;
  return std::string(negative && mantissa ? "-" : "").append(std::to_string(mantissa));
}

TEST(RuleR3, IntegralTextAgreesWithSimpleArithmetic) {
  std::mt19937_64 random(3);
  int integral = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::uint64_t mantissa = random() >> (random() % 64);
    for (auto zeros = random() % 12; zeros > 0 && mantissa < 1'000'000'000'000'000'000; --zeros)
      mantissa *= 10;
    const bool negative = random() % 2;
    std::string digits = std::to_string(mantissa);
    const auto fraction = static_cast<int>(random() % (digits.size() + 6));
    if (static_cast<std::size_t>(fraction) >= digits.size())
      digits.insert(0, static_cast<std::size_t>(fraction) - digits.size() + 1, '0');
    if (fraction > 0) digits.insert(digits.size() - static_cast<std::size_t>(fraction), 1, '.');
    const int exponent = static_cast<int>(random() % 40) - 15;
    const std::string token = (negative ? '-' + digits : digits) + 'e' + std::to_string(exponent);
    const auto expected = computed(negative, mantissa, exponent - fraction);
    integral += expected.has_value();
    ASSERT_EQ(integral_text(token), expected) << token;
  }
  EXPECT_GT(integral, 20'000);
}

TEST(RuleX5, PlainUnsignedBelowTwoTo63) {
  EXPECT_EQ(plain_uint63("0"), 0);
  EXPECT_EQ(plain_uint63("1403244"), 1403244);
  EXPECT_EQ(plain_uint63("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const auto* token :
       {"-0", "-1", "1.0", "1e3", "0.0", "0e0", "9223372036854775808", "18446744073709551616",
        "99999999999999999999999999999999999999999", "-9223372036854775808"})
    EXPECT_FALSE(plain_uint63(token)) << token;
}

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

TEST(RuleD4, NearestDouble) {
  struct Case {
    std::string token;
    double value;
  };
  const Case cases[] = {
      {"0", 0.0},
      {"-0", -0.0},
      {"-0.0", -0.0},
      {"0e999999999999", 0.0},
      {"-0e99999999999999999999999999", -0.0},
      {"1", 1.0},
      {"-2.5", -2.5},
      {"1E+2", 100.0},
      {"0.510204081632653", 0.510204081632653},
      {"9007199254740993", 9007199254740992.0},
      {"9007199254740993.0000000000000000000000000000000000000000000000000000000000000001",
       9007199254740994.0},
      {"1.7976931348623157e308", DBL_MAX},
      {"1.797693134862315807e308", DBL_MAX},
      {"2.2250738585072014e-308", DBL_MIN},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"5e-324", DBL_TRUE_MIN},
      {"3e-324", DBL_TRUE_MIN},
      {"2e-324", 0.0},
      {"-2e-324", -0.0},
      {"1e-999", 0.0},
      {"-1e-999", -0.0},
      {"1e-99999999999999999999999999", 0.0},
      {"0." + zeros_400 + "1", 0.0},
      {"-0." + zeros_400 + "1e-500", -0.0},
      {"0." + zeros_400 + "1e500", 1e99},
      {"0." + zeros_400 + "1e401", 1.0},
      {"1" + zeros_400 + "e-400", 1.0},
      {"1" + zeros_400 + "e-999", 0.0},
      {"1" + zeros_400 + "e-710", 1e-310},
      {"1e0000000000000000000000000000000000000000000000000000000000000000000000000000002", 100.0},
  };
  for (const auto& [token, value] : cases) {
    const auto read = to_double(token);
    ASSERT_TRUE(read) << token;
    EXPECT_EQ(bits(*read), bits(value)) << token << " " << *read;
  }
}

TEST(RuleD4, BeyondTheLargestDoubleIsNone) {
  const std::string tokens[] = {"1e309",
                                "-1e309",
                                "1.7976931348623159e308",
                                "179769313486231580793e289",
                                "1e999",
                                "1e99999999999999999999999999",
                                "0." + zeros_400 + "1e710",
                                "1" + zeros_400,
                                "-1" + zeros_400 + "e-91"};
  for (const auto& token : tokens) EXPECT_FALSE(to_double(token)) << token;
}

// Halfway between 1 and the next double, and slightly above it in a digit that comes very late.
TEST(RuleD4, LongTokensRoundExactly) {
  const std::string half = "1.00000000000000011102230246251565404236316680908203125";
  for (const std::size_t zeros : {0U, 10U, 700U, 900U, 100'000U}) {
    const std::string far(zeros, '0');
    EXPECT_EQ(to_double(half + far), 1.0) << zeros;
    EXPECT_EQ(to_double(half + far + "1"), 1.0 + DBL_EPSILON) << zeros;
    EXPECT_EQ(to_double("-" + half + far + "1"), -1.0 - DBL_EPSILON) << zeros;
  }
  char smallest[1200];
  std::snprintf(smallest, sizeof smallest, "%.1074f", DBL_TRUE_MIN);
  EXPECT_EQ(to_double(smallest), DBL_TRUE_MIN);
  EXPECT_EQ(to_double(std::string("1.").append(2000, '9')), 2.0);
  EXPECT_EQ(to_double(std::string("1").append(2000, '9').append("e-2000")), 2.0);
  EXPECT_EQ(to_double(std::string("0.").append(100'000, '0').append("25e100001")), 2.5);
}

TEST(RuleD4, ToDoubleAgreesWithTheCLibrary) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 100'000; ++round) {
    std::string token = random() % 2 ? "-" : "";
    token += static_cast<char>('1' + random() % 9);
    for (auto more = random() % (round % 100 ? 25 : 900); more > 0; --more)
      token += static_cast<char>('0' + random() % 10);
    if (random() % 2) token.append(".").append(std::to_string(random()));
    if (random() % 4) token.append("e").append(std::to_string(static_cast<int>(random() % 700) - 350));
    const double expected = std::strtod(token.c_str(), nullptr);
    const auto read = to_double(token);
    ASSERT_EQ(read.has_value(), std::isfinite(expected)) << token;
    ASSERT_TRUE(!read || bits(*read) == bits(expected)) << token;
  }
}

TEST(RuleD4, ShortestDoubleLaidOutAsEcmaScriptDoes) {
  struct Case {
    double value;
    std::string_view text;
  };
  const Case cases[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {2.0, "2"},
      {-2.0, "-2"},
      {10.0, "10"},
      {100000.0, "100000"},
      {0.1, "0.1"},
      {-0.5, "-0.5"},
      {1.5, "1.5"},
      {12.25, "12.25"},
      {123456.789, "123456.789"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1.0 / 3, "0.3333333333333333"},
      {1e-6, "0.000001"},
      {1.5e-6, "0.0000015"},
      {9.999999999999997e-7, "9.999999999999997e-7"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {-1.5e-10, "-1.5e-10"},
      {1e20, "100000000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1e21, "-1e+21"},
      {1.5e21, "1.5e+21"},
      {1e100, "1e+100"},
      {9007199254740992.0, "9007199254740992"},
      {9007199254740993.5, "9007199254740994"},
      {2251799813685249.5, "2251799813685249.5"},
      {9223372036854775808.0, "9223372036854776000"},
      {DBL_MAX, "1.7976931348623157e+308"},
      {-DBL_MAX, "-1.7976931348623157e+308"},
      {DBL_MIN, "2.2250738585072014e-308"},
      {DBL_TRUE_MIN, "5e-324"},
      {2e23, "2e+23"},
      {5e22, "5e+22"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(shortest_double(value), text);
}

// True if no text with fewer digits reads back as the same double.
bool is_shortest(double value, const std::string& text) {
  const std::string mantissa = text.substr(0, text.find('e'));
  std::string digits;
  for (const char c : mantissa)
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.size() < 2) return true;
  char shorter[64];
  std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits.size()) - 2, value);
  return std::strtod(shorter, nullptr) != value;
}

void expect_faithful(double value) {
  const std::string text = shortest_double(value);
  ASSERT_EQ(bits(std::strtod(text.c_str(), nullptr)), bits(value)) << text;
  const auto read = to_double(text);
  ASSERT_TRUE(read) << text;
  ASSERT_EQ(bits(*read), bits(value)) << text;
  ASSERT_TRUE(is_shortest(value, text)) << text;
  const double magnitude = std::fabs(value);
  const bool fixed = value == 0 || (magnitude >= 1e-6 && magnitude < 1e21);
  ASSERT_EQ(text.find('e') == text.npos, fixed) << text;
}

TEST(RuleD4, ShortestDoubleReadsBackToTheSameBits) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 100'000; ++round) {
    const double any = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (std::isfinite(any)) expect_faithful(any);
    expect_faithful(static_cast<double>(random() % 100'000'000) / 1000);                 // like metrics
    expect_faithful(std::bit_cast<double>(static_cast<std::uint64_t>(random() >> 12)));  // subnormal
    if (HasFatalFailure()) return;
  }
  for (int power = -1074; power < 1024; ++power) expect_faithful(std::ldexp(1.0, power));
}

}  // namespace
}  // namespace jobferry
