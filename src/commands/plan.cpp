// `jobferry plan`.
#include <memory>

#include "cli/common_options.h"
#include "cli/results.h"
#include "commands/commands.h"
#include "jobferry/forecast.h"
#include "report/documents.h"

namespace jobferry {

namespace {

ExitCode exit_code_of(const Forecast& forecast) {
  if (forecast.failed) return ExitCode::failed;
  if (forecast.interrupted) return ExitCode::interrupted;
  return forecast.obstacles.empty() ? ExitCode::complete : ExitCode::objections;
}

ExitCode run_plan(const ForecastOptions& options, const Context& context) {
  const Options& migration = options.migration;
  const RunSetup setup = {{migration.source, migration.target}, context.shows_progress(), migration.threads};
  return run_and_report(context, setup, [&](Listener& listener) {
    // Problems with jobs of the sample are reported at the end, with the estimates.
    listener.bad = {};
    listener.unlisted = {};
    listener.note = {};
    const Forecast seen = forecast(options, listener);
    if (seen.failed)
      for (const Error& error : seen.obstacles) context.log.failed(error);
    return Ended{forecast_document(options, seen), exit_code_of(seen)};
  });
}

struct PlanCommand {
  ForecastOptions options;
  SampleSize sample;
};

RunCommand define(CLI::App& app, Output& output) {
  const auto command = std::make_shared<PlanCommand>();
  Options& migration = command->options.migration;
  add_source_and_target(app, migration);
  add_sample(app, command->sample, command->options.seed, false,
             "number or share of jobs to try (default: as many as 60 s allow)");
  app.add_flag("--accept-bad", migration.accept_bad, "do not count bad jobs as obstacles");
  add_changes(app, migration);
  add_engine(app, migration);
  add_directory(app, "--state", migration.state, "state of an earlier run, if it is not beside the target")
      ->group(more_options);
  add_output(app, output);
  return [command](const Context& context) {
    command->options.sample_jobs = command->sample.jobs;
    command->options.sample_percent = command->sample.percent;
    return run_plan(command->options, context);
  };
}

}  // namespace

const Command plan_command = {
    "plan",
    "[--src DIR] [--dst DIR] [--to N]",
    "estimate how long a migration will take and what it will change",
    "Counts the jobs, files and bytes of the source and migrates a random sample of its jobs without "
    "writing them. From this it estimates, with a confidence of 95 %, how long the migration will take, "
    "how much room it needs at the target, how many jobs will be bad, and which notes to expect. It ends "
    "with the command to run.\n\n"
    "It writes nothing, neither to the source nor to the target, so it can run beside a server.",
    {{"jobferry plan --src job-archive --dst /new/job-archive", "takes a minute, plus the time to count"},
     {"jobferry plan --src job-archive --sample 5%", "a larger sample"}},
    "something will stop the migration",
    define};

}  // namespace jobferry
