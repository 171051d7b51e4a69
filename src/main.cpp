// Command lines to options, results to exit codes.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/filesystem/path.hpp>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <new>
#include <optional>
#include <utility>

#include "cli/drop_in.h"
#include "cli/last_resort.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/watch.h"
#include "engine/resume.h"
#include "engine/state.h"
#include "engine/target.h"
#include "io/paths.h"
#include "io/replace_file.h"
#include "jobferry/forecast.h"
#include "jobferry/info.h"
#include "jobferry/migrate.h"
#include "jobferry/validate.h"
#include "jobferry/verify.h"
#include "report/forecast_report.h"
#include "report/info_report.h"
#include "report/migrate_report.h"
#include "report/page/forecast_page.h"
#include "report/page/migrate_page.h"
#include "report/page/run_facts.h"
#include "report/page/validate_page.h"
#include "report/page/verify_page.h"
#include "report/validate_report.h"
#include "report/verify_report.h"

namespace {

using namespace jobferry;

int code(ExitCode exit_code) { return static_cast<int>(exit_code); }

// Atomics without locks may be touched in a signal handler.
std::atomic<bool> stop_requested{false}, asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// The first signal ends the command in order, the second at once.
void on_stop(int) {
  if (stop_requested.exchange(true)) ::_exit(code(ExitCode::interrupted));
}

void on_ask(int) { asked = true; }

// A file of the archive would else take the number of a stream that whoever started us has closed, and what
// is said would be written into it. These refuse to be written to (or read): a result is not lost unnoticed.
void take_standard_streams() {
  constexpr std::array<int, 3> modes = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int stream = 0; stream < 3; ++stream)
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", modes[static_cast<std::size_t>(stream)]);
}

// Too large a file (`ulimit -f`) is an error like a full disk, not an end.
void ignore_file_limit() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
}

void catch_signals() {
  struct sigaction action {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = on_ask;
  sigaction(SIGUSR1, &action, nullptr);
  // Whoever reads what we say may go away: the work goes on.
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

// `-src DIR`, as scripts for the published tools have it: a long option with one dash.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> all;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool one_dash =
        argument.size() > 2 && argument[0] == '-' && argument[1] >= 'a' && argument[1] <= 'z';
    all.push_back(one_dash ? '-' + argument : argument);
  }
  return all;
}

// --- What every command does around its work ---

// The archives that a command looks at: nothing of ours may be written into them.
std::vector<std::string> archives_of(const CommandLine& line) {
  switch (line.command) {
    case CommandName::migrate:
    case CommandName::plan:
      return {line.options.source, line.options.target};
    case CommandName::verify:
      return {line.archive, line.target};
    default:
      return {line.archive};
  }
}

bool cannot_write(Log& log, std::string_view what, const std::string& path, Error error) {
  error.what = fmt::format("cannot write the {}: {}", what, error.what);
  error.file = path;
  log.failed(error);
  return false;
}

// Found out before the work: hours later would be too late. A pipe or a device is not opened before there is
// something to write; what is replaced must be a file.
bool can_write(const CommandLine& line, Log& log, std::string_view what, const std::string& path,
               Streams streams) {
  if (path.empty()) return true;
  const auto place = follow_links(path);
  if (!place) return cannot_write(log, what, path, place.error());
  for (const std::string& archive : archives_of(line)) {
    const auto inside = lies_in(*place, archive);
    if (!inside) return cannot_write(log, what, path, inside.error());
    if (*inside) return cannot_write(log, what, path, {Kind::output_failed, "it lies in an archive"});
  }
  const auto writable = check_writable(path, streams);
  return writable || cannot_write(log, what, path, writable.error());
}

bool can_write_results(const CommandLine& line, Log& log) {
  if (!line.report_file.empty() && line.report_file == line.html_file)
    return cannot_write(log, "page", line.html_file, {Kind::output_failed, "the report is written there"});
  return can_write(line, log, "report", line.report_file, Streams::written) &&
         can_write(line, log, "page", line.html_file, Streams::written) &&
         can_write(line, log, "metrics", line.metrics_file, Streams::refused);
}

bool write_result(Log& log, std::string_view what, const std::string& path, const std::string& content) {
  const auto written = write_file(path, content, Streams::written, &stop_requested);
  return written || cannot_write(log, what, path, written.error());
}

// A result that nobody could read is none. If its reader went away (`| head`) there is nothing to say of it.
ExitCode ended_having_told(ExitCode ended, Log& log) {
  if (std::cout.flush()) return ended;
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  const bool reader_left = ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
  if (!reader_left) log.failed({Kind::output_failed, "cannot write to standard output"});
  return ended == ExitCode::complete ? ExitCode::failed : ended;
}

// The page, if one is asked for.
template <class Make>
std::string page_of(const CommandLine& line, Make&& make) {
  return line.html_file.empty() ? std::string() : html(make());
}

// A result in every form in which it may be asked for.
struct Told {
  std::string text, json, html;
  ExitCode exit_code = ExitCode::complete;
};

// Runs `work(listener)`, watched and interruptible. It returns what is to be told.
template <class Work>
ExitCode run_watched(const CommandLine& line, Log& log, bool shows_progress, Work&& work) {
  catch_signals();
  if (!can_write_results(line, log)) return ExitCode::failed;
  Progress progress;
  progress.counts_ahead = shows_progress || !line.metrics_file.empty();
  Listener listener;
  listener.stop = &stop_requested;
  listener.progress = &progress;
  listener.bad = [&](const Error& error) { log.bad_job(error); };
  listener.unlisted = [&](const Error& directory) { log.unlisted(directory); };
  if (log.says(LogLevel::debug))
    listener.note = [&](const std::string& subject, const Note& note) { log.note(subject, note); };
  const std::string name(all_commands()[static_cast<std::size_t>(line.command)].name);
  Watch watch(progress, log, {name, shows_progress, line.metrics_file, &asked});

  const Told told = work(listener);

  ExitCode ended = told.exit_code;
  if (const auto watched = watch.end(ended == ExitCode::complete); !watched) {
    cannot_write(log, "metrics", line.metrics_file, watched.error());
    if (ended == ExitCode::complete) ended = ExitCode::failed;
  }
  if (line.json || !line.quiet) std::cout << (line.json ? told.json : told.text) << std::flush;
  bool written = line.report_file.empty() || write_result(log, "report", line.report_file, told.json);
  if (!line.html_file.empty()) written &= write_result(log, "page", line.html_file, told.html);
  return written || ended != ExitCode::complete ? ended : ExitCode::failed;
}

bool shows_progress(const CommandLine& line, const Log& log) {
  return !line.quiet && log.says(LogLevel::info);
}

// --- migrate ---

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

// With --json stdout is for the result alone.
void listen_for_debug(const CommandLine& line, Listener& listener) {
  std::ostream& out = line.json ? std::cerr : std::cout;
  listener.job = [&out](const JobPath& path) {
    const auto id = path.job_id();
    out << fmt::format("Job {} {}\n", id ? std::to_string(*id) : "?", printable(path.text())) << std::flush;
  };
  listener.aggregations = [&out](const std::string& cluster, const std::vector<AggregationRow>& rows) {
    out << aggregation_table(cluster, rows) << std::flush;
  };
}

// What a person types in answer to a question; none: the command is to stop instead.
std::optional<std::string> typed_line() {
  std::string line;
  while (!stop_requested) {
    // A signal that comes just before poll() does not end it: it looks again soon.
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

// --restart removes a whole tree: a person is asked, a script says --yes. With what to end, if not with a
// yes.
std::optional<ExitCode> refuse_restart(const CommandLine& line, Log& log) {
  if (!line.options.restart || line.yes) return {};
  if (::isatty(STDIN_FILENO) == 1) {
    catch_signals();
    std::cerr << fmt::format("jobferry: --restart removes all that is in {}. Go on? [y/N] ",
                             printable(line.options.target));
    const auto answer = typed_line();
    if (!answer) {
      std::cerr << '\n';
      log.say(LogLevel::error, "interrupted, nothing was changed");
      return ExitCode::interrupted;
    }
    if (*answer == "y" || *answer == "yes") return {};
  }
  log.say(LogLevel::error, "--restart: not without a yes (--yes says it)");
  return ExitCode::failed;
}

ExitCode run_migrate(const CommandLine& line, const RunFacts& run, Log& log) {
  if (const auto refused = refuse_restart(line, log)) return *refused;
  const Options& options = line.options;
  const bool progress = shows_progress(line, log) && !options.debug;
  return run_watched(line, log, progress, [&](Listener& listener) {
    if (options.debug) listen_for_debug(line, listener);
    const Summary summary = migrate(options, listener);
    for (const Error& error : summary.errors) log.failed(error);
    if (summary.outcome == Outcome::interrupted)
      log.say(LogLevel::error, options.dry_run
                                   ? "interrupted"
                                   : "interrupted, the target is unfinished: version.txt was not written");
    return Told{summary_text(options, summary), report_json(options, summary),
                page_of(line, [&] { return migrate_page(options, summary, run); }),
                exit_code_of(summary.outcome)};
  });
}

// --- status ---

ExitCode run_status(const CommandLine& line, Log& log) {
  Options options = line.options;
  if (!line.archive.empty()) options.target = line.archive;
  const auto seen = look_at_state(state_directory(options));
  if (!seen) {
    log.failed(seen.error());
    return ExitCode::failed;
  }
  std::cout << (line.json ? status_json(*seen) : status_text(*seen)) << std::flush;
  return is_complete(*seen) ? ExitCode::complete : ExitCode::objections;
}

// --- plan ---

ExitCode exit_code_of(const Forecast& forecast) {
  if (forecast.failed) return ExitCode::failed;
  if (forecast.interrupted) return ExitCode::interrupted;
  return forecast.obstacles.empty() ? ExitCode::complete : ExitCode::objections;
}

ExitCode run_plan(const CommandLine& line, const RunFacts& run, Log& log) {
  ForecastOptions options;
  options.migration = line.options;
  options.sample_jobs = line.sample.jobs;
  options.sample_percent = line.sample.percent;
  options.seed = line.seed;
  return run_watched(line, log, shows_progress(line, log), [&](Listener& listener) {
    // What the sample shows is told at the end, with what follows from it.
    listener.bad = {};
    listener.unlisted = {};
    listener.note = {};
    const Forecast seen = forecast(options, listener);
    if (seen.failed)
      for (const Obstacle& each : seen.obstacles) log.failed(each.error);
    return Told{forecast_text(options, seen), forecast_json(options, seen),
                page_of(line, [&] { return forecast_page(options, seen, run); }), exit_code_of(seen)};
  });
}

// --- verify, validate, info ---

VerifyOptions verify_options(const CommandLine& line) {
  VerifyOptions options;
  options.source = line.archive;
  options.target = line.target;
  options.threads = line.options.threads;
  options.sample = line.sample.percent.value_or(100);
  options.seed = line.seed;
  options.cluster = line.only.cluster;
  options.job = line.only.job;
  options.from = line.from;
  options.overrides = line.options.overrides;
  options.to = line.to;
  options.check_data = line.options.check_data;
  options.follow_symlinks = line.options.follow_symlinks;
  options.max_file_size = line.options.max_file_size;
  return options;
}

ExitCode run_verify(const CommandLine& line, const RunFacts& run, Log& log) {
  const VerifyOptions options = verify_options(line);
  return run_watched(line, log, shows_progress(line, log), [&](Listener& listener) {
    const VerifyResult result = verify(options, listener);
    for (const Error& error : result.errors) log.failed(error);
    return Told{verify_text(options, result), verify_json(options, result),
                page_of(line, [&] { return verify_page(options, result, run); }),
                static_cast<ExitCode>(exit_code(result))};
  });
}

// Of commands that only look: errors stand in the way, what is incomplete was interrupted.
template <class Result>
ExitCode exit_code_of(const Result& result, bool objects) {
  if (!result.errors.empty()) return ExitCode::failed;
  if (objects) return ExitCode::objections;
  return result.complete ? ExitCode::complete : ExitCode::interrupted;
}

ExitCode run_validate(const CommandLine& line, const RunFacts& run, Log& log) {
  ValidateOptions options;
  options.archive = line.archive;
  options.threads = line.options.threads;
  options.max_file_size = line.options.max_file_size;
  options.follow_symlinks = line.options.follow_symlinks;
  return run_watched(line, log, shows_progress(line, log), [&](Listener& listener) {
    const ValidateResult result = validate(options, listener);
    for (const Error& error : result.errors) log.failed(error);
    return Told{validate_text(options, result), validate_json(options, result),
                page_of(line, [&] { return validate_page(options, result, run); }),
                exit_code_of(result, result.count(Severity::error) > 0)};
  });
}

ExitCode run_info(const CommandLine& line, Log& log) {
  InfoOptions options;
  options.archive = line.archive;
  options.threads = line.options.threads;
  options.follow_symlinks = line.options.follow_symlinks;
  return run_watched(line, log, shows_progress(line, log), [&](Listener& listener) {
    const InfoResult result = info(options, listener);
    for (const Error& error : result.errors) log.failed(error);
    return Told{info_text(options, result), info_json(options, result), "", exit_code_of(result, false)};
  });
}

ExitCode run(const CommandLine& line, const RunFacts& facts, Log& log) {
  switch (line.command) {
    case CommandName::migrate:
      return run_migrate(line, facts, log);
    case CommandName::plan:
      return run_plan(line, facts, log);
    case CommandName::verify:
      return run_verify(line, facts, log);
    case CommandName::validate:
      return run_validate(line, facts, log);
    case CommandName::info:
      return run_info(line, log);
    case CommandName::status:
      return run_status(line, log);
  }
  return ExitCode::failed;
}

ExitCode run_command_line(int argc, char** argv) {
  CommandLine line;
  const bool in_place_of =
      argc > 0 && boost::filesystem::path(argv[0]).filename() == std::string(drop_in_name);
  const auto words = arguments(argc, argv);
  const auto said = in_place_of ? parse_drop_in(words, line) : parse_command_line(words, line);
  Log log(line.log);
  return ended_having_told(said ? *said : run(line, facts_of_run(argc, argv, line.options.threads), log),
                           log);
}

}  // namespace

int main(int argc, char** argv) {
  install_last_resort();
  ignore_file_limit();
  take_standard_streams();
  int ended = code(ExitCode::failed);
  const auto command = [&] {
    try {
      ended = code(run_command_line(argc, argv));
    } catch (const std::bad_alloc&) {
      tell_out_of_memory();
    }
  };
  if (!run_with_stack(command)) tell_out_of_memory();
  return ended;
}
