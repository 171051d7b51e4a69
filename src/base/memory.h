// Constants for the memory that one job takes.
#pragma once

#include <cstddef>

namespace jobferry {

// How much of each buffer a command keeps from job to job: ordinary jobs find their buffers warm, and a huge
// one does not stay in memory.
inline constexpr std::size_t warm_bytes = 4U << 20;

// How many bytes a tree (json/document.h) takes at most for each byte of its text: a node for every two bytes.
inline constexpr std::size_t tree_factor = 50;

}  // namespace jobferry
