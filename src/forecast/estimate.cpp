#include "forecast/estimate.h"

#include <algorithm>
#include <cmath>

namespace jobferry {

namespace {

constexpr double one_tail = (1 - confidence_percent / 100) / 2;

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// The probability to find at most `found` in a sample if `holding` of the population have the property.
double chance_of_at_most(double found, double holding, double sampled, double population) {
  const double all = log_choose(population, sampled);
  double chance = 0;
  for (double k = std::max(0.0, sampled - (population - holding)); k <= std::min(found, holding); ++k)
    chance += std::exp(log_choose(holding, k) + log_choose(population - holding, sampled - k) - all);
  return std::min(chance, 1.0);
}

// The largest number in [low, high] that fits. All numbers up to it must fit, and none above it.
template <class Fits>
std::uint64_t largest(std::uint64_t low, std::uint64_t high, const Fits& fits) {
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (fits(static_cast<double>(middle)))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

// The standard error of a ratio estimate that comes from the draw: another sample would have other jobs.
double error_of_draw(const SampleSums& s, const Population& known, double ratio) {
  const double left_over = std::max(0.0, s.yy - 2 * ratio * s.xy + ratio * ratio * s.xx) / (s.n - 1);
  return known.jobs * std::sqrt((1 - s.n / known.jobs) * left_over / s.n);
}

// The standard error for the jobs not drawn, if y / x varies among them as it does in the sample (Royall).
double error_of_model(const SampleSums& s, const Population& known, double ratio) {
  if (s.x <= 0) return 0;
  const double spread =
      std::max(0.0, s.share_squares - 2 * ratio * s.share + ratio * ratio * s.n) / (s.n - 1);
  const double rest = std::max(0.0, known.x - s.x), rest_squares = std::max(0.0, known.xx - s.xx);
  return std::sqrt(spread * (rest / s.x * (rest / s.x) * s.xx + rest_squares));
}

}  // namespace

Estimate operator+(const Estimate& estimate, double known) {
  return {estimate.value + known, estimate.low + known, estimate.high + known};
}

// From the normal distribution, by the expansion of Cornish and Fisher: exact within 2 % from four degrees of
// freedom on.
double quantile(double degrees) {
  constexpr double z = 1.959964;
  static_assert(confidence_percent == 95);
  const double d = std::max(degrees, 1.0);
  return z + (z * z * z + z) / (4 * d) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * d * d);
}

Estimate estimate_total(const SampleSums& s, const Population& known, const Estimate& counting) {
  if (s.n >= known.jobs) return Estimate::of(s.y);
  if (s.n == 0) return {0, 0, 0};
  if (s.x <= 0) return estimate_kept(known, counting);
  const double ratio = s.y / s.x, value = ratio * known.x;
  if (s.n < 2 || counting.value <= 0) return {value, s.y, 2 * known.x};
  const double half =
      quantile(s.n - 1) * std::max(error_of_draw(s, known, ratio), error_of_model(s, known, ratio));
  const double down = std::max(half, value * (1 - counting.low / counting.value)),
               up = std::max(half, value * (counting.high / counting.value - 1));
  return {value, std::clamp(value - down, std::min(s.y, value), value), value + up};
}

Estimate estimate_kept(const Population& known, const Estimate& counting) {
  if (known.jobs <= 0 || known.x <= 0) return Estimate::of(0);
  // Which jobs are migrated is random as well.
  const auto total = [&](double jobs, double away) {
    const double share = jobs / known.jobs;
    return std::clamp(known.x * share + away * std::sqrt(known.xx * share * (1 - share)), 0.0, known.x);
  };
  constexpr double twice = 2;
  return {total(counting.value, 0), total(counting.low, -twice), total(counting.high, twice)};
}

Estimate estimate_count(std::uint64_t found, std::uint64_t sampled, std::uint64_t population) {
  const auto k = static_cast<double>(found), n = static_cast<double>(sampled),
             all = static_cast<double>(population);
  if (sampled >= population) return Estimate::of(k);
  if (sampled == 0) return {0, 0, all};
  const std::uint64_t most = population - (sampled - found);
  const std::uint64_t high =
      largest(found, most, [&](double holding) { return chance_of_at_most(k, holding, n, all) > one_tail; });
  // The lower end is one more than the largest number for which it is too unlikely to find that many.
  const std::uint64_t too_few = found == 0 ? 0 : largest(found - 1, most, [&](double holding) {
    return 1 - chance_of_at_most(k - 1, holding, n, all) <= one_tail;
  });
  const std::uint64_t low = found == 0 ? 0 : too_few + 1;
  return {k / n * all, static_cast<double>(low), static_cast<double>(high)};
}

Estimate with_unseen(const Estimate& e, const SampleSums& s, const Population& known) {
  if (s.n >= known.jobs) return e;
  const double unseen =
      estimate_count(0, static_cast<std::uint64_t>(s.n), static_cast<std::uint64_t>(known.jobs)).high;
  const double room = std::max(0.0, e.value - s.y) * unseen / (known.jobs - s.n);
  return {e.value, std::min(e.low, e.value - room), std::max(e.high, e.value + room)};
}

Estimate with_long_tail(const Estimate& e) {
  if (e.value <= 0 || e.exact()) return e;
  const double up = e.high / e.value - 1;
  return {e.value, e.low, e.value * (1 + up + up * up / 2)};  // the first terms of exp(up)
}

Estimate estimate_places(const SampleSums& places, const Estimate& jobs) {
  if (places.n == 0 || jobs.value <= 0) return {0, 0, 0};
  if (jobs.exact()) return Estimate::of(places.y);
  const double mean = places.y / places.n;
  const double spread = places.n < 2 ? 0 : std::max(0.0, places.yy - places.n * mean * mean) / (places.n - 1);
  const double of_mean = mean > 0 ? quantile(places.n - 1) * std::sqrt(spread / places.n) / mean : 0;
  const double down = std::hypot(1 - jobs.low / jobs.value, of_mean),
               up = std::hypot(jobs.high / jobs.value - 1, of_mean);
  const double value = jobs.value * mean;
  const Estimate all = {value, std::max(places.y, value * (1 - down)), value * (1 + up)};
  return spread > 0 ? with_long_tail(all) : all;
}

}  // namespace jobferry
