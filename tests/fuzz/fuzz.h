// What holds for every input, however hostile: no crash, no end by a defect, and of what is accepted and what
// is written another reader says that it is JSON. What no rule touches keeps its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "jobferry/migrate.h"

namespace jobferry::test {

// Ends the process, so that the fuzzer keeps the input.
void expect(bool holds, const char* what);

// Takes the smallest archive of every version, with this as the content of one of its files, through every
// chain of steps.
void migrate_with_content(const std::string& name, const std::string& content);

}  // namespace jobferry::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
