// What every command does around its work: check where its results go, show the progress, write the results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "jobferry/progress.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

// A result in every form in which a user may ask for it.
struct Results {
  std::string text, json, html;
  ExitCode exit_code = ExitCode::complete;
};

// Runs `work` with a listener that shows its progress and stops it on signals, then prints and writes what it
// returns. `archives` are those that the command looks at: no result may be written into them.
ExitCode run_and_report(const Context& context, const std::vector<std::string>& archives, bool shows_progress,
                        const std::function<Results(Listener&)>& work);

// The page as HTML, if the user asked for one; `make` returns the Page.
template <class Make>
std::string page_of(const Context& context, unsigned threads, Make&& make) {
  if (context.output.html_file.empty()) return {};
  const auto count = static_cast<int>(context.arguments.size());
  return html(make(facts_of_run(count, context.arguments.data(), threads)));
}

// Flushes standard output. A result that could not be written there is an error, except that its reader may
// have left (`| head`).
ExitCode flush_output(ExitCode ended, Log& log);

}  // namespace jobferry
