// From the words of a command line to a command that is ready to run.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace jobferry {

// What a command line asks for.
struct Call {
  const Command* command = nullptr;
  Output output;
  RunCommand run;
};

// Parses. Prints help, the version or what is wrong; the exit code that it then returns ends the program.
std::optional<ExitCode> parse_command_line(Commands commands, std::vector<std::string> arguments, Call& call);

// The parser of one command. It fills `output`, and what `run` (null: not needed) runs with; `output` must
// live as long as either.
std::unique_ptr<CLI::App> command_parser(const Command& command, Output& output, RunCommand* run = nullptr);

// The word that is most like this one, if it is near: fewer than a third of its letters differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace jobferry
