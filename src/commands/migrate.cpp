// `jobferry migrate`.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>

#include "base/text.h"
#include "cli/common_options.h"
#include "cli/results.h"
#include "cli/signals.h"
#include "commands/commands.h"
#include "jobferry/migrate.h"
#include "report/documents.h"
#include "report/parts.h"

namespace jobferry {

namespace {

struct MigrateCommand {
  Options options;
  bool yes = false;
};

JobName parse_job(const std::string& text) {
  const std::size_t slash = text.find('/'), second = text.find('/', slash + 1);
  JobName job;
  job.cluster = text.substr(0, slash);
  const auto id = parse_number(slash == text.npos ? "" : text.substr(slash + 1, second - slash - 1));
  if (slash != text.npos && second != text.npos) job.start = text.substr(second + 1);
  if (job.cluster.empty() || !id || (second != text.npos && job.start.empty()))
    throw CLI::ValidationError("--job", "expected CLUSTER/ID[/START], found " + text);
  job.id = *id;
  return job;
}

ExitCode exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
    case Outcome::nothing_to_do:
      return ExitCode::complete;
    case Outcome::bad_jobs:
    case Outcome::hidden_jobs:
    case Outcome::partial:
      return ExitCode::objections;
    case Outcome::interrupted:
      return ExitCode::interrupted;
    case Outcome::failed:
      break;
  }
  return ExitCode::failed;
}

// With --json, standard output holds the result only.
void listen_for_debug(bool to_stderr, Listener& listener) {
  std::ostream& out = to_stderr ? std::cerr : std::cout;
  listener.job = [&out](const JobPath& path) {
    const auto id = path.job_id();
    out << fmt::format("Job {} {}\n", id ? std::to_string(*id) : "?", printable(path.text())) << std::flush;
  };
  listener.aggregations = [&out](const std::string& cluster, const std::vector<AggregationRow>& rows) {
    out << aggregation_text(cluster, rows) << std::flush;
  };
}

// The line that a person types in answer to a question; none if a signal stops the command.
std::optional<std::string> typed_line() {
  std::string line;
  while (!stop_requested) {
    // poll() has a timeout, because a signal just before the call does not interrupt it.
    pollfd in{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&in, 1, 100);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    char c = 0;
    const ssize_t got = ready < 0 ? 0 : ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') return line;
    line += c;
  }
  return {};
}

// --restart removes a whole tree, so a person is asked and a script must give --yes. Returns the exit code if
// the answer is not yes.
std::optional<ExitCode> refuse_restart(const Options& options, bool yes, Log& log) {
  if (!options.restart || yes) return {};
  if (::isatty(STDIN_FILENO) == 1) {
    catch_signals();
    std::cerr << fmt::format("jobferry: --restart deletes everything in {}. Continue? [y/N] ",
                             printable(options.target));
    const auto answer = typed_line();
    if (!answer) {
      std::cerr << '\n';
      log.say(LogLevel::error, "interrupted, nothing was changed");
      return ExitCode::interrupted;
    }
    if (*answer == "y" || *answer == "yes") return {};
  }
  log.say(LogLevel::error, "--restart deletes the target: confirm with `y`, or with --yes in a script");
  return ExitCode::failed;
}

ExitCode run_migrate(const MigrateCommand& command, const Context& context) {
  const Options& options = command.options;
  Log& log = context.log;
  if (const auto refused = refuse_restart(options, command.yes, log)) return *refused;
  const bool progress = context.shows_progress() && !options.debug;
  const RunSetup setup = {{options.source, options.target}, progress, options.threads};
  return run_and_report(context, setup, [&](Listener& listener) {
    if (options.debug) listen_for_debug(context.output.json, listener);
    const Summary summary = migrate(options, listener);
    for (const Error& error : summary.errors) log.failed(error);
    if (summary.outcome == Outcome::interrupted)
      log.say(LogLevel::error, options.dry_run
                                   ? "interrupted"
                                   : "interrupted, the target is unfinished: version.txt was not written");
    return Ended{migrate_document(options, summary), exit_code_of(summary.outcome)};
  });
}

RunCommand define(CLI::App& app, Output& output) {
  const auto command = std::make_shared<MigrateCommand>();
  Options& options = command->options;
  add_source_and_target(app, options);
  app.add_flag("--dry-run", options.dry_run, "do everything except writing");
  app.add_flag("--debug", options.debug,
               "one job at a time, in path order; print each job before it is read");
  app.add_flag("--accept-bad", options.accept_bad, "complete the target even if there are bad jobs");
  add_changes(app, options);
  add_repeatable(app, "--job", options.jobs, parse_job, "migrate only this job; repeatable")
      ->type_name("CLUSTER/ID[/START]")
      ->group(more_options);
  app.add_flag("--only-bad", options.only_bad, "migrate only the jobs that were bad in the last run")
      ->group(more_options);
  add_engine(app, options);
  add_directory(app, "--state", options.state,
                "directory for the state of the run (default: the name of the target with .jobferry)")
      ->group(more_options);
  app.add_flag("--no-state{false}", options.keep_state, "keep no state: an interrupted run cannot be resumed")
      ->group(more_options);
  app.add_flag("--restart", options.restart,
               "ask, then delete what an earlier run left in the target, and start over")
      ->group(more_options);
  app.add_flag("--yes", command->yes, "do not ask for confirmation")->group(more_options);
  add_output(app, output);
  return [command](const Context& context) { return run_migrate(*command, context); };
}

}  // namespace

const Command migrate_command = {
    "migrate",
    "[--src DIR] [--dst DIR] [--to N]",
    "migrate an archive to another version, into a new archive",
    "Reads every job of the source, applies all version steps in one pass, and writes the job to the "
    "target. The source is never opened for writing. version.txt is written last, when everything else is "
    "on disk, so that no server starts on an unfinished archive.\n\n"
    "A bad job is reported with its file, JSON pointer and byte. It is not written, and the run continues "
    "with the other jobs. The target then gets no version.txt, unless --accept-bad is given.\n\n"
    "Run the same command again to resume an interrupted run, to retry bad jobs, and to apply what has "
    "changed in the source since.",
    {{"jobferry --src job-archive --dst job-archive-new", "to the newest version"},
     {"jobferry --src job-archive --dst new --dry-run --debug", "find a bad job"}},
    "there are bad jobs, or jobs that --job or --only-bad left out: version.txt was not written",
    define};

}  // namespace jobferry
