#include <fmt/format.h>

#include <array>

#include "engine/state.h"
#include "engine/state_overview.h"
#include "report/documents.h"
#include "report/parts.h"

namespace jobferry {

namespace {

struct Phase {
  std::string_view name;  // in JSON: scripts compare it
  Tone tone;
  std::string_view next;
};

constexpr Phase running = {"running", Tone::attention,
                           "Wait until it ends, or stop it with SIGTERM: it can be resumed."},
                interrupted = {"interrupted", Tone::attention,
                               "Run the same command again to resume it. Bad jobs are tried again."},
                ended_with_bad = {"ended with bad jobs", Tone::bad,
                                  "Fix the bad jobs and run the same command again, or complete the target "
                                  "without them (--accept-bad)."},
                ended_with_hidden = {"ended with hidden jobs", Tone::bad,
                                     "Make these directories readable and run the same command again."},
                complete_with_bad = {"complete with bad jobs", Tone::attention,
                                     "Run the same command again to catch up with changes in the source."},
                complete = {"complete", Tone::good, complete_with_bad.next};

std::uint64_t count_of(const StateOverview& state, std::string_view outcome) {
  const auto found = state.outcomes.find(std::string(outcome));
  return found == state.outcomes.end() ? 0 : found->second;
}

std::string value_of(const StateOverview& state, std::string_view name) {
  const auto found = state.values.find(name);
  return found == state.values.end() ? "" : found->second;
}

const Phase& phase_of(const StateOverview& state) {
  if (!state.holder.empty()) return running;
  const std::string phase = value_of(state, "phase");
  if (phase == phase_bad_jobs) return ended_with_bad;
  if (phase == phase_hidden_jobs) return ended_with_hidden;
  if (!is_complete(state)) return interrupted;
  return count_of(state, outcome_bad) ? complete_with_bad : complete;
}

}  // namespace

bool is_complete(const StateOverview& state) {
  return value_of(state, "phase") == "complete" && state.holder.empty();
}

ResultDocument status_document(const StateOverview& state) {
  const Phase& phase = phase_of(state);
  const auto fact = [&](const char* label, const char* name) {
    return Fact{label, name, value_of(state, name)};
  };
  const Facts migration = {fact("From version", "from"),
                           fact("To version", "to"),
                           fact("Source", "source"),
                           fact("Target", "target"),
                           fact("Options", "options"),
                           fact("Started", "started"),
                           {state.holder.empty() ? "" : "Running as", "heldBy", state.holder},
                           fact("", "build"),
                           fact("", "ended")};
  const Facts jobs = {{"Jobs migrated", "migrated", count_of(state, outcome_migrated)},
                      {"Jobs skipped", "skipped", count_of(state, outcome_skipped)},
                      {"Bad jobs", "bad", count_of(state, outcome_bad)},
                      {"Read", "bytesIn", Bytes{state.bytes_in}},
                      {"Written", "bytesOut", Bytes{state.bytes_out}}};
  return {"jobferry-status",
          fmt::format("Migration {}", phase.name),
          {phase.tone, "", std::string(phase.next)},
          {{"", "phase", std::string(phase.name)}},
          {{"Migration", {migration}},
           {"Progress", {jobs}},
           {"Directories that could not be listed. They hide an unknown number of jobs",
            {error_table("", "unlisted", state.unlisted)},
            true}}};
}

}  // namespace jobferry
