// Decides what a run may build on: nothing, or what an earlier one with the same options left.
#pragma once

#include <memory>
#include <string>

#include "archive.h"
#include "files.h"
#include "state.h"
#include "target.h"

namespace jobferry {

// Where the state of this migration is kept.
std::string state_directory(const Options& options);

// An earlier run has begun this migration, as far as can be seen without its lock.
bool is_begun(const Options& options);

// The state with what it says of the target. Refuses one of another migration, a target that is not the one
// the state is of, and a finished one that somebody has changed since.
struct Earlier {
  std::unique_ptr<State> state;  // null: none is kept
  Standing standing = Standing::fresh;
};
Result<Earlier> take_up(Files& files, const Archive& source, const Options& options);

// What take_up() would find or refuse, without touching target or state.
Result<Standing> look_ahead(Files& files, const Archive& source, const Options& options);

// The target that is worked on from here on is this one.
Result<void> remember_target(Files& files, const Options& options, State& state);
// All is done: what changes in the target from now on was somebody else.
Result<void> remember_end(Files& files, const Options& options, State& state);
// All was tried, and jobs are bad.
Result<void> remember_bad_jobs(State& state);

}  // namespace jobferry
