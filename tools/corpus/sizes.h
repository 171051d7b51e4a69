// How large the data files of an archive are.
#pragma once

#include <cstdint>

#include "corpus/corpus.h"

namespace jobferry::corpus {

// The uncompressed size of a job's data file before any scaling: log-normal with the deviation that makes the
// mean about four times the median, as in real archives.
std::uint64_t drawn_bytes(const Shape& shape, std::uint64_t job);

// The factor that brings the sum of all sizes to `total_bytes`; 1 if that is not set.
double scale_of_sizes(const Shape& shape);

}  // namespace jobferry::corpus
