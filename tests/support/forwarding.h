// Files that do what real ones do, with a word to say before every call.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "files.h"

namespace jobferry::test {

class ForwardingFiles : public Files {
 public:
  void confine(const std::string& root) override { real_->confine(root); }
  Result<std::vector<Entry>> list(const std::string& path) override {
    before("list", path);
    return real_->list(path);
  }
  Result<FileInfo> info(const std::string& path) override {
    before("info", path);
    return real_->info(path);
  }
  Result<bool> exists(const std::string& path) override {
    before("exists", path);
    return real_->exists(path);
  }
  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    before("read", path);
    return real_->read(path, limit, content);
  }
  Result<Space> space(const std::string& path) override {
    before("space", path);
    return real_->space(path);
  }
  Result<bool> make_directory(const std::string& path, const FileInfo& like) override {
    before("make_directory", path);
    return real_->make_directory(path, like);
  }
  Result<void> set_attributes(const std::string& path, const FileInfo& like) override {
    before("set_attributes", path);
    return real_->set_attributes(path, like);
  }
  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) override {
    before("write", path);
    return real_->write(path, content, like);
  }
  Result<void> copy(const std::string& from, const std::string& to, const FileInfo& like) override {
    before("copy", to);
    return real_->copy(from, to, like);
  }
  Result<void> reflink(const std::string& from, const std::string& to, const FileInfo& like) override {
    before("reflink", to);
    return real_->reflink(from, to, like);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    before("link", to);
    return real_->link(from, to);
  }
  Result<void> remove(const std::string& path) override {
    before("remove", path);
    return real_->remove(path);
  }
  Result<void> sync(const std::string& path) override {
    before("sync", path);
    return real_->sync(path);
  }

 protected:
  virtual void before(std::string_view call, const std::string& path) = 0;

  const std::unique_ptr<Files> real_ = real_files(false);
};

}  // namespace jobferry::test
