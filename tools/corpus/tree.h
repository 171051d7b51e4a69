#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "corpus/corpus.h"

namespace jobferry::corpus {

// Creates files and directories below its root and counts them. Throws std::system_error.
class Tree {
 public:
  explicit Tree(boost::filesystem::path root);

  void add_directory(const std::string& path) const;
  void add_file(const std::string& path, std::string_view bytes, std::uint64_t mtime);
  void add_link(const std::string& path, const char* target) const;

  Made& made() { return made_; }

 private:
  boost::filesystem::path root_;
  Made made_;
};

}  // namespace jobferry::corpus
