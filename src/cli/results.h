// What every command does around its work: check where its results go, show the progress, write the results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "jobferry/progress.h"
#include "report/document.h"

namespace jobferry {

// What a command works with.
struct RunSetup {
  std::vector<std::string> archives;  // that it looks at: no result may be written into them
  bool shows_progress = false;
  unsigned threads = 0;  // 0: one for each core
};

struct Ended {
  ResultDocument result;
  ExitCode exit_code = ExitCode::complete;
};

// Runs `work` with a listener that shows its progress and stops it on signals, then writes the result in
// every form that the user asked for.
ExitCode run_and_report(const Context& context, const RunSetup& setup,
                        const std::function<Ended(Listener&)>& work);

// Flushes standard output. A result that could not be written there is an error, except that its reader may
// have left (`| head`).
ExitCode flush_output(ExitCode ended, Log& log);

}  // namespace jobferry
