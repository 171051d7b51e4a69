// A document as text, for a terminal or a log.
#pragma once

#include <string>

#include "report/document.h"

namespace jobferry {

std::string to_text(const ResultDocument& document);
std::string to_text(const Section& section);
// The values of a row in one line, each with what its column has before it.
std::string line(const Columns& columns, const Cells& cells);

}  // namespace jobferry
