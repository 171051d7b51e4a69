// A command: its name, help and options, and the function that runs it. Each command is defined in its own
// file in src/commands. The parser, --help, the man pages and the completion read these definitions.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/log.h"

namespace jobferry {

enum class ExitCode : int {
  complete = 0,
  failed = 1,      // it could not run or could not finish
  usage = 2,       // the command line is wrong
  objections = 3,  // it ran, and there is something to look at: bad jobs, findings, obstacles
  interrupted = 130,
};

// Where the result and the messages of a command go. Most commands have these options.
struct Output {
  std::string report_file, html_file, metrics_file;  // empty: none
  bool json = false;
  bool quiet = false;
  Log::Style log;
};

// What a command gets to run.
struct Context {
  std::string_view command;  // its name
  const Output& output;
  Log& log;
  std::span<const char* const> arguments;  // the command line of the program

  bool shows_progress() const { return !output.quiet && log.says(LogLevel::info); }
};

using RunCommand = std::function<ExitCode(const Context&)>;

struct Command {
  std::string_view name;
  std::string_view arguments;    // in the synopsis
  std::string_view summary;      // one line, after "jobferry-NAME - "
  std::string_view description;  // paragraphs, separated by empty lines
  struct Example {
    std::string_view call, what_for;
  } examples[2];
  std::string_view objections;  // what exit code 3 means; empty if the command has none
  // Adds the options to a parser. Returns a function that runs the command with the parsed options.
  RunCommand (*define)(CLI::App& app, Output& output);
};

// In the order of the help. The first one is the default command.
using Commands = std::span<const Command* const>;

}  // namespace jobferry
