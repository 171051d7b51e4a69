// The numbers of a data file and what its statistics say about them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "corpus/metrics.h"
#include "corpus/random.h"

namespace jobferry::corpus {

// What the statistics of a metric say, in the scale of its style.
struct Summary {
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = 0, sum = 0, count = 0;

  void add(std::int64_t value) {
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
    ++count;
  }
  void add(const Summary& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    sum += other.sum;
    count += other.count;
  }
  std::int64_t min() const { return count > 0 ? least : 0; }
  std::int64_t avg() const { return count > 0 ? sum / count : 0; }
};

void append_statistics(std::string& out, const Summary& summary, Style style);

// Makes the numbers of one series: a random walk around its level.
class Walk {
 public:
  Walk(Rng rng, const Metric& metric);

  // Appends an array of `quarters` / 4 of the walk's values: the arrays of a statisticsSeries run in
  // parallel.
  Summary append(std::string& out, std::size_t points, std::int64_t quarters = 4);

 private:
  std::int64_t append_number(std::string& out, std::uint64_t bits, std::int64_t quarters);
  std::int64_t append_sparse(std::string& out, std::uint64_t bits) const;
  void step(std::uint64_t bits);

  Rng rng_;
  Style style_;
  std::int64_t level_, peak_, value_, spread_;
  std::uint64_t nulls_;
  std::string_view zero_;
};

}  // namespace jobferry::corpus
