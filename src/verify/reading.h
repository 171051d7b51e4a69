// How verify reads files: zlib unpacks them and RapidJSON parses them. The engine does both with other code,
// so that a defect of one reader is found by the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "jobferry/error.h"

namespace jobferry::proof {

// X4: every member has the right checksum, nothing follows the last one, and the content has at most `limit`
// bytes.
Result<void> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content);

// Whether a text is JSON as rule X3 demands it. A NUL must follow the text, as it does in a Buffer.
Result<void> check_json(std::string_view text);

}  // namespace jobferry::proof
