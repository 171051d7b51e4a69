#include "verify/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace jobferry::proof {

namespace {

// zlib counts in unsigned int; larger files are unpacked in parts.
constexpr std::size_t most_at_once = std::numeric_limits<uInt>::max() / 2;

class Inflater {
 public:
  Inflater() {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (::inflateInit2(&stream_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Unpacks as much as it can, and moves `in` and `out` behind it.
  int run(std::string_view& in, char*& out, std::size_t room) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(std::min(in.size(), most_at_once));
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(std::min(room, most_at_once));
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(static_cast<std::size_t>(reinterpret_cast<const char*>(stream_.next_in) - in.data()));
    out = reinterpret_cast<char*>(stream_.next_out);
    return code;
  }
  void next_member() { ::inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

std::optional<Reason> unpack(std::string_view packed, std::uint64_t limit, Buffer& content,
                             std::size_t& size) {
  Inflater inflater;
  while (true) {
    if (size > limit) return Reason{Kind::file_too_large, "its content is larger than --max-file-size"};
    if (size == content.size()) content.resize(std::max<std::size_t>(content.size() * 2, 65536));
    char* out = content.data() + size;
    const std::size_t left = packed.size();
    const int code = inflater.run(packed, out, content.size() - size);
    const std::size_t made = static_cast<std::size_t>(out - content.data()) - size;
    size += made;
    if (code == Z_STREAM_END) {
      if (packed.empty()) break;
      if (!packed.starts_with("\x1f\x8b"))
        return Reason{Kind::gzip_trailing, "there are bytes after the last member"};
      inflater.next_member();
    } else if (code == Z_BUF_ERROR || (code == Z_OK && packed.empty() && size < content.size())) {
      if (packed.empty()) return Reason{Kind::gzip_truncated, "it ends too early"};
    } else if (code == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (code != Z_OK) {
      return Reason{Kind::gzip_corrupt, "it is not sound gzip"};
    }
    if (code == Z_OK && left == packed.size() && made == 0)
      return Reason{Kind::gzip_truncated, "it ends too early"};
  }
  if (size > limit) return Reason{Kind::file_too_large, "its content is larger than --max-file-size"};
  return {};
}

}  // namespace

std::optional<Reason> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content) {
  std::size_t size = 0;
  content.clear();
  content.resize(std::min<std::size_t>(packed.size() * 4, 1U << 20));
  auto reason = unpack(packed, limit, content, size);
  content.resize(reason ? 0 : size);
  return reason;
}

}  // namespace jobferry::proof
