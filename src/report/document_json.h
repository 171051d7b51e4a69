// A document as JSON, for programs. docs/formats.md describes the members of each result.
#pragma once

#include <string>

#include "report/document.h"

namespace jobferry {

std::string to_json(const ResultDocument& document);

}  // namespace jobferry
