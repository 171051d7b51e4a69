// Checks that there is room for the target before anything is written. A disk that turns out to be full after
// hours has cost these hours.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/migration.h"
#include "io/files.h"
#include "jobferry/error.h"

namespace jobferry {

// The unit in which file systems give space to files.
inline constexpr std::uint64_t block_size = 4096;
constexpr std::uint64_t blocks_of(std::uint64_t bytes) { return (bytes + block_size - 1) / block_size; }

// What a target needs on its file system.
struct Needs {
  std::uint64_t bytes = 0, inodes = 0;
};

// Refuses (target-unusable) needs that are more than what is free.
Result<void> check_room(const std::string& target, const Needs& needs, const Space& free);

// Whether unchanged data files take no room in a target at this place: it is on the file system of the
// source, and the options do not ask for copies.
bool shares_data(Files& files, const Migration& migration, const std::string& place);

// Refuses (target-unusable) a target that certainly needs more than is free, in bytes or inodes. Walks the
// whole archive only if the sizes of the file systems leave a doubt.
Result<void> check_space(Files& files, const Migration& migration, const std::atomic<bool>* stop);

}  // namespace jobferry
