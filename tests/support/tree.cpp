#include "tree.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

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

std::string plain_cluster(int version) {
  const std::string unit = version == 0 ? R"("load")" : R"({"base":"load"})";
  return R"({"name":"c","subClusters":[{"name":"main","nodes":"*","topology":{"node":[0]}}],"metricConfig":[{"name":"cpu_load","unit":)" +
         unit +
         R"(,"scope":"node","timestep":60,"aggregation":"avg","peak":4,"normal":3,"caution":2,"alert":1}]})";
}

std::string plain_meta(int version) {
  const std::string sharing = version < 3 ? R"("exclusive":1)" : R"("shared":"none")";
  return R"({"jobId":1,"user":"u","project":"p","cluster":"c","subCluster":"main","numNodes":1,"startTime":100,"jobState":"completed","duration":60,"resources":[{"hostname":"n1"}],"statistics":{},)" +
         sharing + (version < 3 ? "}" : R"(,"submitTime":100,"energy":0})");
}

Tree plain_archive(int version) {
  const std::string unit = version == 0 ? R"("load")" : R"({"base":"load"})";
  Tree tree = {
      {"c/cluster.json", plain_cluster(version)},
      {"c/0/001/100/meta.json", plain_meta(version)},
      {"c/0/001/100/data.json",
       R"({"cpu_load":{"node":{"unit":)" + unit +
           R"(,"timestep":60,"series":[{"hostname":"n1","statistics":{"min":1,"avg":1,"max":1},"data":[1,null,1.0]}]}}})"}};
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

std::string shared_data() {
  const std::string folder = std::string(JOBFERRY_TESTS) + "/../../shared/data";
  return fs::exists(folder) ? fs::canonical(folder).string() : std::string();
}

}  // namespace jobferry::test
