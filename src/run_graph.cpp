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
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <exception>

#include "readers.h"
#include "run.h"

namespace jobferry {

namespace flow = oneapi::tbb::flow;

namespace {

class Graph {
 public:
  explicit Graph(const Run& run)
      : run_(run), readers_(run, [this](Slot* slot) { transform_.try_put(slot); }) {
    flow::make_edge(transform_, encode_);
    flow::make_edge(encode_, write_);
    flow::make_edge(write_, retire_);
  }

  bool run() {
    graph_.reserve_wait();  // there is work to come, although nobody has put any yet
    readers_.start([this] { graph_.release_wait(); });
    graph_.wait_for_all();
    readers_.join();
    return !readers_.cut_short() && !run_.jobs.next_folder();
  }

 private:
  using Stage = flow::function_node<Slot*, Slot*>;

  // An exception out of a node would cancel the graph and strand what is in flight.
  Stage stage(Stages::Stage work) {
    return {graph_, flow::unlimited, [this, work](Slot* slot) {
              try {
                run_.stages.run(work, *slot);
              } catch (...) {
                readers_.give_up(std::current_exception());
              }
              return slot;
            }};
  }

  const Run& run_;
  flow::graph graph_;
  Stage transform_ = stage(&Stages::transform);
  Stage encode_ = stage(&Stages::encode);
  Stage write_ = stage(&Stages::write);
  flow::function_node<Slot*> retire_{graph_, flow::serial, [this](Slot* slot) { readers_.retire(*slot); }};
  Readers readers_;
};

}  // namespace

bool run_graph(const Run& run) {
  const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, run.threads);
  oneapi::tbb::task_arena arena(static_cast<int>(run.threads));
  return arena.execute([&] { return Graph(run).run(); });
}

}  // namespace jobferry
