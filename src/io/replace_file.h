// Files that are written outside of the target: reports, pages, metrics. Other users may be able to write in
// their directories, and the user who runs this is often root. Nothing that another user puts there may lead
// a write to another file. A file is written under a name that cannot be guessed and then renamed. Readers
// see the old content or the new one, and an old file is replaced, never written to. A symbolic link at the
// end of a path is followed only if it belongs to root or to this user, which is the kernel's own rule for
// sticky directories (protected_symlinks). All errors are `output-failed` or `out-of-resources`, with the
// path as given.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "jobferry/error.h"

namespace jobferry {

// Devices and pipes can only be written directly, so they cannot be replaced as a whole.
enum class Streams : std::uint8_t { refused, written };

// Follows the links that may be followed; the path itself if there are none. It need not exist.
Result<std::string> follow_links(const std::string& path);

// Checks whether write_file() would succeed, as far as that can be known. Makes a file beside the path and
// removes it. Does not touch an existing file, and does not open a pipe or device.
Result<void> check_writable(const std::string& path, Streams streams);

// Replaces the file, and keeps mode, group and owner of the old one if possible. A write to a pipe waits for
// its reader until `stop` is true.
Result<void> write_file(const std::string& path, std::string_view content, Streams streams,
                        const std::atomic<bool>* stop = nullptr);

// At most this many bytes from the start of a regular file; none if there is no such file or it cannot be
// read.
std::string head_of_file(const std::string& path, std::size_t most);

}  // namespace jobferry
