// Archives in tests: writes directory trees from literals and reads them back.
#pragma once

#include <boost/filesystem.hpp>
#include <map>
#include <string>
#include <vector>

#include "jobferry/migrate.h"

namespace jobferry::test {

// A new directory that the destructor removes. In memory a sync takes no time, which helps tests with many
// small archives. Large archives need a disk.
enum class Place { memory, disk };
class TempDir {
 public:
  explicit TempDir(Place place = Place::memory);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path(const std::string& name = "") const;

 private:
  boost::filesystem::path root_;
};

// Maps relative paths to contents. A path with '/' at its end is an empty directory.
using Tree = std::map<std::string, std::string>;

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);
void write_tree(const std::string& root, const Tree& tree);
// Reads every regular file below the root. Links and special files have their kind as content, and empty
// directories have a slash at the end.
Tree read_tree(const std::string& root);

// Type, mode, owner, mtime and content of every entry.
Tree snapshot(const std::string& root);

// One line for each difference, for readable messages; empty if there is none.
std::string difference(const Tree& expected, const Tree& found);

std::string gzipped(const std::string& content);

// The smallest valid cluster.json and meta.json of a version, for cluster `c`, job 1 (c/0/001/100). They are
// files in golden/plain/vN. A version without such a file has that of the version before.
std::string plain_cluster(int version);
std::string plain_meta(int version);
// An archive with one job of these files.
Tree plain_archive(int version);

// Runs a migration without listeners.
Summary run(const std::string& source, const std::string& target, int to, Options options = {});

// A folder in tests/, such as golden.
std::string test_folder(const std::string& name);
// golden/v0_to_v1/CASE, in the order of the folders' names.
struct GoldenCase {
  std::string folder;
  int from = 0, to = 0;

  bool has(const std::string& name) const;
  std::string text(const std::string& name) const;
};
std::vector<GoldenCase> golden_cases();
// The folder of real archives beside the project; empty if it is missing.
std::string shared_data();

}  // namespace jobferry::test
