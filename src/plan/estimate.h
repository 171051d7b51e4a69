// From a random sample to the whole, with an interval: of totals and of counts. A sample that is all there is
// gives what it holds, exactly.
#pragma once

#include <cstdint>

#include "jobferry/forecast.h"

namespace jobferry {

// Of pairs: y is what is asked for, x what is known of every job and y is about proportional to.
struct Sums {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  double share = 0, share_squares = 0;  // of y / x

  void add(double known, double seen) {
    n += 1, x += known, y += seen;
    xx += known * known, xy += known * seen, yy += seen * seen;
    if (known <= 0) return;
    share += seen / known, share_squares += seen / known * (seen / known);
  }
};

// What is known of all jobs.
struct Known {
  double jobs = 0, x = 0, xx = 0;

  void add(double value) { jobs += 1, x += value, xx += value * value; }
  void add(const Known& other) { jobs += other.jobs, x += other.x, xx += other.xx; }
  // Of so many jobs with the same x each.
  static Known alike(double jobs) { return {jobs, jobs, jobs}; }
};

// The sum of y over all jobs: a ratio estimate. The interval is the wider one of two: from what the ratio
// leaves over in the sample, and from how y / x varies there applied to the x of all jobs. Sizes have long
// tails, and a sample mostly misses the largest jobs; the second knows how large they are.
Estimate estimate_total(const Sums& sums, const Known& known);

// Jobs of `population` that have what `found` of `sampled` have. The interval is exact for draws without
// replacement (hypergeometric, after Clopper and Pearson), so it also holds for few and for none.
Estimate estimate_count(std::uint64_t found, std::uint64_t sampled, std::uint64_t population);

// A total of what only some jobs have, y places each: as uncertain as their number and their mean together.
Estimate estimate_places(const Sums& places, const Estimate& jobs);

// The same interval of a total that a few jobs may make up for the most part: upwards there is more room than
// down.
Estimate with_long_tail(const Estimate& estimate);

// The quantile for an interval of confidence_percent with so many degrees of freedom.
double quantile(double degrees);

}  // namespace jobferry
