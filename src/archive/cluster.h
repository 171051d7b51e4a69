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
  std::string name_token;  // as cluster.json has it
  NodeList nodes;
  // The id of each accelerator as a string token; none if it has no id.
  std::vector<std::optional<std::string>> accelerators;
};

// The facts that the rules R1, D3, D6 and M6 look up. Made once all cluster files are migrated; constant from
// then on and shared by all jobs.
class Cluster {
 public:
  // From a document that passed repair_cluster().
  explicit Cluster(Document& document);

  const SubCluster* find(std::string_view sub_cluster) const;
  // The subCluster that R1 chooses for a host ("" if the job names none); null if none fits.
  const SubCluster* assign(std::string_view hostname) const;
  // The timestep of a metric in seconds, as its token; null if the cluster does not have the metric.
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

// Repairs R6 and checks R7; from version 1 on it also checks the aggregations. A failure stays in the
// document.
void repair_cluster(ClusterFile& file, int from);

// C3 for every metric: applies --aggregation, fills in missing aggregations if `infer` is set, and notes
// those that are invalid or suspicious.
void decide_aggregations(ClusterFile& file, bool infer);

// The objects of a member that is an array. Anything else in it is a failure, which stays in the document.
std::vector<Node*> objects(Document& document, const Node& parent, std::string_view member);

// `topology.accelerators` of a subCluster; null if it has no such array.
const Node* accelerators_of(Document& document, const Node& sub_cluster);

// The content of a string member; empty if the member is missing or not a string.
std::string text_of(Document& document, const Node& object, std::string_view member);

}  // namespace jobferry
