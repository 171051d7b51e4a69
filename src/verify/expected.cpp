#include "verify/expected.h"

namespace jobferry::proof {

namespace {

void apply_all(Draft& draft, File file, const Chain& chain, Context context) {
  if (!draft.root.is(Type::object)) return draft.refuse(Kind::wrong_type, "the document is not an object");
  for (const Leg& leg : chain.legs()) {
    context.from = leg.from;
    apply(every_step, file, draft, context);
    apply(leg.rules, file, draft, context);
  }
}

}  // namespace

void expect_cluster(Draft& draft, const std::string& name, const Chain& chain,
                    const std::vector<Override>& overrides) {
  apply_all(draft, File::cluster, chain, {.cluster = name, .overrides = &overrides});
}

void expect_meta(Draft& draft, const JobPath& job, const Chain& chain, const ClusterFacts& cluster) {
  apply_all(draft, File::meta, chain, {.job = &job, .facts = &cluster});
}

DataVerdict judge_data(std::string_view source, Target target, const Chain& chain, const DataOf& job) {
  DataVerdict verdict;
  Draft draft(trimmed(source));
  if (!draft.root.is(Type::object)) draft.refuse(Kind::wrong_type, "it is not an object of metrics");
  draft.expect(&draft.root, Shape::distinct, "the document");
  const Context context{.facts = &job.cluster, .sub_cluster = job.sub_cluster};
  Comparison(draft, verdict.findings, Pending(chain.data_rules()), context).run(target);
  verdict.reason = std::move(draft.reason);
  verdict.changes = std::move(draft.changes);
  return verdict;
}

}  // namespace jobferry::proof
