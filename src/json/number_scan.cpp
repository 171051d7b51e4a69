#include "json/number_scan.h"

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace jobferry::json {

#if defined(__x86_64__)

namespace {

// One bit for each of 64 bytes.
using Mask = std::uint64_t;

#define JOBFERRY_AVX2 __attribute__((target("avx2"), always_inline)) inline

// A block of 64 bytes. Its functions say which of them are of a kind.
struct Block {
  __m256i low, high;

  JOBFERRY_AVX2 static Block at(const char* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))};
  }
  JOBFERRY_AVX2 static Mask join(__m256i low, __m256i high) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
           static_cast<Mask>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  JOBFERRY_AVX2 Mask is(char c) const {
    const __m256i all = _mm256_set1_epi8(c);
    return join(_mm256_cmpeq_epi8(low, all), _mm256_cmpeq_epi8(high, all));
  }
  // The bytes in the range of `count` values that begins with `first`.
  JOBFERRY_AVX2 Mask is_in(char first, char count) const {
    const __m256i base = _mm256_set1_epi8(first), top = _mm256_set1_epi8(static_cast<char>(count - 1));
    const auto in = [&](__m256i bytes) __attribute__((target("avx2"))) {
      const __m256i shifted = _mm256_sub_epi8(bytes, base);
      return _mm256_cmpeq_epi8(_mm256_min_epu8(shifted, top), shifted);
    };
    return join(in(low), in(high));
  }
};

// Moves a mask by one byte, so that it marks the bytes that follow. It carries the last bit to the next
// block.
class Previous {
 public:
  explicit Previous(bool first = false) : carry_(first) {}
  Mask operator()(Mask mask) {
    const Mask moved = mask << 1 | carry_;
    carry_ = mask >> 63;
    return moved;
  }

 private:
  Mask carry_;
};

// The grammar of numbers and nulls with commas between them and white space only after commas, written as
// rules on which byte may follow which. A bit in violations() marks a byte at which the scan must stop.
class Grammar {
 public:
  JOBFERRY_AVX2 Mask violations(const Block& block) {
    const Mask digit = block.is_in('0', 10), zero = block.is('0');
    const Mask minus = block.is('-'), point = block.is('.');
    comma = block.is(',');
    space = block.is(' ') | block.is('\n') | block.is('\r') | block.is('\t');
    const Mask n = block.is('n'), u = block.is('u'), l = block.is('l');

    const Mask before = after_separator_(comma | space);  // here a value may begin
    const Mask after_digit = after_digit_(digit), after_minus = after_minus_(minus),
               after_point = after_point_(point);
    const Mask first_l = after_u_(u), second_l = after_first_l_(first_l);

    Mask bad = ~(digit | minus | point | comma | space | n | u | l);
    bad |= (minus | n | space) & ~before;
    bad |= digit & ~(before | after_digit | after_minus | after_point);
    bad |= (after_minus | after_point) & ~digit;
    bad |= point & ~after_digit;
    bad |= after_leading_zero_(zero & (before | after_minus)) & digit;
    bad |= (after_n_(n) ^ u) | ((first_l | second_l) ^ l);
    const Mask after_null = after_second_l_(second_l);
    bad |= comma & ~(after_digit | after_null);
    bad |= after_null & ~comma;
    bad |= point & fraction_ends(digit, after_point);
    return bad;
  }

  Mask comma = 0, space = 0;  // of the last block

 private:
  // The first byte after the digits of each fraction: adding the first digit to the mask of digits carries up
  // to it.
  Mask fraction_ends(Mask digit, Mask after_point) {
    Mask sum = 0;
    const bool over = __builtin_add_overflow(digit, after_point & digit, &sum);
    const bool over_again = __builtin_add_overflow(sum, in_fraction_, &sum);
    in_fraction_ = over || over_again;
    return sum & ~digit;
  }

  Previous after_separator_{true}, after_digit_, after_minus_, after_point_, after_leading_zero_;
  Previous after_n_, after_u_, after_first_l_, after_second_l_;
  Mask in_fraction_ = 0;
};

__attribute__((target("avx2"))) Scanned skip_with_avx2(const char* at, const char* end) {
  Grammar grammar;
  Scanned scanned{at, false};
  for (; end - at >= 64; at += 64) {
    const Mask bad = grammar.violations(Block::at(at));
    const Mask valid = bad ? (bad & -bad) - 1 : ~Mask{0};  // the bytes before the first violation
    const Mask comma = grammar.comma & valid;
    if (comma) {
      const int last = 63 - __builtin_clzll(comma);
      scanned.at = at + last + 1;
    }
    scanned.spaced |= (grammar.space & valid) != 0;
    if (bad) break;
  }
  return scanned;
}

#undef JOBFERRY_AVX2

}  // namespace

Scanned skip_plain_numbers(const char* at, const char* end) {
  static const bool usable = __builtin_cpu_supports("avx2");
  return usable ? skip_with_avx2(at, end) : Scanned{at, false};
}

#else

Scanned skip_plain_numbers(const char* at, const char*) { return {at, false}; }

#endif

}  // namespace jobferry::json
