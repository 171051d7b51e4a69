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

class JobVisitor {
 public:
  JobVisitor(Walk& walk, const VisitOptions& options,
             const std::function<void(const JobPath&, unsigned)>& visit)
      : walk_(walk), options_(options), visit_(visit) {}

  void work(unsigned worker) try {
    while (const auto folder = take()) {
      LeftBehind left_behind;
      const bool done = visit_all(*folder, left_behind, worker);
      const MutexLock lock(mutex_);
      walk_.add_left_behind(left_behind);
      if (done) unfinished_.erase(folder->text());
    }
  } catch (...) {
    const MutexLock lock(mutex_);
    if (!thrown_) thrown_ = std::current_exception();
  }

  // Folders come in order, so no folder after the unfinished ones was visited. If all that were taken are
  // finished, the last one is named and visited once more: to find the next one may take long where there are
  // no jobs.
  std::string first_unfinished() {
    const MutexLock lock(mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
    if (unfinished_.empty() && stopped() && !exhausted_) {
      if (!last_.empty()) return last_;
      walk_.stopped = {};
      if (const auto next = next_folder()) return next->text();
    }
    return unfinished_.empty() ? std::string() : *unfinished_.begin();
  }

 private:
  bool stopped() const { return options_.stop && *options_.stop; }

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
    while (folder && path_order(folder->text(), options_.from) && !stopped()) folder = walk_.next_folder();
    return folder;
  }

  // False if it was stopped before the last job.
  bool visit_all(const Folder& folder, LeftBehind& left_behind, unsigned worker) {
    for (const JobPath& job : walk_.jobs_in(folder, left_behind)) {
      if (stopped()) return false;
      visit_(job, worker);
    }
    return !walk_.cut_short();
  }

  Walk& walk_;
  const VisitOptions& options_;
  const std::function<void(const JobPath&, unsigned)>& visit_;
  Mutex mutex_;  // also held while the walk finds its next folder
  std::set<std::string, ByPath> unfinished_ GUARDED_BY(mutex_);
  std::string last_ GUARDED_BY(mutex_);        // the folder that was taken last
  bool exhausted_ GUARDED_BY(mutex_) = false;  // there are no more folders
  std::exception_ptr thrown_ GUARDED_BY(mutex_);
};

void count(Files& files, const Archive& archive, bool follow, Progress& progress,
           const std::function<bool()>& stopped) try {
  Walk walk(files, archive, follow);
  walk.stopped = stopped;
  while (!stopped() && walk.next()) progress.jobs_known.fetch_add(1, std::memory_order_relaxed);
  if (!stopped()) progress.all_known = true;
} catch (const std::exception&) {
  // Not enough memory to count: the progress does not show how many jobs there are.
}

}  // namespace

std::string each_job(Walk& walk, const VisitOptions& options,
                     const std::function<void(const JobPath& job, unsigned worker)>& visit) {
  JobVisitor visitor(walk, options, visit);
  walk.stopped = [stop = options.stop] { return stop && *stop; };
  {
    std::vector<std::jthread> others;
    try {
      for (unsigned worker = 1; worker < options.threads; ++worker)
        others.emplace_back([&visitor, worker] { visitor.work(worker); });
    } catch (const std::system_error&) {
      // No more threads can be started: the others do all the work.
    }
    visitor.work(0);
  }
  return visitor.first_unfinished();
}

CountAhead::CountAhead(Files& files, const Archive& archive, bool follow_symlinks, Progress* progress,
                       const std::atomic<bool>* stop) {
  if (!progress || !progress->counts_ahead) return;
  try {
    thread_ = std::jthread([&files, &archive, follow_symlinks, progress, stop](const std::stop_token& done) {
      const auto stopped = [&] { return done.stop_requested() || (stop && *stop); };
      count(files, archive, follow_symlinks, *progress, stopped);
    });
  } catch (const std::system_error&) {
    // No thread can be started: the progress does not show how many jobs there are.
  }
}

}  // namespace jobferry
