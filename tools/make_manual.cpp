// Generates the man pages and the bash completion from the table of commands: make_manual DIRECTORY
#include <fmt/format.h>

#include <boost/filesystem.hpp>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "cli/help.h"
#include "cli/parser.h"
#include "commands/commands.h"
#include "jobferry/step.h"
#include "jobferry/validate.h"
#include "jobferry/versions.h"

namespace {

using namespace jobferry;

// Escapes text for roff.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += fmt::format(".PP\n{}\n", roff(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

std::string heading(std::string_view page) {
  std::string name;
  for (const char c : page) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH {} 1 \"\" \"jobferry " JOBFERRY_VERSION "\" \"User Commands\"\n", roff(name));
}

std::string entry(std::string_view term, std::string_view text) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(term), roff(text));
}

std::string options_section(const CLI::App& app) {
  std::string out = ".SH OPTIONS\n";
  for (const OptionText& option : options_of(app)) out += entry(option.names, option.help);
  return out;
}

std::string examples_section(const Command& command) {
  std::string out = ".SH EXAMPLES\n";
  for (const auto& [call, what_for] : command.examples)
    out += what_for.empty() ? fmt::format(".PP\n.nf\n{}\n.fi\n", roff(call)) : entry(call, what_for);
  return out;
}

std::string exit_section(std::string_view objections) {
  std::string out = ".SH EXIT STATUS\n";
  out += entry("0", "complete") + entry("1", "the command failed") + entry("2", "the command line is wrong");
  if (!objections.empty()) out += entry("3", objections);
  return out + entry("130", "interrupted; a second signal ends the command at once");
}

// The kinds of findings of `jobferry validate`.
std::string findings_section() {
  std::string out = ".SH FINDINGS\n";
  for (const FindingKind& kind : finding_kinds)
    out += entry(fmt::format("{} ({})", kind.word, name_of(kind.severity)),
                 fmt::format("{}. What to do: {}.", kind.meaning, kind.advice));
  return out;
}

std::string command_page(const Command& command, const CLI::App& app) {
  std::string out = heading(fmt::format("jobferry-{}", command.name));
  out += fmt::format(".SH NAME\njobferry\\-{} \\- {}\n", roff(command.name), roff(command.summary));
  out += fmt::format(".SH SYNOPSIS\n\\fBjobferry {}\\fR {} [OPTIONS]\n", roff(command.name),
                     roff(command.arguments));
  out += ".SH DESCRIPTION\n" + paragraphs(command.description);
  out += options_section(app) + examples_section(command) + exit_section(command.objections);
  if (command.name == "validate") out += findings_section();
  return out + ".SH SEE ALSO\n.BR jobferry (1)\n";
}

std::string program_page() {
  std::string out = heading("jobferry");
  out += ".SH NAME\njobferry \\- migrate ClusterCockpit job archives from one version to another\n";
  out += ".SH SYNOPSIS\n\\fBjobferry\\fR [COMMAND] [OPTIONS]\n.SH DESCRIPTION\n";
  out += paragraphs(
      "cc-backend keeps every finished job of a cluster as files, and each of its releases accepts only "
      "one version of this archive. jobferry migrates an archive from any version to any other that can be "
      "reached, in one pass, into a new archive beside it. Nothing is lost: every value is kept, changed "
      "by a named rule, or reported.\n\n"
      "Without a command, jobferry migrates. Long options also work with one dash.");
  out += ".SH COMMANDS\n";
  for (const Command* command : all_commands())
    out += entry(fmt::format("jobferry {}", command->name),
                 fmt::format("{}; see jobferry-{}(1)", command->summary, command->name));
  out += ".SH ARCHIVE VERSIONS\n";
  for (const ArchiveVersion& version : std::span(archive_versions).subspan(1)) {
    const Step& step = *version.step;
    out +=
        entry(fmt::format("{} to {} (cc-backend {})", version.number - 1, version.number, version.releases),
              fmt::format("{}{}{}{}", step.summary, step.reversible ? "; and back" : "",
                          step.loses.empty() ? "" : " except for ", step.loses));
  }
  out += exit_section(
      "there is something to look at: bad jobs, findings, obstacles, jobs left out, or a target that is "
      "not complete");
  out += ".SH SIGNALS\n" +
         entry("SIGINT, SIGTERM", "finish the current jobs and end; the same command resumes") +
         entry("SIGUSR1", "print the progress on stderr");
  out += ".SH ENVIRONMENT\n" + entry("NO_COLOR", "no colours on a terminal") +
         entry("TERM", "if it is \"dumb\", the progress is a new line every ten seconds");
  out +=
      ".SH FILES\n" + entry("DST.jobferry/state.db", "the state of a migration into DST (SQLite)") +
      entry("DST/jobferry.unfinished",
            "the marker of a target that is not complete, with the version that it will have") +
      entry("FILE of --report, --html and --metrics-file",
            "is replaced as a whole; a symbolic link is followed only if it belongs to root or to the user; "
            "devices and pipes are written directly, but --metrics-file refuses them");
  out += ".SH SEE ALSO\n";
  std::string separator;
  for (const Command* command : all_commands()) {
    out += fmt::format("{}.BR jobferry\\-{} (1)", separator, roff(command->name));
    separator = " ,\n";
  }
  return out + '\n';
}

std::string drop_in_page() {
  std::string out = heading("archive-migration");
  out += ".SH NAME\narchive\\-migration \\- jobferry under the name of cc\\-backend's own tools\n";
  out +=
      ".SH SYNOPSIS\n\\fBarchive\\-migration\\fR [\\-src DIR] [\\-dst DIR] [\\-to N] [OPTIONS]\n.SH "
      "DESCRIPTION\n";
  out += paragraphs(
      "Accepts the flags of cc-backend's tools, with one dash or two, and those of jobferry-migrate(1). "
      "The target is of the newest version unless -to says otherwise.");
  out += ".SH OPTIONS\n";
  out += entry("-src DIR, -dst DIR", "source and target; ./var/job-archive and ./var/job-archive-new");
  out += entry("-debug", "one job at a time; print each job before it is read");
  out += entry("-loglevel LEVEL", "debug, info, warn, err, fatal or crit; the last three are the same");
  out += entry("-logdate", "print date and time before every message");
  out += entry("-config FILE", "accepted and ignored: jobferry needs no settings of cc-backend");
  out += entry("-archive DIR",
               "the tool from version 2 to 3 changes this archive in place. jobferry never writes to its "
               "source: it ends and prints the command to run instead");
  out += entry("-archive DIR -dry-run", "show what a migration of the archive would do");
  out += entry("-archive DIR -workers N", "the number of threads; an error without -archive");
  return out + ".SH SEE ALSO\n.BR jobferry\\-migrate (1)\n";
}

// The words that an option accepts: `auto link` for `--data auto|link`.
std::string words_of(const CLI::Option& option) {
  std::string type = option.get_type_name();
  if (type.find('|') == type.npos || type.find_first_of("[:=%") != type.npos || type.find("N|") == 0)
    return {};
  for (char& c : type)
    if (c == '|') c = ' ';
  return type;
}

// How to complete the value of an option: a flag of compgen, or a list of words.
std::string completes(const CLI::Option& option) {
  if (option.get_type_name() == "DIR") return "-d";
  if (option.get_type_name() == "FILE") return "-f";
  return words_of(option);
}

std::string command_completion(const Command& command, const CLI::App& app) {
  std::string names, values;
  bool directories = false;
  for (const CLI::Option* option : app.get_options()) {
    directories |= option->get_positional();
    std::string patterns;
    for (const std::string& name : option->get_lnames()) {
      names += (names.empty() ? "--" : " --") + name;
      patterns += fmt::format("{0}--{1}|-{1}", patterns.empty() ? "" : "|", name);
    }
    if (!patterns.empty() && option->get_items_expected_max() > 0)
      values += fmt::format("        {}) how='{}' ;;\n", patterns, completes(*option));
  }
  return fmt::format("    {})\n      names='{}'\n      how={}\n      case $prev in\n{}      esac ;;\n",
                     command.name, names, directories ? "-d" : "''", values);
}

constexpr std::string_view completion_frame =
    R"bash(# Bash completion of jobferry and archive-migration, generated from the table of commands.
_jobferry() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=migrate names how
  local commands='@COMMANDS@' drop_in=
  [[ ${1##*/} == archive-migration ]] && drop_in=1
  # Bash splits --option=value into three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ ! $drop_in && " $commands " == *" ${COMP_WORDS[1]} "* ]] && ((COMP_CWORD > 1)); then
    command=${COMP_WORDS[1]}
  fi
  case $command in
@CASES@  esac
  COMPREPLY=()
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
  elif [[ $how == -[df] ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$how" -- "$cur")
  elif [[ $how ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$how" -- "$cur")
  fi
  if ((COMP_CWORD == 1)) && [[ ! $drop_in && $cur != -* ]]; then
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$commands" -- "$cur")
  fi
}
complete -F _jobferry jobferry archive-migration
)bash";

std::string completion() {
  std::string commands, cases;
  for (const Command* command : all_commands()) {
    Output output;
    commands += fmt::format("{}{}", commands.empty() ? "" : " ", command->name);
    cases += command_completion(*command, *command_parser(*command, output));
  }
  std::string text(completion_frame);
  text.replace(text.find("@COMMANDS@"), std::string_view("@COMMANDS@").size(), commands);
  return text.replace(text.find("@CASES@"), std::string_view("@CASES@").size(), cases);
}

bool write(const boost::filesystem::path& path, const std::string& content) {
  std::ofstream file(path.string(), std::ios::binary | std::ios::trunc);
  file << content << std::flush;
  if (!file) std::cerr << "make_manual: cannot write " << path.string() << '\n';
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_manual DIRECTORY\n";
    return 2;
  }
  const boost::filesystem::path directory = argv[1];
  boost::filesystem::create_directories(directory);
  bool written = write(directory / "jobferry.1", program_page()) &&
                 write(directory / "archive-migration.1", drop_in_page()) &&
                 write(directory / "jobferry.bash", completion());
  for (const Command* command : all_commands()) {
    Output output;
    written &= write(directory / fmt::format("jobferry-{}.1", command->name),
                     command_page(*command, *command_parser(*command, output)));
  }
  return written ? 0 : 1;
}
