#include "engine/restart.h"

#include <utility>

#include "engine/target_checks.h"
#include "engine/unfinished.h"

namespace jobferry {

Result<bool> may_discard(Files& files, const RecordedTarget& recorded, const MarkerSeen& marker,
                         const Options& options) {
  if (marker.marked == Marked::yes) return recorded.knows(marker);
  const auto seen = recognise(files, recorded, options.target);
  if (!seen) return Error(seen.error());
  if (seen->target || recorded.has_only_begun(files, options.target)) return true;
  if (marker.marked == Marked::unreadable) return false;
  return Error{.kind = Kind::target_unusable,
               .what = "--restart: the target is not of an unfinished migration",
               .file = options.target};
}

// The id of the target is announced only to a state that is of this target: the rows of another state must
// never seem to be of this one.
Result<void> prepare_discard(Files& files, State& state, const Archive& source, const Options& options) {
  const auto entries = entries_of_target(files, options.target);
  if (!entries) return Error(entries.error());
  if (!*entries || (*entries)->empty()) return state.reset({});
  const auto marker = read_marker(files, options.target);
  if (!marker) return Error(marker.error());
  const auto recorded = RecordedTarget::of(state);
  if (!recorded) return Error(recorded.error());
  const auto known = may_discard(files, *recorded, *marker, options);
  if (!known) return Error(known.error());
  const std::string id = new_id();
  if (*known)
    if (auto done = announce_id(state, *marker, id); !done) return done;
  if (auto done = put_marker(files, options.target, {options.to, id}, *marker); !done) return done;
  const std::string version = join(options.target, names::version);
  const auto there = files.exists(version);
  if (!there) return Error(there.error());
  if (*there)
    if (auto gone = files.remove(version); !gone) return gone;
  if (auto kept = files.sync(options.target); !kept) return kept;
  return state.reset(values_of(source, options, id, phases::discarding));
}

Result<bool> discard(Files& files, const Options& options, const std::atomic<bool>* stop) {
  auto gone = empty_target(files, options.target, stop);
  if (!gone || !*gone) return gone;
  // After a loss of power nothing may come back that has no marker beside it.
  auto done = files.sync(options.target);
  if (done) done = files.remove(join(options.target, names::unfinished));
  return done ? Result<bool>(true) : Result<bool>(std::move(done.error()));
}

}  // namespace jobferry
