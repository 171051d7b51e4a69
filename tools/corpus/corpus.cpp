#include "corpus/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cstdint>
#include <stdexcept>
#include <system_error>

#include "corpus/cluster.h"
#include "corpus/cluster_json.h"
#include "corpus/tree.h"
#include "corpus/write_jobs.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry::corpus {

namespace fs = boost::filesystem;

namespace {

constexpr std::uint64_t founded = 1'577'836'800;  // when the files that belong to no job were written

void write_clusters(Tree& tree, const Shape& shape, const std::vector<Cluster>& clusters) {
  for (unsigned i = 0; i < clusters.size(); ++i) {
    const std::string folder = clusters[i].name + '/';
    tree.add_directory(folder);
    tree.add_file(folder + "cluster.json", cluster_json(clusters[i], i, shape.version), founded);
  }
  if (shape.version > 0) tree.add_file("version.txt", fmt::format("{}\n", shape.version), founded);
}

// Files and directories around the jobs. A migration copies some of them and leaves out others (X8).
void write_surroundings(Tree& tree, const std::vector<Cluster>& clusters) {
  const std::string folder = clusters[0].name + '/';
  tree.add_file("compress.txt", "1577836800", founded);
  tree.add_file("README", "Archive of the monitoring group.\n", founded);
  tree.add_file(folder + "cluster.json.old", "{}\n", founded);
  tree.add_directory(folder + "scratch");
  tree.add_directory(".snapshots/daily");
  tree.add_file(".snapshots/daily/list", "none\n", founded);
}

void check_share(double share, std::string_view name) {
  if (!(share >= 0 && share <= 1))
    throw std::invalid_argument(fmt::format("{} must be a share from 0 to 1", name));
}

void check(const Shape& shape) {
  if (shape.version < 0 || shape.version > newest_version)
    throw std::invalid_argument(fmt::format("there is no archive version {}", shape.version));
  if (shape.clusters < 1 || shape.clusters > 99)
    throw std::invalid_argument("an archive has 1 to 99 clusters");
  if (shape.jobs > 100'000'000) throw std::invalid_argument("at most 100 million jobs");
  if (shape.median_bytes > 100'000'000) throw std::invalid_argument("the median is at most 100 MB");
  check_share(shape.gzip_share, "gzip-share");
  check_share(shape.pretty_share, "pretty-share");
  const auto possible = plantable(shape.version);
  double sum = 0;
  for (const auto& [kind, share] : shape.bad) {
    check_share(share, kind);
    sum += share;
    if (kind != "all" && std::find(possible.begin(), possible.end(), kind) == possible.end())
      throw std::invalid_argument(fmt::format("\"{}\" cannot be planted in version {}", kind, shape.version));
  }
  if (sum > 1.000001) throw std::invalid_argument("the shares of bad jobs add up to more than 1");
}

void check_empty(const fs::path& root) {
  boost::system::error_code problem;
  const fs::directory_iterator entries(root, problem);
  if (problem == boost::system::errc::no_such_file_or_directory) return;
  if (problem) throw std::system_error(problem.value(), std::generic_category(), root.string());
  if (entries != fs::directory_iterator()) throw std::invalid_argument(root.string() + " is not empty");
}

}  // namespace

Made make_archive(const fs::path& root, const Shape& shape, const Sink& sink) {
  check(shape);
  check_empty(root);
  std::vector<Cluster> clusters;
  for (unsigned i = 0; i < static_cast<unsigned>(shape.clusters); ++i) clusters.push_back(make_cluster(i));
  Tree tree(root);
  tree.add_directory("");
  write_clusters(tree, shape, clusters);
  if (shape.quirks) write_surroundings(tree, clusters);
  write_jobs(shape, clusters, tree, sink);
  return tree.made();
}

std::vector<Planted> make_archive(const fs::path& root, const Shape& shape) {
  std::vector<Planted> planted;
  make_archive(root, shape, [&](const Planted& each) { planted.push_back(each); });
  return planted;
}

}  // namespace jobferry::corpus
