// One of the two archives that are compared, and what a directory of it holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"

namespace jobferry::proof {

struct Side {
  Files& files;
  std::string root;
  bool is_source;

  // `place` is relative to the root; empty: the root itself.
  std::string path(const std::string& place) const { return place.empty() ? root : root + '/' + place; }
};

struct Seen {
  std::string name;
  FileInfo info;

  bool is_regular() const { return info.type == FileType::regular; }
  bool is_empty() const { return is_regular() && info.size == 0; }
};

struct Listing {
  bool there = false;  // it is a directory
  FileInfo info;
  std::vector<Seen> entries;

  const Seen* find(std::string_view name) const {
    for (const Seen& entry : entries)
      if (entry.name == name) return &entry;
    return nullptr;
  }
};

}  // namespace jobferry::proof
