// The repairs R1 to R5 of meta.json, which precede the rules of the steps (X14), and the check of a job's
// identity (X5). The repairs of cluster.json are in archive/cluster.h.
#pragma once

#include "archive/job.h"

namespace jobferry {

// X5: meta.json names the same job as its directory. As for all rules here, a failure stays in job.meta.
void check_identity(Job& job, const JobPath& path);

// R1 to R5. Also checks the types of the members that these rules and X3 read.
void repair_meta(Job& job);

}  // namespace jobferry
