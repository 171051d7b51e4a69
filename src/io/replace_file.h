// Files that are written outside of the target: reports, pages, metrics. Whoever may write in their directory
// may be somebody else than the user who runs this, often root: nothing that such a person puts there may
// lead a write to another file.
//
// A file is written under a name that cannot be guessed and then renamed, so readers see the old content or
// the new one, and what was there is replaced, never written through. A symbolic link in the last place of
// a path is followed only if it belongs to root or to this user, as the kernel has it in sticky directories
// (protected_symlinks). All errors are `output-failed` (or `out-of-resources`) with the path that was given.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "jobferry/error.h"

namespace jobferry {

// Devices and pipes can only be written directly. That is no way to replace something as a whole.
enum class Streams : std::uint8_t { refused, written };

// Where links lead that may be followed; the path itself if there are none. Nothing has to be there.
Result<std::string> follow_links(const std::string& path);

// Whether write_file() would do, as far as can be told beforehand. What is there stays as it is: a file is
// made beside it and removed. A pipe or device is not opened.
Result<void> check_writable(const std::string& path, Streams streams);

// Replaces the file, with mode, group and owner of the old one where that can be done. A pipe waits for its
// reader, but not once `stop` is true.
Result<void> write_file(const std::string& path, std::string_view content, Streams streams,
                        const std::atomic<bool>* stop = nullptr);

// The first bytes of a regular file, at most so many; none if there is no such file or it cannot be read.
std::string head_of_file(const std::string& path, std::size_t most);

}  // namespace jobferry
