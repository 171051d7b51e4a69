// All commands. Each one is defined in the file of its name.
#pragma once

#include "cli/command.h"

namespace jobferry {

extern const Command migrate_command, plan_command, verify_command, validate_command, info_command,
    status_command;

Commands all_commands();

}  // namespace jobferry
