// Where a value is in its document. A pointer lies on the stack beside the call that looks at the value, and
// becomes text only for a finding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace jobferry::proof {

class Pointer {
 public:
  Pointer() = default;  // the whole document
  Pointer(const Pointer& parent, std::string_view name)
      : parent_(&parent), name_(name), level_(parent.level_ + 1) {}
  Pointer(const Pointer& parent, std::size_t index)
      : parent_(&parent), index_(index), is_element_(true), level_(parent.level_ + 1) {}

  // RFC 6901.
  std::string text() const {
    if (!parent_) return {};
    return parent_->text() + (is_element_ ? '/' + std::to_string(index_) : json::pointer_token(name_));
  }
  // The name at a level; 1 is a member of the document.
  std::string_view name_at(std::size_t level) const {
    return level >= level_ ? name_ : parent_->name_at(level);
  }

 private:
  const Pointer* parent_ = nullptr;
  std::string_view name_{};
  std::size_t index_ = 0;
  bool is_element_ = false;
  std::size_t level_ = 0;
};

}  // namespace jobferry::proof
