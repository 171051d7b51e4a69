#include "engine/leftovers.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace jobferry {

Result<bool> Leftovers::remove_empty_directories(const Summary& summary) {
  std::vector<const std::vector<Error>*> not_written = {&summary.bad};
  if (target_.reused()) not_written.push_back(&summary.skipped);
  for (const auto* errors : not_written)
    for (const Error& error : *errors) {
      if (ledger_.must_stop()) return false;
      if (auto gone = target_.remove_empty_parents(error.subject); !gone) return std::move(gone.error());
    }
  return true;
}

Result<bool> Leftovers::is_in_source(const std::string& job) {
  const std::string directory = join(source_.root, job);
  for (const std::string_view name : {names::meta, names::data, names::data_gz}) {
    auto there = files_.exists(join(directory, name));
    if (!there || *there) return there;
  }
  return false;
}

Result<bool> Leftovers::remove_begun(State& state, Summary& summary) {
  if (ledger_.seen_again() == state.known_jobs()) return true;
  std::vector<std::string> unwritten, begun;
  auto looked = state.each([&](const JobRecord& record) -> Result<void> {
    if (ledger_.must_stop()) return {};
    const auto there = is_in_source(record.job);
    if (!there) return Error(there.error());
    if (*there) return {};
    if (record.outcome == outcome_begun) begun.push_back(record.job);
    (record.outcome == outcome_migrated ? summary.vanished : unwritten).push_back(record.job);
    return {};
  });
  if (!looked) return std::move(looked.error());
  std::sort(summary.vanished.begin(), summary.vanished.end(), path_order);
  if (ledger_.must_stop()) return false;
  for (const std::string& job : begun) {
    if (auto gone = target_.remove_job(job); !gone) return std::move(gone.error());
    if (auto gone = target_.remove_empty_parents(job); !gone) return std::move(gone.error());
  }
  if (auto forgotten = state.forget(unwritten); !forgotten) return std::move(forgotten.error());
  return true;
}

Result<bool> Leftovers::remove_unknown(State& state, const std::string& root) {
  constexpr int levels = 3;  // from a cluster to its jobs
  for (const std::string& cluster : source_.clusters) {
    const auto there = files_.exists(join(root, cluster));
    if (!there) return Error(there.error());
    if (!*there) continue;
    const auto left = remove_below(state, root, cluster, levels);
    if (!left) return Error(left.error());
    if (ledger_.must_stop()) return false;
  }
  return true;
}

// Whether anything stays in this directory; always true if the run was stopped.
Result<bool> Leftovers::remove_below(State& state, const std::string& root, const std::string& directory,
                                     int levels_to_jobs) {
  if (ledger_.must_stop()) return true;
  if (levels_to_jobs == 0) {
    const auto record = state.find(directory);
    if (!record) return Error(record.error());
    if (*record) return true;
    if (auto gone = target_.remove_job(directory); !gone) return std::move(gone.error());
    return false;
  }
  auto entries = files_.list(join(root, directory));
  if (!entries) return std::move(entries.error());
  bool left = false;
  for (const Entry& entry : *entries) {
    const std::string path = join(directory, entry.name);
    auto stays = entry.type == FileType::directory ? remove_below(state, root, path, levels_to_jobs - 1)
                                                   : Result<bool>(true);
    if (!stays) return stays;
    left |= *stays;
  }
  if (left) return true;
  if (auto gone = target_.remove(directory); !gone) return std::move(gone.error());
  return false;
}

}  // namespace jobferry
