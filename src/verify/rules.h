// What each rule of the contract makes of meta.json and cluster.json, stated without the engine: a source
// document becomes the one that must stand in the target, and every value that is not the source's says which
// rule gave it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobferry/types.h"
#include "verify/text.h"

namespace jobferry::proof {

// How often each rule has changed something.
using Changes = std::map<std::string, std::uint64_t, std::less<>>;

// The steps of a migration. Equal versions: the repairs alone, as one step (X14).
class Chain {
 public:
  Chain(int from, int to);
  const std::vector<std::pair<int, int>>& steps() const { return steps_; }
  bool changes_data() const { return steps_.front() == std::pair(0, 1); }

 private:
  std::vector<std::pair<int, int>> steps_;
};

// A document on its way. The first reason why it is bad stays; rules behind it may go on.
struct Draft {
  Node root;
  Changes changes;
  std::optional<Reason> reason;

  // The member of that name; twice is a reason (X3).
  Node* find(Node& object, std::string_view name);
  // The same, and null where the value is null: what the contract calls missing.
  Node* present(Node& object, std::string_view name);
  // The content of a string member, else "".
  std::string text_of(Node& object, std::string_view name);
  // Of a member that is an array of objects; anything else is a reason.
  std::vector<Node*> objects(Node& object, std::string_view name);

  void put(Node& value, std::string_view json, std::string_view rule);
  // Puts the value in the place of the member, else at the end.
  void set(Node& object, std::string_view name, std::string_view json, std::string_view rule);
  // Another name and value in the place of a member.
  void replace(Node& object, Node& member, std::string_view name, std::string_view json,
               std::string_view rule);
  void drop(Node& object, Node& child, std::string_view rule);

  void refuse(std::string_view word, std::string what);
  void expect(const Node* value, Type type, std::string_view name);
};

// What rules of jobs look up in the migrated cluster.json.
struct ClusterFacts {
  struct SubCluster {
    std::string name, token, nodes;
    std::vector<std::optional<std::string>> accelerators;  // ids as string tokens
  };
  std::vector<SubCluster> sub_clusters;
  std::map<std::string, std::string, std::less<>> timesteps;

  const SubCluster* find(std::string_view name) const;
  // R1; null: none fits.
  const SubCluster* assign(std::string_view host) const;
  // D3: what an index means for jobs of that subCluster, as a string token.
  std::string accelerator(std::string_view sub_cluster, std::string_view index) const;
};

// R6, R7, C1 to C9.
void expect_cluster(Draft& draft, const std::string& name, const Chain& chain,
                    const std::vector<Override>& overrides);
ClusterFacts facts_of(Draft& draft);

// X5, R1 to R5, M1 to M13.
void expect_meta(Draft& draft, const JobPath& job, const Chain& chain, const ClusterFacts& cluster);

// Rule U on a member `unit` of a tree.
void expect_unit(Draft& draft, Node& object);

}  // namespace jobferry::proof
