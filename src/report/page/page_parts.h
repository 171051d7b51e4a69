// What the pages of several commands have in common.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/error.h"
#include "jobferry/types.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

// How it ended, in one line, and what to do now.
struct Ending {
  Tone tone;
  std::string outcome, next;
};

// A page that begins with it.
Page page_of(std::string title, Ending ending);

// What was done, and where: `facts`, then those of the run, then the time it took.
Section what_was_done(Facts facts, const RunFacts& run, double seconds);

// `data.json.gz /flops_any/node`
std::string place_in(std::string_view file, std::string_view pointer);

// Errors of a run, of jobs or clusters, a row each.
Table error_table(std::string caption, const std::vector<Error>& errors, std::string empty = {});

Table aggregation_table(const std::map<std::string, std::vector<AggregationRow>>& aggregations);

// Finer than a progress line: most small archives take less than a second.
std::string time_text(double seconds);

}  // namespace jobferry
