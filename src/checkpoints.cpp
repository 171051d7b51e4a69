#include "checkpoints.h"

#include <utility>

namespace jobferry {

namespace {

// Rows of about 10 MB.
constexpr std::size_t batch = 20'000;

}  // namespace

Checkpoints::Checkpoints(Files& files, State& state, std::string target, std::chrono::milliseconds interval)
    : files_(files), state_(state), target_(std::move(target)), interval_(interval) {
  thread_ = std::jthread([this](std::stop_token stop) { work(stop); });
}

Checkpoints::~Checkpoints() { (void)finish(); }

void Checkpoints::add(JobRecord record) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_.size() < batch || failure_; });
  done_.push_back(std::move(record));
  if (done_.size() == batch) changed_.notify_all();
}

bool Checkpoints::failed() const {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

Result<void> Checkpoints::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
    checkpoint();
  }
  if (failure_) return Error(*failure_);
  return {};
}

void Checkpoints::work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, interval_, [&] { return done_.size() >= batch; });
    }
    if (!stop.stop_requested()) checkpoint();
  }
}

// What is done when the sync begins is on disk when it ends.
void Checkpoints::checkpoint() {
  std::vector<JobRecord> records;
  {
    const std::lock_guard lock(mutex_);
    if (failure_ || done_.empty()) return;
    records.swap(done_);
  }
  changed_.notify_all();
  auto kept = files_.sync(target_);
  if (kept) kept = state_.commit(records);
  if (kept) return;
  const std::lock_guard lock(mutex_);
  failure_ = std::move(kept.error());
  changed_.notify_all();
}

}  // namespace jobferry
