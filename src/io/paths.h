// Questions about paths before anything is opened, whatever links they lead through.
#pragma once

#include <string>

#include "jobferry/error.h"

namespace jobferry {

// Whether `inner` is `outer` or lies below it. Compares by inode as well, so that bind mounts do not hide it.
Result<bool> lies_in(const std::string& inner, const std::string& outer);

// Whether both lead to one directory. Compares by inode as well.
Result<bool> is_same_place(const std::string& a, const std::string& b);

// The path without links, as far as it exists.
std::string resolved_path(const std::string& path);

// The nearest directory at or above the path that exists, without links.
std::string nearest_existing(const std::string& path);

}  // namespace jobferry
