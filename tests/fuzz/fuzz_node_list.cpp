#include "archive/node_list.h"
#include "fuzz.h"

using namespace jobferry;

// The input is a list, a newline, and the hostnames to look for.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  std::string problem;
  const auto list = NodeList::parse(text.substr(0, end), problem);
  test::expect(list.has_value() == problem.empty(), "refused without a word, or taken with one");
  if (!list || end == text.npos) return 0;
  const std::string hostname = text.substr(end + 1);
  test::expect(list->contains(hostname) || !list->catch_all(), "a catch-all that does not");
  return 0;
}
