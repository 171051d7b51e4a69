// Pages of all kinds, for the tests that read them and for those that open them in a browser.
#pragma once

#include <map>
#include <string>

#include "jobferry/migrate.h"
#include "report/page/run_facts.h"

namespace jobferry::test {

// A run that is always the same.
RunFacts some_run();
// An archive as large as they come, interrupted by nothing but its bad jobs: more of them than a page shows,
// and an hour of throughput. Made up, so it is always the same.
Summary busy_summary();
Options busy_options();

// What the hostile archive tries to run, if it gets that far: it would set window.injected.
extern const std::string hostile_markup;

// By name, each a whole HTML file: `busy`, `corpus`, `hostile` and the small ones.
std::map<std::string, std::string> sample_pages();

}  // namespace jobferry::test
