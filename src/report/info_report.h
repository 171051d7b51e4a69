// What `jobferry info` says to people and scripts.
#pragma once

#include <string>

#include "jobferry/info.h"

namespace jobferry {

std::string info_text(const InfoOptions& options, const InfoResult& result);
std::string info_json(const InfoOptions& options, const InfoResult& result);

}  // namespace jobferry
