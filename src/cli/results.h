// What every command does besides its work: check where its results go, show the progress, and write the
// results.
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
  std::vector<std::string> archives;  // of the command: results must not be written into them
  bool shows_progress = false;
  unsigned threads = 0;  // 0: one for each core
};

struct Ended {
  ResultDocument result;
  ExitCode exit_code = ExitCode::complete;
};

// Runs `work` with a listener that shows the progress and stops the work on signals, then writes the result
// in every form that the user asked for.
ExitCode run_and_report(const Context& context, const RunSetup& setup,
                        const std::function<Ended(Listener&)>& work);

// Flushes standard output. If that fails, the exit code is an error, but there is no message if the reader
// has closed the pipe (`| head`).
ExitCode flush_output(ExitCode ended, Log& log);

}  // namespace jobferry
