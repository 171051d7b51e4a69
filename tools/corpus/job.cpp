#include "corpus/job.h"

#include <fmt/format.h>

#include <algorithm>

#include "corpus/random.h"

namespace jobferry::corpus {

std::string Job::path() const {
  return fmt::format("{}/{}/{:03}/{}", cluster->name, id / 1000, id % 1000, start);
}

unsigned Job::count(Scope scope) const {
  const unsigned cores = std::max(1U, threads / sub->threads);
  switch (scope) {
    case Scope::node:
      return 1;
    case Scope::socket:
      return std::max(1U, cores / sub->cores);
    case Scope::memory_domain:
      return std::max(1U, cores * sub->domains / sub->cores);
    case Scope::core:
      return cores;
    case Scope::hwthread:
      return threads;
    case Scope::accelerator:
      return accelerators;
  }
  return 0;
}

void identify(const Shape& shape, const std::vector<Cluster>& clusters, Job& job) {
  const bool requeued = job.number % 89 == 88;
  const std::uint64_t twin = requeued ? job.number - 1 : job.number;
  Rng rng(shape.seed, twin, Stream::identity);
  job.cluster = &rng.pick(clusters);
  job.id = job.cluster->first_job + twin * 3 + rng.below(3);
  job.start = 1'577'836'800 + twin * 211 + rng.below(3600) + (requeued ? 7411 : 0);
}

}  // namespace jobferry::corpus
