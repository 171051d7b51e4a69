#include "cli/drop_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <span>
#include <utility>

#include "engine/command_words.h"
#include "jobferry/step.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry {

namespace {

constexpr std::string_view drop_in_name = "archive-migration";

// The values of -loglevel in the published tools, and those of --log-level.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> log_levels = {{{"debug", "debug"},
                                                                                      {"info", "info"},
                                                                                      {"warn", "warn"},
                                                                                      {"err", "error"},
                                                                                      {"fatal", "error"},
                                                                                      {"crit", "error"}}};

// A command line of a published tool, translated to options of `jobferry migrate`.
struct Translation {
  std::vector<std::string> arguments;  // without -archive
  std::optional<std::string> archive;  // the archive to migrate in place, for the tool from version 2 to 3
  bool in_place = false;               // there are flags that only this tool has
  std::optional<std::string> to;
  bool dry_run = false;
  bool dates = false;
  std::string problem;
};

bool is_true(const std::optional<std::string>& value) {
  constexpr std::array<std::string_view, 6> no = {"0", "f", "F", "false", "FALSE", "False"};
  return !value || std::find(no.begin(), no.end(), *value) == no.end();
}

class Translator {
 public:
  explicit Translator(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Translation translate() {
    while (at_ < arguments_.size() && result_.problem.empty()) take(arguments_[at_++]);
    return std::move(result_);
  }

 private:
  void take(const std::string& argument) {
    const std::size_t dashes = argument.find_first_not_of('-'), equals = argument.find('=');
    const bool is_flag = argument.starts_with('-') && dashes != argument.npos;
    const std::string name = is_flag ? argument.substr(dashes, equals - dashes) : "";
    std::optional<std::string> value;
    if (is_flag && equals != argument.npos) value = argument.substr(equals + 1);

    if (name == "archive") {
      result_.in_place = true;
      result_.archive = needed(name, value);
      if (result_.archive->empty()) result_.problem = "-archive needs a value";
    } else if (name == "to") {
      result_.to = needed(name, value);
      put("--to", *result_.to);
    } else if (name == "workers") {
      result_.in_place = true;
      put("--threads", needed(name, value));
    } else if (name == "dry-run") {
      result_.dry_run = is_true(value);
    } else if (name == "debug") {
      if (is_true(value)) result_.arguments.emplace_back("--debug");
    } else if (name == "logdate") {
      result_.dates = is_true(value);
    } else if (name == "config") {
      (void)needed(name, value);  // the settings of cc-backend, which jobferry does not need
    } else if (name == "loglevel") {
      put_log_level(needed(name, value));
    } else {
      result_.arguments.push_back(argument);
    }
  }

  std::string needed(const std::string& name, const std::optional<std::string>& value) {
    if (value) return *value;
    if (at_ < arguments_.size()) return arguments_[at_++];
    result_.problem = fmt::format("-{} needs a value", name);
    return {};
  }

  void put(const char* name, std::string value) {
    result_.arguments.emplace_back(name);
    result_.arguments.push_back(std::move(value));
  }

  void put_log_level(const std::string& level) {
    const auto found = std::find_if(log_levels.begin(), log_levels.end(),
                                    [&](const auto& pair) { return pair.first == level; });
    if (found == log_levels.end() && result_.problem.empty())
      result_.problem = fmt::format("-loglevel {}: expected debug, info, warn, err, fatal or crit", level);
    else
      put("--log-level", found == log_levels.end() ? "" : std::string(found->second));
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  Translation result_;
};

constexpr std::string_view usage_text =
    "Usage: archive-migration [-src DIR] [-dst DIR] [-to N] [-debug] [-config FILE]\n"
    "       archive-migration -archive DIR -dry-run [-workers N] [-to N]\n"
    "This is jobferry under the name of cc-backend's tools. Both forms also take\n"
    "-loglevel LEVEL, -logdate and every option of `jobferry migrate`. -archive\n"
    "without -dry-run does nothing and prints the command to run instead.\n"
    "More: jobferry --help, man jobferry\n";

ExitCode refuse(const std::string& what, const std::string& what_to_do) {
  std::cerr << fmt::format("{}: {}\n  What to do: {}\n", drop_in_name, what, what_to_do);
  return ExitCode::usage;
}

// The published tool from version 2 to 3 overwrites the archive. jobferry never writes to its source.
ExitCode refuse_in_place(const Translation& asked) {
  const std::string archive = by_name(*asked.archive);
  std::string command =
      "jobferry migrate --src " + shell_quoted(archive) + " --dst " + shell_quoted(archive + "-new");
  for (const std::string& each : asked.arguments) command += ' ' + shell_quoted(each);
  return refuse(
      "-archive would change the archive in place, and jobferry never does that; nothing was "
      "changed",
      fmt::format("{0}\n  and then: mv {1} {2} && mv {3} {1}", command, shell_quoted(archive),
                  shell_quoted(archive + "-old"), shell_quoted(archive + "-new")));
}

std::string first_line(const std::optional<std::string>& to) {
  if (to && *to != std::to_string(newest_version))
    return fmt::format("{}: the target will be of version {}\n", drop_in_name, *to);
  std::string others;
  for (const ArchiveVersion& version : std::span(archive_versions).subspan(1, newest_version - 1))
    others += fmt::format("{}-to {} for {}{}", others.empty() ? "" : ", ", version.number,
                          others.empty() ? "cc-backend " : "", version.releases);
  return fmt::format("{}: the target will be of version {}, the newest ({})\n", drop_in_name, newest_version,
                     others);
}

}  // namespace

bool is_drop_in(int argc, const char* const* argv) {
  const std::string_view path = argc > 0 ? argv[0] : "";
  return path.substr(path.rfind('/') + 1) == drop_in_name;
}

std::optional<ExitCode> parse_drop_in(Commands commands, const std::vector<std::string>& arguments,
                                      Call& call) {
  if (std::any_of(arguments.begin(), arguments.end(),
                  [](const std::string& word) { return word == "-h" || word == "--help"; })) {
    std::cout << usage_text;
    return ExitCode::complete;
  }
  if (arguments == std::vector<std::string>{"--version"})
    return parse_command_line(commands, arguments, call);
  Translation asked = Translator(arguments).translate();
  if (!asked.problem.empty()) return refuse(asked.problem, "see `jobferry migrate --help` for all options");
  if (asked.in_place && !asked.archive)
    return refuse("-workers needs -archive", "with -src and -dst, use --threads instead of -workers");
  if (asked.archive && !asked.dry_run) return refuse_in_place(asked);
  std::vector<std::string> words = {"migrate"};
  if (asked.archive)
    for (const std::string& word : {std::string("--src"), by_name(*asked.archive), std::string("--dst"),
                                    by_name(*asked.archive) + "-new"})
      words.push_back(word);
  if (asked.dry_run) words.emplace_back("--dry-run");
  words.insert(words.end(), asked.arguments.begin(), asked.arguments.end());
  if (const auto ended = parse_command_line(commands, words, call)) return ended;
  call.output.log.dates = asked.dates;
  // With --json, standard output holds the result only.
  (call.output.json ? std::cerr : std::cout) << first_line(asked.to) << std::flush;
  return {};
}

}  // namespace jobferry
