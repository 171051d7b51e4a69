#include "engine/clusters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace jobferry {

namespace {

Error cluster_bad(const std::string& name, Error error) {
  if (error.kind != Kind::out_of_resources) error.kind = Kind::cluster_bad;
  error.subject = name;
  error.file = names::cluster;
  return error;
}

Result<void> run_steps(ClusterFile& file, const std::vector<Leg>& chain) {
  for (const Leg& leg : chain) {
    repair_cluster(file, leg.from);
    if (leg.cluster && !file.document.failure()) leg.cluster(file);
    if (!file.document.failure()) continue;
    Error error = *file.document.failure();
    error.step = fmt::format("{}->{}", leg.from, leg.to);
    return error;
  }
  return {};
}

Result<void> load_cluster(Files& files, const Archive& archive, const Options& options,
                          MigratedCluster& cluster) {
  const std::string directory = join(archive.root, cluster.file.name);
  auto read = files.read(join(directory, names::cluster), options.max_file_size, cluster.source);
  if (!read && read.error().kind == Kind::out_of_resources) return std::move(read.error());
  if (!read) return Error{Kind::cluster_bad, "no readable cluster.json: " + read.error().what};
  cluster.info = *read;
  return cluster.file.document.parse(cluster.source.view());
}

// Refuses --aggregation for a cluster or metric that the archive does not have.
Result<void> check_overrides(const Options& options, MigratedClusters& clusters) {
  for (const Override& each : options.overrides) {
    const auto concerns = [&](const auto& cluster) {
      if (!each.cluster.empty() && cluster->file.name != each.cluster) return false;
      Document& document = cluster->file.document;
      const std::vector<Node*> metrics = objects(document, document.root(), "metricConfig");
      return std::any_of(metrics.begin(), metrics.end(), [&](const Node* metric) {
        return text_of(document, *metric, "name") == each.metric;
      });
    };
    if (std::none_of(clusters.begin(), clusters.end(), concerns))
      return Error{Kind::option_invalid,
                   each.cluster.empty()
                       ? fmt::format("--aggregation: no cluster has a metric {}", each.metric)
                       : fmt::format("--aggregation: there is no metric {} in a cluster {}", each.metric,
                                     each.cluster)};
  }
  return {};
}

// Copies a file that belongs to no job (X8).
Result<void> carry(const ClusterOutput& output, const std::string& path, ClusterCounts& counts) {
  auto info = output.files.info(join(output.archive.root, path));
  if (!info) return std::move(info.error());
  if (auto done = output.target.copy(path); !done) return done;
  ++counts.carried;
  counts.bytes_in += info->size;
  counts.bytes_out += info->size;
  return {};
}

Result<void> write_cluster(const ClusterOutput& output, MigratedCluster& cluster, ClusterCounts& counts) {
  const std::string& name = cluster.file.name;
  if (auto made = output.target.make_directory(name); !made) return made;
  const std::string_view text = cluster.file.document.text(cluster.buffer);
  if (auto done = output.target.write(join(name, names::cluster), text, cluster.info); !done) return done;
  counts.bytes_in += cluster.source.size();
  counts.bytes_out += text.size();

  auto entries = output.files.list(join(output.archive.root, name));
  if (!entries) return std::move(entries.error());
  for (const Entry& entry : *entries) {
    if (entry.type != FileType::regular || entry.name == names::cluster) continue;
    if (output.ledger.must_stop()) return {};
    if (entry.name == names::unfinished) {  // never carried (X13)
      ++counts.left_behind;
      continue;
    }
    if (auto done = carry(output, join(name, entry.name), counts); !done) return done;
  }
  return {};
}

// Files of the root beside the clusters (X8).
Result<void> carry_root_files(const ClusterOutput& output, ClusterCounts& counts) {
  for (const std::string& name : output.archive.carried) {
    if (output.ledger.must_stop()) break;
    if (auto done = carry(output, name, counts); !done) return done;
  }
  return {};
}

}  // namespace

bool migrate_clusters(Files& files, Migration& migration, Summary& summary, MigratedClusters& clusters,
                      const std::atomic<bool>* stop) {
  for (const std::string& name : migration.archive.clusters) {
    if (stop && *stop) return summary.errors.empty();
    auto& cluster = *clusters.emplace_back(std::make_unique<MigratedCluster>());
    cluster.file.name = name;
    for (const Override& each : migration.options.overrides)
      if (each.cluster.empty() || each.cluster == name) cluster.file.overrides.push_back(each);
    auto done = load_cluster(files, migration.archive, migration.options, cluster);
    if (done) done = run_steps(cluster.file, migration.chain);
    if (!done) {
      summary.errors.push_back(cluster_bad(name, std::move(done.error())));
      continue;
    }
    cluster.file.notes.sort_and_merge();
    migration.clusters.emplace(name, Cluster(cluster.file.document));
    summary.aggregations[name] = cluster.file.aggregations;
  }
  if (summary.errors.empty())
    if (auto known = check_overrides(migration.options, clusters); !known)
      summary.errors.push_back(std::move(known.error()));
  return summary.errors.empty();
}

Result<bool> write_clusters(const ClusterOutput& output, MigratedClusters& clusters) {
  auto done = carry_root_files(output, output.summary.clusters[""]);
  for (auto& cluster : clusters) {
    if (!done || output.ledger.must_stop()) break;
    const std::string& name = cluster->file.name;
    done = write_cluster(output, *cluster, output.summary.clusters[name]);
    if (done) output.ledger.add_notes(name, cluster->file.notes);
  }
  return done ? Result<bool>(!output.ledger.must_stop()) : Result<bool>(std::move(done.error()));
}

}  // namespace jobferry
