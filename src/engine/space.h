// Is there room for the target? Asked before anything is written: a disk that turns out to be full hours
// later has cost these hours.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/plan.h"
#include "io/files.h"
#include "jobferry/error.h"

namespace jobferry {

// What file systems give to files at a time.
inline constexpr std::uint64_t block_size = 4096;
constexpr std::uint64_t blocks_of(std::uint64_t bytes) { return (bytes + block_size - 1) / block_size; }

// What a target needs of its file system.
struct Needs {
  std::uint64_t bytes = 0, inodes = 0;
};

// Refuses (target-unusable) needs that are more than what is free.
Result<void> check_room(const std::string& target, const Needs& needs, const Space& free);

// Unchanged data files need no bytes of a target there: it is on the file system of the source, and nobody
// asks for copies.
bool shares_data(Files& files, const Plan& plan, const std::string& place);

// Refuses (target-unusable) where what is known to be needed is more than what is free, in bytes or inodes.
// Walks the whole archive only if that is in doubt.
Result<void> check_space(Files& files, const Plan& plan, const std::atomic<bool>* stop);

}  // namespace jobferry
