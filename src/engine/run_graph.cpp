// The stages as a flow graph, the only file that includes TBB:
//
//   discover, list, read -> transform -> encode -> write -> retire
//     ^   (readers)                                           |
//     +------------------- free slots ------------------------+
//
// Readers (readers.h) keep the disk busy, the graph the cores: transform, encode and write run for as many
// jobs as there are threads. Retire takes one job at a time, so the ledger needs no lock. The slots bound how
// many jobs are in flight, the readers' gate bounds their bytes. A job costs 100 us and more, a message about
// 1 us.
//
// TBB starts no thread of its own here: one that it could not start would end the process. Threads of ours
// enter its arena, each waiting there on a graph without nodes, and so do the work of the graph that has
// some. Those that cannot be had are done without; the thread that waits for the end is always one of them.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/task_arena.h>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/readers.h"
#include "engine/run.h"

namespace jobferry {

namespace flow = oneapi::tbb::flow;

namespace {

// Threads that work in an arena until they are let go.
class Crew {
 public:
  Crew(oneapi::tbb::task_arena& arena, unsigned size) : arena_(arena) {
    try {
      threads_.reserve(size);
      idle_.reserve(size);
      for (unsigned i = 0; i < size; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::exception&) {
      // No more threads to be had.
    }
  }
  ~Crew() {
    const std::lock_guard lock(mutex_);
    let_go_ = true;
    for (flow::graph* idle : idle_) idle->release_wait();
  }

 private:
  void work() try {
    arena_.execute([this] {
      flow::graph idle;
      {
        const std::lock_guard lock(mutex_);
        if (let_go_) return;
        idle_.push_back(&idle);
        idle.reserve_wait();
      }
      idle.wait_for_all();
      // The one who lets go may still hold the lock, and the graph with it.
      const std::lock_guard lock(mutex_);
    });
  } catch (const std::exception&) {
    // No memory to work in: the others do it.
  }

  oneapi::tbb::task_arena& arena_;
  std::mutex mutex_;  // of idle_ and let_go_
  std::vector<flow::graph*> idle_;
  bool let_go_ = false;
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
    graph_.reserve_wait();  // there is work to come, although nobody has put any yet
    const bool started = readers_.start(ended, broken);
    if (!started) graph_.release_wait();
    return started;
  }

  // Says whether the run came to the last job.
  bool finish() {
    graph_.wait_for_all();  // throws what was thrown between two nodes, where no stage could catch it
    readers_.join();
    return !readers_.cut_short() && !run_.jobs.next_folder() && !run_.jobs.cut_short();
  }

 private:
  using Stage = flow::function_node<Slot*, Slot*>;

  // An exception out of a node would cancel the graph and strand what is in flight.
  Stage stage(Stages::Stage work) {
    return {graph_, flow::unlimited, [this, work](Slot* slot) {
              try {
                if (run_.ledger.ended()) readers_.leave_out(*slot);
                run_.stages.run(work, *slot);
              } catch (...) {
                slot->fate = Fate::left_out;  // its error may be what there was no memory for
                readers_.give_up(std::current_exception());
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
                                run.threads);  // all places are for our threads
  const auto in_arena = arena.execute([&]() -> std::optional<bool> {
    Graph graph(run);
    const Crew crew(arena, run.threads - 1);
    if (!graph.start()) return {};
    return graph.finish();
  });
  return in_arena ? *in_arena : run_serial(run);
}

}  // namespace jobferry
