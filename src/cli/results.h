// What every command does besides its work: check where its results go, show the progress, and write the
// results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "jobferry/progress.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

// A result in all forms that a user may ask for.
struct Results {
  std::string text, json, html;
  ExitCode exit_code = ExitCode::complete;
};

// Runs `work` with a listener that shows the progress and stops the work on signals, then prints and writes
// the results. `archives` are the archives of the command; results must not be written into them.
ExitCode run_and_report(const Context& context, const std::vector<std::string>& archives, bool shows_progress,
                        const std::function<Results(Listener&)>& work);

// The page as HTML if the user asked for it; `make` returns the Page.
template <class Make>
std::string page_of(const Context& context, unsigned threads, Make&& make) {
  if (context.output.html_file.empty()) return {};
  const auto count = static_cast<int>(context.arguments.size());
  return html(make(facts_of_run(count, context.arguments.data(), threads)));
}

// Flushes standard output. If that fails, the exit code is an error, but there is no message if the reader
// has closed the pipe (`| head`).
ExitCode flush_output(ExitCode ended, Log& log);

}  // namespace jobferry
