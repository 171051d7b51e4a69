// Options as words of the command line.
#pragma once

#include <string>
#include <vector>

#include "jobferry/options.h"

namespace jobferry {

// The options that decide the bytes of the target and are not the default: `--to`, `3`, `--data`, ...
std::vector<std::string> deciding_words(const Options& options);

// A name of this directory to which a suffix can be added (`DIR-new`), and that is no option.
std::string by_name(std::string path);

// The whole command for a shell, quoted where necessary.
std::string command_for(const Options& options);

// A word for a shell. One that the shell would split is put in single quotes, one with unprintable characters
// in $'...' of bash, so that printable() does not change it.
std::string shell_quoted(const std::string& word);

}  // namespace jobferry
