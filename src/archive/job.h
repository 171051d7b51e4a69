// One job on its way through the steps.
#pragma once

#include <string>
#include <string_view>

#include "archive/cluster.h"
#include "archive/data_file.h"
#include "archive/notes.h"
#include "json/document.h"

namespace jobferry {

// What the steps see of a job.
struct Job {
  const Cluster* cluster = nullptr;
  Document meta;
  Notes notes;
  std::string_view data_name = "data.json";  // the data file that is read

  Node& root() { return meta.root(); }
  // The subCluster that meta.json names (after R1); null if it is not in cluster.json.
  const SubCluster* sub_cluster();
  void note(std::string_view code, std::string pointer, std::string detail = {}) {
    notes.add(code, "meta.json", std::move(pointer), std::move(detail));
  }
};

// The objects in `resources` or `tags`; none if there is no such member. Anything else is a wrong-type
// failure.
std::vector<Node*> resources(Job& job);
std::vector<Node*> tags(Job& job);

}  // namespace jobferry
