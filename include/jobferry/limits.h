// The limits that jobferry sets itself: how large, how deep, how many. To raise one, change it here. Where a
// text repeats the number, the comment says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jobferry::limits {

// The largest file that is read, and the largest content of a .gz, in bytes: 4 GiB - 1, since a .gz states
// the size of its content modulo 4 GiB. --max-file-size can lower it but not raise it; its help has the
// number.
inline constexpr std::uint64_t file_size = 0xFFFFFFFF;

// How large a .gz may be whose content may have `content` bytes. Compressed data is hardly ever larger than
// its content. A file beyond this would expand without end or hold no gzip at all.
constexpr std::uint64_t packed_size(std::uint64_t content) { return content + content / 256 + 65536; }

// How many times its size the content of a .gz can be: deflate cannot do more, whatever the file states.
inline constexpr std::uint64_t gzip_expansion = 1032;

// Levels of objects and arrays in a JSON text (X3). Functions that follow a value down call themselves once
// for each level, so a larger number also needs a larger stack: see cli/last_resort.cpp. The messages of
// verify and validate, docs/rules.md and docs/bad-jobs.md have the number.
inline constexpr int json_depth = 1024;

// The longest version.txt and the longest marker of an unfinished target, in bytes.
inline constexpr std::uint64_t version_text = 4096;

// The most that --threads and --io-depth take.
inline constexpr unsigned threads = 1024;

// A tree of JSON takes up to this many bytes for each byte of its text: a node for every two bytes.
inline constexpr std::size_t tree_bytes_per_byte = 50;

// Buffers keep this much memory from one job to the next. Most jobs need no more, so they find their pages
// mapped and cached; one huge job does not hold its memory for the rest of the run.
inline constexpr std::size_t kept_buffer = 4U << 20;

// `validate` only, in bytes. The largest meta.json or cluster.json: no job has so many nodes that it needs
// more.
inline constexpr std::uint64_t validated_document = 64U << 20;
// The largest value of a data file that a check looks into, other than arrays of numbers.
inline constexpr std::size_t validated_value = 1U << 20;
// What the members and series of one metric may take, for each thread: some millions of them.
inline constexpr std::uint64_t validated_metric = 512U << 20;

}  // namespace jobferry::limits
