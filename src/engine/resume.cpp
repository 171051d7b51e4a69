// How a run finds out what an earlier one has left.
//
// The problem: the state and the target can be out of step. A run can end at any moment, and somebody can put
// back an older copy of either. If the state knew of jobs that are not in the target, the target would become
// complete without them.
//
// The idea: the marker in the target and the state have the same id, and every run changes it. First the
// state gets the new id as `next`, then the marker gets it, then it becomes the id of the state; until then
// either is accepted. A complete target has no marker. Its cluster files and the time of version.txt, which
// every run writes anew, identify it instead. The phase says how far the last run has come:
//
//   (none)       no run has begun, or the state was reset
//   beginning    a run makes the target; nothing but a marker can be in it, perhaps a half-written one
//   running      the marker with the id of the state is in the target, on disk
//   bad-jobs     the same; every job was tried, and some are bad
//   hidden-jobs  the same; directories of the source could not be listed
//   finishing    version.txt is on disk; the marker goes, or is gone, or is back after a failed sync
//   complete     the marker is gone; the table `finished` identifies the target
//   discarding   --restart is deleting the target, which still has the marker with this id
//
// The cost: one marker and one transaction for each run. Device and inode numbers would need neither, but a
// remount can change them.
//
// A target that is refused stays as it is. An error while asking is never an answer: it ends the run.
#include "engine/resume.h"

#include <utility>

#include "engine/recorded_target.h"
#include "engine/restart.h"
#include "engine/state_overview.h"
#include "engine/target_checks.h"
#include "io/descriptor.h"
#include "io/paths.h"
#include "io/state_directory.h"

namespace jobferry {

namespace {

Error another_target(const Options& options) {
  return refused(options.target,
                 "the target and the state beside it do not belong together: one of them was replaced, or is "
                 "an older copy");
}

Result<void> check_state_place(const std::string& directory, const Archive& source, const Options& options) {
  for (const std::string& archive : {source.root, options.target}) {
    const auto inside = lies_in(directory, archive);
    if (!inside) return Error(inside.error());
    if (*inside) return refused(directory, "--state: it lies in an archive");
  }
  return {};
}

Result<TargetState> fresh_if_empty(Files& files, const Options& options) {
  if (auto empty = check_empty_target(files, options.target); !empty) return std::move(empty.error());
  return TargetState::fresh;
}

// What the target is, by its marker, its files and the phase of the state.
Result<TargetState> target_state(Files& files, const RecordedTarget& recorded, const Archive& source,
                                 const Options& options, const std::atomic<bool>* stop) {
  const std::string phase = recorded.value("phase");
  const auto entries = entries_of_target(files, options.target);
  if (!entries) return Error(entries.error());
  // A state whose target is gone means nothing.
  if (phase.empty() || !*entries || (*entries)->empty()) return TargetState::fresh;
  if (auto same = check_identity(recorded, source, options); !same) return std::move(same.error());
  const auto marker = read_marker(files, options.target);
  if (!marker) return Error(marker.error());
  const bool ours = recorded.knows(*marker);
  if (marker->marked == Marked::yes && !ours) return another_target(options);
  if (phase == phases::discarding)
    return ours ? Result<TargetState>(TargetState::discarding) : another_target(options);
  const bool only_a_marker = (*entries)->size() == 1 && marker->marked != Marked::no;
  if (phase == phases::beginning && only_a_marker) return TargetState::fresh;
  if (ours) return TargetState::interrupted;
  if (phase != phases::finishing && phase != phases::complete) return another_target(options);

  const auto seen = recognise(files, recorded, options.target, stop);
  if (!seen) return Error(seen.error());
  if (!seen->target) return another_target(options);
  // The marker is half-written, or version.txt was removed: a run has failed here.
  if (marker->marked == Marked::unreadable || !seen->has_version) return TargetState::interrupted;
  if (auto unchanged = check_unchanged(files, recorded, options, stop); !unchanged)
    return std::move(unchanged.error());
  return TargetState::complete;
}

// Begins a migration in the state. Only the marker of a run that was killed at this point may be in the
// target.
Result<void> begin(Files& files, State& state, const Archive& source, const Options& options,
                   const std::string& id) {
  const RecordedTarget recorded{state.values(), {}};
  if (!recorded.has_only_begun(files, options.target))
    if (auto empty = check_empty_target(files, options.target); !empty) return empty;
  return state.reset(values_of(source, options, id, phases::beginning));
}

// With the state open. Sets start.stopped if `stop` became true.
Result<void> find_target(Files& files, const Archive& source, const Options& options,
                         const std::atomic<bool>* stop, RunStart& start) {
  State& state = *start.state;
  FoundTarget& target = start.target;
  const auto stopped = [&] { return start.stopped = stop && *stop; };
  if (stopped()) return {};
  if (options.restart)
    if (auto ready = prepare_discard(files, state, source, options); !ready) return ready;
  const auto recorded = RecordedTarget::of(state);
  if (!recorded) return Error(recorded.error());
  const auto found = target_state(files, *recorded, source, options, stop);
  if (stopped()) return {};  // the target was not looked at in full
  if (!found) return Error(found.error());
  target.state = *found;
  target.was_complete = !recorded->value("completed").empty();
  if (target.state == TargetState::discarding) {
    const auto gone = discard(files, options, stop);
    if (!gone) return Error(gone.error());
    start.stopped = !*gone;
    if (start.stopped) return {};
    target.state = TargetState::fresh;
  }
  if (target.state != TargetState::fresh) {
    const auto marker = read_marker(files, options.target);
    return marker ? announce_id(state, *marker, target.id) : Result<void>(Error(marker.error()));
  }
  target.was_complete = false;
  // A run that ended right after its marker has left it there. The target keeps that id.
  const std::string begun_id = recorded->value("id");
  if (recorded->value("phase") == phases::beginning && !begun_id.empty()) target.id = begun_id;
  return begin(files, state, source, options, target.id);
}

// --restart: refuses what resume_or_begin() would refuse to discard.
Result<TargetState> predict_restart(Files& files, const RecordedTarget& recorded, const Options& options) {
  const auto entries = entries_of_target(files, options.target);
  if (!entries) return Error(entries.error());
  if (!*entries || (*entries)->empty()) return TargetState::fresh;
  const auto marker = read_marker(files, options.target);
  if (!marker) return Error(marker.error());
  const auto known = may_discard(files, recorded, *marker, options);
  return known ? Result<TargetState>(TargetState::fresh) : Result<TargetState>(Error(known.error()));
}

}  // namespace

std::string state_directory(const Options& options) {
  return options.state.empty() ? path_without_links(options.target) + ".jobferry" : options.state;
}

Result<bool> has_earlier_run(const Options& options, const std::atomic<bool>* stop) {
  if (options.dry_run || !options.keep_state) return false;
  const auto seen = read_state_overview(state_directory(options), stop);
  if (!seen && seen.error().kind == Kind::no_state) return false;
  if (!seen) return Error(seen.error());
  return true;
}

Result<RunStart> resume_or_begin(Files& files, const Archive& source, const Options& options,
                                 const std::atomic<bool>* stop) {
  RunStart start;
  start.target.id = new_id();
  if (options.dry_run || !options.keep_state) {
    if (auto empty = check_empty_target(files, options.target); !empty) return std::move(empty.error());
    return start;
  }
  // A target that is refused gets no state beside it.
  const auto begun = has_earlier_run(options, stop);
  if (!begun) return Error(begun.error());
  if (!*begun && !options.restart)
    if (auto empty = check_empty_target(files, options.target); !empty) return std::move(empty.error());
  const std::string directory = state_directory(options);
  if (auto outside = check_state_place(directory, source, options); !outside)
    return std::move(outside.error());
  auto opened = State::open(directory, stop);
  if (!opened) return std::move(opened.error());
  start.state = std::move(*opened);
  if (auto found = find_target(files, source, options, stop, start); !found) return std::move(found.error());
  return start;
}

Result<TargetState> predict_target_state(Files& files, const Archive& source, const Options& options,
                                         const std::atomic<bool>* stop) {
  if (!options.keep_state) return fresh_if_empty(files, options);
  const std::string directory = state_directory(options);
  if (auto outside = check_state_place(directory, source, options); !outside)
    return std::move(outside.error());
  if (auto usable = StateDirectory::check_usable(directory); !usable) return std::move(usable.error());
  const auto state = read_state_overview(directory, stop);
  if (!state && state.error().kind != Kind::no_state) return Error(state.error());
  if (state && !state->holder.empty()) return in_use(options.target, state->holder);
  const RecordedTarget recorded = state ? RecordedTarget{state->values, state->finished} : RecordedTarget{};
  if (options.restart) return predict_restart(files, recorded, options);
  if (!state) return fresh_if_empty(files, options);
  const auto found = target_state(files, recorded, source, options, stop);
  if (!found) return Error(found.error());
  if (*found == TargetState::discarding) return TargetState::fresh;
  if (*found == TargetState::fresh && !recorded.has_only_begun(files, options.target))
    return fresh_if_empty(files, options);
  return *found;
}

}  // namespace jobferry
