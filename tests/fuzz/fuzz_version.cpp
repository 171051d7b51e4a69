#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobferry::test::migrate_with_content("version.txt", {reinterpret_cast<const char*>(data), size});
  return 0;
}
