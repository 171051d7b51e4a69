// From a random sample to the whole, with an interval: of totals and of counts. A sample that is all there is
// gives what it holds, exactly.
#pragma once

#include <cstdint>

#include "jobferry/forecast.h"

namespace jobferry {

// Of pairs: y is what is asked for, x what is known of every job and y is about proportional to.
struct Sums {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

  void add(double known, double seen) {
    n += 1, x += known, y += seen;
    xx += known * known, xy += known * seen, yy += seen * seen;
  }
};

// The sum of y over `population` jobs whose x add up to `known_total`: a ratio estimate. The interval comes
// from what the ratio leaves over in the sample.
Estimate estimate_total(const Sums& sums, double population, double known_total);

// Jobs of `population` that have what `found` of `sampled` have. The interval is exact for draws without
// replacement (hypergeometric, after Clopper and Pearson), so it also holds for few and for none.
Estimate estimate_count(std::uint64_t found, std::uint64_t sampled, std::uint64_t population);

// A total of what only some jobs have, y places each: as uncertain as their number and their mean together.
Estimate estimate_places(const Sums& places, const Estimate& jobs);

// The quantile for an interval of confidence_percent with so many degrees of freedom.
double quantile(double degrees);

}  // namespace jobferry
