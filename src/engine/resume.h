// Decides what a run can build on: nothing, or what an earlier run with the same options has left.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "archive/layout.h"
#include "engine/state.h"
#include "engine/target.h"
#include "io/files.h"

namespace jobferry {

// The directory of the state of this migration.
std::string state_directory(const Options& options);

// Whether there is a state of an earlier run, as far as can be seen without its lock.
Result<bool> has_earlier_run(const Options& options, const std::atomic<bool>* stop = nullptr);

// What a run starts from.
struct RunStart {
  std::unique_ptr<State> state;  // null: none is kept
  FoundTarget target;
  bool stopped = false;
};
// Opens the state and finds out what it says of the target. Refuses the state of another migration, a target
// that is not the one of the state, and a complete target that was changed since. With --restart, deletes
// target and state first. Ends early once `stop` is true.
Result<RunStart> resume_or_begin(Files& files, const Archive& source, const Options& options,
                                 const std::atomic<bool>* stop);

// What resume_or_begin() would find or refuse, without changing target or state. The answer means nothing
// once `stop` is true.
Result<TargetState> predict_target_state(Files& files, const Archive& source, const Options& options,
                                         const std::atomic<bool>* stop = nullptr);

}  // namespace jobferry
