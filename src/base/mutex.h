// std::mutex and std::unique_lock with the annotations that libstdc++ leaves out: without them clang cannot
// check which mutex a thread holds.
#pragma once

#include <mutex>

#include "base/thread_annotations.h"

namespace jobferry {

class CAPABILITY("mutex") Mutex {
 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex until the end of a scope, except between unlock() and lock().
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() RELEASE() {}  // not defaulted: clang would then not see that it releases the mutex
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() ACQUIRE() { lock_.lock(); }
  void unlock() RELEASE() { lock_.unlock(); }
  // For condition variables. They hold the mutex whenever they call a condition, so a condition is written as
  // [&]() REQUIRES(mutex_) { ... }.
  std::unique_lock<std::mutex>& for_wait() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace jobferry
