// What `jobferry plan` says, to people and to scripts.
#pragma once

#include <string>

#include "jobferry/forecast.h"

namespace jobferry {

std::string forecast_text(const ForecastOptions& options, const Forecast& forecast);

// "format":"jobferry-plan". An estimate is an object of `value`, `low` and `high`.
std::string forecast_json(const ForecastOptions& options, const Forecast& forecast);

// `about 3 to 5 h`, in the largest unit of which the upper end has two.
std::string duration_range(double low, double high);

}  // namespace jobferry
