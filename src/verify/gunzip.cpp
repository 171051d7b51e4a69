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
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    in.remove_prefix(static_cast<std::size_t>(reinterpret_cast<const char*>(stream_.next_in) - in.data()));
    out = reinterpret_cast<char*>(stream_.next_out);
    return code;
  }
  void next_member() { ::inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

}  // namespace

Result<void> gunzip(std::string_view packed, std::uint64_t limit, Buffer& content) {
  Inflater inflater;
  std::size_t size = 0;
  content.clear();
  content.resize(std::clamp<std::size_t>(packed.size() * 4, 65536, 1U << 20));
  for (bool done = false; !done;) {
    if (size == content.size()) content.resize(content.size() * 2);
    char* out = content.data() + size;
    const int code = inflater.run(packed, out, content.size() - size);
    size = static_cast<std::size_t>(out - content.data());
    const bool needs_input = code == Z_OK && packed.empty() && size < content.size();
    done = code == Z_STREAM_END && packed.empty();
    if (code == Z_BUF_ERROR || needs_input) return Error{Kind::gzip_truncated, "it ends too early"};
    if (code != Z_OK && code != Z_STREAM_END) return Error{Kind::gzip_corrupt, "it is not sound gzip"};
    if (code == Z_STREAM_END && !done) {
      if (!packed.starts_with("\x1f\x8b"))
        return Error{Kind::gzip_trailing, "there are bytes after the last member"};
      inflater.next_member();
    }
    if (size > limit) return Error{Kind::file_too_large, "its content is larger than --max-file-size"};
  }
  content.resize(size);
  return {};
}

}  // namespace jobferry::proof
