// The commands that only look, on any disk: what the tests of failing ones call.
#pragma once

#include "files.h"
#include "jobferry/info.h"
#include "jobferry/validate.h"

namespace jobferry {

ValidateResult validate_with(Files& files, const ValidateOptions& options, const Listener& listener);
InfoResult info_with(Files& files, const InfoOptions& options, const Listener& listener);

}  // namespace jobferry
