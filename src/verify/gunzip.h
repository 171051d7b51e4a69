// gzip by zlib, member by member. The engine unpacks with another library.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "jobferry/error.h"

namespace jobferry::proof {

// X4: every member has the right checksum, nothing follows the last one, and the content has at most `limit`
// bytes.
Result<void> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content);

}  // namespace jobferry::proof
