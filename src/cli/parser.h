// Turns the words of a command line into a command that is ready to run.
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

// Parses a command line. Prints help, the version or an error if that is the outcome; an exit code ends the
// program.
std::optional<ExitCode> parse_command_line(Commands commands, std::vector<std::string> arguments, Call& call);

// The parser of one command. It fills `output` and sets `run` (unless null) to the function that runs the
// command. `output` must live as long as either of them.
std::unique_ptr<CLI::App> command_parser(const Command& command, Output& output, RunCommand* run = nullptr);

// The word that is most similar to this one; none if a third of the letters or more differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace jobferry
