// What a run says to people and scripts: errors and counts become text here and nowhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "engine/state.h"
#include "engine/state_overview.h"
#include "jobferry/migrate.h"

namespace jobferry {

// `emmy/1403/244/1608923076 data.json /ipc/node byte 48213, step 0->1: wrong-type: expected ...`
std::string describe(const Error& error);
std::string describe(const std::string& subject, const Note& note);

// The table that --debug prints for a cluster.json.
std::string aggregation_table(const std::string& cluster, const std::vector<AggregationRow>& rows);

// The last words of a run, on stdout.
std::string summary_text(const Options& options, const Summary& summary);

// The whole result as one JSON document; docs/formats.md has its format.
std::string report_json(const Options& options, const Summary& summary);

// What `jobferry status` says of a migration, and what to do next.
bool is_complete(const StateOverview& state);
std::string status_text(const StateOverview& state);
std::string status_json(const StateOverview& state);

}  // namespace jobferry
