#include "engine/run.h"

namespace jobferry {

bool run_serial(const Run& run) {
  Slot slot;
  while (!run.ledger.must_stop()) {
    auto path = run.jobs.next();
    if (!path) return !run.jobs.cut_short();
    slot.reset(std::move(*path));
    run.stages.run(&Stages::list, slot);
    // Reported before any of its files is read. Only the listing shows whether it is a job at all (X8).
    const bool is_job = slot.fate != Fate::foreign && slot.fate != Fate::left_out;
    if (run.listener.job && is_job) run.listener.job(slot.path);
    for (const auto stage : {&Stages::read, &Stages::transform, &Stages::encode, &Stages::write})
      run.stages.run(stage, slot);
    if (slot.fate == Fate::starved) run.stages.fail_starved(slot);  // in this loop every job is alone
    run.ledger.retire(slot);
    slot.trim();
  }
  return !run.jobs.next() && !run.jobs.cut_short();  // a signal after the last job changes nothing
}

}  // namespace jobferry
