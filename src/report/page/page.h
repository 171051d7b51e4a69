// A document as a page: one HTML file that needs no other, for mail and paper.
//
// The page can be read without its script, which only sorts and filters tables. The same document and run
// give the same bytes.
#pragma once

#include <cstddef>
#include <string>

#include "report/document.h"
#include "report/page/run_facts.h"

namespace jobferry {

// The most rows that a page shows of a table. It says how many there are beyond, and --report has them.
inline constexpr std::size_t most_rows = 2000;

std::string to_html(const ResultDocument& document, const RunFacts& run);

}  // namespace jobferry
