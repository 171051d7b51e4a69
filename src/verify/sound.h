// Whether a text is JSON as rule X3 demands it. The engine reads with a parser of its own; RapidJSON decides
// here, so that a defect of one reader is found by the other.
#pragma once

#include <string_view>

#include "jobferry/error.h"

namespace jobferry::proof {

// A NUL must follow the text, as it does in a Buffer.
Result<void> check_json(std::string_view text);

}  // namespace jobferry::proof
