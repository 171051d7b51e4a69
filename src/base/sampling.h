// A random choice of jobs that is the same on every machine and for any number of threads.
#pragma once

#include <cstdint>
#include <string_view>

namespace jobferry {

// The number that a job draws: a hash of its path and the seed. All 64-bit numbers are equally likely, so the
// jobs whose numbers lie below a bound, or the jobs with the smallest numbers, are a random sample.
std::uint64_t sampling_number(std::string_view path, std::uint64_t seed);

}  // namespace jobferry
