// info() on any disk: tests call it with disks that fail.
#pragma once

#include "io/files.h"
#include "jobferry/info.h"

namespace jobferry {

InfoResult info_with(Files& files, const InfoOptions& options, const Listener& listener);

}  // namespace jobferry
