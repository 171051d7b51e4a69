#include "tree.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "io/codec.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

namespace {

fs::path place_of(Place place) {
  const bool in_memory = place == Place::memory && ::access("/dev/shm", W_OK) == 0;
  return in_memory ? fs::path("/dev/shm") : fs::temp_directory_path();
}

}  // namespace

TempDir::TempDir(Place place) : root_(place_of(place) / fs::unique_path("jobferry-test-%%%%%%%%%%%%")) {
  fs::create_directories(root_);
}

TempDir::~TempDir() {
  boost::system::error_code ignored;
  for (fs::recursive_directory_iterator at(root_, ignored), end; !ignored && at != end; at.increment(ignored))
    if (fs::is_directory(at->symlink_status(ignored)))
      fs::permissions(*at, fs::add_perms | fs::owner_all, ignored);
  fs::remove_all(root_, ignored);
}

std::string TempDir::path(const std::string& name) const {
  return name.empty() ? root_.string() : (root_ / name).string();
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void write_file(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

void write_tree(const std::string& root, const Tree& tree) {
  fs::create_directories(root);
  for (const auto& [path, content] : tree) {
    if (path.back() == '/')
      fs::create_directories(fs::path(root) / path);
    else
      write_file(root + '/' + path, content);
  }
}

Tree read_tree(const std::string& root) {
  Tree tree;
  if (!fs::exists(root)) return tree;
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) {
    const std::string path = at->path().lexically_relative(root).string();
    const auto type = at->symlink_status().type();
    if (type == fs::regular_file)
      tree[path] = read_file(at->path().string());
    else if (type == fs::directory_file && fs::is_empty(at->path()))
      tree[path + '/'] = "";
    else if (type != fs::directory_file)
      tree[path] = type == fs::symlink_file ? "(link)" : "(special)";
  }
  return tree;
}

Tree snapshot(const std::string& root) {
  Tree found;
  const auto add = [&](const fs::path& path) {
    struct stat s;
    if (::lstat(path.c_str(), &s) != 0) return;
    const std::string content = S_ISREG(s.st_mode)   ? read_file(path.string())
                                : S_ISLNK(s.st_mode) ? fs::read_symlink(path).string()
                                                     : "";
    found[path.lexically_relative(root).string()] =
        fmt::format("{:o} {}:{} {}.{:09} {}", s.st_mode, s.st_uid, s.st_gid, s.st_mtim.tv_sec,
                    s.st_mtim.tv_nsec, content);
  };
  add(root);
  if (!fs::is_directory(root)) return found;
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) add(at->path());
  return found;
}

std::string difference(const Tree& expected, const Tree& found) {
  std::string out;
  for (const auto& [path, content] : expected) {
    const auto other = found.find(path);
    if (other == found.end())
      out += fmt::format("missing: {}\n", path);
    else if (other->second != content)
      out += fmt::format("differs: {}\n  expected: {}\n  found:    {}\n", path, content.substr(0, 2000),
                         other->second.substr(0, 2000));
  }
  for (const auto& [path, content] : found)
    if (!expected.contains(path)) out += fmt::format("unexpected: {}\n", path);
  return out;
}

std::string gzipped(const std::string& content) {
  Codec codec;
  Buffer packed;
  codec.deflate(content, CompressLevel::normal, packed);
  return std::string(packed.view());
}

namespace {

// From the newest folder, up to that of the version, that has the document.
std::string plain_document(int version, const std::string& name) {
  for (; version >= 0; --version) {
    const std::string path = test_folder(fmt::format("golden/plain/v{}/{}", version, name));
    if (fs::exists(path)) return read_file(path);
  }
  throw std::runtime_error("tests/golden/plain has no " + name);
}

}  // namespace

std::string plain_cluster(int version) { return plain_document(version, "cluster.json"); }

std::string plain_meta(int version) { return plain_document(version, "meta.json"); }

Tree plain_archive(int version) {
  Tree tree = {{"c/cluster.json", plain_cluster(version)},
               {"c/0/001/100/meta.json", plain_meta(version)},
               {"c/0/001/100/data.json", plain_document(version, "data.json")}};
  if (version > 0) tree["version.txt"] = std::to_string(version) + "\n";
  return tree;
}

Summary run(const std::string& source, const std::string& target, int to, Options options) {
  options.source = source;
  options.target = target;
  options.to = to;
  return migrate(options, {});
}

std::string test_folder(const std::string& name) { return std::string(JOBFERRY_TESTS) + '/' + name; }

bool GoldenCase::has(const std::string& name) const { return fs::exists(folder + '/' + name); }
std::string GoldenCase::text(const std::string& name) const { return read_file(folder + '/' + name); }

std::vector<GoldenCase> golden_cases() {
  std::vector<GoldenCase> cases;
  for (const auto& step : fs::directory_iterator(test_folder("golden"))) {
    int from = 0, to = 0;
    if (std::sscanf(step.path().filename().c_str(), "v%d_to_v%d", &from, &to) != 2) continue;
    for (const auto& entry : fs::directory_iterator(step)) cases.push_back({entry.path().string(), from, to});
  }
  std::ranges::sort(cases, {}, &GoldenCase::folder);
  return cases;
}

std::string shared_data() {
  const std::string folder = std::string(JOBFERRY_TESTS) + "/../../shared/data";
  return fs::exists(folder) ? fs::canonical(folder).string() : std::string();
}

}  // namespace jobferry::test
