// The help of the program and of its commands, as it is printed and as the manual shows it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.h"

namespace jobferry {

// One option, as help and manual show it.
struct OptionText {
  std::string names;  // `--to N`, `-h,--help`
  std::string help;
  bool common = true;  // shown by --help
};
std::vector<OptionText> options_of(const CLI::App& app);

// At most 80 columns and 24 lines.
std::string program_help(Commands commands);
// The same, but with `all` options as many lines as they take.
std::string command_help(const Command& command, const CLI::App& app, bool all);

}  // namespace jobferry
