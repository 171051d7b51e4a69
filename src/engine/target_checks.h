// What must hold of a target before a run writes to it.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"
#include "jobferry/options.h"

namespace jobferry {

// Refuses a target that is, holds or lies in the source, also through links; and one where this user may not
// write. Changes nothing.
Result<void> check_target(Files& files, const Archive& source, const Options& options);

// The entries of the target's root; none if there is nothing at its path. Opens it (Files::open_target).
Result<std::optional<std::vector<Entry>>> entries_of_target(Files& files, const std::string& target);

// Refuses a target that exists and is not empty.
Result<void> check_empty_target(Files& files, const std::string& target);

// The first few files of a complete target that have changed after `since` (in the sense of FileInfo::ctime).
// Only files that are the target's own and that servers write count: a data file may be a hard link to the
// source's, and the times of directories change with files that are made in them and removed again.
Result<std::vector<std::string>> changed_since(Files& files, const std::string& target, const timespec& since,
                                               const std::atomic<bool>* stop);

}  // namespace jobferry
