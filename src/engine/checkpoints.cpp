#include "engine/checkpoints.h"

#include <exception>
#include <system_error>
#include <utility>

namespace jobferry {

namespace {

// Records; their rows take about 10 MB.
constexpr std::size_t batch = 20'000;

}  // namespace

Checkpoints::Checkpoints(Files& files, State& state, std::string target, std::chrono::milliseconds interval)
    : files_(files), state_(state), target_(std::move(target)), interval_(interval) {
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  } catch (const std::system_error&) {
    // There is no thread. add() makes the checkpoints that are due.
    due_ = std::chrono::steady_clock::now() + interval_;
  }
}

Checkpoints::~Checkpoints() {
  try {
    (void)finish();
  } catch (...) {
    // The run has already failed. Jobs that are not recorded are done again.
  }
}

void Checkpoints::add(JobRecord record) {
  MutexLock lock(mutex_);
  if (due_ && (done_.size() >= batch || std::chrono::steady_clock::now() >= *due_)) {
    lock.unlock();
    checkpoint();
    lock.lock();
    due_ = std::chrono::steady_clock::now() + interval_;
  }
  changed_.wait(lock.for_wait(), [&]() REQUIRES(mutex_) { return done_.size() < batch || has_failed(); });
  done_.push_back(std::move(record));
  if (done_.size() == batch) changed_.notify_all();
}

bool Checkpoints::failed() const {
  const MutexLock lock(mutex_);
  return has_failed();
}

Result<void> Checkpoints::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  checkpoint();
  const MutexLock lock(mutex_);
  if (thrown_) std::rethrow_exception(thrown_);
  if (failure_) return Error(*failure_);
  return {};
}

void Checkpoints::work(const std::stop_token& stop) try {
  while (!stop.stop_requested()) {
    {
      MutexLock lock(mutex_);
      changed_.wait_for(lock.for_wait(), stop, interval_,
                        [&]() REQUIRES(mutex_) { return done_.size() >= batch; });
    }
    if (!stop.stop_requested()) checkpoint();
  }
} catch (...) {
  const MutexLock lock(mutex_);
  thrown_ = std::current_exception();
  changed_.notify_all();
}

// Jobs that are finished when the sync begins are on disk when it ends.
void Checkpoints::checkpoint() {
  std::vector<JobRecord> records;
  {
    const MutexLock lock(mutex_);
    if (has_failed() || done_.empty()) return;
    records.swap(done_);
  }
  changed_.notify_all();
  auto kept = files_.sync(target_);
  if (kept) kept = state_.commit(records);
  if (!kept) fail(std::move(kept.error()));
}

void Checkpoints::fail(Error error) {
  const MutexLock lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  changed_.notify_all();
}

}  // namespace jobferry
