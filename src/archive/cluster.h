// cluster.json: the document that the steps change, and the facts that jobs need from it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/node_list.h"
#include "archive/notes.h"
#include "jobferry/types.h"
#include "json/document.h"

namespace jobferry {

struct SubCluster {
  std::string name;
  std::string name_token;  // as it stands in cluster.json
  NodeList nodes;
  // The id of each as a string token; none: it has none.
  std::vector<std::optional<std::string>> accelerators;
};

// What rules R1, D3, D6 and M6 look up. Made once all cluster files are migrated, constant from then on and
// shared by all jobs.
class Cluster {
 public:
  // From a document that passed repair_cluster().
  explicit Cluster(Document& document);

  const SubCluster* find(std::string_view sub_cluster) const;
  // R1's choice for a host ("" if the job names none); null: no subCluster fits.
  const SubCluster* assign(std::string_view hostname) const;
  // The timestep of a metric in seconds, as its token; null if the cluster does not know the metric.
  const std::string* timestep(std::string_view metric) const;

 private:
  std::vector<SubCluster> sub_clusters_;
  std::map<std::string, std::string, std::less<>> timesteps_;
};

// One cluster.json on its way through the steps.
struct ClusterFile {
  std::string name;  // of its directory
  Document document;
  Notes notes;
  std::vector<Override> overrides;           // --aggregation, those that concern this cluster
  std::vector<AggregationRow> aggregations;  // one row for each metric, in file order
};

// R6 and R7; from version 1 on also the aggregations. A failure sticks to the document.
void repair_cluster(ClusterFile& file, int from);

// C3 for every metric: applies --aggregation, with `infer` fills what is missing, and notes the rest.
void settle_aggregations(ClusterFile& file, bool infer);

// Lists the objects of an array member; anything else is a failure that sticks.
std::vector<Node*> objects(Document& document, const Node& parent, std::string_view member);

// `topology.accelerators` of a subCluster, null if it has no such array.
const Node* accelerators_of(Document& document, const Node& sub_cluster);

// The content of a string member; empty if there is none or it is no string.
std::string text_of(Document& document, const Node& object, std::string_view member);

}  // namespace jobferry
