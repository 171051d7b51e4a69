#include "report/text_writer.h"

#include <algorithm>

#include "base/text.h"

namespace jobferry {

namespace {

using Lines = std::vector<std::vector<std::string>>;

std::string cell_text(const Column& column, const Cell& cell) {
  const std::string text = shown(cell.value);
  return column.kind == ColumnKind::advice ? printable(text) : shortened(text);
}

// The rows that are shown, and the total.
std::vector<const Row*> rows_of(const Table& table) {
  std::vector<const Row*> rows;
  for (const Row& row : table.rows)
    if (row.shown) rows.push_back(&row);
  if (table.total && !rows.empty()) rows.push_back(&*table.total);
  return rows;
}

// Columns `begin` to `end` are written in one cell.
struct Group {
  std::size_t begin, end;
};

std::string group_text(const Columns& columns, const Cells& cells, Group group) {
  std::string out;
  for (std::size_t i = group.begin; i < std::min(group.end, cells.size()); ++i) {
    const std::string text = columns[i].heading.empty() ? "" : cell_text(columns[i], cells[i]);
    if (!text.empty()) out += (out.empty() ? "" : columns[i].before) + text;
  }
  return out;
}

// Without those in which no row has anything.
std::vector<Group> groups_of(const Columns& columns, const std::vector<const Row*>& rows) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (groups.empty() || columns[i].before.empty()) groups.push_back({i, i});
    groups.back().end = i + 1;
  }
  std::erase_if(groups, [&](Group group) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](const Row* row) { return group_text(columns, row->cells, group).empty(); });
  });
  return groups;
}

std::string list_text(const Table& table, const std::vector<const Row*>& rows) {
  std::string out;
  for (const Row* row : rows) {
    out += "  " + line(table.columns, row->cells) + '\n';
    for (const Cells& each : row->details) out += "    " + line(table.details.columns, each) + '\n';
  }
  return out;
}

std::string text_of(const Table& table) {
  const std::vector<const Row*> rows = rows_of(table);
  if (rows.empty()) return {};
  const std::vector<Group> groups = groups_of(table.columns, rows);
  if (groups.size() == 1) return list_text(table, rows);
  Lines lines(1);
  std::string align;
  for (const Group group : groups) {
    lines[0].push_back(table.columns[group.begin].heading);
    align += table.columns[group.begin].kind == ColumnKind::number ? 'r' : 'l';
  }
  for (const Row* row : rows) {
    auto& cells = lines.emplace_back();
    for (const Group group : groups) {
      cells.push_back(group_text(table.columns, row->cells, group));
      if (cells.back().empty()) cells.back() = "-";
    }
  }
  return jobferry::table(lines, align);
}

std::string text_of(const Facts& facts) {
  Lines lines;
  for (const Fact& fact : facts)
    if (!fact.label.empty()) lines.push_back({fact.label, printable(shown(fact.value))});
  return table(lines, "ll");
}

std::string text_of(const Paragraph& paragraph) {
  return paragraph.page_only ? "" : printable(paragraph.text) + '\n';
}

std::string text_of(const ShellLines& command) {
  std::string out;
  for (const std::string& line : command.lines) out += "  " + printable(line) + '\n';
  return out;
}

std::string text_of(const TimeChart&) { return {}; }
std::string text_of(const BarChart&) { return {}; }

std::string paragraph_text(const std::string& text) { return text.empty() ? "" : printable(text) + '\n'; }

}  // namespace

std::string line(const Columns& columns, const Cells& cells) {
  return group_text(columns, cells, {0, columns.size()});
}

// The heading says what a table is about, unless there are several below it.
std::string to_text(const Section& section) {
  const auto is_table = [](const Block& block) { return std::holds_alternative<Table>(block); };
  const bool needs_captions = std::count_if(section.blocks.begin(), section.blocks.end(), is_table) > 1;
  std::string out;
  for (const Block& block : section.blocks) {
    const std::string part = std::visit([](const auto& each) { return text_of(each); }, block);
    if (needs_captions && is_table(block) && !part.empty()) out += std::get<Table>(block).caption + ":\n";
    out += part;
  }
  return out.empty() ? out : printable(section.heading) + ":\n" + out;
}

std::string to_text(const ResultDocument& document) {
  std::string out = paragraph_text(document.title) + text_of(document.figures);
  for (const Section* section : document.sections_in_order(false))
    if (!section->page_only) out += to_text(*section);
  return out + paragraph_text(document.ending.outcome) + paragraph_text(document.ending.next);
}

}  // namespace jobferry
