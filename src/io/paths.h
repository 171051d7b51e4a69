// Questions about paths, whatever links lead there.
#pragma once

#include <string>

#include "jobferry/error.h"

namespace jobferry {

// `inner` is `outer` or lies below it, through whatever links; compared by inode, too, so that bind mounts do
// not hide it.
Result<bool> lies_in(const std::string& inner, const std::string& outer);

// The path without links as far as it exists.
std::string resolved_path(const std::string& path);

// The nearest directory at or above the target that exists, without links.
std::string standing_place(const std::string& target);

// Both are the same directory; compared by inode, too.
Result<bool> is_same_place(const std::string& a, const std::string& b);

}  // namespace jobferry
