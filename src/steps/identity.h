// X5: meta.json names the same job as its directory.
#pragma once

#include "archive/job.h"

namespace jobferry {

// As for all rules of the steps, a failure stays in job.meta.
void check_identity(Job& job, const JobPath& path);

}  // namespace jobferry
