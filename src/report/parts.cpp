#include "report/parts.h"

#include <fmt/format.h>

#include <utility>

#include "report/text_writer.h"

namespace jobferry {

namespace {

Cell verdict_cell(Verdict verdict) {
  Cell cell(name_of(verdict));
  if (verdict == Verdict::suspicious) cell.tone = Tone::attention;
  if (verdict == Verdict::invalid) cell.tone = Tone::bad;
  return cell;
}

}  // namespace

Columns error_columns(const std::string& path) {
  return {{"Job", path + "subject", ColumnKind::name},
          {"File", path + "file", ColumnKind::name, " "},
          {"Pointer", path + "pointer", ColumnKind::name, " "},
          {"Byte", path + "byte", ColumnKind::number, " byte "},
          {"Step", path + "step", ColumnKind::text, ", step "},
          {"Class", path + "class", ColumnKind::text, ": "},
          {"What is wrong", path + "text", ColumnKind::text, ": "}};
}

Cells cells_of(const Error& error) {
  return {error.subject,
          error.file,
          error.pointer,
          error.byte ? Value(Identifier{*error.byte}) : Value(),
          unless_empty(error.step),
          name_of(error.kind),
          error.what};
}

Table error_table(std::string caption, std::string json, const std::vector<Error>& errors) {
  Table table{std::move(caption), std::move(json), error_columns()};
  for (const Error& error : errors) table.rows.push_back({cells_of(error)});
  return table;
}

Section error_section(const std::vector<Error>& errors) {
  return {"Errors", {error_table("Why the command failed", "errors", errors)}, true, true};
}

Columns example_columns() {
  return {{"Example", "example.subject", ColumnKind::name},
          {"File", "example.file", ColumnKind::name, " "},
          {"Pointer", "example.pointer", ColumnKind::name, " "},
          {"Decision", "example.detail", ColumnKind::text, ": "}};
}

Table path_table(std::string caption, std::string json, const std::vector<std::string>& paths) {
  Table table{std::move(caption), std::move(json), {{"Path", "", ColumnKind::name}}};
  for (const std::string& path : paths) table.rows.push_back({{path}});
  return table;
}

Table aggregation_table(const std::map<std::string, std::vector<AggregationRow>>& aggregations) {
  Table table{"Aggregations in every cluster.json",
              "aggregations",
              {{"Cluster", "cluster", ColumnKind::name},
               {"Metric", "metric", ColumnKind::name},
               {"Unit", "unit"},
               {"Scope", "scope"},
               {"Aggregation", "aggregation"},
               {"Verdict", "verdict"}}};
  for (const auto& [cluster, rows] : aggregations)
    for (const AggregationRow& row : rows)
      table.rows.push_back(
          {{cluster, row.metric, row.unit, row.scope, row.aggregation, verdict_cell(row.verdict)}});
  return table;
}

Cell bad_cell(std::uint64_t bad) { return {bad, bad > 0 ? std::optional(Tone::bad) : std::nullopt}; }

Identifier version_of(int version) { return {static_cast<std::uint64_t>(version)}; }

std::string versions_text(int from, int to) {
  return from == to ? std::to_string(to) : fmt::format("{} to {}", from, to);
}

std::string describe(const Error& error) { return line(error_columns(), cells_of(error)); }

std::string describe(const std::string& subject, const Note& note) {
  return fmt::format("{} ({}) {}", note.code, note.count,
                     line(example_columns(), {subject, note.file, note.pointer, note.detail}));
}

std::string aggregation_text(const std::string& cluster, const std::vector<AggregationRow>& rows) {
  return to_text(Section{fmt::format("Aggregations of {}/cluster.json", cluster),
                         {aggregation_table({{cluster, rows}})}});
}

}  // namespace jobferry
