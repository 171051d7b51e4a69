// Files in memory, because a fuzzer needs a million small archives.
#pragma once

#include <map>
#include <string>

#include "io/files.h"
#include "tree.h"

namespace jobferry::test {

// Not for several threads.
class MemoryFiles : public Files {
 public:
  MemoryFiles() { add_directory("/"); }

  // Adds a directory with its contents.
  void add(const std::string& root, const Tree& tree) {
    add_directory(root);
    for (const auto& [path, content] : tree) add_file(root + '/' + path, content);
  }
  Tree tree(const std::string& root) const {
    Tree found;
    for (const auto& [path, node] : nodes_)
      if (node.info.type == FileType::regular && path.starts_with(root + '/'))
        found[path.substr(root.size() + 1)] = node.content;
    return found;
  }

  void confine(const std::string&) override {}
  Result<std::vector<Entry>> list(const std::string& directory) override {
    const std::string root = plain(directory) + '/';
    if (!nodes_.contains(plain(directory))) return nothing(directory);
    std::vector<Entry> entries;
    for (auto at = nodes_.lower_bound(root); at != nodes_.end() && at->first.starts_with(root); ++at)
      if (at->first.find('/', root.size()) == std::string::npos)
        entries.push_back({at->first.substr(root.size()), at->second.info.type});
    return entries;
  }
  Result<FileInfo> info(const std::string& path) override {
    const auto found = nodes_.find(plain(path));
    return found == nodes_.end() ? Result<FileInfo>(nothing(path)) : Result<FileInfo>(found->second.info);
  }
  Result<bool> exists(const std::string& path) override { return nodes_.contains(plain(path)); }
  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    const auto found = nodes_.find(plain(path));
    if (found == nodes_.end()) return nothing(path);
    const Node& node = found->second;
    if (node.info.type != FileType::regular) return Error{Kind::not_a_regular_file, "not a regular file"};
    if (node.info.size > limit) return Error{Kind::file_too_large, "too large"};
    content.clear();
    content.append(node.content);
    return node.info;
  }
  Result<Space> space(const std::string&) override { return Space{1ULL << 50, 0, 1ULL << 50, 0}; }
  bool may_write_in(const std::string& directory) override { return nodes_.contains(plain(directory)); }
  Result<bool> open_target(const std::string& root) override { return nodes_.contains(plain(root)); }
  Result<void> make_target(const std::string& root, const FileInfo&) override {
    add_directory(plain(root));
    return {};
  }
  Result<bool> make_directory(const std::string& path, const FileInfo&) override {
    if (nodes_.contains(plain(path))) return false;
    if (!nodes_.contains(plain(path).substr(0, plain(path).rfind('/')))) return nothing(path);
    add_directory(plain(path));
    return true;
  }
  Result<void> set_attributes(const std::string&, const FileInfo&) override { return {}; }
  Result<void> write(const std::string& path, Pieces& content, const FileInfo&) override {
    std::string all;
    for (std::string_view piece = content.next(); !piece.empty(); piece = content.next()) all += piece;
    add_file(path, all);
    return {};
  }
  Result<void> replace(const std::string& path, Pieces& content, const FileInfo& like) override {
    return write(path, content, like);
  }
  Result<void> copy(const std::string& from, const std::string& to) override {
    add_file(to, std::string(nodes_.at(plain(from)).content));
    return {};
  }
  Result<void> reflink(const std::string& from, const std::string& to) override { return copy(from, to); }
  Result<void> link(const std::string& from, const std::string& to) override { return copy(from, to); }
  Result<void> remove(const std::string& path) override {
    nodes_.erase(plain(path));
    return {};
  }
  Result<void> sync(const std::string&) override { return {}; }

 private:
  struct Node {
    FileInfo info;
    std::string content;
  };
  static std::string plain(const std::string& path) {
    return path.ends_with("/.") ? path.substr(0, path.size() - 2) : path;
  }
  static Error nothing(const std::string& path) {
    Error error{Kind::read_failed, "there is no such file"};
    error.file = path;
    return error;
  }
  void add_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash != path.npos && slash > 0 && !nodes_.contains(path.substr(0, slash)))
      add_directory(path.substr(0, slash));
    Node& node = nodes_[path];
    node.info.type = FileType::directory;
    node.info.mode = 0755;
    node.info.inode = ++inodes_;
  }
  void add_file(const std::string& path, const std::string& content) {
    const std::string directory = path.substr(0, path.rfind('/'));
    if (!nodes_.contains(directory)) add_directory(directory);
    Node& node = nodes_[path];
    node.info.type = FileType::regular;
    node.info.size = content.size();
    node.info.inode = ++inodes_;
    node.content = content;
  }

  std::map<std::string, Node> nodes_;
  ino_t inodes_ = 0;
};

}  // namespace jobferry::test
