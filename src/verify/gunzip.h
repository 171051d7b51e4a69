// gzip by zlib, member by member: the engine unpacks with another library.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "verify/text.h"

namespace jobferry::proof {

// X4: every member with its checksum, nothing behind the last one, at most `limit` bytes of content.
std::optional<Reason> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content);

}  // namespace jobferry::proof
