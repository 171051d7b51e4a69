// The report of a verification as a page.
#pragma once

#include "jobferry/verify.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

Page verify_page(const VerifyOptions& options, const VerifyResult& result, const RunFacts& run);

}  // namespace jobferry
