// How the program handles signals, and the streams and limits that it inherits.
#pragma once

#include <atomic>

namespace jobferry {

// SIGINT or SIGTERM was received: finish the current work and end. A second one ends the program at once.
extern std::atomic<bool> stop_requested;
// SIGUSR1 was received: print the progress, and reset this.
extern std::atomic<bool> progress_requested;

// Handles these signals, and ignores SIGPIPE: the work continues if the reader of the output closes the pipe.
void catch_signals();

// Makes a file that exceeds `ulimit -f` an error like a full disk (EFBIG), instead of a signal that ends the
// program.
void ignore_file_size_limit();

// Opens /dev/null for each standard stream that is closed. Otherwise a file of the archive would get its
// number, and the output would go into that file. Output streams are opened for reading only and standard
// input for writing only, so that using them is an error and no result is lost without notice.
void open_standard_streams();

}  // namespace jobferry
