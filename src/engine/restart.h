// --restart: throws away what an earlier run has left, the target and its state.
//
// The problem: a run can be killed while it deletes a target, and whatever is left must neither look complete
// to a server nor look like jobs that are done to the next run.
//
// The idea is the order. First the marker, so that the target is unfinished for everybody. Then version.txt
// goes, so that no server accepts the target. Then both are on disk. Then the state forgets its jobs, and
// only then they are deleted. The same command without --restart continues the deletion after an
// interruption.
#pragma once

#include <atomic>

#include "engine/recorded_target.h"
#include "engine/state.h"
#include "io/files.h"
#include "jobferry/options.h"

namespace jobferry {

// Whether the state is of this target. Refuses to discard a target that is not of an unfinished migration and
// that the state does not know.
Result<bool> may_discard(Files& files, const RecordedTarget& recorded, const MarkerSeen& marker,
                         const Options& options);

// All but the deletion. Afterwards the state is in the phase `discarding`, or empty if there is nothing to
// delete.
Result<void> prepare_discard(Files& files, State& state, const Archive& source, const Options& options);

// Deletes the target's content, the marker last. False: `stop` became true before the end.
Result<bool> discard(Files& files, const Options& options, const std::atomic<bool>* stop);

}  // namespace jobferry
