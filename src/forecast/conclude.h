// From what was counted, and what became of the sample, to all of a migration.
#pragma once

#include "forecast/census.h"
#include "forecast/rehearsal.h"
#include "jobferry/forecast.h"
#include "jobferry/migrate.h"

namespace jobferry {

// What all of it follows from.
struct Basis {
  const Migration& migration;
  const Travel& travel;
  const Census& census;
  const Rehearsal& rehearsal;
  const Summary& besides;  // what is migrated beside the jobs, all of it known
};

// Fills in what a forecast concludes.
void conclude(Files& files, const Basis& found, Forecast& forecast);

// The bad jobs alone.
void conclude_bad(const Census& census, const Rehearsal& rehearsal, Forecast& forecast);

}  // namespace jobferry
