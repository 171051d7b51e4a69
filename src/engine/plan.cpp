#include "engine/plan.h"

#include <algorithm>

namespace jobferry {

namespace {

// A .gz smaller than this once decompressed stays plain, as cc-backend's compression service has it.
constexpr std::uint64_t smallest_to_compress = 2000;

}  // namespace

bool Plan::reads_data() const {
  const auto changes_data = [](const Leg& leg) { return leg.data != nullptr; };
  return options.check_data || std::any_of(chain.begin(), chain.end(), changes_data);
}

bool Plan::converts(std::string_view data_name, std::uint64_t size) const {
  if (options.compress == Compression::gzip) return data_name == names::data && size > smallest_to_compress;
  return options.compress == Compression::none && data_name == names::data_gz;
}

}  // namespace jobferry
