// A plan as a page.
#pragma once

#include "jobferry/forecast.h"
#include "report/page/page.h"
#include "report/page/run_facts.h"

namespace jobferry {

Page forecast_page(const ForecastOptions& options, const Forecast& forecast, const RunFacts& run);

}  // namespace jobferry
