// The repairs R1 to R5 of meta.json, which precede the rules of the steps (X14). The repairs of cluster.json
// are in archive/cluster.h.
#pragma once

#include "archive/job.h"

namespace jobferry {

// Also checks the types of the members that these rules and X3 read. A failure stays in job.meta.
void repair_meta(Job& job);

}  // namespace jobferry
