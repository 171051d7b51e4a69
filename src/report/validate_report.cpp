#include "report/validate_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/command_words.h"
#include "json/json_writer.h"

namespace jobferry {

namespace {

// Of the JSON document. Grows when a member changes its meaning or goes; new members do not count.
constexpr std::uint64_t format_version = 1;

std::string clusters_table(const ValidateResult& result) {
  std::vector<std::vector<std::string>> rows = {{"cluster", "jobs", "bad", "files", "bytes"}};
  const auto add = [&](const std::string& name, const ValidateCounts& c) {
    rows.push_back({printable(name), std::to_string(c.jobs), std::to_string(c.bad), std::to_string(c.files),
                    bytes_text(static_cast<double>(c.bytes))});
  };
  for (const auto& [name, counts] : result.clusters) add(name, counts);
  add("total", result.total());
  return table(rows, "lrrrr");
}

// `emmy/1403/244/1608923076 meta.json /numNodes byte 17: 2 resources, numNodes is 3`
std::string example_text(const Finding& finding) {
  std::string out;
  for (const std::string& part : {finding.subject, finding.file, finding.pointer})
    if (!part.empty()) out += (out.empty() ? "" : " ") + shortened(part);
  if (finding.byte) out += fmt::format(" byte {}", *finding.byte);
  return out + (finding.text.empty() ? "" : ": " + shortened(finding.text));
}

std::string group_text(const FindingGroup& group) {
  std::string out = fmt::format("  {}{}{}: {} in {}; {}\n", group.kind->word, group.rule.empty() ? "" : " ",
                                shortened(group.rule), plural(group.count, "place"),
                                plural(group.subjects, "subject"), group.kind->meaning);
  for (const Finding& finding : group.examples) out += "    " + example_text(finding) + '\n';
  return out + fmt::format("    > {}\n", group.kind->advice);
}

std::string section(const ValidateResult& result, Severity severity, std::string_view title) {
  std::string out;
  for (const FindingGroup& group : result.findings)
    if (group.kind->severity == severity) out += group_text(group);
  return out.empty() ? out : fmt::format("{}:\n{}", title, out);
}

std::string_view outcome_of(const ValidateResult& result) {
  if (!result.errors.empty()) return "failed";
  if (result.count(Severity::error) > 0) return "bad";
  return result.complete ? "sound" : "interrupted";
}

std::string repair_line(const ValidateOptions& options, const ValidateResult& result) {
  const std::string text = repair_text(options, result);
  return text.empty() ? text : printable(text) + '\n';
}

std::string closing_text(const ValidateResult& result) {
  if (!result.errors.empty()) return "Failed: stderr says why.\n";
  std::string out;
  if (!result.complete) out = "Not all was looked at: the counts above are not of all jobs.\n";
  const std::uint64_t errors = result.count(Severity::error), warnings = result.count(Severity::warning);
  if (errors > 0)
    return out + fmt::format("Not sound: {}, {}; {} of {}.\n", plural(errors, "error"),
                             plural(warnings, "warning"), plural(result.total().bad, "bad job"),
                             result.total().jobs);
  return result.complete ? fmt::format("Sound: an archive of version {}, {}.\n", result.version,
                                       plural(warnings, "warning"))
                         : out;
}

void put_counts(Writer& json, const ValidateCounts& counts) {
  json.StartObject();
  put(json, "jobs", counts.jobs);
  put(json, "bad", counts.bad);
  put(json, "files", counts.files);
  put(json, "bytes", counts.bytes);
  json.EndObject();
}

void put_examples(Writer& json, const std::vector<Finding>& examples) {
  json.Key("examples");
  json.StartArray();
  for (const Finding& finding : examples) {
    json.StartObject();
    put(json, "subject", finding.subject);
    put(json, "file", finding.file);
    put(json, "pointer", finding.pointer);
    if (finding.byte) put(json, "byte", *finding.byte);
    put(json, "text", finding.text);
    json.EndObject();
  }
  json.EndArray();
}

void put_findings(Writer& json, const ValidateResult& result) {
  json.Key("findings");
  json.StartArray();
  for (const FindingGroup& group : result.findings) {
    json.StartObject();
    put(json, "kind", group.kind->word);
    put(json, "severity", name_of(group.kind->severity));
    if (!group.rule.empty()) put(json, "rule", group.rule);
    put(json, "count", group.count);
    put(json, "subjects", group.subjects);
    put(json, "meaning", group.kind->meaning);
    put(json, "advice", group.kind->advice);
    put_examples(json, group.examples);
    json.EndObject();
  }
  json.EndArray();
}

void put_clusters(Writer& json, const ValidateResult& result) {
  json.Key("clusters");
  json.StartObject();
  for (const auto& [name, counts] : result.clusters) {
    json.Key(printable(name).c_str());
    put_counts(json, counts);
  }
  json.EndObject();
  json.Key("total");
  put_counts(json, result.total());
}

}  // namespace

std::string repair_text(const ValidateOptions& options, const ValidateResult& result) {
  const bool repairable = std::any_of(result.findings.begin(), result.findings.end(),
                                      [](const FindingGroup& group) { return group.kind->repairable; });
  if (!repairable) return {};
  if (result.version == 0) return "A repair is part of every migration from version 0.";
  Options repair;
  repair.source = by_name(options.archive);
  repair.target = repair.source + "-repaired";
  repair.to = result.version;
  repair.repair = true;
  return "A repair: " + command_for(repair);
}

std::string validate_text(const ValidateOptions& options, const ValidateResult& result) {
  std::string out;
  if (result.errors.empty())
    out += fmt::format("{}, version {}: {} in {}\n", printable(options.archive), result.version,
                       plural(result.total().jobs, "job"), duration_text(result.seconds)) +
           clusters_table(result);
  out += section(result, Severity::error, "Errors, what servers refuse or misread");
  out += section(result, Severity::warning, "Warnings, it works but somebody should look");
  return out + repair_line(options, result) + closing_text(result);
}

std::string validate_json(const ValidateOptions& options, const ValidateResult& result) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-validate");
  put(json, "formatVersion", format_version);
  put(json, "jobferry", JOBFERRY_VERSION);
  put(json, "archive", options.archive);
  put(json, "version", static_cast<std::uint64_t>(result.version));
  put(json, "outcome", outcome_of(result));
  json.Key("complete");
  json.Bool(result.complete);
  json.Key("seconds");
  json.Double(result.seconds);
  put_clusters(json, result);
  put(json, "errorCount", result.count(Severity::error));
  put(json, "warningCount", result.count(Severity::warning));
  put_findings(json, result);
  put(json, "repair", repair_text(options, result));
  put_errors(json, "errors", result.errors);
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace jobferry
