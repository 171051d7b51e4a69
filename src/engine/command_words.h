// Options in the words of the command line.
#pragma once

#include <string>
#include <vector>

#include "jobferry/options.h"

namespace jobferry {

// What decides about the bytes of the target, without what is the default: `--to`, `3`, `--data`, ...
std::vector<std::string> deciding_words(const Options& options);

// A directory by a name that others can be made of (`DIR-new`), and that is no option.
std::string by_name(std::string path);

// The whole command for a shell, quoted where it needs to be.
std::string command_for(const Options& options);

// The program's own words stay as they are; what a shell would take apart stands in single quotes, and what
// cannot be printed in $'...' of bash: printable() changes nothing of it.
std::string shell_quoted(const std::string& word);

}  // namespace jobferry
