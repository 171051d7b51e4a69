// Sample pages of all kinds, for tests that read them and tests that open them in a browser.
#pragma once

#include <map>
#include <string>

#include "jobferry/migrate.h"
#include "report/page/run_facts.h"

namespace jobferry::test {

// Facts of an invented run, always the same.
RunFacts some_run();
// The invented result for a very large archive: more bad jobs than a page shows, and an hour of throughput.
// Always the same.
Summary busy_summary();
Options busy_options();

// Markup in the hostile archive. If a page contained it as markup, it would set window.injected.
extern const std::string hostile_markup;

// Complete HTML files by name: `busy`, `corpus`, `hostile` and small ones.
std::map<std::string, std::string> sample_pages();

}  // namespace jobferry::test
