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
};

// The sum of y over all jobs: a ratio estimate. `counting` are the jobs whose y is not 0, since others are
// not migrated. The interval is as wide as the widest of three: from what the ratio leaves over in the
// sample; from how y / x varies there applied to the x of all jobs; from the interval of `counting`. Sizes
// have long tails, and a sample mostly misses the largest jobs: the second knows how large they are. Of jobs
// that do not count a sample may have hardly any, which only the third knows.
Estimate estimate_total(const Sums& sums, const Known& known, const Estimate& counting);

// The sum of x over the jobs that count.
Estimate estimate_kept(const Known& known, const Estimate& counting);

// Jobs of `population` that have what `found` of `sampled` have. The interval is exact for draws without
// replacement (hypergeometric, after Clopper and Pearson), so it also holds for few and for none.
Estimate estimate_count(std::uint64_t found, std::uint64_t sampled, std::uint64_t population);

// A total of what only some jobs have, y places each: as uncertain as their number and their mean together.
Estimate estimate_places(const Sums& places, const Estimate& jobs);

// With room for jobs that are like none of the sample: as many as it may have missed, each off by as much as
// is expected of it. A sample in which y / x is the same for all does not show that it is so for all jobs.
Estimate with_unseen(const Estimate& total, const Sums& sums, const Known& known);

// The same interval of a total that a few jobs may make up for the most part: there is more room upwards.
Estimate with_long_tail(const Estimate& estimate);

// The quantile for an interval of confidence_percent with so many degrees of freedom.
double quantile(double degrees);

}  // namespace jobferry
