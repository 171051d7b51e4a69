#pragma once

#include <cstdint>

#include "corpus/corpus.h"
#include "corpus/job.h"

namespace jobferry::corpus {

// Chooses nodes, metrics, scopes and points so that the data file has about `bytes` bytes.
void lay_out(const Shape& shape, Job& job, std::uint64_t bytes);

}  // namespace jobferry::corpus
