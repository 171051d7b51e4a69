#pragma once

#include <libdeflate.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace jobferry::corpus {

// The output holds no time and no name, so it depends on the input alone.
class Gzip {
 public:
  std::string compress(std::string_view text) {
    std::string out(libdeflate_gzip_compress_bound(compressor_.get(), text.size()), '\0');
    out.resize(libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), out.data(), out.size()));
    if (out.empty()) throw std::runtime_error("libdeflate could not compress");
    return out;
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_{libdeflate_alloc_compressor(6)};
};

}  // namespace jobferry::corpus
