// The layout of an archive (section 1 of the contract): what its files are called and where they lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/job.h"
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

// An archive that is read.
struct Archive {
  std::string root;
  int version = 0;
  FileInfo root_info;
  std::optional<FileInfo> version_info;       // of version.txt, if there is one
  std::vector<std::string> clusters;          // in order; all root directories but those left behind
  std::vector<std::string> carried;           // regular files in the root (X8)
  bool unfinished = false;                    // it holds the mark of one (X13)
  bool version_known = true;                  // by version.txt or the mark, or because neither is there
  std::uint64_t left_behind = 0;              // entries of the root
  std::vector<std::string> left_behind_jobs;  // of these, directories that hold a meta.json
};

// X13: the marker of an unfinished target. Its first line is for programs, what follows for people:
//
//   jobferry 1 version=3 id=0123456789abcdef0123456789abcdef
//
// `1` is the format of the marker, `version` what the archive will be, `id` what ties it to its state.
// Readers pass over members that they do not know. A half-written marker has no end of its first line and
// says nothing. Markers of jobferry 0.1 are one English sentence, without an id.
struct Marker {
  int version = 0;
  std::string id;  // empty in those of jobferry 0.1
};
std::string marker_text(const Marker& marker);
// None: it says nothing that we understand.
std::optional<Marker> parse_marker(std::string_view text);

// What is in the place of a marker.
enum class Marked : std::uint8_t { no, yes, unreadable };  // unreadable: half-written, or of another format
struct MarkerSeen {
  Marked marked = Marked::no;
  Marker marker;
};
Result<MarkerSeen> read_marker(Files& files, const std::string& root);

// An unfinished target is no source (X13). Who only looks may accept it.
enum class Unfinished : std::uint8_t { refuse, accept };

// Finds version and clusters. Errors: not-an-archive, version-unknown, read-failed.
Result<Archive> open_archive(Files& files, const std::string& root,
                             Unfinished unfinished = Unfinished::refuse);

// A name of a root directory that is no cluster to us, but one to servers (X8).
bool is_hidden_or_lost(std::string_view name);

// True if the directory holds an entry meta.json: reports list such by name when they are left behind.
bool holds_meta(Files& files, const std::string& directory);

}  // namespace jobferry
