// The result of each command as a document. Each is built in a file of its own: migrate_document.cpp, ...
#pragma once

#include <string>

#include "report/document.h"

namespace jobferry {

struct Options;
struct Summary;
ResultDocument migrate_document(const Options& options, const Summary& summary);

struct ForecastOptions;
struct Forecast;
ResultDocument forecast_document(const ForecastOptions& options, const Forecast& forecast);

// Text and JSON do not have the time it took, so that the same archives give the same text.
struct VerifyOptions;
struct VerifyResult;
ResultDocument verify_document(const VerifyOptions& options, const VerifyResult& result);

struct ValidateOptions;
struct ValidateResult;
ResultDocument validate_document(const ValidateOptions& options, const ValidateResult& result);

struct InfoOptions;
struct InfoResult;
ResultDocument info_document(const InfoOptions& options, const InfoResult& result);

struct StateOverview;
// The target is complete, and no run is at work on it.
bool is_complete(const StateOverview& state);
ResultDocument status_document(const StateOverview& state);

}  // namespace jobferry
