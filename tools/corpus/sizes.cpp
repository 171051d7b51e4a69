#include "corpus/sizes.h"

#include <algorithm>

#include "corpus/random.h"

namespace jobferry::corpus {

std::uint64_t drawn_bytes(const Shape& shape, std::uint64_t job) {
  constexpr std::int64_t deviation = 150'000;           // 1.6 / ln 2 = 2.3 doublings, in units of 2^-16
  constexpr std::int64_t largest = 8 * 65536 + 36'000;  // about 370 times the median
  Rng rng(shape.seed, job, Stream::size);
  const std::int64_t doublings = std::min((rng.normal() * deviation) >> 16, largest);
  const std::int64_t whole = doublings >> 16;
  const std::uint64_t fraction = 65536 + static_cast<std::uint64_t>(doublings & 0xFFFF);  // 2^x is near 1 + x
  const std::uint64_t scaled = shape.median_bytes * fraction;
  return whole >= 0 ? scaled << whole >> 16 : scaled >> -whole >> 16;
}

double scale_of_sizes(const Shape& shape) {
  if (shape.total_bytes == 0) return 1;
  double sum = 0;
  for (std::uint64_t job = 0; job < shape.jobs; ++job) sum += static_cast<double>(drawn_bytes(shape, job));
  return sum > 0 ? static_cast<double>(shape.total_bytes) / sum : 1;
}

}  // namespace jobferry::corpus
