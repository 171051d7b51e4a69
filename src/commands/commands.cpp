#include "commands/commands.h"

#include <array>

namespace jobferry {

Commands all_commands() {
  static constexpr std::array<const Command*, 6> commands = {
      &migrate_command, &plan_command, &verify_command, &validate_command, &info_command, &status_command};
  return commands;
}

}  // namespace jobferry
