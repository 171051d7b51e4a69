// What the program does about signals, streams and limits that its caller left it with.
#pragma once

#include <atomic>

namespace jobferry {

// SIGINT or SIGTERM has come: end in order. A second one ends the program at once.
extern std::atomic<bool> stop_requested;
// SIGUSR1 has come: print the progress. Whoever prints it sets it back.
extern std::atomic<bool> progress_requested;

// For commands that run for a while. SIGPIPE is ignored: the reader of our output may leave, the work goes
// on.
void catch_signals();

// A file that grows beyond `ulimit -f` is an error like a full disk (EFBIG), not a signal that kills.
void ignore_file_size_limit();

// Opens /dev/null for each standard stream that the caller has closed. Otherwise a file of the archive would
// get its number, and our output would go into that file. What is opened here refuses to be written to (or
// read from), so that a result is not lost unnoticed.
void open_standard_streams();

}  // namespace jobferry
