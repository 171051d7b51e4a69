// The exit code of commands that only read an archive.
#pragma once

#include "cli/command.h"

namespace jobferry {

// With an error the command has failed. A result without errors that is not complete was interrupted.
template <class Result>
ExitCode exit_code_of(const Result& result, bool has_objections) {
  if (!result.errors.empty()) return ExitCode::failed;
  if (has_objections) return ExitCode::objections;
  return result.complete ? ExitCode::complete : ExitCode::interrupted;
}

}  // namespace jobferry
