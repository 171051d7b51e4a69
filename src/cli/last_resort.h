// The end of the program where nothing else is left: no memory even to say what is wrong, or an exception
// that came out where nobody expects one. It ends with a line on stderr and exit code 1, like every command
// that failed; what was done is kept as after a kill.
#pragma once

#include <functional>

namespace jobferry {

// From here on an exception that is not caught (or a thread that is lost) ends the program that way, and not
// with an abort.
void install_last_resort();

// Says that there is not enough memory, and what to do. Allocates nothing.
void tell_out_of_memory();

// Runs the command on a stack that is large enough, whatever `ulimit -s` and `ulimit -v` say: one that cannot
// grow any more is a SIGSEGV. Threads that are started from here on have one of a size of their own, too.
// False: there is no memory for it, and nothing was run.
bool run_with_stack(const std::function<void()>& command);

}  // namespace jobferry
