// The exit code of commands that only read an archive.
#pragma once

#include "cli/command.h"

namespace jobferry {

// An error means that the command failed; a result that is not complete, that it was interrupted.
template <class Result>
ExitCode exit_code_of(const Result& result, bool has_objections) {
  if (!result.errors.empty()) return ExitCode::failed;
  if (has_objections) return ExitCode::objections;
  return result.complete ? ExitCode::complete : ExitCode::interrupted;
}

}  // namespace jobferry
