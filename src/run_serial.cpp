#include "run.h"

namespace jobferry {

void run_serial(const Run& run) {
  Slot slot;
  while (!run.ledger.ended()) {
    auto path = run.walk.next();
    if (!path) return;
    if (run.listener.job) run.listener.job(*path);
    slot.reset(std::move(*path));
    run.stages.list(slot);
    run.stages.read(slot);
    run.stages.transform(slot);
    run.stages.encode(slot);
    run.stages.write(slot);
    run.ledger.retire(slot);
    slot.trim(warm_bytes);
  }
}

}  // namespace jobferry
