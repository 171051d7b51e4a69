#include "corpus/series.h"

#include <array>
#include <utility>

#include "corpus/json_text.h"

namespace jobferry::corpus {

namespace {

// Appends a spelling that is rare and legal.
std::int64_t append_odd(std::string& out, std::uint64_t bits) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> spellings = {
      {{"1e-3", 0}, {"2.50E+1", 2500}, {"0.0", 0}, {"12.0", 1200}}};
  const auto& [text, value] = spellings[(bits >> 40) & 3];
  out += text;
  return value;
}

// Appends a number with the 13 decimals of a quotient in double precision.
void append_ratio(std::string& out, std::int64_t millionths, std::uint64_t bits) {
  append_integer(out, millionths / 1'000'000);
  out += '.';
  std::array<char, 16> digits;
  const std::int64_t tail = static_cast<std::int64_t>(bits >> 40) % 10'000'000;
  std::int64_t rest = millionths % 1'000'000 * 10'000'000 + tail;
  for (std::size_t i = 13; i-- > 0; rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  out.append(digits.data(), 13);
}

}  // namespace

void append_statistics(std::string& out, const Summary& summary, Style style) {
  const int decimals = decimals_of(style);
  out += "\"min\":";
  append_decimal(out, summary.min(), decimals);
  out += ",\"avg\":";
  append_decimal(out, summary.avg(), decimals);
  out += ",\"max\":";
  append_decimal(out, summary.most, decimals);
}

Walk::Walk(Rng rng, const Metric& metric) : rng_(rng), style_(metric.style) {
  const std::int64_t scale = scale_of(style_);
  level_ = metric.level * scale * static_cast<std::int64_t>(60 + rng_.below(81)) / 100;
  peak_ = metric.peak * scale;
  level_ = std::min(level_, peak_);
  value_ = level_;
  spread_ = level_ / 6 + 3;
  nulls_ = rng_.chance(0.4) ? 16 + rng_.below(400) : 0;  // of 4096
  zero_ = rng_.chance(0.3) ? "0.0" : "0";
}

Summary Walk::append(std::string& out, std::size_t points, std::int64_t quarters) {
  Summary summary;
  out += '[';
  for (std::size_t i = 0; i < points; ++i) {
    const std::uint64_t bits = rng_.next();
    if ((bits & 0xFFF) < nulls_)
      out += "null";
    else
      summary.add(append_number(out, bits, quarters));
    out += ',';
  }
  out.back() = ']';
  return summary;
}

std::int64_t Walk::append_number(std::string& out, std::uint64_t bits, std::int64_t quarters) {
  if (style_ == Style::sparse) return append_sparse(out, bits);
  step(bits);
  if (style_ == Style::hundredths && (bits >> 50) == 0) return append_odd(out, bits);
  const std::int64_t value = value_ * quarters / 4;
  if (style_ == Style::ratio)
    append_ratio(out, value, bits);
  else
    append_decimal(out, value, decimals_of(style_));
  return value;
}

void Walk::step(std::uint64_t bits) {
  if (((bits >> 12) & 7) == 0) return;  // one value in eight repeats, as in the average real metric
  const std::int64_t change = static_cast<std::int64_t>((bits >> 16) & 0xFFFF) - 32768;
  value_ += ((change * spread_) >> 16) + (level_ - value_) / 16;
  value_ = std::clamp<std::int64_t>(value_, 0, peak_);
}

std::int64_t Walk::append_sparse(std::string& out, std::uint64_t bits) const {
  const std::int64_t value = ((bits >> 12) & 63) == 0 ? 1 + static_cast<std::int64_t>((bits >> 20) & 3) : 0;
  if (value == 0)
    out += zero_;
  else
    append_decimal(out, value, 2);
  return value;
}

}  // namespace jobferry::corpus
