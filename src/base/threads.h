// How many threads a command uses.
#pragma once

#include <algorithm>
#include <thread>

namespace jobferry {

// As many as the user asks for; 0: one for each core.
inline unsigned threads_or_default(unsigned asked) {
  return asked ? asked : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace jobferry
