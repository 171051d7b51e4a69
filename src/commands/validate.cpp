// `jobferry validate`.
#include <memory>

#include "cli/common_options.h"
#include "cli/results.h"
#include "commands/commands.h"
#include "commands/exit_code.h"
#include "jobferry/validate.h"
#include "report/documents.h"

namespace jobferry {

namespace {

ExitCode run_validate(const ValidateOptions& options, const Context& context) {
  const RunSetup setup = {{options.archive}, context.shows_progress(), options.threads};
  return run_and_report(context, setup, [&](Listener& listener) {
    const ValidateResult result = validate(options, listener);
    for (const Error& error : result.errors) context.log.failed(error);
    return Ended{validate_document(options, result), exit_code_of(result, result.count(Severity::error) > 0)};
  });
}

RunCommand define(CLI::App& app, Output& output) {
  const auto options = std::make_shared<ValidateOptions>();
  add_directory(app, "ARCHIVE", options->archive, "an archive of any version")->required();
  add_threads(app, options->threads);
  add_follow_symlinks(app, options->follow_symlinks);
  add_max_file_size(app, options->max_file_size);
  add_output(app, output);
  return [options](const Context& context) { return run_validate(*options, context); };
}

}  // namespace

const Command validate_command = {
    "validate",
    "ARCHIVE",
    "check every file of an archive, of any version",
    "Checks every file against the schemas of the archive's version, and against what servers require "
    "beyond them. Findings are grouped by kind. An error is something that a server refuses or misreads; a "
    "warning is worth a look.\n\n"
    "docs/rules.md, installed with README.md, describes the rules in the findings.",
    {{"jobferry validate job-archive", ""},
     {"jobferry validate job-archive --html report.html", "a page to hand on"}},
    "some of the findings are errors",
    define};

}  // namespace jobferry
