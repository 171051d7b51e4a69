// info on any disk: what the tests of failing ones call.
#pragma once

#include "io/files.h"
#include "jobferry/info.h"

namespace jobferry {

InfoResult info_with(Files& files, const InfoOptions& options, const Listener& listener);

}  // namespace jobferry
