// The checks of a cluster.json: the rules that a migration applies to it, and its schema.
#include <fmt/format.h>

#include "archive/cluster.h"
#include "archive/schema.h"
#include "jobferry/step.h"
#include "jobferry/versions.h"
#include "validate/checks.h"
#include "validate/findings.h"

namespace jobferry {

using json::Type;

namespace {

void bad_cluster(const Error& error, Findings& findings) {
  const std::string reason =
      error.kind == Kind::cluster_bad ? error.what : fmt::format("{}: {}", name_of(error.kind), error.what);
  findings.add("cluster-bad", error.pointer, reason, error.byte);
}

// The rules of the steps: R7, C3, and in version 0 the units (C1). They change the document, so they get
// their own.
void run_rules(const ArchiveFacts& archive, ClusterFile& file) {
  repair_cluster(file, archive.version);
  if (archive.version == 0 && !file.document.failure()) v0_to_v1::step.cluster_up(file);
}

void report_notes(const ClusterFile& file, Findings& findings) {
  for (const Note& note : file.notes.all()) {
    if (note.code == "aggregation-invalid") findings.add("aggregation-invalid", note.pointer, note.detail);
    if (note.code == "aggregation-suspicious")
      findings.add("aggregation-suspicious", note.pointer, note.detail);
  }
}

void check_units(const ArchiveFacts& archive, const Document& document, Findings& findings) {
  std::size_t index = 0;
  for (const Node& metric : children(member_of(document.root(), "metricConfig", Type::array)))
    check_unit(archive, metric, fmt::format("/metricConfig/{}", index++), findings);
}

}  // namespace

std::optional<Cluster> check_cluster(const ArchiveFacts& archive, const std::string& name,
                                     std::string_view text, Findings& findings) {
  Document document;
  if (auto valid = document.parse(text); !valid) {
    bad_cluster(valid.error(), findings);
    return {};
  }
  ClusterFile file{name, {}, {}, {}, {}};
  (void)file.document.parse(text);
  run_rules(archive, file);
  report_notes(file, findings);
  check_units(archive, document, findings);
  check_surrogates(text, findings);
  const auto& failure = file.document.failure();
  if (failure) bad_cluster(*failure, findings);
  check_tree(document, {}, findings);
  check_schema(archive, DocumentKind::cluster, document, findings);
  return failure ? std::nullopt : std::optional<Cluster>(Cluster(file.document));
}

}  // namespace jobferry
