// Flags to Options, Summary to exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include "files.h"
#include "jobferry/migrate.h"
#include "jobferry/step.h"
#include "report.h"
#include "resume.h"
#include "state.h"
#include "target.h"

namespace {

using namespace jobferry;

enum class ExitCode : int {
  complete = 0,
  failed = 1,  // could not run or finish
  usage = 2,
  bad_jobs = 3,  // version.txt was not written; of status: not complete
  interrupted = 130,
};

int code(ExitCode exit_code) { return static_cast<int>(exit_code); }

// Atomics without locks may be touched in a signal handler.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// The first signal ends the run in order, the second at once.
void on_signal(int) {
  if (stop_requested.exchange(true)) ::_exit(code(ExitCode::interrupted));
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

enum class LogLevel { error, warn, info, debug };

struct CommandLine {
  Options options;
  std::string report_file;
  bool yes = false;
  bool quiet = false;
  LogLevel log_level = LogLevel::info;
};

// `-src DIR`, as scripts for the published tools have it: a long option with one dash.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> all;
  for (int i = argc - 1; i > 0; --i) {  // CLI11 takes them last to first
    std::string argument = argv[i];
    const bool one_dash =
        argument.size() > 2 && argument[0] == '-' && argument[1] >= 'a' && argument[1] <= 'z';
    all.push_back(one_dash ? '-' + argument : argument);
  }
  return all;
}

Override parse_override(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::string name = text.substr(0, equals), value = equals == text.npos ? "" : text.substr(equals + 1);
  const std::size_t colon = name.find(':');
  const bool scoped = colon != name.npos;
  const Override parsed{scoped ? name.substr(0, colon) : "", scoped ? name.substr(colon + 1) : name, value};
  if (parsed.metric.empty() || (scoped && parsed.cluster.empty()) || (value != "sum" && value != "avg"))
    throw CLI::ValidationError("--aggregation", "expected [CLUSTER:]METRIC=sum|avg, found " + text);
  return parsed;
}

JobName parse_job(const std::string& text) {
  const std::size_t slash = text.find('/'), second = text.find('/', slash + 1);
  JobName job;
  job.cluster = text.substr(0, slash);
  const std::string id = slash == text.npos ? "" : text.substr(slash + 1, second - slash - 1);
  if (slash != text.npos && second != text.npos) job.start = text.substr(second + 1);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), job.id);
  const bool whole = error == std::errc() && end == id.data() + id.size();
  if (job.cluster.empty() || !whole || (second != text.npos && job.start.empty()))
    throw CLI::ValidationError("--job", "expected CLUSTER/ID[/START], found " + text);
  return job;
}

std::string versions_help() {
  std::string text = "Archive versions and the steps between them:\n";
  for (const Step& step : all_steps())
    text +=
        fmt::format("  {0} -> {1}  {2}{3}{4}{5}\n", step.from, step.from + 1, step.summary,
                    step.reversible ? "; and back" : "", step.loses.empty() ? "" : " but for ", step.loses);
  return text + "Exit codes: 0 complete, 1 could not run or finish, 2 usage, 3 bad jobs, 130 interrupted";
}

// An option that takes one of a few words.
template <class T>
void add_choice(CLI::App& app, const char* name, T& value, std::vector<std::pair<std::string, T>> words,
                const char* help) {
  std::vector<std::string> names;
  std::string shown;
  for (const auto& [word, meaning] : words) {
    names.push_back(word);
    shown += (shown.empty() ? "" : "|") + word;
  }
  app.add_option_function<std::string>(
         name,
         [&value, words](const std::string& chosen) {
           for (const auto& [word, meaning] : words)
             if (word == chosen) value = meaning;
         },
         help)
      ->check(CLI::IsMember(names).description(""))
      ->type_name(shown);
}

void add_options(CLI::App& app, CommandLine& line) {
  Options& o = line.options;
  app.add_option("--src", o.source, "source archive")->capture_default_str()->type_name("DIR");
  app.add_option("--dst", o.target, "target archive: must not exist or be empty")
      ->capture_default_str()
      ->type_name("DIR");
  app.add_option("--to", o.to, "target version, up or down")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000).description(""))  // what no version will reach; more would not fit
      ->type_name("N");
  app.add_flag("--debug", o.debug,
               "single-threaded, in path order; prints each job and the aggregations of each cluster.json");
  app.add_option("--threads", o.threads, "number of threads (default: all cores)")
      ->check(CLI::Range(1U, 1024U).description(""))
      ->type_name("N");
  app.add_option("--io-depth", o.io_depth, "number of jobs that are read at a time, for cold disks")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U).description(""))
      ->type_name("N");
  app.add_option("--memory", o.memory,
                 "bound on the bytes of job data in flight, e.g. 4GB (default: a quarter of RAM)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("SIZE");
  app.add_option_function<std::vector<std::string>>(
         "--aggregation",
         [&o](const std::vector<std::string>& all) {
           for (const std::string& each : all) o.overrides.push_back(parse_override(each));
         },
         "sets the aggregation of a metric; repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("[CLUSTER:]METRIC=sum|avg");
  add_choice<DataMode>(
      app, "--data", o.data,
      {{"auto", DataMode::automatic},
       {"link", DataMode::link},
       {"reflink", DataMode::reflink},
       {"copy", DataMode::copy}},
      "how unchanged data files travel (default: auto, the first of reflink, link, copy that works)");
  add_choice<Compression>(
      app, "--compress", o.compress,
      {{"keep", Compression::keep}, {"gzip", Compression::gzip}, {"none", Compression::none}},
      "compression of data files (default: keep)");
  add_choice<CompressLevel>(
      app, "--compress-level", o.compress_level,
      {{"normal", CompressLevel::normal}, {"fast", CompressLevel::fast}},
      "of every .gz that is written: as small as servers write them (normal, the default), or "
      "several times as fast and somewhat larger");
  app.add_flag("--check-data", o.check_data, "read and check data files that no step changes, too");
  app.add_flag("--accept-bad", o.accept_bad, "complete the target although jobs are bad");
  app.add_flag("--follow-symlinks", o.follow_symlinks, "follow links to directories and regular files");
  app.add_option("--max-file-size", o.max_file_size,
                 "largest file that is read, and largest content of a .gz (default: 4 GiB - 1)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}).description(""))
      ->type_name("SIZE");
  app.add_flag("--dry-run", o.dry_run, "everything but writing");
  app.add_flag("--repair", o.repair, "source and target version equal: apply the repairs alone");
  app.add_option_function<std::vector<std::string>>(
         "--job",
         [&o](const std::vector<std::string>& all) {
           for (const std::string& each : all) o.jobs.push_back(parse_job(each));
         },
         "only this job; repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("CLUSTER/ID[/START]");
  app.add_flag("--only-bad", o.only_bad, "only the jobs that were bad in the last run");
  app.add_option("--state", o.state,
                 "where it is kept what is done (default: the target's name and .jobferry)")
      ->type_name("DIR");
  app.add_flag("--no-state{false}", o.keep_state, "keep no state: an interrupted run cannot be continued");
  app.add_flag("--restart", o.restart, "throw away what an earlier run left in the target, after asking");
  app.add_flag("--yes", line.yes, "do not ask");
  app.add_option("--report", line.report_file, "write the whole result to this file as JSON")
      ->type_name("FILE");
  app.add_flag("--quiet", line.quiet, "no progress and no summary");
  add_choice<LogLevel>(app, "--log-level", line.log_level,
                       {{"error", LogLevel::error},
                        {"warn", LogLevel::warn},
                        {"info", LogLevel::info},
                        {"debug", LogLevel::debug}},
                       "stderr: error, warn (and bad jobs as they are found), info (and progress; default), "
                       "debug (and every note)");
}

// Found out before the run: hours later would be too late. Archives hold nothing but what belongs to them.
bool can_write_report(const Options& options, const std::string& path) {
  if (path.empty()) return true;
  const auto files = real_files(options.follow_symlinks);
  const bool inside = lies_in(*files, path, options.source) || lies_in(*files, path, options.target);
  if (!inside && std::ofstream(path, std::ios::app)) return true;
  std::cerr << "jobferry: cannot write the report " << printable(path)
            << (inside ? ": it lies in an archive\n" : "\n");
  return false;
}

bool write_report(const CommandLine& line, const Summary& summary) {
  if (line.report_file.empty()) return true;
  std::ofstream file(line.report_file, std::ios::trunc);
  file << report_json(line.options, summary) << std::flush;
  if (!file) std::cerr << "jobferry: cannot write the report " << printable(line.report_file) << '\n';
  return static_cast<bool>(file);
}

ExitCode exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
    case Outcome::nothing_to_do:
      return ExitCode::complete;
    case Outcome::bad_jobs:
    case Outcome::partial:
      return ExitCode::bad_jobs;
    case Outcome::interrupted:
      return ExitCode::interrupted;
    case Outcome::failed:
      break;
  }
  return ExitCode::failed;
}

// On a terminal the line may show the progress so far.
void log(const std::string& message) {
  std::cerr << (::isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "") + ("jobferry: " + message + '\n');
}

void listen_for_log(Listener& listener, LogLevel level) {
  if (level >= LogLevel::warn) listener.bad = [](const Error& error) { log("bad job " + describe(error)); };
  if (level >= LogLevel::debug)
    listener.note = [](const std::string& subject, const Note& note) {
      log("note " + describe(subject, note));
    };
}

void listen_for_debug(Listener& listener) {
  listener.job = [](const JobPath& path) {
    const auto id = path.job_id();
    std::cout << fmt::format("Job {} {}\n", id ? std::to_string(*id) : "?", printable(path.text()))
              << std::flush;
  };
  listener.aggregations = [](const std::string& cluster, const std::vector<AggregationRow>& rows) {
    std::cout << aggregation_table(cluster, rows) << std::flush;
  };
}

// --restart removes a whole tree: a person is asked, a script says --yes.
bool may_restart(const CommandLine& line) {
  if (!line.options.restart || line.yes) return true;
  if (::isatty(STDIN_FILENO) == 1) {
    std::cerr << fmt::format("jobferry: --restart removes all that is in {}. Go on? [y/N] ",
                             printable(line.options.target));
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "yes") return true;
  }
  std::cerr << "jobferry: --restart: not without a yes (--yes says it)\n";
  return false;
}

ExitCode show_status(const std::string& target, const std::string& state, bool json) {
  Options options;
  if (!target.empty()) options.target = target;
  options.state = state;
  const auto seen = look_at_state(state_directory(options));
  if (!seen) {
    std::cerr << "jobferry: " << describe(seen.error()) << '\n';
    return ExitCode::failed;
  }
  std::cout << (json ? status_json(*seen) : status_text(*seen)) << std::flush;
  return is_complete(*seen) ? ExitCode::complete : ExitCode::bad_jobs;
}

ExitCode run(const CommandLine& line) {
  if (!may_restart(line)) return ExitCode::failed;
  if (!can_write_report(line.options, line.report_file)) return ExitCode::failed;
  catch_signals();
  Progress progress;
  Listener listener;
  listener.stop = &stop_requested;
  const bool shows_progress = !line.quiet && !line.options.debug && line.log_level >= LogLevel::info;
  if (shows_progress) listener.progress = &progress;
  listen_for_log(listener, line.log_level);
  if (line.options.debug) listen_for_debug(listener);

  std::optional<ProgressLine> shown;
  if (shows_progress) shown.emplace(progress);
  const Summary summary = migrate(line.options, listener);
  shown.reset();

  for (const Error& error : summary.errors) log(describe(error));
  if (summary.outcome == Outcome::interrupted)
    log(line.options.dry_run ? "interrupted"
                             : "interrupted, the target is unfinished: version.txt was not written");
  if (!line.quiet) std::cout << summary_text(line.options, summary) << std::flush;
  const bool reported = write_report(line, summary);
  const ExitCode result = exit_code_of(summary.outcome);
  return reported || result != ExitCode::complete ? result : ExitCode::failed;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app("jobferry carries ClusterCockpit job archives from one archive version to another.",
               "jobferry");
  app.set_version_flag("--version", "jobferry " JOBFERRY_VERSION);
  app.footer(versions_help());
  add_options(app, line);
  app.add_subcommand("migrate", "migrate an archive (the default)")->fallthrough();
  std::string asked_target, asked_state;
  bool as_json = false;
  CLI::App* status =
      app.add_subcommand("status", "how far the migration into a target is; exit code 0: complete");
  status->add_option("DST", asked_target, "target archive (default: ./var/job-archive-new)");
  status->add_option("--state", asked_state, "where its state is, if not beside it")->type_name("DIR");
  status->add_flag("--json", as_json, "as JSON");
  try {
    app.parse(arguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? code(ExitCode::complete) : code(ExitCode::usage);
  }
  return code(status->parsed() ? show_status(asked_target, asked_state, as_json) : run(line));
}
