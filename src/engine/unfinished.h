// The root of an unfinished target: its marker, and the deletion of everything but the marker.
#pragma once

#include <atomic>
#include <string>

#include "archive/layout.h"
#include "io/files.h"

namespace jobferry {

// Writes the marker of an unfinished target. Removes one that is there before: it may be half-written.
Result<void> write_marker(Files& files, const std::string& target, const Marker& marker);

// Replaces a whole marker: the target has one at any time.
Result<void> renew_marker(Files& files, const std::string& target, const Marker& marker);

// Does one or the other, as `seen` requires.
Result<void> put_marker(Files& files, const std::string& target, const Marker& marker,
                        const MarkerSeen& seen);

// Deletes everything in a target but its marker. False: `stop` became true before the end.
Result<bool> empty_target(Files& files, const std::string& target, const std::atomic<bool>* stop);

// The attributes of a file that the source does not have: the mode of an ordinary file, the time of now.
FileInfo as_of_now(FileInfo like);

// The same attributes with all rights for the owner, who writes in the directory until the run ends.
FileInfo writable(FileInfo like);
bool is_writable(const FileInfo& directory);

}  // namespace jobferry
