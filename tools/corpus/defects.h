// Which jobs get which defect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus/corpus.h"
#include "corpus/data_json.h"
#include "corpus/job.h"

namespace jobferry::corpus {

struct DefectClass;

struct Defect {
  std::string_view kind{};  // empty: none
  bool in_data = false;
  std::uint64_t variant = 0;
  std::string pointer{};

  bool is(std::string_view name) const { return kind == name; }
  bool none() const { return kind.empty(); }
  bool is_gzip() const { return kind.substr(0, 5) == "gzip-"; }
};

// The share of each class that can be planted in this archive.
using DefectShares = std::vector<std::pair<const DefectClass*, double>>;
DefectShares shares_of(const Shape& shape);

Defect draw_defect(const Shape& shape, const DefectShares& shares, std::uint64_t job);

// Makes the changes that a defect needs before the files of the job are written.
void prepare(const Defect& defect, Job& job, Anchor& anchor);

}  // namespace jobferry::corpus
