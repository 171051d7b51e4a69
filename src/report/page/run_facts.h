// What every page says of the run that it is about, whatever the command was.
#pragma once

#include <span>
#include <string>

#include "report/document.h"

namespace jobferry {

struct RunFacts {
  std::string command;  // as it was typed, quoted for a shell
  std::string started;  // `2026-11-21T09:36:19Z`
  std::string host;
  std::string build;  // version, compiler
  unsigned threads = 0;
};

// Of this process, now. `threads` is what was asked for; 0 is one for each core.
RunFacts facts_of_run(std::span<const char* const> arguments, unsigned threads);

Facts facts_of(const RunFacts& run);

}  // namespace jobferry
