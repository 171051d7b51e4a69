// Replaces libFuzzer for compilers without it: runs the fuzzer on every file of the given folders.
#include <boost/filesystem.hpp>
#include <iostream>
#include <string>

#include "fuzz.h"
#include "tree.h"

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // an option of libFuzzer
    for (const auto& file : boost::filesystem::directory_iterator(argv[i])) {
      const std::string content = jobferry::test::read_file(file.path().string());
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
      ++count;
    }
  }
  std::cout << count << " inputs\n";
  return count > 0 ? 0 : 1;
}
