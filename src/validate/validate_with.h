// validate() on any disk: tests call it with disks that fail.
#pragma once

#include "io/files.h"
#include "jobferry/validate.h"

namespace jobferry {

ValidateResult validate_with(Files& files, const ValidateOptions& options, const Listener& listener);

}  // namespace jobferry
