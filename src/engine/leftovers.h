// What a run removes from its target after the last job.
#pragma once

#include <string>

#include "archive/walk.h"
#include "engine/ledger.h"
#include "engine/state.h"
#include "engine/target.h"
#include "io/files.h"

namespace jobferry {

class Leftovers {
 public:
  Leftovers(Files& files, const Archive& source, Target& target, const Ledger& ledger)
      : files_(files), source_(source), target_(target), ledger_(ledger) {}

  // Each returns false if the run was stopped before the end.

  // Removes the directories that were made for jobs which were not written.
  Result<bool> remove_empty_directories(const Summary& summary);

  // Names the jobs of the target that are no longer in the source. Of those that a run has only begun,
  // removes what there is. Looks only if there are fewer jobs in the source than in the state.
  Result<bool> remove_begun(State& state, Summary& summary);

  // Removes what no row of the state knows. A run that was killed may have begun jobs that have left the
  // source since. Only for a target that was never complete: there every entry is made by us.
  Result<bool> remove_unknown(State& state, const std::string& target_root);

 private:
  Result<bool> remove_below(State& state, const std::string& root, const std::string& directory,
                            int levels_to_jobs);
  Result<bool> is_in_source(const std::string& job);

  Files& files_;
  const Archive& source_;
  Target& target_;
  const Ledger& ledger_;
};

}  // namespace jobferry
