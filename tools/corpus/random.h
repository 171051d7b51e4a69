// Random numbers that are the same on every machine. They use integers only, because the distributions of
// the standard library and the functions of libm differ between platforms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace jobferry::corpus {

inline std::uint64_t mix(std::uint64_t z) {  // the finalizer of splitmix64
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// Each part of a job draws from a stream of its own, so a change to one part does not shift the numbers of
// the others.
enum class Stream : std::uint8_t { identity, size, layout, data, meta, defect, quirk, anchor };

class Rng {
 public:
  Rng(std::uint64_t seed, std::uint64_t job, Stream stream)
      : state_(mix(mix(mix(seed) + job) + static_cast<std::uint64_t>(stream) + 1)) {}

  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15U); }

  std::uint64_t below(std::uint64_t bound) { return ((next() >> 32) * bound) >> 32; }  // bound < 2^32

  bool chance(double share) {
    return static_cast<double>(next() >> 11) < share * 9007199254740992.0;  // 2^53
  }

  template <class Table>
  const auto& pick(const Table& table) {
    return table[below(std::size(table))];
  }

  // Roughly normal, mean 0, deviation 2^16: the sum of twelve uniform numbers.
  std::int64_t normal() {
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i)
      for (std::uint64_t bits = next(), part = 0; part < 4; ++part, bits >>= 16)
        sum += static_cast<std::int64_t>(bits & 0xFFFF);
    return sum - 6 * 65536;
  }

 private:
  std::uint64_t state_;
};

}  // namespace jobferry::corpus
