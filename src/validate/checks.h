// What `jobferry validate` looks at in each document, beyond its schema: what servers refuse or misread, and
// what somebody should look at. Each function also walks the schema, and leaves the documents as they are.
//
// The checks that decide what is bad in a migration are the same functions here: the readers of JSON and data
// files, X5, R7 and C3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/cluster.h"
#include "archive/data_file.h"
#include "archive/job.h"
#include "archive/schema.h"
#include "jobferry/types.h"
#include "json/document.h"
#include "validate/findings.h"

namespace jobferry {

// What holds for the whole archive.
struct CheckPlan {
  int version = 0;
  std::int64_t now = 0;
};

// None if cluster.json is bad: then its jobs cannot be compared with it.
std::optional<Cluster> check_cluster(const CheckPlan& plan, const std::string& name, std::string_view text,
                                     Findings& findings);

// What a data file is compared with.
struct JobFacts {
  const Cluster* cluster = nullptr;
  std::vector<std::string> hosts;  // of the resources; none if meta.json does not say
};

// Every check of a meta.json. Fills the facts as far as it has them.
void check_meta(const CheckPlan& plan, const JobPath& path, std::string_view text, Job& job, JobFacts& facts,
                Findings& findings);

// One for each thread: what it needs keeps its memory from file to file.
class DataCheck {
 public:
  void check(const CheckPlan& plan, const JobFacts& facts, std::string_view text, Findings& findings);
  void trim();

 private:
  DataReader reader_;
  Edits edits_;
  Buffer skeleton_;
  Document document_;
};

// For all documents: names that stand twice, numbers that no double holds. The content of `spared` (a member
// of the root) is left alone.
void check_tree(const Document& document, std::string_view spared, Findings& findings);
void check_schema(const CheckPlan& plan, DocumentKind kind, const Document& document, Findings& findings);
// Half of a surrogate pair somewhere in the text.
void check_surrogates(std::string_view text, Findings& findings);

// The unit of a metric: a string in version 0, else an object.
void check_unit(const CheckPlan& plan, const Node& metric, const std::string& pointer, Findings& findings);
// min <= avg <= max, as far as they are numbers.
void check_order(const Node& statistics, const std::string& pointer, Findings& findings);

// The member of that name, null if there is none. Of two the last: servers read it so.
const Node* member_of(const Node& object, std::string_view name);
// The same, if it is of that type.
const Node* member_of(const Node& object, std::string_view name, json::Type type);

}  // namespace jobferry
