#include <fmt/format.h>

#include "jobferry/step.h"
#include "jobferry/versions.h"
#include "validate/checks.h"

namespace jobferry {

using json::Type;

namespace {

void bad_cluster(const Error& error, Findings& findings) {
  const std::string reason =
      error.kind == Kind::cluster_bad ? error.what : fmt::format("{}: {}", name_of(error.kind), error.what);
  findings.add("cluster-bad", error.pointer, reason, error.byte);
}

// What the steps see: R7, C3, and in version 0 the units (C1). They change the document, which is why it is
// one of its own.
void run_rules(const CheckPlan& plan, ClusterFile& file) {
  repair_cluster(file, plan.version);
  if (plan.version == 0 && !file.document.failure()) v0_to_v1::step.cluster_up(file);
}

void tell_notes(const ClusterFile& file, Findings& findings) {
  for (const Note& note : file.notes.all()) {
    if (note.code == "aggregation-invalid") findings.add("aggregation-invalid", note.pointer, note.detail);
    if (note.code == "aggregation-suspicious")
      findings.add("aggregation-suspicious", note.pointer, note.detail);
  }
}

void check_units(const CheckPlan& plan, const Document& document, Findings& findings) {
  std::size_t index = 0;
  for (const Node& metric : children(member_of(document.root(), "metricConfig", Type::array)))
    check_unit(plan, metric, fmt::format("/metricConfig/{}", index++), findings);
}

}  // namespace

std::optional<Cluster> check_cluster(const CheckPlan& plan, const std::string& name, std::string_view text,
                                     Findings& findings) {
  Document document;
  if (auto sound = document.parse(text); !sound) {
    bad_cluster(sound.error(), findings);
    return {};
  }
  ClusterFile file{name, {}, {}, {}, {}};
  (void)file.document.parse(text);
  run_rules(plan, file);
  tell_notes(file, findings);
  check_units(plan, document, findings);
  check_surrogates(text, findings);
  const auto& failure = file.document.failure();
  if (failure) bad_cluster(*failure, findings);
  check_tree(document, {}, findings);
  check_schema(plan, DocumentKind::cluster, document, findings);
  return failure ? std::nullopt : std::optional<Cluster>(Cluster(file.document));
}

}  // namespace jobferry
