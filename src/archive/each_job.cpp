#include "archive/each_job.h"

#include <exception>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace jobferry {

namespace {

struct ByPath {
  bool operator()(const std::string& a, const std::string& b) const { return path_order(a, b); }
};

class Visits {
 public:
  Visits(Walk& walk, const Visit& how, const std::function<void(const JobPath&, unsigned)>& visit)
      : walk_(walk), how_(how), visit_(visit) {}

  void work(unsigned worker) try {
    while (const auto folder = take()) {
      Passed passed;
      const bool done = look_into(*folder, passed, worker);
      const MutexLock lock(mutex_);
      walk_.pass(passed);
      if (done) unfinished_.erase(folder->text());
    }
  } catch (...) {
    const MutexLock lock(mutex_);
    if (!thrown_) thrown_ = std::current_exception();
  }

  std::string go_on() {
    const MutexLock lock(mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
    // Folders come in order, so whatever comes after those at hand is untouched.
    // To find out what comes next may take long where there are no jobs: the last folder is taken once more.
    if (unfinished_.empty() && stopped() && !exhausted_) {
      if (!last_.empty()) return last_;
      walk_.stopped = {};
      if (const auto next = next_folder()) return next->text();
    }
    return unfinished_.empty() ? std::string() : *unfinished_.begin();
  }

 private:
  bool stopped() const { return how_.stop && *how_.stop; }

  std::optional<Folder> take() {
    const MutexLock lock(mutex_);
    if (thrown_ || stopped()) return {};
    auto folder = next_folder();
    if (folder) unfinished_.insert(last_ = folder->text());
    exhausted_ |= !folder && !walk_.cut_short();
    return folder;
  }

  std::optional<Folder> next_folder() REQUIRES(mutex_) {
    auto folder = walk_.next_folder();
    while (folder && path_order(folder->text(), how_.from) && !stopped()) folder = walk_.next_folder();
    return folder;
  }

  bool look_into(const Folder& folder, Passed& passed, unsigned worker) {
    for (const JobPath& job : walk_.jobs_in(folder, passed)) {
      if (stopped()) return false;
      visit_(job, worker);
    }
    return !walk_.cut_short();
  }

  Walk& walk_;
  const Visit& how_;
  const std::function<void(const JobPath&, unsigned)>& visit_;
  Mutex mutex_;  // also held while the walk finds its next folder
  std::set<std::string, ByPath> unfinished_ GUARDED_BY(mutex_);
  std::string last_ GUARDED_BY(mutex_);        // of the folders that were taken
  bool exhausted_ GUARDED_BY(mutex_) = false;  // there are no more
  std::exception_ptr thrown_ GUARDED_BY(mutex_);
};

void count(Files& files, const Archive& archive, bool follow, Progress& progress,
           const std::function<bool()>& stopped) try {
  Walk walk(files, archive, follow);
  walk.stopped = stopped;
  while (!stopped() && walk.next()) progress.jobs_known.fetch_add(1, std::memory_order_relaxed);
  if (!stopped()) progress.all_known = true;
} catch (const std::exception&) {
  // Without memory to count in, the line does without the number of jobs.
}

}  // namespace

std::string each_job(Walk& walk, const Visit& how,
                     const std::function<void(const JobPath& job, unsigned worker)>& visit) {
  Visits visits(walk, how, visit);
  walk.stopped = [stop = how.stop] { return stop && *stop; };
  {
    std::vector<std::jthread> others;
    try {
      for (unsigned worker = 1; worker < how.threads; ++worker)
        others.emplace_back([&visits, worker] { visits.work(worker); });
    } catch (const std::system_error&) {
      // No more threads to be had: those that are there do all of it.
    }
    visits.work(0);
  }
  return visits.go_on();
}

CountAhead::CountAhead(Files& files, const Archive& archive, bool follow_symlinks, Progress* progress,
                       const std::atomic<bool>* stop) {
  if (!progress || !progress->counts_ahead) return;
  try {
    thread_ = std::jthread([&files, &archive, follow_symlinks, progress, stop](std::stop_token done) {
      const auto stopped = [&] { return done.stop_requested() || (stop && *stop); };
      count(files, archive, follow_symlinks, *progress, stopped);
    });
  } catch (const std::system_error&) {
    // No thread to be had: the line does without the number of jobs.
  }
}

}  // namespace jobferry
