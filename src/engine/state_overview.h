// What a state says of a migration, read without taking it from a run: for `jobferry status`, and for a run
// that has not locked it yet.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jobferry/error.h"

namespace jobferry {

struct StateOverview {
  std::map<std::string, std::string, std::less<>> values;  // of the table `migration`
  std::map<std::string, std::string> finished;             // of the table `finished`
  std::map<std::string, std::uint64_t> outcomes;           // jobs, by outcome
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::vector<Error> unlisted;  // directories of the source, by `subject`
  std::string holder;  // which run holds the lock: `host HOST, pid PID, since TIME`; empty if none does
};

// Errors: no-state if there is none; state-unusable, out-of-resources or in-use if that cannot be found out.
// `stop` as in State::open().
Result<StateOverview> read_state_overview(const std::string& directory,
                                          const std::atomic<bool>* stop = nullptr);

}  // namespace jobferry
