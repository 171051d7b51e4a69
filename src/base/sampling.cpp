#include "base/sampling.h"

namespace jobferry {

namespace {

// The last step of splitmix64: every bit of the input influences every bit of the result.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

// FNV-1a of the path, mixed with the seed.
std::uint64_t sampling_number(std::string_view path, std::uint64_t seed) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return mix(hash ^ mix(seed + 0x9E3779B97F4A7C15));
}

}  // namespace jobferry
