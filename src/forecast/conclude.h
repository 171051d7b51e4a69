// Concludes from the census and from the rehearsal of the sample to the whole migration.
#pragma once

#include "forecast/census.h"
#include "forecast/rehearsal.h"
#include "jobferry/forecast.h"
#include "jobferry/migrate.h"

namespace jobferry {

// What the conclusions are drawn from.
struct Evidence {
  const Migration& migration;
  const DataTransfer& transfer;
  const Census& census;
  const Rehearsal& rehearsal;
  const Summary& besides;  // of everything but the jobs, which is known exactly
};

// Fills in all estimates of a forecast.
void conclude(Files& files, const Evidence& found, Forecast& forecast);

// Fills in the bad jobs only.
void conclude_bad(const Census& census, const Rehearsal& rehearsal, Forecast& forecast);

}  // namespace jobferry
