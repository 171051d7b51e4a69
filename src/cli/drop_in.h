// Replaces cc-backend's own tool `archive-migration`: accepts the flags of both of its generations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/parser.h"

namespace jobferry {

// The program was called as `archive-migration`.
bool is_drop_in(int argc, const char* const* argv);

// Accepts the flags of the published tools and those of `jobferry migrate`. Prints the version of the target,
// or why the flags are refused and which command to run instead. An exit code ends the program.
std::optional<ExitCode> parse_drop_in(Commands commands, const std::vector<std::string>& arguments,
                                      Call& call);

}  // namespace jobferry
