// The sibling archive: made beside the source, unfinished until version.txt stands in it (X13).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"
#include "jobferry/options.h"

namespace jobferry {

class State;

// What an earlier run made of the target. discarding: --restart was deleting it.
enum class Standing : std::uint8_t { fresh, interrupted, complete, discarding };

// Refuses a target that is, holds or lies in the source (also through links); a place without permission.
// Nothing is written.
Result<void> check_target(Files& files, const Archive& source, const Options& options);

// The entries of a target's root; none if there is nothing at its path. Opens it (Files::open_target).
Result<std::optional<std::vector<Entry>>> entries_of_target(Files& files, const std::string& target);

// Refuses a target that is neither empty nor to be made.
Result<void> check_empty(Files& files, const std::string& target);

// The marker of an unfinished target, instead of one that is there: that may be half-written.
Result<void> write_marker(Files& files, const std::string& target, const Marker& marker);

// The same instead of a whole one: there is one at any time.
Result<void> renew_marker(Files& files, const std::string& target, const Marker& marker);

// Deletes what an earlier run left in a target, all but its marker, until `stop` is true. False if it was.
Result<bool> empty_target(Files& files, const std::string& target, const std::atomic<bool>* stop);

// Something in a finished target is newer than `since` (in the sense of FileInfo::ctime): the first few such
// paths. Only files count that are the target's own and that servers write: a data file may be a hard link of
// the source's, and directories change with whatever is tried and taken back in them.
Result<std::vector<std::string>> changed_since(Files& files, const std::string& target, const timespec& since,
                                               const std::atomic<bool>* stop);

// How a run finds its target, and the word by which it is known from now on (state.h).
struct Beginning {
  Standing standing = Standing::fresh;
  std::string id;
  bool was_complete = false;  // once: the attributes of what is there are an admin's by now
};

// All paths are relative to both roots. May be used from any thread.
class Target {
 public:
  // What an earlier run left there is replaced where it stands in the way. `state` is null where none is
  // kept, and then the target has not been complete.
  Target(Files& files, const Archive& source, const Options& options, Beginning beginning, State* state);

  // The directory and the marker that says it is unfinished. Withdraws version.txt of a finished one.
  Result<void> create();

  // A directory and what leads to it, like those of the source.
  Result<void> make_directory(const std::string& path);
  Result<void> make_directory(const std::string& path, const FileInfo& like);

  // The same for the directory of a job; nothing is in it then.
  Result<void> make_job(const std::string& path, const FileInfo& like);
  // A job that is not to be there any more, if it is.
  Result<void> remove_job(const std::string& path);
  // The same, but for its directory, which may be as an admin has made it.
  Result<void> clear_job(const std::string& path);
  bool reused() const { return beginning_.standing != Standing::fresh; }
  bool was_complete() const { return beginning_.was_complete; }

  Result<void> write(const std::string& path, std::string_view content, const FileInfo& like);
  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like);
  Result<void> copy(const std::string& path);
  // A data file that nobody changed: reflink, hard link or copy (section 9).
  Result<void> carry_data(const std::string& path, const FileInfo& like);
  Result<void> remove(const std::string& path);
  // Removes the directories above a job (CLUSTER/FIRST/SECOND/START) that was not written, unless others use
  // them. Not while jobs are being written.
  Result<void> tidy_up(const std::string& job);

  // The end, in three steps. Modes of directories that had to be open while they were written in; false: it
  // was stopped. Then version.txt, once all else is on disk.
  Result<bool> restore_modes(const std::atomic<bool>* stop);
  Result<void> write_version();
  // The marker goes, and the root gets its owner and mode.
  Result<void> remove_marker();
  // After a failure at the end: no server may start on this. As far as that can be done.
  void withdraw();

 private:
  std::string from(const std::string& path) const { return join(source_.root, path); }
  std::string to(const std::string& path) const { return join(root_, path); }
  Marker marker() const { return {version_, beginning_.id}; }
  Result<void> begin();
  Result<void> begin_again();
  Result<void> make_or_keep(const std::string& path, const FileInfo& like);
  Result<void> open_for_writing(const std::string& path);
  Result<bool> is_there(const std::string& path);
  Result<void> make_way(const std::string& path);
  Result<void> empty(const std::string& directory);
  Result<void> check_reflink();
  Result<bool> restore_attributes(const std::string& path, const std::atomic<bool>* stop);
  Result<bool> restore_changed(const std::atomic<bool>* stop);
  Result<void> give_back(const std::string& path, std::optional<mode_t> mode);

  Files& files_;
  const Archive& source_;
  std::string root_;
  int version_;
  DataMode mode_;
  const bool dry_run_;
  const Beginning beginning_;
  State* const state_;
  dev_t device_ = 0;
  std::optional<FileInfo> root_like_;       // what the root gets at the end
  std::atomic<bool> reflinks_{true};        // until one fails
  std::atomic<bool> modes_missing_{false};  // a directory cannot have its mode yet: it forbids writing
};

}  // namespace jobferry
