#include "report/verify_report.h"

#include <fmt/format.h>

#include "json/json_writer.h"
#include "report/migrate_report.h"

namespace jobferry {

namespace {

std::string_view name_of(VerifyOutcome outcome) {
  switch (outcome) {
    case VerifyOutcome::agrees:
      return "agrees";
    case VerifyOutcome::differs:
      return "differs";
    case VerifyOutcome::interrupted:
      return "interrupted";
    case VerifyOutcome::failed:
      return "failed";
  }
  return "failed";
}

// --- Text ---

// The jobs of the target are counted when those of the source are done.
bool counts_target(const VerifyResult& result) {
  return result.resume_from.empty() || result.resume_from.starts_with("target:");
}

std::string sides_text(const VerifyResult& result) {
  std::vector<std::vector<std::string>> rows = {{"", "jobs", "files", "bytes"}};
  const auto add = [&](const char* side, const ArchiveCounts& counts) {
    rows.push_back(
        {side, std::to_string(counts.jobs), std::to_string(counts.files), std::to_string(counts.bytes)});
  };
  add("source", result.source);
  if (counts_target(result)) add("target", result.target);
  return table(rows, "lrrr");
}

// One number where both sides agree.
std::string ends_text(const VerifyResult& result) {
  std::vector<std::vector<std::string>> rows = {{"cluster", "jobs", "highest job ID", "newest start time"}};
  const auto both = [&](std::uint64_t source, std::uint64_t target) {
    return source == target || !counts_target(result) ? std::to_string(source)
                                                      : fmt::format("{}, target {}", source, target);
  };
  for (const auto& [cluster, ends] : result.source_ends) {
    const auto other = result.target_ends.find(cluster);
    const ClusterEnds target = other == result.target_ends.end() ? ClusterEnds() : other->second;
    rows.push_back({printable(cluster), both(ends.jobs, target.jobs),
                    both(ends.highest_job, target.highest_job),
                    both(ends.newest_start, target.newest_start)});
  }
  return rows.size() > 1 ? table(rows, "lrrr") : std::string();
}

std::string changes_text(const VerifyResult& result) {
  if (result.changes.empty()) return {};
  std::string out = "Changes, all of them by a rule:\n ";
  for (const auto& [rule, count] : result.changes) out += fmt::format(" {}: {}", rule, count);
  return out + '\n';
}

std::string left_out_text(std::string_view title, const std::vector<LeftOut>& jobs) {
  if (jobs.empty()) return {};
  std::string out = fmt::format("{}:\n", title);
  for (const LeftOut& job : jobs)
    out += fmt::format("  {} {}: {}: {}\n", printable(job.job), printable(job.file), job.kind,
                       printable(job.what));
  return out;
}

std::string findings_text(const VerifyResult& result) {
  if (result.findings.empty()) return {};
  std::string out = "Findings:\n ";
  for (const auto& [kind, count] : result.findings) out += fmt::format(" {}: {}", kind, count);
  out += '\n';
  std::uint64_t all = 0;
  for (const auto& [kind, count] : result.findings) all += count;
  for (const Difference& finding : result.found) out += "  " + describe(finding) + '\n';
  if (all > result.found.size()) out += fmt::format("  and {} more\n", all - result.found.size());
  return out;
}

std::string closing_text(const VerifyOptions& options, const VerifyResult& result) {
  const std::string target = printable(options.target);
  const bool missing_version = !result.has_version && result.outcome == VerifyOutcome::agrees;
  switch (result.outcome) {
    case VerifyOutcome::agrees:
      return fmt::format("{} agrees with {}{}.{}\n", target, printable(options.source),
                         result.complete ? "" : " as far as it was looked at",
                         missing_version ? " It has no version.txt." : "");
    case VerifyOutcome::differs:
      return fmt::format("{} is not what a migration of {} gives.\n", target, printable(options.source));
    case VerifyOutcome::interrupted:
      return "Interrupted: what was looked at agrees.\n";
    case VerifyOutcome::failed:
      break;
  }
  std::string out = "Could not verify:\n";
  for (const Error& error : result.errors) out += "  " + describe(error) + '\n';
  return out;
}

// --- JSON ---

void put_counts(Writer& json, const char* key, const ArchiveCounts& counts) {
  json.Key(key);
  json.StartObject();
  put(json, "jobs", counts.jobs);
  put(json, "files", counts.files);
  put(json, "bytes", counts.bytes);
  json.EndObject();
}

void put_ends(Writer& json, const char* key, const std::map<std::string, ClusterEnds>& clusters) {
  json.Key(key);
  json.StartObject();
  for (const auto& [name, ends] : clusters) {
    json.Key(printable(name).c_str());
    json.StartObject();
    put(json, "jobs", ends.jobs);
    put(json, "highestJob", ends.highest_job);
    put(json, "newestStart", ends.newest_start);
    json.EndObject();
  }
  json.EndObject();
}

void put_numbers(Writer& json, const char* key,
                 const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  json.Key(key);
  json.StartObject();
  for (const auto& [name, count] : counts) put(json, name.c_str(), count);
  json.EndObject();
}

void put_left_out(Writer& json, const char* key, const std::vector<LeftOut>& jobs) {
  json.Key(key);
  json.StartArray();
  for (const LeftOut& job : jobs) {
    json.StartObject();
    put(json, "job", job.job);
    put(json, "class", job.kind);
    put(json, "file", job.file);
    put(json, "text", job.what);
    json.EndObject();
  }
  json.EndArray();
}

void put_found(Writer& json, const char* key, const std::vector<Difference>& findings) {
  json.Key(key);
  json.StartArray();
  for (const Difference& finding : findings) {
    json.StartObject();
    put(json, "subject", finding.subject);
    put(json, "file", finding.file);
    put(json, "pointer", finding.pointer);
    put(json, "kind", finding.kind);
    if (!finding.rule.empty()) put(json, "rule", finding.rule);
    put(json, "source", finding.source);
    put(json, "target", finding.target);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string describe(const Difference& finding) {
  std::string out = finding.subject.empty() ? "(root)" : printable(finding.subject);
  for (const std::string& place : {finding.file, finding.pointer})
    if (!place.empty()) out += ' ' + printable(place);
  out += ": " + finding.kind;
  if (!finding.rule.empty()) out += " (" + finding.rule + ')';
  if (!finding.source.empty()) out += ": source " + printable(finding.source);
  if (!finding.target.empty())
    out += (finding.source.empty() ? ": target " : ", target ") + printable(finding.target);
  return out;
}

std::string verify_text(const VerifyOptions& options, const VerifyResult& result) {
  if (result.outcome == VerifyOutcome::failed) return closing_text(options, result);
  std::string out = fmt::format("Archive version {} to {}\n", result.from, result.to);
  out += sides_text(result) + ends_text(result);
  out += changes_text(result);
  out += left_out_text("Skipped, and rightly not in the target", result.skipped);
  out += left_out_text("Bad, and rightly not in the target", result.bad);
  if (!result.bad.empty() && result.has_version)
    out += "version.txt stands there although jobs are bad: they were accepted.\n";
  if (result.unchecked > 0)
    out +=
        fmt::format("{} jobs of clusters whose cluster.json is bad were not looked at.\n", result.unchecked);
  out += findings_text(result);
  if (!result.resume_from.empty())
    out += fmt::format("Go on with --from {}\n", printable(result.resume_from));
  return out + closing_text(options, result);
}

std::string verify_json(const VerifyOptions& options, const VerifyResult& result) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-verify");
  put(json, "formatVersion", std::uint64_t{1});
  put(json, "source", options.source);
  put(json, "target", options.target);
  put(json, "from", static_cast<std::uint64_t>(result.from));
  put(json, "to", static_cast<std::uint64_t>(result.to));
  put(json, "outcome", name_of(result.outcome));
  json.Key("complete");
  json.Bool(result.complete);
  json.Key("hasVersion");
  json.Bool(result.has_version);
  put_counts(json, "sourceCounts", result.source);
  put_counts(json, "targetCounts", result.target);
  put_ends(json, "sourceClusters", result.source_ends);
  put_ends(json, "targetClusters", result.target_ends);
  put_numbers(json, "changes", result.changes);
  put_left_out(json, "skipped", result.skipped);
  put_left_out(json, "bad", result.bad);
  put(json, "leftBehind", result.left_behind);
  put(json, "unchecked", result.unchecked);
  put_numbers(json, "findings", result.findings);
  put_found(json, "found", result.found);
  if (!result.resume_from.empty()) put(json, "goOn", result.resume_from);
  json.Key("errors");
  json.StartArray();
  for (const Error& error : result.errors) {
    const std::string text = describe(error);
    json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  json.EndArray();
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace jobferry
