#include "archive/job.h"

namespace jobferry {

using json::Type;

const SubCluster* Job::sub_cluster() {
  const Node* name = meta.present(root(), "subCluster");
  return name && name->is(Type::string) ? cluster->find(content(*name)) : nullptr;
}

std::vector<Node*> resources(Job& job) { return objects(job.meta, job.root(), "resources"); }

std::vector<Node*> tags(Job& job) { return objects(job.meta, job.root(), "tags"); }

}  // namespace jobferry
