// Decides what a run may build on: nothing, or what an earlier one with the same options left.
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

// Where the state of this migration is kept.
std::string state_directory(const Options& options);

// An earlier run has begun this migration, as far as can be seen without its lock.
Result<bool> is_begun(const Options& options, const std::atomic<bool>* stop = nullptr);

// The state with what it says of the target. Refuses one of another migration, a target that is not the one
// the state is of, and a finished one that somebody has changed since. With --restart what was there is
// deleted first; `stop` ends that, too.
struct Earlier {
  std::unique_ptr<State> state;  // null: none is kept
  Beginning target;
  bool stopped = false;
};
Result<Earlier> take_up(Files& files, const Archive& source, const Options& options,
                        const std::atomic<bool>* stop);

// What take_up() would find or refuse, without touching target or state.
// Once `stop` is true what it says means nothing.
Result<Standing> look_ahead(Files& files, const Archive& source, const Options& options,
                            const std::atomic<bool>* stop = nullptr);

// The marker with this id is on disk: from here on the target is known by it.
Result<void> remember_target(State& state, const std::string& id);
// version.txt is on disk and the marker is about to go: from here on the target is known by its files.
Result<void> remember_files(Files& files, const Archive& source, const Options& options, State& state);
// All is done: what changes in the target from now on was somebody else.
Result<void> remember_end(State& state);
// All was tried, and jobs are bad or hidden.
Result<void> remember_phase(State& state, std::string_view phase);

}  // namespace jobferry
