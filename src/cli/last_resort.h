// The end of the program when nothing else is possible: there is no memory even for an error message, or an
// exception was thrown where none is expected. The program prints a line on stderr and ends with exit code 1,
// like every command that fails. The work done so far is kept, as after a kill.
#pragma once

#include <functional>

namespace jobferry {

// From now on an exception that is not caught ends the program in that way, and not with an abort.
void install_last_resort();

// Prints that there is not enough memory, and what to do. Allocates nothing.
void report_out_of_memory();

// Runs the command on a stack that is large enough, whatever `ulimit -s` and `ulimit -v` are: a stack that
// cannot grow is a SIGSEGV. It also sets the size of the stacks of later threads. False if there is no memory
// for the stack; then nothing was run.
bool run_with_stack(const std::function<void()>& command);

}  // namespace jobferry
