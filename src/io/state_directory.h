// The directory that holds the state of a migration, and its files as far as SQLite does not open them
// itself.
//
// The database is SQLite's: it opens, locks, syncs and deletes state.db and its journals. All else that is
// done to these files is here: to open or make the directory, to look at what lies in it before SQLite trusts
// it, and to lock it for one run. The directory is opened once and everything in it is reached through that
// descriptor, because whoever may rename the directory could put another one in its place.
//
// Errors are `state-unusable`, `out-of-resources` and `in-use`, with the path.
#pragma once

#include <string>
#include <string_view>

#include "io/descriptor.h"
#include "jobferry/error.h"

namespace jobferry {

class StateDirectory {
 public:
  StateDirectory() = default;  // not open: none of the calls below may be made

  // Opens the directory, and makes it, with what leads to it, if it is not there.
  static Result<StateDirectory> open_or_make(const std::string& path);
  // Not open if there is no such directory.
  static Result<StateDirectory> open_existing(const std::string& path);
  // Whether open_or_make() and SQLite could use this path, as far as that can be seen without changing
  // anything.
  static Result<void> check_usable(const std::string& path);

  explicit operator bool() const { return static_cast<bool>(descriptor_); }

  // SQLite executes what a database or journal says: a forged journal has it delete files anywhere, a forged
  // view never ends. So the directory must belong to this user or to root, and no other user may write in it.
  Result<void> check_owner() const;
  // state.db and its journals are regular files, or are not there. SQLite would wait for somebody at the
  // other end of a FIFO.
  Result<void> check_files() const;
  Result<bool> has_database() const;
  bool has_write_ahead_log() const;
  // For SQLite, which takes a path: this one leads through the descriptor.
  std::string database_path() const;
  // For messages.
  std::string database_name() const { return path_ + "/state.db"; }

  // Takes the lock until this object is destroyed and writes these words into its file, for others to read.
  // The kernel gives the lock back when the process ends, however it ends: what a dead process wrote means
  // nothing. Error: in-use with the words of the holder.
  Result<void> lock(const std::string& words);
  // The words of the process that holds the lock; empty if none does, or this user may not ask.
  Result<std::string> lock_holder() const;

 private:
  StateDirectory(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  std::string path_of(std::string_view name) const;

  Descriptor descriptor_{-1}, lock_{-1};
  std::string path_;
};

// Another jobferry works on this target, or holds this lock.
Error in_use(const std::string& path, const std::string& holder);

}  // namespace jobferry
