// The stages as a flow graph, the only file that includes TBB:
//
//   discover -> list -> gate -> read -> transform -> encode -> write -+
//      ^                 | ^------------------------------------------+
//      +--- free slots --+
//
// The slots bound how many jobs are in flight, the gate bounds their bytes. Discover and gate take one
// message at a time, so walk, budget and ledger need no locks; the stages in between run for as many jobs as
// there are threads. A job costs 100 us and more, a message about 1 us.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <deque>
#include <memory>
#include <vector>

#include "run.h"

namespace jobferry {

namespace flow = oneapi::tbb::flow;

namespace {

// Enough that no thread waits for a job while others write.
constexpr unsigned slots_per_thread = 4;

// Lets jobs in while their memory fits into the budget, in the order in which they come. One that is larger
// than the budget runs alone.
class Gate {
 public:
  explicit Gate(std::uint64_t budget) : budget_(budget) {}

  void wait(Slot& slot, std::uint64_t bytes) { waiting_.push_back({&slot, bytes}); }

  void leave(const Slot& slot) {
    in_flight_ -= granted(slot);
    --jobs_;
  }

  // The next job that may go on; null if none may now.
  Slot* admit() {
    if (waiting_.empty()) return nullptr;
    const auto [slot, bytes] = waiting_.front();
    const bool alone = bytes > budget_;
    if (jobs_ > 0 && (alone || in_flight_ + bytes > budget_)) return nullptr;
    waiting_.pop_front();
    slot->memory = alone ? 0 : bytes;
    in_flight_ += granted(*slot);
    ++jobs_;
    return slot;
  }

 private:
  struct Waiting {
    Slot* slot;
    std::uint64_t bytes;
  };
  std::uint64_t granted(const Slot& slot) const { return slot.memory == 0 ? budget_ : slot.memory; }

  std::uint64_t budget_;
  std::uint64_t in_flight_ = 0;
  std::size_t jobs_ = 0;
  std::deque<Waiting> waiting_;
};

class Graph {
 public:
  explicit Graph(const Run& run) : run_(run), gate_(run.memory) {
    flow::make_edge(flow::output_port<0>(discover_), list_);
    flow::make_edge(list_, admit_);
    flow::make_edge(flow::output_port<0>(admit_), read_);
    flow::make_edge(flow::output_port<1>(admit_), discover_);
    flow::make_edge(read_, transform_);
    flow::make_edge(transform_, encode_);
    flow::make_edge(encode_, write_);
    flow::make_edge(write_, admit_);
  }

  void run() {
    for (unsigned i = 0; i < run_.threads * slots_per_thread; ++i) {
      slots_.push_back(std::make_unique<Slot>());
      discover_.try_put(slots_.back().get());
    }
    graph_.wait_for_all();
  }

 private:
  using Stage = flow::function_node<Slot*, Slot*>;
  using Split = flow::multifunction_node<Slot*, std::tuple<Slot*, Slot*>>;

  // A free slot asks for the next job. At the end of the walk it is not passed on.
  void discover(Slot* slot, Split::output_ports_type& ports) {
    auto path = run_.ledger.ended() ? std::nullopt : run_.walk.next();
    if (!path) return;
    slot->reset(std::move(*path));
    std::get<0>(ports).try_put(slot);
  }

  // Takes jobs that are listed and jobs that are done; lets in what now fits.
  void pass_gate(Slot* slot, Split::output_ports_type& ports) {
    if (!slot->admitted) {
      gate_.wait(*slot, run_.stages.memory_estimate(*slot));
    } else {
      retire(slot, ports);
    }
    while (Slot* next = gate_.admit()) {
      next->admitted = true;
      std::get<0>(ports).try_put(next);
    }
  }

  void retire(Slot* slot, Split::output_ports_type& ports) {
    gate_.leave(*slot);
    if (slot->fate == Fate::too_large_now) {
      slot->fate = Fate::pending;
      return gate_.wait(*slot, slot->memory * 4);
    }
    run_.ledger.retire(*slot);
    slot->trim(warm_bytes);
    std::get<1>(ports).try_put(slot);
  }

  Stage stage(Stages::Stage work) {
    return {graph_, flow::unlimited, [this, work](Slot* slot) {
              run_.stages.run(work, *slot);
              return slot;
            }};
  }

  const Run& run_;
  Gate gate_;
  std::vector<std::unique_ptr<Slot>> slots_;
  flow::graph graph_;
  Split discover_{graph_, flow::serial, [this](Slot* slot, auto& ports) { discover(slot, ports); }};
  Stage list_ = stage(&Stages::list);
  Split admit_{graph_, flow::serial, [this](Slot* slot, auto& ports) { pass_gate(slot, ports); }};
  Stage read_ = stage(&Stages::read);
  Stage transform_ = stage(&Stages::transform);
  Stage encode_ = stage(&Stages::encode);
  Stage write_ = stage(&Stages::write);
};

}  // namespace

void run_graph(const Run& run) {
  const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, run.threads);
  oneapi::tbb::task_arena arena(static_cast<int>(run.threads));
  arena.execute([&] { Graph(run).run(); });
}

}  // namespace jobferry
