// Shows how far a running command is: the line on stderr, the metrics file, the answer to SIGUSR1.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "cli/log.h"
#include "cli/progress.h"

namespace jobferry {

struct Watched {
  std::string command;
  bool line = true;                    // show the progress
  std::string metrics_file;            // empty: none
  std::atomic<bool>* asked = nullptr;  // true: the user has sent SIGUSR1; is reset
};

// Works in a thread of its own until it is destroyed.
class Watch {
 public:
  Watch(const Progress& progress, Log& log, Watched what);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Call this when the command has ended. Error: the metrics file cannot be written.
  Result<void> end(bool succeeded);

 private:
  void work(const std::stop_token& stop);
  Result<void> write_metrics(const Snapshot& now, bool running) const;

  Log& log_;
  const Watched what_;
  Meter meter_;
  std::optional<double> succeeded_;
  std::jthread thread_;
};

}  // namespace jobferry
