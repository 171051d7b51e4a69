// What holds for every input, even a hostile one: no crash and no error of kind `defect`. Another reader
// confirms that accepted and written texts are JSON. Values that no rule concerns keep their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "jobferry/migrate.h"

namespace jobferry::test {

// Ends the process, so that the fuzzer keeps the input.
void expect(bool holds, const char* what);

// Migrates the smallest archive of every version through every chain of steps, with this content in one of
// its files.
void migrate_with_content(const std::string& name, const std::string& content);

}  // namespace jobferry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
