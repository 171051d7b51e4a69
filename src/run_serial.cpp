#include "run.h"

namespace jobferry {

void run_serial(const Run& run) {
  Slot slot;
  while (!run.ledger.ended()) {
    auto path = run.walk.next();
    if (!path) return;
    if (run.listener.job) run.listener.job(*path);
    slot.reset(std::move(*path));
    for (const auto stage : {&Stages::list, &Stages::read, &Stages::transform, &Stages::encode, &Stages::write})
      run.stages.run(stage, slot);
    run.ledger.retire(slot);
    slot.trim(warm_bytes);
  }
}

}  // namespace jobferry
