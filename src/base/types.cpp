#include "jobferry/types.h"

#include <array>
#include <charconv>

namespace jobferry {

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 5> names = {"ok", "inferred", "suspicious", "invalid", "overridden"};
  return names[static_cast<std::size_t>(verdict)];
}

std::optional<std::uint64_t> JobPath::job_id() const {
  const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) return {};
    return value;
  };
  const auto thousands = number(first), rest = number(second);
  if (!thousands || !rest || second.size() != 3 || *thousands > (1ULL << 63) / 1000) return {};
  return *thousands * 1000 + *rest;
}

}  // namespace jobferry
