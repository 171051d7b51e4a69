// The report of a validation as a page.
#pragma once

#include "jobferry/validate.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

Page validate_page(const ValidateOptions& options, const ValidateResult& result, const RunFacts& run);

}  // namespace jobferry
