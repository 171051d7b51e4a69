#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "cli/command.h"

namespace jobferry {

std::atomic<bool> stop_requested{false}, progress_requested{false};
// Only atomics without locks may be used in a signal handler.
static_assert(std::atomic<bool>::is_always_lock_free);

namespace {

void on_stop(int) {
  if (stop_requested.exchange(true)) ::_exit(static_cast<int>(ExitCode::interrupted));
}

void on_progress(int) { progress_requested = true; }

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = on_progress;
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

void ignore_file_size_limit() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
}

void open_standard_streams() {
  constexpr std::array<int, 3> modes = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int stream = 0; stream < 3; ++stream)
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", modes[static_cast<std::size_t>(stream)]);
}

}  // namespace jobferry
