// Whether a text is JSON as rule X3 demands it. The engine reads with simdjson; RapidJSON decides here, so
// that a defect of one reader is found by the other.
#pragma once

#include <optional>
#include <string_view>

#include "verify/reason.h"

namespace jobferry::proof {

// No reason if the text is sound.
std::optional<Reason> check_json(std::string_view text);

}  // namespace jobferry::proof
