// In the place of cc-backend's own tool `archive-migration`: takes the flags of both of its generations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/parser.h"

namespace jobferry {

// The program was called by that name.
bool is_drop_in(int argc, const char* const* argv);

// Accepts the published flags and those of `jobferry migrate`. Prints what they amount to, or why they cannot
// be followed and which command to use. The exit code that it then returns ends the program.
std::optional<ExitCode> parse_drop_in(Commands commands, const std::vector<std::string>& arguments,
                                      Call& call);

}  // namespace jobferry
