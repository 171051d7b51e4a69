// validate on any disk: what the tests of failing ones call.
#pragma once

#include "io/files.h"
#include "jobferry/validate.h"

namespace jobferry {

ValidateResult validate_with(Files& files, const ValidateOptions& options, const Listener& listener);

}  // namespace jobferry
