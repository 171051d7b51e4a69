#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <utility>

#include "jobferry/step.h"

namespace jobferry {

namespace {

// The group of options that only --help-all and the manual show.
constexpr const char* more = "More options";

// --- Values ---

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

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

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

SampleSize parse_sample(const std::string& text) {
  SampleSize sample;
  const bool is_share = text.ends_with('%');
  if (!is_share) {
    sample.jobs = parse_number(text);
  } else {
    double percent = 0;
    const char* last = text.data() + text.size() - 1;
    const auto [end, error] = std::from_chars(text.data(), last, percent);
    if (error == std::errc() && end == last && percent > 0 && percent <= 100) sample.percent = percent;
  }
  if (!sample.percent && sample.jobs.value_or(0) == 0)
    throw CLI::ValidationError("--sample", "expected a number of jobs or a share such as 1%, found " + text);
  return sample;
}

SampleSize parse_share(const std::string& text) {
  const SampleSize sample = parse_sample(text);
  if (!sample.percent) throw CLI::ValidationError("--sample", "expected a share such as 1%, found " + text);
  return sample;
}

Only parse_only(const std::string& text) {
  const std::size_t slash = text.find('/');
  Only only{text.substr(0, slash), {}};
  if (slash != text.npos) only.job = parse_number(text.substr(slash + 1));
  if (only.cluster.empty() || (slash != text.npos && !only.job))
    throw CLI::ValidationError("--only", "expected CLUSTER[/ID], found " + text);
  return only;
}

// --- Kinds of options ---

// An option that takes one of a few words.
template <class T>
CLI::Option* add_choice(CLI::App& app, const char* name, T& value,
                        std::vector<std::pair<std::string, T>> words, const char* help) {
  std::vector<std::string> names;
  std::string shown;
  for (const auto& [word, meaning] : words) {
    names.push_back(word);
    shown += (shown.empty() ? "" : "|") + word;
  }
  return app
      .add_option_function<std::string>(
          name,
          [&value, words](const std::string& chosen) {
            for (const auto& [word, meaning] : words)
              if (word == chosen) value = meaning;
          },
          help)
      ->check(CLI::IsMember(names).description(""))
      ->type_name(shown);
}

// An option that may be given several times.
template <class Parse, class T>
CLI::Option* add_repeatable(CLI::App& app, const char* name, std::vector<T>& values, Parse parse,
                            const char* help) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [&values, parse](const std::vector<std::string>& all) {
            for (const std::string& each : all) values.push_back(parse(each));
          },
          help)
      ->take_all()
      ->allow_extra_args(false);
}

CLI::Option* add_directory(CLI::App& app, const char* name, std::string& value, const char* help) {
  const auto problem = [](const std::string& path) {
    return path.empty() ? std::string("a directory has a name") : std::string();
  };
  return app.add_option(name, value, help)->check(CLI::Validator(problem, ""))->type_name("DIR");
}

CLI::Option* add_file(CLI::App& app, const char* name, std::string& value, const char* help) {
  return app.add_option(name, value, help)->type_name("FILE");
}

// --- Options that several commands have ---

template <class Version>  // int, or one that may not be given
CLI::Option* add_version(CLI::App& app, Version& value, const char* help) {
  return app.add_option("--to", value, help)
      ->check(CLI::Range(0, 1'000'000).description(""))  // what no version will reach; more would not fit
      ->type_name("N");
}

void add_source_and_target(CLI::App& app, Options& o) {
  add_directory(app, "--src", o.source, "source archive")->capture_default_str();
  add_directory(app, "--dst", o.target, "target archive, which must not exist or be empty")
      ->capture_default_str();
  add_version(app, o.to, "target version, up or down")->capture_default_str();
}

void add_threads(CLI::App& app, Options& o) {
  app.add_option("--threads", o.threads, "number of threads (default: all cores)")
      ->check(CLI::Range(1U, 1024U).description(""))
      ->type_name("N")
      ->group(more);
}

void add_reading(CLI::App& app, Options& o) {
  app.add_flag("--follow-symlinks", o.follow_symlinks, "follow links to directories and regular files")
      ->group(more);
  app.add_option("--max-file-size", o.max_file_size,
                 "largest file that is read, and largest content of a .gz (default: 4 GiB - 1)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}).description(""))
      ->type_name("SIZE")
      ->group(more);
}

void add_overrides(CLI::App& app, Options& o, const char* help) {
  add_repeatable(app, "--aggregation", o.overrides, parse_override, help)
      ->type_name("[CLUSTER:]METRIC=sum|avg");
}

// What decides about the target's bytes.
void add_changes(CLI::App& app, Options& o) {
  add_overrides(app, o, "sets the aggregation of a metric; repeatable");
  add_choice<Compression>(
      app, "--compress", o.compress,
      {{"keep", Compression::keep}, {"gzip", Compression::gzip}, {"none", Compression::none}},
      "compression of data files (default: keep)");
  add_choice<CompressLevel>(app, "--compress-level", o.compress_level,
                            {{"normal", CompressLevel::normal}, {"fast", CompressLevel::fast}},
                            "of every .gz that is written: as small as servers write them (normal, the "
                            "default), or several times as "
                            "fast and somewhat larger")
      ->group(more);
  add_choice<DataMode>(
      app, "--data", o.data,
      {{"auto", DataMode::automatic},
       {"link", DataMode::link},
       {"reflink", DataMode::reflink},
       {"copy", DataMode::copy}},
      "how unchanged data files travel (default: auto, the first of reflink, link, copy that works)")
      ->group(more);
  app.add_flag("--check-data", o.check_data, "read and check data files that no step changes, too")
      ->group(more);
  app.add_flag("--repair", o.repair, "source and target version equal: apply the repairs alone")->group(more);
}

void add_engine(CLI::App& app, Options& o) {
  add_threads(app, o);
  app.add_option("--io-depth", o.io_depth, "number of jobs that are read at a time, for cold disks")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U).description(""))
      ->type_name("N")
      ->group(more);
  app.add_option("--memory", o.memory,
                 "bound on the bytes of job data in flight, e.g. 4GB (default: a quarter of RAM)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("SIZE")
      ->group(more);
  add_reading(app, o);
}

CLI::Option* add_sample(CLI::App& app, CommandLine& line, SampleSize (*parse)(const std::string&),
                        const char* help) {
  app.add_option("--seed", line.seed, "of the random choice of the sample")
      ->capture_default_str()
      ->type_name("N")
      ->group(more);
  return app
      .add_option_function<std::string>(
          "--sample", [&line, parse](const std::string& text) { line.sample = parse(text); }, help)
      ->type_name("N|P%");
}

void add_log(CLI::App& app, CommandLine& line) {
  add_file(app, "--metrics-file", line.metrics_file,
           "progress for Prometheus, in its text format: a file that is replaced every 10 s and at the end")
      ->group(more);
  app.add_flag("--quiet", line.quiet, "no progress and no summary")->group(more);
  add_choice<LogLevel>(
      app, "--log-level", line.log.level,
      {{"error", LogLevel::error},
       {"warn", LogLevel::warn},
       {"info", LogLevel::info},
       {"debug", LogLevel::debug}},
      "stderr: error, warn (and bad jobs as they are found), info (and progress; default), debug "
      "(and every note)")
      ->group(more);
  add_choice<LogFormat>(app, "--log-format", line.log.format,
                        {{"text", LogFormat::text}, {"json", LogFormat::json}},
                        "stderr as text (default) or one JSON object a line")
      ->group(more);
}

void add_output(CLI::App& app, CommandLine& line) {
  app.add_flag("--json", line.json, "print the result as JSON");
  add_file(app, "--report", line.report_file, "write the result to a file as JSON");
  add_file(app, "--html", line.html_file, "write the result to a file as a page to mail on");
  add_log(app, line);
}

// --- The options of each command ---

void add_migrate_options(CLI::App& app, CommandLine& line) {
  Options& o = line.options;
  add_source_and_target(app, o);
  app.add_flag("--dry-run", o.dry_run, "everything but writing");
  app.add_flag("--debug", o.debug, "one job at a time, in path order, each named before it is touched");
  app.add_flag("--accept-bad", o.accept_bad, "complete the target although jobs are bad");
  add_changes(app, o);
  add_repeatable(app, "--job", o.jobs, parse_job, "only this job; repeatable")
      ->type_name("CLUSTER/ID[/START]")
      ->group(more);
  app.add_flag("--only-bad", o.only_bad, "only the jobs that were bad in the last run")->group(more);
  add_engine(app, o);
  add_directory(app, "--state", o.state,
                "where it is kept what is done (default: the target's name and .jobferry)")
      ->group(more);
  app.add_flag("--no-state{false}", o.keep_state, "keep no state: an interrupted run cannot be continued")
      ->group(more);
  app.add_flag("--restart", o.restart, "throw away what an earlier run left in the target, after asking")
      ->group(more);
  app.add_flag("--yes", line.yes, "do not ask")->group(more);
  add_output(app, line);
}

void add_plan_options(CLI::App& app, CommandLine& line) {
  Options& o = line.options;
  add_source_and_target(app, o);
  add_sample(app, line, parse_sample, "jobs to try, or their share (default: what fits in 60 s)");
  app.add_flag("--accept-bad", o.accept_bad, "bad jobs are no obstacle");
  add_changes(app, o);
  add_engine(app, o);
  add_directory(app, "--state", o.state, "where the state of an earlier run is, if not beside the target")
      ->group(more);
  add_output(app, line);
}

void add_verify_options(CLI::App& app, CommandLine& line) {
  add_directory(app, "SRC", line.archive, "the archive that was migrated")->required();
  add_directory(app, "DST", line.target, "the archive that it became")->required();
  add_sample(app, line, parse_share, "only this share of the jobs, chosen at random")->type_name("P%");
  app.add_option_function<std::string>(
         "--only", [&line](const std::string& text) { line.only = parse_only(text); },
         "only this cluster, or this job")
      ->type_name("CLUSTER[/ID]");
  app.add_option("--from", line.from, "go on where an interrupted run says that it was")
      ->type_name("CLUSTER/DIR/DIR");
  add_version(app, line.to, "the version that DST must have (default: what it says)");
  add_overrides(app, line.options, "an aggregation that the migration was told to set; repeatable");
  app.add_flag("--check-data", line.options.check_data,
               "the migration was told so: jobs whose data no step reads were bad if it was")
      ->group(more);
  add_threads(app, line.options);
  add_reading(app, line.options);
  add_output(app, line);
}

void add_validate_options(CLI::App& app, CommandLine& line) {
  add_directory(app, "ARCHIVE", line.archive, "an archive of any version")->required();
  add_threads(app, line.options);
  add_reading(app, line.options);
  add_output(app, line);
}

void add_info_options(CLI::App& app, CommandLine& line) {
  add_directory(app, "ARCHIVE", line.archive, "an archive of any version")->required();
  app.add_flag("--json", line.json, "print the result as JSON");
  add_threads(app, line.options);
  app.add_flag("--follow-symlinks", line.options.follow_symlinks,
               "follow links to directories and regular files")
      ->group(more);
  add_log(app, line);
}

void add_status_options(CLI::App& app, CommandLine& line) {
  add_directory(app, "DST", line.archive, "target archive (default: ./var/job-archive-new)");
  add_directory(app, "--state", line.options.state, "where its state is, if not beside it");
  app.add_flag("--json", line.json, "print it as JSON");
}

constexpr std::array<CommandPage, 6> commands = {{
    {CommandName::migrate,
     "migrate",
     "[--src DIR] [--dst DIR] [--to N]",
     "carry an archive to another version, into a new one beside it",
     "Reads every job of the source, takes it through as many version steps as needed in one pass, and "
     "writes it to "
     "the target. The source is never opened for writing. version.txt is written last, when all else is on "
     "disk: no "
     "server starts on half an archive.\n\n"
     "A bad job is reported with its file, JSON pointer and byte, and not written; the others go on. The "
     "target "
     "then stays without version.txt, unless --accept-bad is given.\n\n"
     "The same command again goes on where an interrupted run was, tries bad jobs again, and catches up with "
     "what "
     "has changed in the source since.",
     {{"jobferry --src job-archive --dst job-archive-new", "to the newest version"},
      {"jobferry --src job-archive --dst new --dry-run --debug", "find a bad job"}},
     "bad jobs, or jobs that --job or --only-bad left out: version.txt was not written",
     add_migrate_options},
    {CommandName::plan,
     "plan",
     "[--src DIR] [--dst DIR] [--to N]",
     "tell beforehand how long a migration takes and what it will change",
     "Counts the jobs, files and bytes of the source, migrates a random sample of its jobs into nothing, and "
     "tells "
     "with a confidence of 95 % how long the migration will take, what room it needs at the target, how many "
     "jobs "
     "will be bad, and what notes to expect. It ends with the command to run.\n\n"
     "Nothing is written, neither to the source nor to the target: it may run beside a server.",
     {{"jobferry plan --src job-archive --dst /new/job-archive", "a minute and the walk"},
      {"jobferry plan --src job-archive --sample 5%", "a closer look"}},
     "something will stand in the way",
     add_plan_options},
    {CommandName::verify,
     "verify",
     "SRC DST",
     "prove that a migration lost nothing",
     "Reads both archives with another parser than the migration, and compares them job by job: every member "
     "and "
     "every number of the source must be in the target, unchanged or changed by a rule that has a name; "
     "nothing in "
     "the target may be without an origin. It shares no code with the steps.\n\n"
     "Tell it what the migration was told (--aggregation, --check-data), and the version (--to) where "
     "version.txt of DST is not to be believed. What it cannot read is a finding: unreadable.\n\n"
     "The rules that it names are those of docs/rules.md, installed with README.md.",
     {{"jobferry verify job-archive job-archive-new", "all of it"},
      {"jobferry verify job-archive job-archive-new --sample 1%", "spot checks"}},
     "the archives differ in what no rule explains",
     add_verify_options},
    {CommandName::validate,
     "validate",
     "ARCHIVE",
     "check every file of an archive, of any version",
     "Checks every file against the schemas of the archive's version, and against what servers demand beyond "
     "them. "
     "Findings are grouped by kind. An error is what a server refuses or misreads, a warning is worth a "
     "look.\n\n"
     "The rules that it names are those of docs/rules.md, installed with README.md.",
     {{"jobferry validate job-archive", ""},
      {"jobferry validate job-archive --html report.html", "to hand on"}},
     "there are errors among the findings",
     add_validate_options},
    {CommandName::info,
     "info",
     "ARCHIVE",
     "tell what is in an archive",
     "Version, and for each cluster the number of jobs, their first and last start time, bytes, the largest "
     "job, and "
     "the highest job ID. Looks at sizes only: no file of a job is opened.\n\n"
     "Directories that cannot be read are listed at the end; the counts are without them, and the exit "
     "code stays 0.",
     {{"jobferry info job-archive", ""}, {"jobferry info job-archive --json", "for scripts"}},
     "",
     add_info_options},
    {CommandName::status,
     "status",
     "[DST]",
     "tell how far the migration into a target is",
     "Reads the state beside a target: what was begun, how many jobs are done, who is at it, and what to do "
     "next.",
     {{"jobferry status job-archive-new", ""}, {"watch jobferry status job-archive-new", "as it goes"}},
     "the target is not complete",
     add_status_options},
}};

// --- Help ---

constexpr std::size_t help_width = 80, names_width = 26;

// Text in lines of at most `width` characters, the first one after `indent` characters that stand already.
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

std::string example_lines(const CommandPage& command) {
  std::string out = "Examples:\n";
  for (const auto& [call, what_for] : command.examples) {
    const bool both_fit = call.size() + what_for.size() + 6 <= help_width;
    out += fmt::format("  {}{}{}\n", call, what_for.empty() ? "" : both_fit ? "  # " : "\n    # ", what_for);
  }
  return out;
}

// The steps between the versions.
std::string steps_text() {
  std::string text;
  for (const Step& step : all_steps()) {
    std::string what(step.summary);
    if (step.reversible) what += "; and back";
    text += fmt::format("  {} -> {}  {}\n", step.from, step.from + 1, wrapped(what, 10, help_width));
  }
  return text;
}

std::string program_help() {
  std::string out =
      "Usage: jobferry [COMMAND] [OPTIONS]\n"
      "Carries ClusterCockpit job archives from one version to another.\n\nCommands, the first of which may "
      "be left out:\n";
  for (const CommandPage& command : commands)
    out += fmt::format("  {:<9} {}\n", command.name, command.summary);
  out += "\nArchive versions and the steps between them:\n" + steps_text();
  out += "\nExit codes: 0 complete, 1 failed, 2 usage, 3 objections, 130 interrupted\n";
  out += example_lines(commands[0]);
  return out + "More: jobferry COMMAND --help, man jobferry\n";
}

const CommandPage* find_command(std::string_view name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const CommandPage& c) { return c.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

// --- Usage errors ---

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

ExitCode complain(std::string_view what, const CommandPage* command) {
  std::cerr << fmt::format("jobferry: {}\n  What to do: jobferry{}{} --help shows what there is\n", what,
                           command ? " " : "", command ? command->name : "");
  return ExitCode::usage;
}

// What is wrong with a command line, in words.
std::string problem_of(const CLI::ParseError& error, const CLI::App& app) {
  const auto extras = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !extras.empty()) {
    const std::string word = extras.front().substr(0, extras.front().find('='));
    if (word.starts_with("-"))
      return fmt::format("there is no option {}{}", word, meant(nearest(word, names_of_options(app))));
    return fmt::format("nothing is expected where {} stands", word);
  }
  return error.what();
}

bool is_for_program(const std::string& argument) {
  return argument == "-h" || argument == "--help" || argument == "--version" || argument == "help";
}

}  // namespace

std::span<const CommandPage> all_commands() { return commands; }

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
  const auto far = [&](const std::string& other) { return distance(word, other); };
  const auto best = std::min_element(words.begin(), words.end(),
                                     [&](const auto& a, const auto& b) { return far(a) < far(b); });
  if (best == words.end() || far(*best) * 3 > std::max(word.size(), best->size())) return {};
  return *best;
}

std::vector<OptionText> options_of(const CLI::App& app) {
  std::vector<OptionText> all;
  for (const CLI::Option* option : app.get_options()) {
    std::string names = option->get_name(option->get_positional(), true);
    names.erase(std::min(names.find('{'), names.size()));  // the value of a flag that unsets
    if (const std::size_t comma = names.find(','); comma != names.npos) names.insert(comma + 1, " ");
    if (!option->get_type_name().empty() && !option->get_positional()) names += ' ' + option->get_type_name();
    std::string help = option->get_description();
    if (!option->get_default_str().empty()) help += fmt::format(" (default: {})", option->get_default_str());
    all.push_back({std::move(names), std::move(help), option->get_group() != more});
  }
  return all;
}

std::unique_ptr<CLI::App> command_parser(CommandLine& line) {
  auto app = std::make_unique<CLI::App>("", "jobferry");
  app->set_help_flag();
  app->require_subcommand(1);
  for (const CommandPage& command : commands) {
    CLI::App* sub = app->add_subcommand(std::string(command.name), std::string(command.summary));
    command.add_options(*sub, line);
    sub->set_help_flag();
    sub->add_flag_callback(
        "-h,--help", [] { throw CLI::CallForHelp(); }, "this help");
    sub->add_flag_callback(
           "--help-all", [] { throw CLI::CallForAllHelp(); }, "all options")
        ->group(more);
    sub->callback([&line, &command] { line.command = command.command; });
  }
  return app;
}

std::string help_text(const CommandPage* command, bool all) {
  if (!command) return program_help();
  CommandLine line;
  const auto parser = command_parser(line);
  std::string summary(command->summary);
  summary[0] = static_cast<char>(summary[0] - 'a' + 'A');
  std::string out =
      fmt::format("Usage: jobferry {} {} [OPTIONS]\n{}.\n\n", command->name, command->arguments, summary);
  bool hidden = false;
  for (const OptionText& option : options_of(*parser->get_subcommand(std::string(command->name)))) {
    if (all || option.common) out += option_line(option);
    hidden |= !option.common;
  }
  out += '\n' + example_lines(*command);
  return out +
         fmt::format("{}man jobferry-{}\n", hidden && !all ? "More: --help-all, " : "More: ", command->name);
}

std::optional<ExitCode> parse_command_line(std::vector<std::string> arguments, CommandLine& line) {
  if (!arguments.empty() && arguments[0] == "--version") {
    std::cout << "jobferry " JOBFERRY_VERSION "\n";
    return ExitCode::complete;
  }
  if (!arguments.empty() && is_for_program(arguments[0])) {
    std::cout << help_text(nullptr, false);
    return ExitCode::complete;
  }
  const bool has_command = !arguments.empty() && !arguments[0].starts_with('-');
  if (!has_command) arguments.insert(arguments.begin(), "migrate");
  const CommandPage* command = find_command(arguments[0]);
  if (!command) {
    std::vector<std::string> names;
    for (const CommandPage& each : commands) names.emplace_back(each.name);
    return complain(
        fmt::format("there is no command {}{}", arguments[0], meant(nearest(arguments[0], names))), nullptr);
  }
  const auto parser = command_parser(line);
  const CLI::App* chosen = parser->get_subcommand(std::string(command->name));
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    parser->parse(std::move(arguments));
  } catch (const CLI::CallForAllHelp&) {
    std::cout << help_text(command, true);
    return ExitCode::complete;
  } catch (const CLI::CallForHelp&) {
    std::cout << help_text(command, false);
    return ExitCode::complete;
  } catch (const CLI::ParseError& error) {
    return complain(problem_of(error, *chosen), command);
  }
  return {};
}

}  // namespace jobferry
