// How many threads a command uses.
#pragma once

#include <algorithm>
#include <thread>

namespace jobferry {

// What --threads asks for; without it, one thread for each core.
inline unsigned threads_or_default(unsigned asked) {
  return asked > 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace jobferry
