#include "report/migrate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/advice.h"
#include "base/text.h"
#include "json/json_writer.h"

namespace jobferry {

namespace {

// Of the JSON report. Grows when a member changes its meaning or goes; new members do not count.
constexpr int report_version = 1;

std::string clusters_table(const Summary& summary) {
  std::vector<std::vector<std::string>> rows = {
      {"cluster", "migrated", "skipped", "bad", "unread", "carried", "left behind", "in", "out"}};
  const auto add = [&](const std::string& name, const ClusterCounts& c) {
    rows.push_back({printable(name), std::to_string(c.migrated), std::to_string(c.skipped),
                    std::to_string(c.bad), std::to_string(c.carried_unread), std::to_string(c.carried),
                    std::to_string(c.left_behind), bytes_text(static_cast<double>(c.bytes_in)),
                    bytes_text(static_cast<double>(c.bytes_out))});
  };
  for (const auto& [name, counts] : summary.clusters)
    if (!name.empty() || counts.carried || counts.left_behind) add(name.empty() ? "(root)" : name, counts);
  add("total", summary.total());
  return table(rows, "lrrrrrrrr");
}

// `emmy/1403/244/1608923076 data.json /ipc/node/unit: "ipc"`
std::string place(std::string_view subject, std::string_view file, std::string_view pointer,
                  std::string_view detail) {
  return fmt::format("{} {}{}{}{}{}", printable(subject), printable(file), pointer.empty() ? "" : " ",
                     shortened(pointer), detail.empty() ? "" : ": ", shortened(detail));
}

std::string notes_text(const Summary& summary) {
  if (summary.notes.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const auto& [code, note] : summary.notes)
    rows.push_back({code, std::to_string(note.count),
                    "e.g. " + place(note.subject, note.file, note.pointer, note.detail)});
  return "Notes, decisions you may want to review:\n" + table(rows, "lrl");
}

std::string list_text(std::string_view title, const std::vector<Error>& errors) {
  if (errors.empty()) return {};
  std::string out = fmt::format("{}:\n", title);
  for (const Error& error : errors) out += "  " + describe(error) + '\n';
  return out;
}

// What to do about jobs like these, once for each class.
std::string advice_text(const std::vector<Error>& errors) {
  std::map<std::string_view, std::string_view> advice;
  for (const Error& error : errors) advice.emplace(name_of(error.kind), advice_on(error.kind));
  std::string out;
  for (const auto& [kind, what] : advice) out += fmt::format("  {}: {}\n", kind, what);
  return out.empty() ? out : "What to do about bad jobs:\n" + out;
}

bool is_about_target(const Summary& summary) {
  return std::any_of(summary.errors.begin(), summary.errors.end(),
                     [](const Error& error) { return error.kind == Kind::write_failed; });
}

std::string closing_text(const Options& options, const Summary& summary) {
  const std::string target = printable(options.target);
  const std::string go_on = summary.resumable ? " The same command goes on from here." : "";
  switch (summary.outcome) {
    case Outcome::complete:
      if (options.dry_run) return "Dry run: nothing was written.\n";
      return fmt::format("Complete: {} is an archive of version {}.\n{}", target, summary.to,
                         options.repair && summary.from != summary.to
                             ? "--repair changed nothing: every step repairs. Without a step: --to " +
                                   std::to_string(summary.from) + " --repair\n"
                             : "");
    case Outcome::nothing_to_do:
      return fmt::format("Nothing to do: {} is of version {} already (--repair applies the repairs alone).\n",
                         printable(options.source), summary.to);
    case Outcome::bad_jobs:
      return fmt::format("Not complete: {} could not be migrated. {}\n", plural(summary.bad.size(), "job"),
                         options.dry_run ? "Dry run: nothing was written."
                                         : "version.txt was not written, so no server starts on " + target +
                                               "; --accept-bad completes without these jobs." + go_on);
    case Outcome::hidden_jobs:
      return fmt::format(
          "Not complete: {} could not be listed, so an unknown number of jobs is missing. {}\n",
          summary.unlisted.size() == 1 ? "a directory"
                                       : fmt::format("{} directories", summary.unlisted.size()),
          options.dry_run ? "Dry run: nothing was written."
                          : "version.txt was not written, and --accept-bad does not cover this. Make it "
                            "possible to list all directories." +
                                go_on);
    case Outcome::interrupted:
      if (options.dry_run) return "Interrupted: the counts above are not of all jobs. Nothing was written.\n";
      return fmt::format(
          "Interrupted: jobs that were being written were finished, version.txt was not written; {} is "
          "unfinished.{}\n",
          target, go_on);
    case Outcome::partial:
      return fmt::format("Not complete: {} that nobody asked for remain{} to be migrated.{}\n",
                         plural(summary.left_out, "job"), summary.left_out == 1 ? "s" : "",
                         options.dry_run ? " Dry run: nothing was written." : go_on);
    case Outcome::failed:
      return fmt::format("Failed: stderr says why.{}{}\n",
                         is_about_target(summary) ? " Make room there, or mend it." : "", go_on);
  }
  return {};
}

bool ran(const Summary& summary) {
  if (summary.outcome == Outcome::failed) return !summary.clusters.empty();
  return summary.outcome != Outcome::nothing_to_do;
}

void put_counts(Writer& json, const ClusterCounts& counts) {
  json.StartObject();
  put(json, "migrated", counts.migrated);
  put(json, "skipped", counts.skipped);
  put(json, "bad", counts.bad);
  put(json, "carriedUnread", counts.carried_unread);
  put(json, "carried", counts.carried);
  put(json, "leftBehind", counts.left_behind);
  put(json, "bytesIn", counts.bytes_in);
  put(json, "bytesOut", counts.bytes_out);
  json.EndObject();
}

void put_notes(Writer& json, const Summary& summary) {
  json.Key("notes");
  json.StartArray();
  for (const auto& [code, note] : summary.notes) {
    json.StartObject();
    put(json, "code", code);
    put(json, "count", note.count);
    put(json, "subjects", note.subjects);
    json.Key("example");
    json.StartObject();
    put(json, "subject", note.subject);
    put(json, "file", note.file);
    put(json, "pointer", note.pointer);
    put(json, "detail", note.detail);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
}

void put_clusters(Writer& json, const Summary& summary) {
  const auto root = summary.clusters.find("");
  json.Key("root");
  put_counts(json, root == summary.clusters.end() ? ClusterCounts{} : root->second);
  json.Key("clusters");
  json.StartObject();
  for (const auto& [name, counts] : summary.clusters) {
    if (name.empty()) continue;
    json.Key(printable(name).c_str());
    put_counts(json, counts);
  }
  json.EndObject();
  json.Key("total");
  put_counts(json, summary.total());
}

}  // namespace

std::string describe(const Error& error) {
  std::string out;
  const auto add = [&](std::string_view part) {
    if (part.empty()) return;
    if (!out.empty()) out += ' ';
    out += shortened(part);
  };
  add(error.subject);
  add(error.file);
  add(error.pointer);
  if (error.byte) out += fmt::format(" byte {}", *error.byte);
  if (!error.step.empty()) out += fmt::format(", step {}", error.step);
  return fmt::format("{}{}{}: {}", out, out.empty() ? "" : ": ", name_of(error.kind), shortened(error.what));
}

std::string describe(const std::string& subject, const Note& note) {
  return fmt::format("{} ({}) {}", note.code, note.count,
                     place(subject, note.file, note.pointer, note.detail));
}

std::string aggregation_table(const std::string& cluster, const std::vector<AggregationRow>& rows) {
  std::vector<std::vector<std::string>> cells = {{"metric", "unit", "scope", "aggregation", "verdict"}};
  for (const AggregationRow& row : rows)
    cells.push_back({printable(row.metric), printable(row.unit), printable(row.scope),
                     printable(row.aggregation), std::string(name_of(row.verdict))});
  return fmt::format("Aggregations of {}/cluster.json:\n{}", printable(cluster), table(cells, "lllll"));
}

std::string summary_text(const Options& options, const Summary& summary) {
  std::string out;
  if (ran(summary)) {
    const ClusterCounts total = summary.total();
    out += fmt::format("Archive version {} to {}: {} in {}, {} in, {} out\n", summary.from, summary.to,
                       plural(total.migrated, "job"), duration_text(summary.seconds),
                       bytes_text(static_cast<double>(total.bytes_in)),
                       bytes_text(static_cast<double>(total.bytes_out)));
    out += clusters_table(summary);
    out += notes_text(summary);
    if (!summary.left_behind.empty()) {
      out += "Left behind, but holding a meta.json:\n";
      for (const std::string& path : summary.left_behind) out += "  " + printable(path) + '\n';
    }
    if (summary.unchanged)
      out += fmt::format("{} of these had been done before and had not changed since.\n",
                         plural(summary.unchanged, "job"));
    if (!summary.vanished.empty()) {
      out += "In the target, but no longer in the source:\n";
      for (const std::string& path : summary.vanished) out += "  " + printable(path) + '\n';
    }
    out += list_text("Skipped jobs", summary.skipped);
    out += list_text("Bad jobs", summary.bad);
    out += list_text("Directories that could not be listed", summary.unlisted);
    out += advice_text(summary.bad);
  }
  return out + closing_text(options, summary);
}

bool is_complete(const StateOverview& state) {
  const auto phase = state.values.find("phase");
  return phase != state.values.end() && phase->second == "complete" && state.holder.empty();
}

namespace {

std::uint64_t count_of(const StateOverview& state, std::string_view outcome) {
  const auto found = state.outcomes.find(std::string(outcome));
  return found == state.outcomes.end() ? 0 : found->second;
}

// `running`, `interrupted`, `ended with bad jobs`, `ended with hidden jobs`, `complete with bad jobs` or
// `complete`.
std::string_view phase_of(const StateOverview& state) {
  if (!state.holder.empty()) return "running";
  const auto phase = state.values.find("phase");
  if (phase != state.values.end() && phase->second == phase_bad_jobs) return "ended with bad jobs";
  if (phase != state.values.end() && phase->second == phase_hidden_jobs) return "ended with hidden jobs";
  if (!is_complete(state)) return "interrupted";
  return count_of(state, outcome_bad) ? "complete with bad jobs" : "complete";
}

std::string value_of(const StateOverview& state, const std::string& name) {
  const auto found = state.values.find(name);
  return found == state.values.end() ? "" : printable(found->second);
}

std::string_view next_step(std::string_view phase) {
  if (phase == "running") return "Wait for it, or stop it with SIGTERM: it can be continued.";
  if (phase == "interrupted")
    return "Run the same command again: it goes on from here, and tries bad jobs again.";
  if (phase == "ended with bad jobs")
    return "Mend the bad jobs and run the same command again, or complete it without them (--accept-bad).";
  if (phase == "ended with hidden jobs")
    return "Make these directories readable and run the same command again.";
  return "Run the same command again to catch up with what has changed in the source since.";
}

}  // namespace

std::string status_text(const StateOverview& state) {
  const std::string_view phase = phase_of(state);
  const std::uint64_t migrated = count_of(state, outcome_migrated),
                      skipped = count_of(state, outcome_skipped), bad = count_of(state, outcome_bad);
  std::string out = fmt::format("{}: version {} to {}, {} to {}\n", phase, value_of(state, "from"),
                                value_of(state, "to"), value_of(state, "source"), value_of(state, "target"));
  if (!state.holder.empty()) out += fmt::format("  by {}\n", printable(state.holder));
  out += fmt::format("  {} migrated, {} skipped, {} bad; {} in, {} out\n", plural(migrated, "job"), skipped,
                     bad, bytes_text(static_cast<double>(state.bytes_in)),
                     bytes_text(static_cast<double>(state.bytes_out)));
  out += fmt::format("  begun {} with {}\n", value_of(state, "started"), value_of(state, "options"));
  if (!state.unlisted.empty())
    out += "  Directories that could not be listed; they hide an unknown number of jobs:\n";
  for (const Error& error : state.unlisted)
    out += fmt::format("    {}: {}\n", printable(error.subject), printable(error.what));
  return out + fmt::format("{}\n", next_step(phase));
}

std::string status_json(const StateOverview& state) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-status");
  put(json, "formatVersion", std::uint64_t{1});
  put(json, "phase", phase_of(state));
  for (const char* name : {"source", "target", "from", "to", "options", "build", "started", "ended"})
    put(json, name, value_of(state, name));
  put(json, "heldBy", state.holder);
  for (const std::string_view outcome : {outcome_migrated, outcome_skipped, outcome_bad})
    put(json, outcome.data(), count_of(state, outcome));
  put(json, "bytesIn", state.bytes_in);
  put(json, "bytesOut", state.bytes_out);
  put_errors(json, "unlisted", state.unlisted);
  json.EndObject();
  return std::string(buffer.GetString()) + '\n';
}

std::string report_json(const Options& options, const Summary& summary) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-report");
  put(json, "formatVersion", static_cast<std::uint64_t>(report_version));
  put(json, "jobferry", JOBFERRY_VERSION);
  put(json, "outcome", name_of(summary.outcome));
  json.Key("finalized");
  json.Bool(summary.finalized);
  json.Key("dryRun");
  json.Bool(options.dry_run);
  put(json, "source", options.source);
  put(json, "target", options.target);
  put(json, "from", static_cast<std::uint64_t>(summary.from));
  put(json, "to", static_cast<std::uint64_t>(summary.to));
  json.Key("seconds");
  json.Double(summary.seconds);
  json.Key("syncSeconds");
  json.Double(summary.sync_seconds);
  put_clusters(json, summary);
  put_notes(json, summary);
  put_errors(json, "bad", summary.bad);
  put_errors(json, "skipped", summary.skipped);
  put_errors(json, "unlisted", summary.unlisted);
  json.Key("leftBehindJobs");
  json.StartArray();
  for (const std::string& path : summary.left_behind) json.String(printable(path).c_str());
  json.EndArray();
  json.Key("resumed");
  json.Bool(summary.resumed);
  put(json, "unchanged", summary.unchanged);
  put(json, "leftOut", summary.left_out);
  json.Key("vanished");
  json.StartArray();
  for (const std::string& path : summary.vanished) json.String(printable(path).c_str());
  json.EndArray();
  put_aggregations(json, summary.aggregations);
  put_errors(json, "errors", summary.errors);
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace jobferry
