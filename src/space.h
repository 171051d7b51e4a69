// Is there room for the target? Asked before anything is written: a disk that turns out to be full hours
// later has cost these hours.
#pragma once

#include <atomic>

#include "files.h"
#include "jobferry/error.h"

namespace jobferry {

struct Plan;

// Refuses (target-unusable) where what is known to be needed is more than what is free, in bytes or inodes.
// Walks the whole archive only if that is in doubt.
Result<void> check_space(Files& files, const Plan& plan, const std::atomic<bool>* stop);

}  // namespace jobferry
