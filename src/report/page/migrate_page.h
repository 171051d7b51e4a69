// The report of a migration as a page.
#pragma once

#include "jobferry/migrate.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

Page migrate_page(const Options& options, const Summary& summary, const RunFacts& run);

}  // namespace jobferry
