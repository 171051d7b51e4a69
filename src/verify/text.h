// JSON text that is known to be sound, read without making a copy: what a value is and where its parts are.
// Tokens keep their exact text, because rule X1 is about texts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace jobferry::proof {

using json::Type;

// Decided by the first byte.
Type type_of(std::string_view value);

// A member of an object (`name` is its token) or an element of an array (no name).
struct Place {
  std::string_view name;
  std::string_view value;
};

// The members of an object or the elements of an array, one after the other.
class Places {
 public:
  explicit Places(std::string_view value);
  bool next(Place& place);

 private:
  const char* at_;
  const char* end_;
  bool named_;
};

std::size_t count_places(std::string_view value);

// How deeply the value is nested; 0 for a scalar.
int levels_in(std::string_view value);

// Without insignificant white space (X2).
std::string compact(std::string_view text);

// Without white space around it.
std::string_view trimmed(std::string_view text, std::string_view white = " \t\r\n");

std::string quoted(std::string_view content);

// As much of a value as a finding shows.
std::string excerpt(std::string_view text);

// Where a value is in its document. A pointer lies on the stack beside the call that looks at the value, and
// becomes text only for a finding.
class Pointer {
 public:
  Pointer() = default;  // the whole document
  Pointer(const Pointer& parent, std::string_view name)
      : parent_(&parent), name_(name), level_(parent.level_ + 1) {}
  Pointer(const Pointer& parent, std::size_t index)
      : parent_(&parent), index_(index), level_(parent.level_ + 1) {}

  // RFC 6901.
  std::string text() const {
    if (!parent_) return {};
    return parent_->text() + (index_ ? '/' + std::to_string(*index_) : json::pointer_token(name_));
  }
  // The name at a level; 1 is a member of the document.
  std::string_view name_at(std::size_t level) const {
    return level >= level_ ? name_ : parent_->name_at(level);
  }

 private:
  const Pointer* parent_ = nullptr;
  std::string_view name_{};
  std::optional<std::size_t> index_{};  // of an element
  std::size_t level_ = 0;
};

}  // namespace jobferry::proof
