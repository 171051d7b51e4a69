// `jobferry info`.
#include <memory>

#include "cli/common_options.h"
#include "cli/results.h"
#include "commands/commands.h"
#include "commands/exit_code.h"
#include "jobferry/info.h"
#include "report/documents.h"

namespace jobferry {

namespace {

ExitCode run_info(const InfoOptions& options, const Context& context) {
  const RunSetup setup = {{options.archive}, context.shows_progress(), options.threads};
  return run_and_report(context, setup, [&](Listener& listener) {
    const InfoResult result = info(options, listener);
    for (const Error& error : result.errors) context.log.failed(error);
    return Ended{info_document(options, result), exit_code_of(result, false)};
  });
}

RunCommand define(CLI::App& app, Output& output) {
  const auto options = std::make_shared<InfoOptions>();
  add_directory(app, "ARCHIVE", options->archive, "an archive of any version")->required();
  add_json(app, output);
  add_threads(app, options->threads);
  add_follow_symlinks(app, options->follow_symlinks);
  add_log(app, output);
  return [options](const Context& context) { return run_info(*options, context); };
}

}  // namespace

const Command info_command = {
    "info",
    "ARCHIVE",
    "show what is in an archive",
    "Shows the version, and for each cluster the number of jobs, their first and last start time, their "
    "bytes, the largest job, and the highest job ID. It looks at sizes only and opens no file of a job.\n\n"
    "Directories that cannot be read are listed at the end. The counts do not include them, and the exit "
    "code is still 0.",
    {{"jobferry info job-archive", ""}, {"jobferry info job-archive --json", "for scripts"}},
    "",
    define};

}  // namespace jobferry
