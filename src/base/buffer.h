// Bytes that are read, edited and written again and again. A buffer keeps its memory from job to job, because
// fresh pages cost more time than the work that is done in them.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace jobferry {

class Buffer {
 public:
  // Readable zero bytes after the last byte. The readers stop at them instead of counting, and simdjson reads
  // past the end by up to this much.
  static constexpr std::size_t padding = 64;

  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_ ? data_ : "", size_}; }

  void clear() { size_ = 0; }

  // Makes room for `size` bytes; the first size() bytes stay.
  void reserve(std::size_t size) {
    if (size <= capacity_ && data_) return;
    auto* grown = static_cast<char*>(std::realloc(data_, size + padding));
    if (!grown) throw std::bad_alloc();
    data_ = grown;
    capacity_ = size;
  }

  // New bytes are not initialised; the padding is zero.
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
    std::memset(data_ + size_, 0, padding);
  }

  void append(std::string_view bytes) {
    const std::size_t at = size_;
    if (at + bytes.size() > capacity_) reserve((at + bytes.size()) * 3 / 2);
    if (!bytes.empty()) std::memcpy(data_ + at, bytes.data(), bytes.size());
    resize(at + bytes.size());
  }

  // Frees the memory if it is more than `limit` bytes, so that one huge job does not hold it for the rest of
  // the run.
  void trim(std::size_t limit) {
    if (capacity_ > limit) Buffer().swap(*this);
  }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace jobferry
