#include "engine/run.h"

#include <unistd.h>

#include "base/threads.h"

namespace jobferry {

std::uint64_t memory_for(const Options& options) {
  if (options.memory) return options.memory;
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 4;
}

unsigned threads_for(const Options& options) { return threads_or_default(options.threads); }

}  // namespace jobferry
