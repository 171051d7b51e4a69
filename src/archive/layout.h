// The layout of an archive (section 1 of the contract): the names of its files and directories, its version,
// and the marker of an unfinished target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"

namespace jobferry {

namespace names {
inline constexpr std::string_view version = "version.txt";
inline constexpr std::string_view unfinished = "jobferry.unfinished";  // X13
inline constexpr std::string_view cluster = "cluster.json";
inline constexpr std::string_view meta = "meta.json";
inline constexpr std::string_view data = "data.json";
inline constexpr std::string_view data_gz = "data.json.gz";
}  // namespace names

std::string join(const std::string& directory, std::string_view name);

// The first directory of a path from the root: CLUSTER of CLUSTER/JOB/PATH/START.
std::string cluster_of(const std::string& path);

// An archive that has been opened for reading.
struct Archive {
  std::string root;
  int version = 0;
  FileInfo root_info;
  std::optional<FileInfo> version_info;       // of version.txt, if there is one
  std::vector<std::string> clusters;          // in order; all directories in the root but those left behind
  std::vector<std::string> carried;           // regular files in the root (X8)
  bool unfinished = false;                    // it holds the marker of an unfinished target (X13)
  bool version_known = true;                  // false: the marker is unreadable, and there is no version.txt
  std::uint64_t left_behind = 0;              // entries of the root
  std::vector<std::string> left_behind_jobs;  // those of them that are directories with a meta.json
};

// X13: the marker of an unfinished target. Its first line is for programs, the rest for people:
//
//   jobferry 1 version=3 id=0123456789abcdef0123456789abcdef
//
// `1` is the format of the marker, `version` the version that the archive will have, `id` what links it to
// its state. Readers ignore members that they do not know. A half-written marker has no end of its first line
// and is unreadable. Markers of jobferry 0.1 are one English sentence, without an id.
struct Marker {
  int version = 0;
  std::string id;  // empty in those of jobferry 0.1
};
std::string marker_text(const Marker& marker);
// None if the marker is unreadable.
std::optional<Marker> parse_marker(std::string_view text);

// Whether there is a marker.
enum class Marked : std::uint8_t { no, yes, unreadable };  // unreadable: half-written, or of another format
struct MarkerSeen {
  Marked marked = Marked::no;
  Marker marker;
};
Result<MarkerSeen> read_marker(Files& files, const std::string& root);

// A migration refuses an unfinished target as its source (X13). Commands that only read may accept it.
enum class Unfinished : std::uint8_t { refuse, accept };

// Finds version and clusters. Errors: not-an-archive, version-unknown, read-failed.
Result<Archive> open_archive(Files& files, const std::string& root,
                             Unfinished unfinished = Unfinished::refuse);

// The name of a directory in the root that servers take for a cluster, but jobferry does not (X8).
bool is_hidden_or_lost(std::string_view name);

// The directory has an entry meta.json. Reports list such directories by name if they are left behind.
bool holds_meta(Files& files, const std::string& directory);

}  // namespace jobferry
