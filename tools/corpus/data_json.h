// Writes data.json. It builds the text directly, without a tree, because data files make up nearly all of an
// archive.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus/corpus.h"
#include "corpus/job.h"
#include "corpus/series.h"

namespace jobferry::corpus {

// A place in a data.json for defects and quirks: a random series at scope node.
struct Anchor {
  std::size_t metric_index = 0;  // of the job's layouts
  unsigned node = 0;
  std::string timestep{};  // replaces that of the metric if set; a single "-" leaves it out
  std::string metric{};    // replaces the name of the metric if set
  bool statistics = true;  // of this series

  // Where it was written: offsets in the text.
  std::size_t scopes_at = 0;   // after the metric's brace
  std::size_t member_at = 0;   // before the name "data"
  std::size_t element_at = 0;  // the first element
  std::size_t end_at = 0;      // after the last element
  std::string pointer{};       // of the scope

  std::string series() const;  // its pointer
};

// Of each metric over its series at scope node, in the order of the job's layouts.
using Summaries = std::vector<std::pair<std::string_view, Summary>>;

// Writes a compact data.json to `out` and sets the places of `anchor`.
Summaries write_data_json(const Shape& shape, const Job& job, Anchor& anchor, std::string& out);

}  // namespace jobferry::corpus
