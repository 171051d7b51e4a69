// Forwards all calls to the real files. A test overrides `before` to act before a call or to make it fail.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "io/files.h"

namespace jobferry::test {

class ForwardingFiles : public Files {
 public:
  void confine(const std::string& root) override { real_->confine(root); }
  Result<std::vector<Entry>> list(const std::string& path) override {
    if (auto go = before("list", path); !go) return std::move(go.error());
    return real_->list(path);
  }
  Result<FileInfo> info(const std::string& path) override {
    if (auto go = before("info", path); !go) return std::move(go.error());
    return real_->info(path);
  }
  Result<bool> exists(const std::string& path) override {
    if (auto go = before("exists", path); !go) return std::move(go.error());
    return real_->exists(path);
  }
  Result<FileInfo> read(const std::string& path, std::uint64_t limit, Buffer& content) override {
    if (auto go = before("read", path); !go) return std::move(go.error());
    return real_->read(path, limit, content);
  }
  Result<Space> space(const std::string& path) override {
    if (auto go = before("space", path); !go) return std::move(go.error());
    return real_->space(path);
  }
  bool may_write_in(const std::string& directory) override { return real_->may_write_in(directory); }
  Result<bool> open_target(const std::string& root) override {
    if (auto go = before("open_target", root); !go) return std::move(go.error());
    return real_->open_target(root);
  }
  Result<void> make_target(const std::string& root, const FileInfo& like) override {
    if (auto go = before("make_target", root); !go) return std::move(go.error());
    return real_->make_target(root, like);
  }
  Result<bool> make_directory(const std::string& path, const FileInfo& like) override {
    if (auto go = before("make_directory", path); !go) return std::move(go.error());
    return real_->make_directory(path, like);
  }
  Result<void> set_attributes(const std::string& path, const FileInfo& like) override {
    if (auto go = before("set_attributes", path); !go) return std::move(go.error());
    return real_->set_attributes(path, like);
  }
  Result<void> write(const std::string& path, Pieces& content, const FileInfo& like) override {
    if (auto go = before("write", path); !go) return std::move(go.error());
    return real_->write(path, content, like);
  }
  Result<void> replace(const std::string& path, Pieces& content, const FileInfo& like) override {
    if (auto go = before("replace", path); !go) return std::move(go.error());
    return real_->replace(path, content, like);
  }
  Result<void> copy(const std::string& from, const std::string& to) override {
    if (auto go = before("copy", to); !go) return std::move(go.error());
    return real_->copy(from, to);
  }
  Result<void> reflink(const std::string& from, const std::string& to) override {
    if (auto go = before("reflink", to); !go) return std::move(go.error());
    return real_->reflink(from, to);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    if (auto go = before("link", to); !go) return std::move(go.error());
    return real_->link(from, to);
  }
  Result<void> remove(const std::string& path) override {
    if (auto go = before("remove", path); !go) return std::move(go.error());
    return real_->remove(path);
  }
  Result<void> sync(const std::string& path) override {
    if (auto go = before("sync", path); !go) return std::move(go.error());
    return real_->sync(path);
  }

 protected:
  virtual Result<void> before(std::string_view call, const std::string& path) = 0;

  const std::unique_ptr<Files> real_ = real_files(false);
};

}  // namespace jobferry::test
