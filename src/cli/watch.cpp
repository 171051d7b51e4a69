#include "cli/watch.h"

#include <condition_variable>
#include <ctime>
#include <new>
#include <system_error>
#include <utility>

#include "base/mutex.h"
#include "io/replace_file.h"

namespace jobferry {

namespace {

using namespace std::chrono_literals;

// How often it looks for a request, and how often it writes the metrics and a line that is not live.
constexpr auto pause = 200ms;
constexpr auto interval = 10s;

// A metrics file that jobferry has written is not longer than this.
constexpr std::size_t most_metrics = 65536;

}  // namespace

Watch::Watch(const Progress& progress, Log& log, Watched what)
    : log_(log), what_(std::move(what)), meter_(progress) {
  if (!what_.metrics_file.empty())
    succeeded_ = last_success('\n' + head_of_file(what_.metrics_file, most_metrics));
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {
    // There is no thread. The command continues without a progress line.
  }
}

Watch::~Watch() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  log_.clear();
}

void Watch::work(const std::stop_token& stop) try {
  auto line_due = std::chrono::steady_clock::now(), metrics_due = line_due;
  if (!log_.is_live()) line_due += interval;
  Mutex mutex;
  MutexLock lock(mutex);
  std::condition_variable_any wake;
  while (!wake.wait_for(lock.for_wait(), stop, pause, [] { return false; }) && !stop.stop_requested()) {
    const Snapshot now = meter_.read();
    const auto clock = std::chrono::steady_clock::now();
    if (what_.asked && what_.asked->exchange(false)) log_.requested_progress(now);
    if (what_.line && clock >= line_due) {
      log_.progress(now);
      line_due = clock + (log_.is_live() ? 0s : interval);
    }
    if (clock >= metrics_due) {
      (void)write_metrics(now, true);  // tried again later; end() reports an error
      metrics_due = clock + interval;
    }
  }
} catch (const std::bad_alloc&) {
  // There is no memory. The command itself matters more than its progress line.
}

Result<void> Watch::write_metrics(const Snapshot& now, bool running) const {
  if (what_.metrics_file.empty()) return {};
  const std::string text = metrics_text(now, {what_.command, running, succeeded_});
  return write_file(what_.metrics_file, text, Streams::refused);
}

Result<void> Watch::end(bool succeeded) {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  log_.clear();
  if (succeeded) succeeded_ = static_cast<double>(std::time(nullptr));
  return write_metrics(meter_.read(), false);
}

}  // namespace jobferry
