// In the place of cc-backend's own tool `archive-migration`: takes the flags of both of its generations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"

namespace jobferry {

// The name under which the program is called so.
inline constexpr std::string_view drop_in_name = "archive-migration";

// The published flags, and those of `jobferry migrate`. Prints what they come to, or why they cannot be
// followed and which command to use; then returns the exit code to end with.
std::optional<ExitCode> parse_drop_in(const std::vector<std::string>& arguments, CommandLine& line);

}  // namespace jobferry
