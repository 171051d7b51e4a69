// The stages as a flow graph, the only file that includes TBB:
//
//   discover, list, read -> transform -> encode -> write -> retire
//     ^   (readers)                                           |
//     +------------------- free slots ------------------------+
// Readers (readers.h) keep the disk busy, the graph keeps the cores busy: transform, encode and write run for
// as many jobs at a time as there are threads. Retire takes one job at a time, so the ledger needs no lock.
// The slots bound the number of jobs in flight, the readers' gate bounds their bytes. A job takes 100 us or
// more, a message between two nodes about 1 us. TBB must not start threads here, because it ends the process
// if it cannot. Instead, our own threads enter its arena and wait there for an empty graph; while they wait,
// they do the work of the real one. If a thread cannot be started, the run continues without it. The thread
// that waits for the end of the run always works, too.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/task_arena.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/readers.h"
#include "engine/run.h"

namespace jobferry {

namespace flow = oneapi::tbb::flow;

namespace {

// Threads that work in an arena until they are released.
class Workers {
 public:
  Workers(oneapi::tbb::task_arena& arena, unsigned size) : arena_(arena) {
    try {
      threads_.reserve(size);
      idle_.reserve(size);
      for (unsigned i = 0; i < size; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::exception&) {
      // There are no more threads.
    }
  }
  ~Workers() {
    const MutexLock lock(mutex_);
    released_ = true;
    for (flow::graph* idle : idle_) idle->release_wait();
  }

 private:
  void work() try {
    arena_.execute([this] {
      flow::graph idle;
      {
        const MutexLock lock(mutex_);
        if (released_) return;
        idle_.push_back(&idle);
        idle.reserve_wait();
      }
      idle.wait_for_all();
      // The destructor may still hold the lock and use this graph.
      const MutexLock lock(mutex_);
    });
  } catch (const std::exception&) {
    // There is no memory for this thread. The others do the work.
  }

  oneapi::tbb::task_arena& arena_;
  Mutex mutex_;
  std::vector<flow::graph*> idle_ GUARDED_BY(mutex_);
  bool released_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

class Graph {
 public:
  explicit Graph(const Run& run)
      : run_(run), readers_(run, [this](Slot* slot) { transform_.try_put(slot); }) {
    flow::make_edge(transform_, encode_);
    flow::make_edge(encode_, write_);
    flow::make_edge(write_, retire_);
  }

  // False: no reader could be started, and nothing has begun.
  bool start() {
    const std::function<void()> ended = [this] { graph_.release_wait(); };
    const std::function<bool()> broken = [this] { return context_.is_group_execution_cancelled(); };
    graph_.reserve_wait();  // work will come, although there is none yet
    const bool started = readers_.start(ended, broken);
    if (!started) graph_.release_wait();
    return started;
  }

  // Returns whether the run has come to the last job.
  bool finish() {
    graph_.wait_for_all();  // throws an exception from between two nodes, where no stage can catch it
    readers_.join();
    return !readers_.cut_short() && !run_.jobs.next_folder() && !run_.jobs.cut_short();
  }

 private:
  using Stage = flow::function_node<Slot*, Slot*>;

  // An exception that leaves a node would cancel the graph and strand the jobs in flight.
  Stage stage(Stages::Stage work) {
    return {graph_, flow::unlimited, [this, work](Slot* slot) {
              try {
                if (run_.ledger.must_stop()) readers_.cancel(*slot);
                run_.stages.run(work, *slot);
              } catch (...) {
                slot->fate = Fate::left_out;  // there may have been no memory for its error
                readers_.abandon(std::current_exception());
              }
              return slot;
            }};
  }

  const Run& run_;
  oneapi::tbb::task_group_context context_;
  flow::graph graph_{context_};
  Stage transform_ = stage(&Stages::transform);
  Stage encode_ = stage(&Stages::encode);
  Stage write_ = stage(&Stages::write);
  flow::function_node<Slot*> retire_{graph_, flow::serial, [this](Slot* slot) { readers_.retire(*slot); }};
  Readers readers_;
};

}  // namespace

bool run_graph(const Run& run) {
  oneapi::tbb::task_arena arena(static_cast<int>(run.threads),
                                run.threads);  // all slots of the arena are for our own threads
  const auto in_arena = arena.execute([&]() -> std::optional<bool> {
    Graph graph(run);
    const Workers workers(arena, run.threads - 1);
    if (!graph.start()) return {};
    return graph.finish();
  });
  return in_arena ? *in_arena : run_serial(run);
}

}  // namespace jobferry
