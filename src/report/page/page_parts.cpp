#include "report/page/page_parts.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace jobferry {

namespace {

Row error_row(const Error& error) {
  return {{error.subject.empty() ? "(run)" : error.subject},
          {std::string(name_of(error.kind))},
          {place_in(error.file, error.pointer)},
          error.byte ? Cell{std::to_string(*error.byte), *error.byte} : Cell{},
          {error.step},
          {error.what}};
}

Cell verdict_cell(Verdict verdict) {
  Cell cell{std::string(name_of(verdict))};
  if (verdict == Verdict::suspicious) cell.tone = Tone::attention;
  if (verdict == Verdict::invalid) cell.tone = Tone::bad;
  return cell;
}

}  // namespace

Page page_of(std::string title, Ending ending) {
  return {std::move(title), ending.tone, std::move(ending.outcome), std::move(ending.next), {}, {}};
}

Section what_was_done(Facts facts, const RunFacts& run, double seconds) {
  const Facts more = page_facts(run);
  facts.insert(facts.end(), more.begin(), more.end());
  facts.push_back({"Time", time_text(seconds)});
  return {"What was done", {std::move(facts)}};
}

std::string place_in(std::string_view file, std::string_view pointer) {
  return fmt::format("{}{}{}", file, file.empty() || pointer.empty() ? "" : " ", pointer);
}

Table error_table(std::string caption, const std::vector<Error>& errors, std::string empty) {
  Table table{std::move(caption),
              {{"Job", ColumnKind::name},
               {"Class", ColumnKind::text},
               {"Where", ColumnKind::name},
               {"Byte", ColumnKind::number},
               {"Step", ColumnKind::text},
               {"What", ColumnKind::text}},
              {},
              {},
              std::move(empty)};
  for (const Error& error : errors) table.rows.push_back(error_row(error));
  return table;
}

Table aggregation_table(const std::map<std::string, std::vector<AggregationRow>>& aggregations) {
  Table table{"Aggregations in every cluster.json",
              {{"Metric", ColumnKind::name},
               {"Cluster", ColumnKind::name},
               {"Unit", ColumnKind::text},
               {"Scope", ColumnKind::text},
               {"Aggregation", ColumnKind::text},
               {"Verdict", ColumnKind::text}},
              {}};
  for (const auto& [cluster, rows] : aggregations)
    for (const AggregationRow& row : rows)
      table.rows.push_back(
          {{row.metric}, {cluster}, {row.unit}, {row.scope}, {row.aggregation}, verdict_cell(row.verdict)});
  return table;
}

std::string time_text(double seconds) {
  if (seconds >= 10) return duration_text(seconds);
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1000) : fmt::format("{:.1f} s", seconds);
}

}  // namespace jobferry
