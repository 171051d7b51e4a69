// What the documents of several commands have in common, and single lines of it for the log.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/types.h"
#include "report/document.h"

namespace jobferry {

// The columns of an error; `path` is that of the object in JSON, with its dot.
Columns error_columns(const std::string& path = {});
Cells cells_of(const Error& error);
// A row each, an array in JSON.
Table error_table(std::string caption, std::string json, const std::vector<Error>& errors);
// Why the command failed. A terminal has seen it on stderr.
Section error_section(const std::vector<Error>& errors);

// Where a note was made, and what was decided.
Columns example_columns();

Table path_table(std::string caption, std::string json, const std::vector<std::string>& paths);
Table aggregation_table(const std::map<std::string, std::vector<AggregationRow>>& aggregations);

// A count of bad things, marked if it is not 0.
Cell bad_cell(std::uint64_t bad);
Identifier version_of(int version);
// `0 to 3`, or `3` where no step was taken.
std::string versions_text(int from, int to);

// `emmy/1403/244/1608923076 data.json /ipc/node byte 48213, step 0->1: wrong-type: expected ...`
std::string describe(const Error& error);
std::string describe(const std::string& subject, const Note& note);

// The table that --debug prints for a cluster.json.
std::string aggregation_text(const std::string& cluster, const std::vector<AggregationRow>& rows);

}  // namespace jobferry
