// What `jobferry validate` says to people and scripts.
#pragma once

#include <string>

#include "jobferry/validate.h"

namespace jobferry {

// How to make the repairs that the advice speaks of; empty if it speaks of none.
std::string repair_text(const ValidateOptions& options, const ValidateResult& result);
std::string validate_text(const ValidateOptions& options, const ValidateResult& result);
std::string validate_json(const ValidateOptions& options, const ValidateResult& result);

}  // namespace jobferry
