// Collects the decisions that a person may want to review (X9).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "jobferry/types.h"

namespace jobferry {

// The notes of one job or one cluster.
class Notes {
 public:
  void add(std::string_view code, std::string_view file, std::string pointer, std::string detail = {},
           std::uint64_t count = 1) {
    notes_.push_back({code, file, std::move(pointer), std::move(detail), count});
  }

  // Sorts the notes, so that their order does not depend on the steps. Of several notes with the same code,
  // file and pointer, it keeps the one of the first step.
  void sort_and_merge() {
    const auto key = [](const Note& n) { return std::tie(n.code, n.file, n.pointer); };
    std::stable_sort(notes_.begin(), notes_.end(),
                     [&](const Note& a, const Note& b) { return key(a) < key(b); });
    const auto same = [&](const Note& a, const Note& b) { return key(a) == key(b); };
    notes_.erase(std::unique(notes_.begin(), notes_.end(), same), notes_.end());
  }

  void clear() { notes_.clear(); }
  const std::vector<Note>& all() const { return notes_; }

 private:
  std::vector<Note> notes_;
};

}  // namespace jobferry
