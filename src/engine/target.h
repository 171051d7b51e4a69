// The target archive while a run writes it: made beside the source, unfinished until it has a version.txt
// (X13).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "archive/layout.h"
#include "io/files.h"
#include "jobferry/options.h"

namespace jobferry {

class State;

// What an earlier run has left at the target's path. discarding: a run with --restart was deleting it.
enum class TargetState : std::uint8_t { fresh, interrupted, complete, discarding };

// The target as a run finds it.
struct FoundTarget {
  TargetState state = TargetState::fresh;
  std::string id;             // which this run gives it (state.h)
  bool was_complete = false;  // at some time: an administrator may have changed attributes since
};

// All paths are relative to the root, of the source as of the target. May be used from any thread.
class Target {
 public:
  // `state` is null if none is kept; then the target has never been complete.
  Target(Files& files, const Archive& source, const Options& options, FoundTarget found, State* state);

  // Makes the root and the marker of an unfinished target, or renews the marker and removes version.txt.
  Result<void> create();

  // Makes a directory, and what leads to it, with the attributes of the source's.
  Result<void> make_directory(const std::string& path);
  Result<void> make_directory(const std::string& path, const FileInfo& like);

  // Makes the directory of a job, and empties it if it is there.
  Result<void> make_job(const std::string& path, const FileInfo& like);
  // Removes a job, if it is there.
  Result<void> remove_job(const std::string& path);
  // Removes the files of a job but keeps its directory, which may have attributes of an administrator.
  Result<void> clear_job(const std::string& path);
  bool reused() const { return found_.state != TargetState::fresh; }
  bool was_complete() const { return found_.was_complete; }

  // In a target that is reused, files replace what an earlier run has left in their place.
  Result<void> write(const std::string& path, std::string_view content, const FileInfo& like);
  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like);
  Result<void> copy(const std::string& path);
  // Gives the target an unchanged data file: by reflink, hard link or copy (section 9 of the contract).
  Result<void> carry_data(const std::string& path, const FileInfo& like);
  Result<void> remove(const std::string& path);
  // Removes the directories above a job that was not written, if they are empty. Not while jobs are being
  // written.
  Result<void> remove_empty_parents(const std::string& job);

  // The end, in this order. First the modes of directories that had to be writable until now; false: `stop`
  // became true.
  Result<bool> restore_modes(const std::atomic<bool>* stop);
  // Then version.txt, once everything else is on disk.
  Result<void> write_version();
  // Then the marker goes, and the root gets its owner and mode.
  Result<void> remove_marker();

 private:
  std::string source_path(const std::string& path) const { return join(source_.root, path); }
  std::string target_path(const std::string& path) const { return join(root_, path); }
  Marker marker() const { return {version_, found_.id}; }
  Result<void> create_new();
  Result<void> reopen();
  Result<void> make_or_keep(const std::string& path, const FileInfo& like);
  Result<void> make_writable(const std::string& path);
  Result<bool> exists(const std::string& path);
  Result<void> clear_path(const std::string& path);
  Result<void> remove_entries(const std::string& directory);
  Result<void> check_reflink();
  Result<bool> restore_all(const std::string& path, const std::atomic<bool>* stop);
  Result<bool> restore_recorded(const std::atomic<bool>* stop);
  Result<void> restore_directory(const std::string& path, std::optional<mode_t> mode);
  void withdraw();

  Files& files_;
  const Archive& source_;
  std::string root_;
  int version_;
  DataMode data_mode_;
  const bool dry_run_;
  const FoundTarget found_;
  State* const state_;
  dev_t device_ = 0;
  std::optional<FileInfo> root_like_;       // what the root gets at the end
  std::atomic<bool> reflinks_{true};        // until one fails
  std::atomic<bool> modes_missing_{false};  // a directory does not have its mode yet, which forbids writing
};

}  // namespace jobferry
