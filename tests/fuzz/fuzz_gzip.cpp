#include <zlib.h>

#include "fuzz.h"
#include "io/codec.h"

using namespace jobferry;

namespace {

// Inflates all members with zlib. False if they are damaged. `judged` is false if only the checksum of a
// header is wrong: our codec does not check it, because the content does not depend on it.
bool inflate_with_zlib(std::string_view packed, std::string& content, bool& judged) {
  while (!packed.empty()) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return false;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    int status = Z_OK;
    while (status == Z_OK) {
      char block[4096];
      stream.next_out = reinterpret_cast<Bytef*>(block);
      stream.avail_out = sizeof block;
      status = inflate(&stream, Z_NO_FLUSH);
      content.append(block, sizeof block - stream.avail_out);
    }
    packed.remove_prefix(packed.size() - stream.avail_in);
    judged = !stream.msg || std::string_view(stream.msg) != "header crc mismatch";
    inflateEnd(&stream);
    if (status != Z_STREAM_END) return false;
  }
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static Codec codec;
  Buffer content, packed, again;
  constexpr std::uint64_t limit = 1U << 20;
  if (codec.inflate(input, limit, content)) {
    std::string expected;
    bool judged = true;
    const bool sound = inflate_with_zlib(input, expected, judged);
    test::expect(sound || !judged, "taken, but zlib refuses it");
    test::expect(content.view() == expected || !judged, "another content than zlib's");
  }
  for (const CompressLevel level : {CompressLevel::normal, CompressLevel::fast}) {
    codec.deflate(input, level, packed);
    test::expect(static_cast<bool>(codec.inflate(packed.view(), size + 1, again)), "its own work is refused");
    test::expect(again.view() == input, "packing loses bytes");
  }
  return 0;
}
