#include "archive/unit.h"
#include "flat.h"
#include "fuzz.h"
#include "json/reader.h"

using namespace jobferry;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto unit = parse_unit(text);
  if (!unit) return 0;
  // Conversion is idempotent.
  const auto again = parse_unit(std::string(unit->prefix) + std::string(unit->base));
  test::expect(again && again->base == unit->base && again->prefix == unit->prefix,
               "a unit reads back differently");
  return 0;
}
