// The program: from the command line to an exit code.
#include <new>
#include <string>
#include <vector>

#include "cli/drop_in.h"
#include "cli/last_resort.h"
#include "cli/parser.h"
#include "cli/results.h"
#include "cli/signals.h"
#include "commands/commands.h"

namespace {

using namespace jobferry;

// Scripts for cc-backend's tools write long options with one dash: `-src DIR`.
std::vector<std::string> with_two_dashes(int argc, char** argv) {
  std::vector<std::string> all;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool one_dash =
        argument.size() > 2 && argument[0] == '-' && argument[1] >= 'a' && argument[1] <= 'z';
    all.push_back(one_dash ? '-' + argument : argument);
  }
  return all;
}

ExitCode run(int argc, char** argv) {
  const auto words = with_two_dashes(argc, argv);
  Call call;
  const auto ended = is_drop_in(argc, argv) ? parse_drop_in(all_commands(), words, call)
                                            : parse_command_line(all_commands(), words, call);
  Log log(call.output.log);
  if (ended) return flush_output(*ended, log);
  const Context context{call.command->name, call.output, log, {argv, static_cast<std::size_t>(argc)}};
  return flush_output(call.run(context), log);
}

}  // namespace

int main(int argc, char** argv) {
  install_last_resort();
  ignore_file_size_limit();
  open_standard_streams();
  ExitCode ended = ExitCode::failed;
  const auto run_command = [&] {
    try {
      ended = run(argc, argv);
    } catch (const std::bad_alloc&) {
      report_out_of_memory();
    }
  };
  if (!run_with_stack(run_command)) report_out_of_memory();
  return static_cast<int>(ended);
}
