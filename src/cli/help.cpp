#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/common_options.h"
#include "jobferry/step.h"
#include "jobferry/versions.h"

namespace jobferry {

namespace {

constexpr std::size_t help_width = 80, names_width = 26;

// Breaks a text into lines of at most `width` characters. The first line already has `indent` characters.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string option_line(const OptionText& option) {
  std::string line = "  " + option.names;
  line += line.size() + 2 > names_width ? "\n" + std::string(names_width, ' ')
                                        : std::string(names_width - line.size(), ' ');
  return line + wrapped(option.help, names_width, help_width) + '\n';
}

std::string example_lines(const Command& command) {
  std::string out = "Examples:\n";
  for (const auto& [call, what_for] : command.examples) {
    const bool both_fit = call.size() + what_for.size() + 6 <= help_width;
    out += fmt::format("  {}{}{}\n", call, what_for.empty() ? "" : both_fit ? "  # " : "\n    # ", what_for);
  }
  return out;
}

// The steps are in the manual only: a few lines for each of them would not fit a screen.
std::string versions_text() {
  std::string names;
  int lowest = 0;
  for (const ArchiveVersion& version : archive_versions) {
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", version.number, version.releases);
    if (version.step && !version.step->reversible) lowest = version.number;
  }
  return fmt::format(
      "Archive versions (and the releases of cc-backend that accept them):\n  {}\n"
      "  up to any version; down from {} as far as {}; man jobferry describes the steps\n",
      wrapped(names, 2, help_width), newest_version, lowest);
}

}  // namespace

std::vector<OptionText> options_of(const CLI::App& app) {
  std::vector<OptionText> all;
  for (const CLI::Option* option : app.get_options()) {
    std::string names = option->get_name(option->get_positional(), true);
    names.erase(std::min(names.find('{'), names.size()));  // the value of a flag that unsets an option
    if (const std::size_t comma = names.find(','); comma != names.npos) names.insert(comma + 1, " ");
    if (!option->get_type_name().empty() && !option->get_positional()) names += ' ' + option->get_type_name();
    std::string help = option->get_description();
    if (!option->get_default_str().empty()) help += fmt::format(" (default: {})", option->get_default_str());
    all.push_back({std::move(names), std::move(help), option->get_group() != more_options});
  }
  return all;
}

std::string program_help(Commands commands) {
  std::string out =
      "Usage: jobferry [COMMAND] [OPTIONS]\n"
      "Migrates ClusterCockpit job archives from one version to another.\n\n"
      "Commands (the first one is the default):\n";
  for (const Command* command : commands) out += fmt::format("  {:<9} {}\n", command->name, command->summary);
  out += '\n' + versions_text();
  out += "\nExit codes: 0 complete, 1 failed, 2 usage, 3 objections, 130 interrupted\n";
  out += example_lines(*commands[0]);
  return out + "More: jobferry COMMAND --help, man jobferry\n";
}

std::string command_help(const Command& command, const CLI::App& app, bool all) {
  std::string summary(command.summary);
  summary[0] = static_cast<char>(summary[0] - 'a' + 'A');
  std::string out =
      fmt::format("Usage: jobferry {} {} [OPTIONS]\n{}.\n\n", command.name, command.arguments, summary);
  bool hidden = false;
  for (const OptionText& option : options_of(app)) {
    if (all || option.common) out += option_line(option);
    hidden |= !option.common;
  }
  out += '\n' + example_lines(command);
  return out +
         fmt::format("{}man jobferry-{}\n", hidden && !all ? "More: --help-all, " : "More: ", command.name);
}

}  // namespace jobferry
