// What `jobferry validate` checks in each document beyond its schema: what servers refuse or misread, and
// what a person should look at. Each check of a document also walks its schema, and leaves the document as it
// is.
//
// The checks that decide whether a job is bad in a migration are the same functions as there: the readers of
// JSON and of data files, X5, R7 and C3. check_data.h has the check of data files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {

class Cluster;
class Document;
class Findings;
enum class DocumentKind : std::uint8_t;
struct Job;
struct JobPath;
struct Node;
namespace json {
enum class Type : std::uint8_t;
}

// What the checks need to know about the whole archive.
struct ArchiveFacts {
  int version = 0;
  std::int64_t now = 0;  // Unix time
};

// None if cluster.json is bad: then its jobs cannot be compared with it.
std::optional<Cluster> check_cluster(const ArchiveFacts& archive, const std::string& name,
                                     std::string_view text, Findings& findings);

// What a data file is compared with.
struct JobFacts {
  const Cluster* cluster = nullptr;
  std::vector<std::string> hosts;  // of the resources; empty if meta.json does not name them
};

// A meta.json: the directory it is in, its text, and the job that it is read into.
struct MetaFile {
  const JobPath& path;
  std::string_view text;
  Job& job;
};

// Every check of a meta.json. It fills `facts` with what it learns.
void check_meta(const ArchiveFacts& archive, const MetaFile& file, JobFacts& facts, Findings& findings);

// For all documents: members that occur twice, and numbers that do not fit into a double. The content of the
// member `spared` of the root is not checked.
void check_tree(const Document& document, std::string_view spared, Findings& findings);
void check_schema(const ArchiveFacts& archive, DocumentKind kind, const Document& document,
                  Findings& findings);
// Half of a surrogate pair, anywhere in the text.
void check_surrogates(std::string_view text, Findings& findings);

// The unit of a metric: a string in version 0, else an object.
void check_unit(const ArchiveFacts& archive, const Node& metric, const std::string& pointer,
                Findings& findings);
// min <= avg <= max, as far as they are numbers.
void check_order(const Node& statistics, const std::string& pointer, Findings& findings);

// The member of that name; null if there is none. Of two it is the last, as for servers.
const Node* member_of(const Node& object, std::string_view name);
// The same, but null if it is not of that type.
const Node* member_of(const Node& object, std::string_view name, json::Type type);

}  // namespace jobferry
