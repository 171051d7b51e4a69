// How fast a migration was, and how large its jobs were.
#pragma once

#include "jobferry/migrate.h"
#include "report/chart_data.h"

namespace jobferry {

struct MigrateCharts {
  Timeline::Moment done;  // all that this run did itself; without jobs there is nothing to draw
  TimeChart throughput, job_rate;
  BarChart sizes;
};

MigrateCharts migrate_charts(const Summary& summary);

}  // namespace jobferry
