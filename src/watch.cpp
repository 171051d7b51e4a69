#include "watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

namespace jobferry {

namespace {

using namespace std::chrono_literals;

// How often it looks, how often it writes: a line that is not live, and the metrics.
constexpr auto pause = 200ms;
constexpr auto interval = 10s;

// What the last run wrote; of anything else no more than that can be.
std::string content_of(const std::string& path) {
  constexpr std::size_t most = 65536;
  std::string content(most, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(content.data(), most);
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

Error cannot_write(const std::string& path) {
  Error error{Kind::output_failed, fmt::format("cannot be written: {}", std::strerror(errno))};
  error.file = path;
  return error;
}

}  // namespace

Result<void> replace_file(const std::string& path, const std::string& content) {
  // A link stays one: what it points to is replaced.
  boost::system::error_code missing;
  const std::string real = boost::filesystem::canonical(path, missing).native();
  const std::string& place = missing ? path : real;
  const std::string aside = fmt::format("{}.{}.tmp", place, ::getpid());
  std::ofstream file(aside, std::ios::binary | std::ios::trunc);
  file << content << std::flush;
  if (file && std::rename(aside.c_str(), place.c_str()) == 0) return {};
  Error error = cannot_write(path);
  (void)std::remove(aside.c_str());
  return error;
}

Watch::Watch(const Progress& progress, Log& log, Watched what)
    : log_(log), what_(std::move(what)), meter_(progress) {
  if (!what_.metrics_file.empty()) succeeded_ = last_success('\n' + content_of(what_.metrics_file));
  try {
    thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
  } catch (const std::system_error&) {
    // No thread to be had: the command goes on without being watched.
  }
}

Watch::~Watch() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  log_.clear();
}

void Watch::work(std::stop_token stop) try {
  auto line_due = std::chrono::steady_clock::now(), metrics_due = line_due;
  if (!log_.is_live()) line_due += interval;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any wake;
  while (!wake.wait_for(lock, stop, pause, [] { return false; }) && !stop.stop_requested()) {
    const Snapshot now = meter_.read();
    const auto clock = std::chrono::steady_clock::now();
    if (what_.asked && what_.asked->exchange(false)) log_.place(now);
    if (what_.line && clock >= line_due) {
      log_.progress(now);
      line_due = clock + (log_.is_live() ? 0s : interval);
    }
    if (clock >= metrics_due) {
      (void)write_metrics(now, true);  // tried again; the end tells
      metrics_due = clock + interval;
    }
  }
} catch (const std::bad_alloc&) {
  // To be watched is the least that a machine without memory can do without.
}

Result<void> Watch::write_metrics(const Snapshot& now, bool running) const {
  if (what_.metrics_file.empty()) return {};
  return replace_file(what_.metrics_file, metrics_text(now, {what_.command, running, succeeded_}));
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
