// JSON text that is known to be sound, read without making a copy: what a value is and where its parts are.
// Tokens keep their exact text, because rule X1 is about texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

std::vector<Place> places_in(std::string_view value);
std::size_t count_places(std::string_view value);

// How deeply the value is nested; 0 for a scalar.
int levels_in(std::string_view value);

// Without insignificant white space (X2).
bool is_compact(std::string_view text);
std::string compact(std::string_view text);

// Without white space around it.
std::string_view trimmed(std::string_view text, std::string_view white = " \t\r\n");

std::string quoted(std::string_view content);

// As much of a value as a finding shows.
std::string excerpt(std::string_view text);

}  // namespace jobferry::proof
