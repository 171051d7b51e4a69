#include "report/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace jobferry {

namespace {

std::uint64_t whole(double number) { return static_cast<std::uint64_t>(std::llround(std::max(number, 0.0))); }

// Most small archives take less than a second.
std::string seconds_text(double seconds) {
  if (seconds >= 10) return duration_text(seconds);
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

std::string range_text(SecondsRange range) {
  const auto [unit, name] = range.high >= 2 * 3600 ? std::pair(3600.0, "h")
                            : range.high >= 2 * 60 ? std::pair(60.0, "min")
                                                   : std::pair(1.0, "s");
  const double from = std::floor(range.low / unit), to = std::ceil(range.high / unit);
  if (to <= 1) return fmt::format("less than 1 {}", name);
  return from == 0 ? fmt::format("up to {:.0f} {}", to, name)
                   : fmt::format("about {:.0f} to {:.0f} {}", from, to, name);
}

std::string estimate_text(const Estimated& estimate) {
  const auto text = [&](double n) { return estimate.of_bytes ? bytes_text(n) : grouped(whole(n)); };
  if (estimate.low == estimate.high) return text(estimate.value);
  const std::string value = text(estimate.value),
                    low = text(estimate.of_bytes ? estimate.low : std::floor(estimate.low)),
                    high = text(estimate.of_bytes ? estimate.high : std::ceil(estimate.high));
  return low == high ? "about " + value : fmt::format("about {} ({} to {})", value, low, high);
}

struct Formatter {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool yes) const { return yes ? "yes" : "no"; }
  std::string operator()(std::uint64_t count) const { return grouped(count); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(Bytes size) const { return bytes_text(static_cast<double>(size.bytes)); }
  std::string operator()(Seconds time) const { return seconds_text(time.seconds); }
  std::string operator()(SecondsRange range) const { return range_text(range); }
  std::string operator()(UnixTime time) const { return utc_text(time.seconds); }
  std::string operator()(Identifier name) const { return std::to_string(name.number); }
  std::string operator()(const Literal& literal) const { return literal.text; }
  std::string operator()(const Estimated& estimate) const { return estimate_text(estimate); }
};

}  // namespace

std::string shown(const Value& value) { return std::visit(Formatter{}, value); }

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  if (number == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", grouped(number), one)
                      : fmt::format("{} {}", grouped(number), many);
}

Value unless_empty(std::string_view text) { return text.empty() ? Value() : Value(std::string(text)); }

std::vector<const Section*> ResultDocument::sections_in_order(bool urgent_first) const {
  std::vector<const Section*> order;
  for (const bool urgent : {urgent_first, !urgent_first})
    for (const Section& section : sections)
      if (section.urgent == urgent && !section.heading.empty()) order.push_back(&section);
  return order;
}

void ResultDocument::hide_all_but_errors() {
  for (Fact& figure : figures) figure.label.clear();
  for (Section& section : sections)
    if (!section.urgent || !section.page_only) section.heading.clear();
}

}  // namespace jobferry
