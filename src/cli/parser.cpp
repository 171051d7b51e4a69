#include "cli/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "cli/common_options.h"
#include "cli/help.h"

namespace jobferry {

namespace {

// How many letters to insert, remove, replace or swap (Damerau and Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1), above, before;
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string meant(const std::optional<std::string>& word) {
  return word ? fmt::format("; did you mean {}?", *word) : "";
}

ExitCode usage_error(std::string_view what, const Command* command) {
  std::cerr << fmt::format("jobferry: {}\n  What to do: see `jobferry{}{} --help`\n", what,
                           command ? " " : "", command ? command->name : "");
  return ExitCode::usage;
}

// The error in a command line, as a message.
std::string problem_of(const CLI::ParseError& error, const CLI::App& app) {
  const auto extras = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !extras.empty()) {
    const std::string word = extras.front().substr(0, extras.front().find('='));
    if (word.starts_with("-"))
      return fmt::format("there is no option {}{}", word, meant(nearest(word, names_of_options(app))));
    return fmt::format("unexpected argument {}", word);
  }
  return error.what();
}

bool is_for_program(const std::string& argument) {
  return argument == "-h" || argument == "--help" || argument == "help";
}

const Command* find_command(Commands commands, std::string_view name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command* each) { return each->name == name; });
  return found == commands.end() ? nullptr : *found;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
  const auto far = [&](const std::string& other) { return distance(word, other); };
  const auto best = std::min_element(words.begin(), words.end(),
                                     [&](const auto& a, const auto& b) { return far(a) < far(b); });
  if (best == words.end() || far(*best) * 3 > std::max(word.size(), best->size())) return {};
  return *best;
}

std::unique_ptr<CLI::App> command_parser(const Command& command, Output& output, RunCommand* run) {
  auto app = std::make_unique<CLI::App>(std::string(command.summary), std::string(command.name));
  app->set_help_flag();
  const RunCommand defined = command.define(*app, output);
  app->callback([defined] {});  // keeps the variables of the options alive
  if (run) *run = defined;
  app->add_flag_callback(
      "-h,--help", [] { throw CLI::CallForHelp(); }, "show this help");
  app->add_flag_callback(
         "--help-all", [] { throw CLI::CallForAllHelp(); }, "show all options")
      ->group(more_options);
  return app;
}

std::optional<ExitCode> parse_command_line(Commands commands, std::vector<std::string> arguments,
                                           Call& call) {
  if (!arguments.empty() && arguments[0] == "--version") {
    std::cout << "jobferry " JOBFERRY_VERSION "\n";
    return ExitCode::complete;
  }
  if (!arguments.empty() && is_for_program(arguments[0])) {
    std::cout << program_help(commands);
    return ExitCode::complete;
  }
  const bool is_named = !arguments.empty() && !arguments[0].starts_with('-');
  call.command = is_named ? find_command(commands, arguments[0]) : commands[0];
  if (!call.command) {
    std::vector<std::string> names;
    for (const Command* each : commands) names.emplace_back(each->name);
    return usage_error(
        fmt::format("there is no command {}{}", arguments[0], meant(nearest(arguments[0], names))), nullptr);
  }
  if (is_named) arguments.erase(arguments.begin());
  const auto parser = command_parser(*call.command, call.output, &call.run);
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 expects them in this order
    parser->parse(std::move(arguments));
  } catch (const CLI::CallForAllHelp&) {
    std::cout << command_help(*call.command, *parser, true);
    return ExitCode::complete;
  } catch (const CLI::CallForHelp&) {
    std::cout << command_help(*call.command, *parser, false);
    return ExitCode::complete;
  } catch (const CLI::ParseError& error) {
    return usage_error(problem_of(error, *parser), call.command);
  }
  return {};
}

}  // namespace jobferry
