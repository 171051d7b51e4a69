// `jobferry status`.
#include <iostream>
#include <memory>

#include "cli/common_options.h"
#include "commands/commands.h"
#include "engine/resume.h"
#include "engine/state.h"
#include "engine/state_overview.h"
#include "report/document_json.h"
#include "report/documents.h"
#include "report/text_writer.h"

namespace jobferry {

namespace {

ExitCode run_status(const Options& options, const Context& context) {
  const auto seen = read_state_overview(state_directory(options));
  if (!seen) {
    context.log.failed(seen.error());
    return ExitCode::failed;
  }
  const ResultDocument status = status_document(*seen);
  std::cout << (context.output.json ? to_json(status) : to_text(status)) << std::flush;
  return is_complete(*seen) ? ExitCode::complete : ExitCode::objections;
}

RunCommand define(CLI::App& app, Output& output) {
  const auto options = std::make_shared<Options>();
  add_directory(app, "DST", options->target, "target archive (default: ./var/job-archive-new)");
  add_directory(app, "--state", options->state, "its state, if it is not beside the target");
  add_json(app, output);
  return [options](const Context& context) { return run_status(*options, context); };
}

}  // namespace

const Command status_command = {
    "status",
    "[DST]",
    "show the progress of a migration",
    "Reads the state beside a target and shows which migration was begun, how many jobs are done, whether "
    "it is running, and what to do next.",
    {{"jobferry status job-archive-new", ""}, {"watch jobferry status job-archive-new", "while it runs"}},
    "the target is not complete",
    define};

}  // namespace jobferry
