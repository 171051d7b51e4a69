// One of the two archives that are compared, and what a directory of it holds.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"

namespace jobferry::proof {

// Thrown where nothing can be said about the archives. Ends the verification, or the check of one job.
struct CannotVerify {
  Error error;
};

// The answer of a call to the disk. A lack of descriptors or memory says nothing about an archive, so it is
// thrown and is not a finding.
template <class T>
Result<T> answer(Result<T> result) {
  if (!result && result.error().kind == Kind::out_of_resources) throw CannotVerify{std::move(result.error())};
  return result;
}

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
  // The files that a rule is about are compared by themselves, and then removed.
  void remove(std::initializer_list<std::string_view> names) {
    std::erase_if(entries, [&](const Seen& entry) {
      return std::find(names.begin(), names.end(), entry.name) != names.end();
    });
  }
  // The data file that is used: data.json.gz before data.json; null: there is none.
  const Seen* data() const {
    const Seen* packed = find(names::data_gz);
    return packed ? packed : find(names::data);
  }
};

// A `place` is relative to the root; empty: the root itself.
struct Side {
  std::unique_ptr<Files> files;
  std::string root;
  bool is_source;
  Archive archive{};

  std::string path(const std::string& place) const { return place.empty() ? root : root + '/' + place; }
  // A root may be a link to its directory.
  Result<FileInfo> info(const std::string& place) const {
    return answer(files->info(path(place.empty() ? "." : place)));
  }
};

}  // namespace jobferry::proof
