#include "engine/migration.h"

#include <algorithm>

namespace jobferry {

namespace {

// A data file that is not larger than this stays plain, as in cc-backend's compression service.
constexpr std::uint64_t smallest_to_compress = 2000;

}  // namespace

bool Migration::reads_data() const {
  const auto changes_data = [](const Leg& leg) { return leg.data != nullptr; };
  return options.check_data || std::any_of(chain.begin(), chain.end(), changes_data);
}

bool Migration::converts(std::string_view data_name, std::uint64_t size) const {
  if (options.compress == Compression::gzip) return data_name == names::data && size > smallest_to_compress;
  return options.compress == Compression::none && data_name == names::data_gz;
}

}  // namespace jobferry
