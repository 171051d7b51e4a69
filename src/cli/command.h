// What a command is: a name, help, options, and a function that runs it. Each command is defined in a file of
// its own below src/commands. The parser, --help, the man pages and the completion read these definitions.
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
  objections = 3,  // it ran and found something to look at: bad jobs, findings, obstacles
  interrupted = 130,
};

// The options that every command has: where its result and its messages go.
struct Output {
  std::string report_file, html_file, metrics_file;  // empty: none
  bool json = false;
  bool quiet = false;
  Log::Style log;
};

// What a command is given to run with.
struct Context {
  std::string_view command;  // its name
  const Output& output;
  Log& log;
  std::span<const char* const> arguments;  // as the program was called

  bool shows_progress() const { return !output.quiet && log.says(LogLevel::info); }
};

using RunCommand = std::function<ExitCode(const Context&)>;

struct Command {
  std::string_view name;
  std::string_view arguments;    // of the synopsis
  std::string_view summary;      // one line, after "jobferry-NAME - "
  std::string_view description;  // paragraphs, with an empty line between them
  struct Example {
    std::string_view call, what_for;
  } examples[2];
  std::string_view objections;  // when the exit code is 3
  // Adds the options to a parser. The function that it returns runs the command with what was parsed.
  RunCommand (*define)(CLI::App& app, Output& output);
};

// In the order of the help. The first is run when no command is named.
using Commands = std::span<const Command* const>;

}  // namespace jobferry
