#include "cli/common_options.h"

#include <charconv>

#include "jobferry/limits.h"

namespace jobferry {

namespace {

Override parse_override(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::string name = text.substr(0, equals), value = equals == text.npos ? "" : text.substr(equals + 1);
  const std::size_t colon = name.find(':');
  const bool scoped = colon != name.npos;
  Override parsed{scoped ? name.substr(0, colon) : "", scoped ? name.substr(colon + 1) : name, value};
  if (parsed.metric.empty() || (scoped && parsed.cluster.empty()) || (value != "sum" && value != "avg"))
    throw CLI::ValidationError("--aggregation", "expected [CLUSTER:]METRIC=sum|avg, found " + text);
  return parsed;
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

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

CLI::Option* add_directory(CLI::App& app, const char* name, std::string& value, const char* help) {
  const auto problem = [](const std::string& path) {
    return path.empty() ? std::string("the name of a directory must not be empty") : std::string();
  };
  return app.add_option(name, value, help)->check(CLI::Validator(problem, ""))->type_name("DIR");
}

CLI::Option* add_file(CLI::App& app, const char* name, std::string& value, const char* help) {
  return app.add_option(name, value, help)->type_name("FILE");
}

void add_source_and_target(CLI::App& app, Options& options) {
  add_directory(app, "--src", options.source, "source archive")->capture_default_str();
  add_directory(app, "--dst", options.target, "target archive, which must not exist or be empty")
      ->capture_default_str();
  add_version(app, options.to, "target version, up or down")->capture_default_str();
}

void add_threads(CLI::App& app, unsigned& threads) {
  app.add_option("--threads", threads, "number of threads (default: one for each core)")
      ->check(CLI::Range(1U, limits::threads).description(""))
      ->type_name("N")
      ->group(more_options);
}

void add_follow_symlinks(CLI::App& app, bool& follow_symlinks) {
  app.add_flag("--follow-symlinks", follow_symlinks, "follow links to directories and regular files")
      ->group(more_options);
}

void add_max_file_size(CLI::App& app, std::uint64_t& max_file_size) {
  app.add_option("--max-file-size", max_file_size,
                 "largest file to read, and largest content of a .gz (default: 4 GiB - 1)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(std::uint64_t{1}, limits::file_size).description(""))
      ->type_name("SIZE")
      ->group(more_options);
}

void add_overrides(CLI::App& app, std::vector<Override>& overrides, const char* help) {
  add_repeatable(app, "--aggregation", overrides, parse_override, help)
      ->type_name("[CLUSTER:]METRIC=sum|avg");
}

void add_changes(CLI::App& app, Options& options) {
  add_overrides(app, options.overrides, "set the aggregation of a metric; repeatable");
  add_choice<Compression>(
      app, "--compress", options.compress,
      {{"keep", Compression::keep}, {"gzip", Compression::gzip}, {"none", Compression::none}},
      "compression of data files (default: keep)");
  add_choice<CompressLevel>(app, "--compress-level", options.compress_level,
                            {{"normal", CompressLevel::normal}, {"fast", CompressLevel::fast}},
                            "level for every .gz that is written: normal (default) makes files as small as "
                            "those of servers, fast is several times as fast and makes them somewhat larger")
      ->group(more_options);
  add_choice<DataMode>(
      app, "--data", options.data,
      {{"auto", DataMode::automatic},
       {"link", DataMode::link},
       {"reflink", DataMode::reflink},
       {"copy", DataMode::copy}},
      "how unchanged data files get to the target (default: auto, the first of reflink, link and copy that "
      "works)")
      ->group(more_options);
  app.add_flag("--check-data", options.check_data, "also read and check data files that no step changes")
      ->group(more_options);
  app.add_flag("--repair", options.repair, "keep the version and apply the repairs only")
      ->group(more_options);
}

void add_engine(CLI::App& app, Options& options) {
  add_threads(app, options.threads);
  app.add_option("--io-depth", options.io_depth, "number of jobs to read at the same time, for cold disks")
      ->capture_default_str()
      ->check(CLI::Range(1U, limits::threads).description(""))
      ->type_name("N")
      ->group(more_options);
  app.add_option("--memory", options.memory,
                 "memory for the jobs in progress, such as 4GB (default: a quarter of RAM)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->type_name("SIZE")
      ->group(more_options);
  add_follow_symlinks(app, options.follow_symlinks);
  add_max_file_size(app, options.max_file_size);
}

CLI::Option* add_sample(CLI::App& app, SampleSize& sample, std::uint64_t& seed, bool only_shares,
                        const char* help) {
  app.add_option("--seed", seed, "seed for the random choice of the sample")
      ->capture_default_str()
      ->type_name("N")
      ->group(more_options);
  const auto parse = only_shares ? parse_share : parse_sample;
  return app
      .add_option_function<std::string>(
          "--sample", [&sample, parse](const std::string& text) { sample = parse(text); }, help)
      ->type_name(only_shares ? "P%" : "N|P%");
}

void add_json(CLI::App& app, Output& output) {
  app.add_flag("--json", output.json, "print the result as JSON");
}

void add_log(CLI::App& app, Output& output) {
  add_file(app, "--metrics-file", output.metrics_file,
           "write the progress to a file for Prometheus, every 10 s and at the end")
      ->group(more_options);
  app.add_flag("--quiet", output.quiet, "print no progress and no summary")->group(more_options);
  add_choice<LogLevel>(
      app, "--log-level", output.log.level,
      {{"error", LogLevel::error},
       {"warn", LogLevel::warn},
       {"info", LogLevel::info},
       {"debug", LogLevel::debug}},
      "what to print on stderr: errors; with warn also bad jobs as they are found; with info (default) also "
      "progress; with debug also every note")
      ->group(more_options);
  add_choice<LogFormat>(app, "--log-format", output.log.format,
                        {{"text", LogFormat::text}, {"json", LogFormat::json}},
                        "format of stderr: text (default), or one JSON object on each line")
      ->group(more_options);
}

void add_output(CLI::App& app, Output& output) {
  add_json(app, output);
  add_file(app, "--report", output.report_file, "write the result to a file as JSON");
  add_file(app, "--html", output.html_file, "write the result to a file as an HTML page");
  add_log(app, output);
}

}  // namespace jobferry
