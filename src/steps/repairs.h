// The repairs R1 to R5, which every step makes on meta.json before its own rules (X14), and X5.
#pragma once

#include "archive/job.h"

namespace jobferry {

// X5: meta.json says what the directory says. A failure sticks to job.meta, as with all rules here.
void check_identity(Job& job, const JobPath& path);

// R1 to R5, and the types of what they and X3 read.
void repair_meta(Job& job);

}  // namespace jobferry
