// What a state says of the target, and whether the target at the path is that one.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <string_view>

#include "archive/layout.h"
#include "engine/state.h"
#include "io/files.h"
#include "jobferry/options.h"

namespace jobferry {

// The phases of a migration, which resume.cpp explains. Two more are in state.h.
namespace phases {
inline constexpr std::string_view beginning = "beginning", running = "running", finishing = "finishing",
                                  complete = "complete", discarding = "discarding";
}  // namespace phases

// The part of a state that concerns the target, from a state that this run holds or from one that it only
// reads.
struct RecordedTarget {
  std::map<std::string, std::string, std::less<>> values;
  State::Finished finished;

  static Result<RecordedTarget> of(State& state);

  std::string value(std::string_view name) const;
  // The marker has the id of the state, or the id that a run was about to give it.
  bool knows(const MarkerSeen& seen) const;
  // The migration had just begun, and nothing but its marker is in the target.
  bool has_only_begun(Files& files, const std::string& target) const;
};

// The values of a new migration with this id in this phase.
State::Values values_of(const Archive& source, const Options& options, std::string id,
                        std::string_view phase);

// Refuses to resume a migration of another source, with other options, or by another build.
Result<void> check_identity(const RecordedTarget& recorded, const Archive& source, const Options& options);

// Refuses a target that was complete and has been changed since.
Result<void> check_unchanged(Files& files, const RecordedTarget& recorded, const Options& options,
                             const std::atomic<bool>* stop);

// Whether a target without a marker is the one that was finished: by version.txt or, after a failed sync has
// removed that, by all of its cluster files. The answer means nothing once `stop` is true.
struct Recognised {
  bool target = false, has_version = false;
};
Result<Recognised> recognise(Files& files, const RecordedTarget& recorded, const std::string& target,
                             const std::atomic<bool>* stop = nullptr);

// The marker is about to get this id. The state now knows both the marker's id and the next one, so the
// target is recognised whether the run ends before or after the marker changes.
Result<void> announce_id(State& state, const MarkerSeen& marker, const std::string& next);

// The marker with this id is on disk: from here on it identifies the target.
Result<void> record_marker(State& state, const std::string& id);
// version.txt is on disk and the marker is about to go: from here on the target's files identify it.
Result<void> record_files(Files& files, const Archive& source, const Options& options, State& state);
// The run is complete: whatever changes in the target from now on, another program has changed.
Result<void> record_completion(State& state);
// The run has tried every job, and some are bad or hidden.
Result<void> record_phase(State& state, std::string_view phase);

Error refused(const std::string& target, std::string what);

}  // namespace jobferry
