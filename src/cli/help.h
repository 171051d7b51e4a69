// The help of the program and of its commands, for --help and for the manual.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.h"

namespace jobferry {

// One option, as the help and the manual show it.
struct OptionText {
  std::string names;  // `--to N`, `-h,--help`
  std::string help;
  bool common = true;  // shown by --help
};
std::vector<OptionText> options_of(const CLI::App& app);

// At most 80 columns and 24 lines.
std::string program_help(Commands commands);
// The same for a command. With `all`, it lists all options and may have more lines.
std::string command_help(const Command& command, const CLI::App& app, bool all);

}  // namespace jobferry
