// gzip in and out, whole buffers at a time. libdeflate does the work: inflate at twice the speed of zlib,
// deflate at two to three times, with files a few percent smaller. ISA-L does it where speed counts more than
// size. zlib only tells what is wrong with a file that libdeflate refuses, because it alone can say where.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/buffer.h"
#include "jobferry/error.h"
#include "jobferry/options.h"

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace jobferry {

// Keeps its tables from call to call. For one thread at a time.
class Codec {
 public:
  Codec();
  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  // X4: every member, CRC32 and ISIZE checked. Errors: gzip-truncated, gzip-corrupt, gzip-trailing, with the
  // byte in the compressed file; file-too-large beyond `limit` bytes of content.
  Result<void> inflate(std::string_view packed, std::uint64_t limit, Buffer& content);

  // One member, header time 0, no name: the same bytes for the same content (X10); with `fast` on the same
  // kind of processor, since ISA-L takes what instructions there are.
  void deflate(std::string_view content, CompressLevel level, Buffer& packed);

 private:
  void deflate_fast(std::string_view content, Buffer& packed);

  libdeflate_decompressor* decompressor_;
  libdeflate_compressor* compressor_ = nullptr;  // made on first use: it is large
  std::unique_ptr<std::uint8_t[]> fast_tables_;  // the same
};

// CRC-32 as in gzip.
std::uint32_t crc32_of(std::string_view content);

}  // namespace jobferry
