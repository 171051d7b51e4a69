#include "io/codec.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "jobferry/limits.h"

namespace jobferry {

namespace {

// The fastest whose files are not more than 3 % larger than those of zlib at level 6, which servers use: on
// real data they are 3 % smaller, while level 5 makes them 4 % larger (stages_bench
// --benchmark_filter=deflate).
constexpr int normal_level = 6;

Error gzip_error(Kind kind, std::size_t byte, std::string what) {
  Error error{kind, std::move(what)};
  error.byte = byte;
  return error;
}

Error too_large(std::uint64_t limit) {
  return {Kind::file_too_large, fmt::format("it expands to more than {} bytes", limit)};
}

bool starts_member(std::string_view rest) {
  return rest.size() >= 2 && rest[0] == '\x1f' && rest[1] == '\x8b';
}

// Runs zlib over one member that libdeflate refused, to learn what is wrong and where.
Error diagnose(std::string_view packed, std::size_t begin) {
  z_stream stream{};
  std::array<unsigned char, 65536> unused;
  constexpr int gzip_header = 15 + 16;  // the largest window, and a gzip header around it
  if (inflateInit2(&stream, gzip_header) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + begin));
  int status = Z_OK;
  std::size_t rest = packed.size() - begin;
  while (status == Z_OK) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(rest, 1U << 30));
      rest -= stream.avail_in;
    }
    stream.next_out = unused.data();
    stream.avail_out = static_cast<uInt>(unused.size());
    status = ::inflate(&stream, Z_NO_FLUSH);
  }
  const std::size_t byte = packed.size() - rest - stream.avail_in;
  const std::string reason = stream.msg ? stream.msg : "not a sound gzip member";
  inflateEnd(&stream);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status == Z_BUF_ERROR)
    return gzip_error(Kind::gzip_truncated, packed.size(), "the compressed file ends too early");
  return gzip_error(Kind::gzip_corrupt, byte, fmt::format("compressed file damaged: {}", reason));
}

// What the file says of its size, unless that is impossible: a hint, never a bound.
std::size_t guess_size(std::string_view packed, std::uint64_t limit) {
  std::uint64_t stated = 0;
  for (std::size_t i = 0; i < 4 && packed.size() >= 4; ++i)
    stated |= static_cast<std::uint64_t>(static_cast<unsigned char>(packed[packed.size() - 4 + i]))
              << (8 * i);
  return static_cast<std::size_t>(std::min({stated, packed.size() * limits::gzip_expansion, limit}));
}

}  // namespace

Codec::Codec() : decompressor_(libdeflate_alloc_decompressor()) {
  if (!decompressor_) throw std::bad_alloc();
}

Codec::~Codec() {
  libdeflate_free_decompressor(decompressor_);
  libdeflate_free_compressor(compressor_);
}

Result<void> Codec::inflate(std::string_view packed, std::uint64_t limit, Buffer& content) {
  content.clear();
  content.reserve(std::max<std::size_t>(guess_size(packed, limit), 1));
  std::size_t in = 0, out = 0;
  while (in < packed.size()) {
    if (in > 0 && !starts_member(packed.substr(in)))
      return gzip_error(Kind::gzip_trailing, in, "bytes follow the last gzip member");
    std::size_t used = 0, made = 0;
    const auto status =
        libdeflate_gzip_decompress_ex(decompressor_, packed.data() + in, packed.size() - in,
                                      content.data() + out, content.capacity() - out, &used, &made);
    if (status == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (content.capacity() >= limit) return too_large(limit);
      content.resize(out);
      content.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(limit, content.capacity() * 2 + 4096)));
      continue;
    }
    if (status != LIBDEFLATE_SUCCESS) return diagnose(packed, in);
    in += used;
    out += made;
  }
  if (out > limit) return too_large(limit);
  content.resize(out);
  return {};
}

void Codec::deflate(std::string_view content, CompressLevel level, Buffer& packed) {
  if (level == CompressLevel::fast) return deflate_fast(content, packed);
  if (!compressor_) compressor_ = libdeflate_alloc_compressor(normal_level);
  if (!compressor_) throw std::bad_alloc();
  packed.reserve(libdeflate_gzip_compress_bound(compressor_, content.size()));
  packed.resize(libdeflate_gzip_compress(compressor_, content.data(), content.size(), packed.data(),
                                         packed.capacity()));
}

void Codec::deflate_fast(std::string_view content, Buffer& packed) {
  constexpr std::uint32_t tables = ISAL_DEF_LVL1_DEFAULT;
  if (!fast_tables_) fast_tables_ = std::make_unique<std::uint8_t[]>(tables);
  isal_zstream stream;
  isal_deflate_init(&stream);
  stream.avail_in = 0;  // which that leaves as it was
  stream.level =
      1;  // of its four: level 0 is hardly faster and a tenth larger, 2 and 3 are slower and no smaller
  stream.level_buf = fast_tables_.get();
  stream.level_buf_size = tables;
  stream.gzip_flag = IGZIP_GZIP;
  packed.clear();
  packed.reserve(content.size() / 2 + 4096);
  constexpr std::size_t most = 1U << 30;  // of what its 32-bit counters can take at a time
  while (stream.internal_state.state != ZSTATE_END) {
    if (stream.avail_in == 0) {
      const std::string_view piece = content.substr(0, most);
      content.remove_prefix(piece.size());
      stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
      stream.avail_in = static_cast<std::uint32_t>(piece.size());
      stream.end_of_stream = content.empty();
    }
    const std::size_t room = std::min(packed.capacity() - packed.size(), most);
    stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data() + packed.size());
    stream.avail_out = static_cast<std::uint32_t>(room);
    ensure(isal_deflate(&stream) == COMP_OK, "ISA-L refuses its arguments");
    packed.resize(packed.size() + room - stream.avail_out);
    if (stream.avail_out == 0) packed.reserve(packed.capacity() * 2);
  }
}

std::uint32_t crc32_of(std::string_view content) {
  return libdeflate_crc32(0, content.data(), content.size());
}

}  // namespace jobferry
