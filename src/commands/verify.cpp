// `jobferry verify`.
#include <memory>

#include "cli/common_options.h"
#include "cli/results.h"
#include "commands/commands.h"
#include "jobferry/verify.h"
#include "report/documents.h"

namespace jobferry {

namespace {

ExitCode exit_code_of(VerifyOutcome outcome) {
  switch (outcome) {
    case VerifyOutcome::agrees:
      return ExitCode::complete;
    case VerifyOutcome::differs:
      return ExitCode::objections;
    case VerifyOutcome::interrupted:
      return ExitCode::interrupted;
    case VerifyOutcome::failed:
      break;
  }
  return ExitCode::failed;
}

ExitCode run_verify(const VerifyOptions& options, const Context& context) {
  const RunSetup setup = {{options.source, options.target}, context.shows_progress(), options.threads};
  return run_and_report(context, setup, [&](Listener& listener) {
    const VerifyResult result = verify(options, listener);
    for (const Error& error : result.errors) context.log.failed(error);
    return Ended{verify_document(options, result), exit_code_of(result.outcome)};
  });
}

// CLUSTER[/ID]
void parse_only(const std::string& text, VerifyOptions& options) {
  const std::size_t slash = text.find('/');
  options.cluster = text.substr(0, slash);
  if (slash != text.npos) options.job = parse_number(text.substr(slash + 1));
  if (options.cluster.empty() || (slash != text.npos && !options.job))
    throw CLI::ValidationError("--only", "expected CLUSTER[/ID], found " + text);
}

struct VerifyCommand {
  VerifyOptions options;
  SampleSize sample;
};

RunCommand define(CLI::App& app, Output& output) {
  const auto command = std::make_shared<VerifyCommand>();
  VerifyOptions& options = command->options;
  add_directory(app, "SRC", options.source, "the archive that was migrated")->required();
  add_directory(app, "DST", options.target, "the archive that it was migrated to")->required();
  add_sample(app, command->sample, options.seed, true,
             "compare only this share of the jobs, chosen at random");
  app.add_option_function<std::string>(
         "--only", [&options](const std::string& text) { parse_only(text, options); },
         "compare only this cluster, or this job")
      ->type_name("CLUSTER[/ID]");
  app.add_option("--from", options.from, "resume at the folder that an interrupted run printed")
      ->type_name("CLUSTER/DIR/DIR");
  add_version(app, options.to, "the version that DST must have (default: that of its version.txt)");
  add_overrides(app, options.overrides, "an aggregation that was set in the migration; repeatable");
  app.add_flag("--check-data", options.check_data,
               "the migration had --check-data, so jobs with broken data were bad")
      ->group(more_options);
  add_threads(app, options.threads);
  add_follow_symlinks(app, options.follow_symlinks);
  add_max_file_size(app, options.max_file_size);
  add_output(app, output);
  return [command](const Context& context) {
    command->options.sample = command->sample.percent.value_or(100);
    return run_verify(command->options, context);
  };
}

}  // namespace

const Command verify_command = {
    "verify",
    "SRC DST",
    "prove that a migration lost nothing",
    "Reads both archives with another parser than the migration and compares them job by job. Every member "
    "and every number of the source must be in the target, either unchanged or changed by a named rule, "
    "and everything in the target must come from the source. It shares no code with the version steps.\n\n"
    "Give it the options that the migration had (--aggregation, --check-data), and --to if you do not "
    "trust version.txt of DST. A file that cannot be read is a finding: unreadable.\n\n"
    "docs/rules.md, installed with README.md, describes the rules in the findings.",
    {{"jobferry verify job-archive job-archive-new", "compare everything"},
     {"jobferry verify job-archive job-archive-new --sample 1%", "a spot check"}},
    "the archives differ in a way that no rule explains",
    define};

}  // namespace jobferry
