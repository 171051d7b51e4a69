#include "engine/run.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace jobferry {

std::uint64_t memory_for(const Options& options) {
  if (options.memory) return options.memory;
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 4;
}

unsigned threads_for(const Options& options) {
  return options.threads ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace jobferry
