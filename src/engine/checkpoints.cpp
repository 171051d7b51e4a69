#include "engine/checkpoints.h"

#include <exception>
#include <system_error>
#include <utility>

namespace jobferry {

namespace {

// Rows of about 10 MB.
constexpr std::size_t batch = 20'000;

}  // namespace

Checkpoints::Checkpoints(Files& files, State& state, std::string target, std::chrono::milliseconds interval)
    : files_(files), state_(state), target_(std::move(target)), interval_(interval) {
  try {
    thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
  } catch (const std::system_error&) {
    // No thread to be had: who adds a record makes the checkpoint that is due.
    due_ = std::chrono::steady_clock::now() + interval_;
  }
}

Checkpoints::~Checkpoints() {
  try {
    (void)finish();
  } catch (...) {
    // The run has ended otherwise; what is not recorded is done again.
  }
}

void Checkpoints::add(JobRecord record) {
  std::unique_lock lock(mutex_);
  if (due_ && (done_.size() >= batch || std::chrono::steady_clock::now() >= *due_)) {
    lock.unlock();
    checkpoint();
    lock.lock();
    due_ = std::chrono::steady_clock::now() + interval_;
  }
  changed_.wait(lock, [&] { return done_.size() < batch || has_failed(); });
  done_.push_back(std::move(record));
  if (done_.size() == batch) changed_.notify_all();
}

bool Checkpoints::failed() const {
  const std::lock_guard lock(mutex_);
  return has_failed();
}

Result<void> Checkpoints::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  checkpoint();
  if (broken_) std::rethrow_exception(broken_);
  if (failure_) return Error(*failure_);
  return {};
}

void Checkpoints::work(std::stop_token stop) try {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, interval_, [&] { return done_.size() >= batch; });
    }
    if (!stop.stop_requested()) checkpoint();
  }
} catch (...) {
  const std::lock_guard lock(mutex_);
  broken_ = std::current_exception();
  changed_.notify_all();
}

// What is done when the sync begins is on disk when it ends.
void Checkpoints::checkpoint() {
  std::vector<JobRecord> records;
  {
    const std::lock_guard lock(mutex_);
    if (has_failed() || done_.empty()) return;
    records.swap(done_);
  }
  changed_.notify_all();
  auto kept = files_.sync(target_);
  if (kept) kept = state_.commit(records);
  if (!kept) fail(std::move(kept.error()));
}

void Checkpoints::fail(Error error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  changed_.notify_all();
}

}  // namespace jobferry
