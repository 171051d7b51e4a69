#pragma once

#include <vector>

#include "corpus/cluster.h"
#include "corpus/corpus.h"
#include "corpus/tree.h"

namespace jobferry::corpus {

// Writes all jobs of the archive, one after the other, and reports the defects to `sink`.
void write_jobs(const Shape& shape, const std::vector<Cluster>& clusters, Tree& tree, const Sink& sink);

}  // namespace jobferry::corpus
