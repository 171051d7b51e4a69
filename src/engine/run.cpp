#include "engine/run.h"

#include <unistd.h>

namespace jobferry {

std::uint64_t memory_for(const Options& options) {
  if (options.memory) return options.memory;
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 4;
}

}  // namespace jobferry
