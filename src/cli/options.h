// The commands and their options: one table, from which come the parser, --help, the man pages and the
// completion.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/log.h"
#include "jobferry/migrate.h"

namespace jobferry {

enum class ExitCode : int {
  complete = 0,
  failed = 1,  // could not run or finish
  usage = 2,
  objections = 3,  // it ran, and something is not as it should be: bad jobs, findings, obstacles
  interrupted = 130,
};

enum class CommandName : std::uint8_t { migrate, plan, verify, validate, info, status };

// --sample N|P%
struct SampleSize {
  std::optional<std::uint64_t> jobs;
  std::optional<double> percent;
};

// --only CLUSTER[/JOBID]
struct Only {
  std::string cluster;
  std::optional<std::uint64_t> job;
};

// What a command line says.
struct CommandLine {
  CommandName command = CommandName::migrate;
  Options options;  // migrate and plan; of the others: threads, max_file_size, follow_symlinks, overrides,
                    // check_data
  std::string archive;    // validate and info: the archive; verify: the source; status: the target
  std::string target;     // verify
  std::optional<int> to;  // verify
  SampleSize sample;      // plan and verify
  std::uint64_t seed = 1;
  Only only;         // verify
  std::string from;  // verify
  bool yes = false;

  std::string report_file, html_file, metrics_file;
  bool json = false;
  bool quiet = false;
  Log::Style log;
};

// A command as the manual has it.
struct CommandPage {
  CommandName command;
  std::string_view name;
  std::string_view arguments;    // of the synopsis
  std::string_view summary;      // one line, after "jobferry-NAME - "
  std::string_view description;  // paragraphs, with an empty line between them
  struct Example {
    std::string_view call, what_for;
  } examples[2];
  std::string_view objections;  // when the exit code is 3
  void (*add_options)(CLI::App& app, CommandLine& line);
};
std::span<const CommandPage> all_commands();

// A parser with all commands, which fills `line`.
std::unique_ptr<CLI::App> command_parser(CommandLine& line);

// Parses. Prints help, version or what is wrong, and then returns the exit code to end with.
std::optional<ExitCode> parse_command_line(std::vector<std::string> arguments, CommandLine& line);

// The help of a command (null: of the program) as it is printed: at most 80 columns, and 24 lines but with
// `all` options.
std::string help_text(const CommandPage* command, bool all);

// One option, as help and manual show it.
struct OptionText {
  std::string names;  // `--to N`, `-h,--help`
  std::string help;
  bool common = true;  // shown by --help
};
std::vector<OptionText> options_of(const CLI::App& app);

// The word nearest to this one, if it is near: fewer than a third of its letters are other ones.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace jobferry
