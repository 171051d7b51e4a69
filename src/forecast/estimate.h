// Estimates totals and counts of all jobs from a random sample of them, with a confidence interval.
//
// Problem: sizes of jobs have a long tail. A few jobs hold a large part of the bytes, and a sample misses
// most of these.
// Idea: the census knows the sizes of all jobs. So the sample is not used to estimate a total, but a ratio:
// how much comes out for each byte that goes in. The total is the ratio times the known size of all jobs.
// Counts use the exact hypergeometric interval. If the sample is the whole population, the results are exact.
// Cost: a few sums for each job of the sample, and no memory for single jobs.
#pragma once

#include <cstdint>

#include "jobferry/forecast.h"

namespace jobferry {

// Sums over the sample. For each job, x is known beforehand, y is measured, and y is roughly proportional to
// x.
struct SampleSums {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  double share = 0, share_squares = 0;  // the sums of y / x and of its square

  void add(double known, double seen) {
    n += 1, x += known, y += seen;
    xx += known * known, xy += known * seen, yy += seen * seen;
    if (known <= 0) return;
    share += seen / known, share_squares += seen / known * (seen / known);
  }
};

// Sums of x over all jobs.
struct Population {
  double jobs = 0, x = 0, xx = 0;

  void add(double value) { jobs += 1, x += value, xx += value * value; }
  void add(const Population& other) { jobs += other.jobs, x += other.x, xx += other.xx; }
};

// The sum of y over all jobs, as a ratio estimate. `counting` is the number of jobs that are migrated; y is 0
// for others. The interval is the widest of three: from the residuals of the sample; from the variation of y
// / x in the sample, applied to the x of all jobs, which accounts for large jobs that the sample misses; and
// from the interval of `counting`, which accounts for jobs that are not migrated and of which the sample has
// hardly any.
Estimate estimate_total(const SampleSums& sums, const Population& known, const Estimate& counting);

// The sum of x over the jobs that count.
Estimate estimate_kept(const Population& known, const Estimate& counting);

// How many jobs of `population` have a property that `found` of the `sampled` jobs have. The interval is
// exact for draws without replacement (hypergeometric, after Clopper and Pearson), so it holds for few jobs
// and for none, too.
Estimate estimate_count(std::uint64_t found, std::uint64_t sampled, std::uint64_t population);

// A total of places, of which only some jobs have any, y each. Its uncertainty combines that of the number of
// jobs and that of the mean.
Estimate estimate_places(const SampleSums& places, const Estimate& jobs);

// Widens an interval for jobs that are like none of the sample: for as many as the sample may have missed,
// each wrong by the whole amount that is expected of it. A sample in which y / x is always the same does not
// prove that it is the same for all jobs.
Estimate with_unseen(const Estimate& total, const SampleSums& sums, const Population& known);

// Widens an interval upwards, for a total of which a few jobs may hold the largest part.
Estimate with_long_tail(const Estimate& estimate);

// The quantile of Student's distribution for an interval of confidence_percent, with so many degrees of
// freedom.
double quantile(double degrees);

}  // namespace jobferry
