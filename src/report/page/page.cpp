#include "report/page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "report/page/chart.h"
#include "report/page/markup.h"
#include "report/page/page_assets.h"

namespace jobferry {

namespace {

struct Sign {
  const char* css_class;
  const char* mark;
  const char* word;  // for those who hear the page
};

const Sign& sign_of(Tone tone) {
  static constexpr std::array<Sign, 3> signs = {
      {{"good", "✓", "Good"}, {"attention", "!", "Attention"}, {"bad", "✕", "Bad"}}};
  return signs[static_cast<std::size_t>(tone)];
}

const char* class_of(ColumnKind kind) {
  constexpr std::array<const char*, 4> names = {"text", "name", "number", "text"};
  return names[static_cast<std::size_t>(kind)];
}

std::string id_of(std::size_t section) { return fmt::format("section-{}", section + 1); }

// Counts what must have a name of its own on the page.
struct Numbers {
  std::size_t charts = 0, tables = 0;
};

// --- Facts and words ---

// A line ends between words, not after the dashes of an option.
void put_words(Markup& out, std::string_view text) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (at > 0) out.text(" ");
    out.element("span", {{"class", "word"}}, text.substr(at, end - at));
    at = end + 1;
  }
}

void put_facts(Markup& out, const Facts& facts, const char* css_class) {
  if (std::all_of(facts.begin(), facts.end(), [](const Fact& fact) { return fact.label.empty(); })) return;
  out.open("dl", {{"class", css_class}});
  for (const Fact& fact : facts) {
    if (fact.label.empty()) continue;
    const bool literal = std::holds_alternative<Literal>(fact.value);
    out.open("div");
    out.element("dt", {}, fact.label);
    out.open("dd", {{"class", literal ? "literal" : ""}});
    if (literal)
      put_words(out, shown(fact.value));
    else
      out.text(shown(fact.value));
    out.close();
    out.close();
  }
  out.close();
}

void put(Markup& out, const Facts& facts, Numbers&) { put_facts(out, facts, "facts"); }

void put(Markup& out, const Paragraph& paragraph, Numbers&) { out.element("p", {}, paragraph.text); }

void put(Markup& out, const ShellLines& command, Numbers&) {
  out.open("pre", {{"tabindex", "0"}, {"role", "region"}, {"aria-label", "Command"}});
  out.open("code");
  for (const std::string& line : command.lines) {
    out.text(line);
    out.line_break();
  }
  out.close();
  out.close();
}

void put_tone(Markup& out, Tone tone) {
  const Sign& sign = sign_of(tone);
  out.open("span", {{"class", fmt::format("sign {}", sign.css_class)}, {"aria-hidden", "true"}});
  out.text(sign.mark);
  out.close();
}

// --- Tables ---

// What numbers, times and sizes are sorted by.
std::string sort_key(const Value& value) {
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return std::to_string(*count);
  if (const auto* size = std::get_if<Bytes>(&value)) return std::to_string(size->bytes);
  if (const auto* identifier = std::get_if<Identifier>(&value)) return std::to_string(identifier->number);
  if (const auto* estimate = std::get_if<Estimated>(&value)) return fmt::format("{:.0f}", estimate->value);
  return {};
}

// A table as it is shown: without the rows and columns that are only in JSON, and without columns in which no
// row has anything. A column that is set off by a blank alone continues the name before it, here as in a
// text.
struct Sheet {
  struct Heading {
    std::string text;
    ColumnKind kind;
  };
  struct Box {
    std::string text, sort_key{};
    std::optional<Tone> tone{};
  };
  using Line = std::vector<Box>;
  std::string caption;
  std::vector<Heading> headings;
  std::vector<Line> rows;
  Line total;
};

bool continues(const Column& column) { return column.before == " "; }

// Of the columns from `i` to the end of the name.
Sheet::Box box_of(const Columns& columns, const Cells& cells, std::size_t i) {
  Sheet::Box box{"", sort_key(cells[i].value), cells[i].tone};
  const std::size_t first = i;
  for (; i < cells.size() && (i == first || continues(columns[i])); ++i) {
    const std::string text = shown(cells[i].value);
    if (text.empty()) continue;
    if (!box.text.empty()) box.text += ' ';
    box.text += columns[i].kind == ColumnKind::advice ? text : shortened(text);
  }
  return box;
}

Sheet sheet_of(const std::string& caption, const Columns& columns, const std::vector<Cells>& rows,
               const Cells& total) {
  Sheet sheet{caption, {}, std::vector<Sheet::Line>(rows.size()), {}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].heading.empty() || (i > 0 && continues(columns[i]))) continue;
    Sheet::Line column;
    for (const Cells& row : rows) column.push_back(box_of(columns, row, i));
    if (std::all_of(column.begin(), column.end(), [](const Sheet::Box& box) { return box.text.empty(); }))
      continue;
    sheet.headings.push_back({columns[i].heading, columns[i].kind});
    for (std::size_t row = 0; row < rows.size(); ++row) sheet.rows[row].push_back(std::move(column[row]));
    if (!total.empty()) sheet.total.push_back(box_of(columns, total, i));
  }
  return sheet;
}

Sheet sheet_of(const Table& table) {
  std::vector<Cells> rows;
  for (const Row& row : table.rows)
    if (row.shown) rows.push_back(row.cells);
  return sheet_of(table.caption, table.columns, rows, table.total ? table.total->cells : Cells());
}

// What is below the rows, behind the name of its row.
Sheet details_of(const Table& table) {
  std::ptrdiff_t named = 1;
  while (std::cmp_less(named, table.columns.size()) &&
         continues(table.columns[static_cast<std::size_t>(named)]))
    ++named;
  std::vector<Cells> rows;
  for (const Row& row : table.rows)
    for (const Cells& each : row.details) {
      rows.emplace_back(row.cells.begin(), row.cells.begin() + named);
      rows.back().insert(rows.back().end(), each.begin(), each.end());
    }
  Columns columns(table.columns.begin(), table.columns.begin() + named);
  columns.insert(columns.end(), table.details.columns.begin(), table.details.columns.end());
  return sheet_of(table.details.caption, columns, rows, {});
}

// A short text stays on one line, so that the column is wide enough for it. A long one is broken anywhere.
std::string class_of(std::string_view text, ColumnKind kind) {
  constexpr std::size_t longest_name = 36, longest_text = 20;
  const std::size_t longest = kind == ColumnKind::name ? longest_name : longest_text;
  return std::string(class_of(kind)) + (text.size() <= longest ? " short" : "");
}

void put_box(Markup& out, bool heads, const Sheet::Box& box, ColumnKind kind) {
  out.open(heads ? "th" : "td",
           {{"class", class_of(box.text, kind)}, {"scope", heads ? "row" : ""}, {"data-sort", box.sort_key}});
  if (box.tone) put_tone(out, *box.tone);
  out.text(box.text);
  out.close();
}

void put_row(Markup& out, const Sheet& sheet, const Sheet::Line& row) {
  out.open("tr");
  for (std::size_t i = 0; i < row.size(); ++i) put_box(out, i == 0, row[i], sheet.headings[i].kind);
  out.close();
  out.line_break();
}

void put_headings(Markup& out, const Sheet& sheet) {
  out.open("thead");
  out.open("tr");
  for (const Sheet::Heading& heading : sheet.headings)
    out.element("th", {{"scope", "col"}, {"class", class_of(heading.kind)}}, heading.text);
  out.close();
  out.close();
}

void put_rows(Markup& out, const Sheet& sheet) {
  out.open("tbody");
  for (std::size_t i = 0; i < std::min(sheet.rows.size(), most_rows); ++i) put_row(out, sheet, sheet.rows[i]);
  out.close();
  if (sheet.total.empty()) return;
  out.open("tfoot");
  put_row(out, sheet, sheet.total);
  out.close();
}

void put_sheet(Markup& out, const Sheet& sheet, Numbers& numbers) {
  if (sheet.rows.empty()) return;
  const std::string caption = fmt::format("table-{}", ++numbers.tables);
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-labelledby", caption}});
  out.open("table", {{"class", "sortable"}});
  out.element("caption", {{"id", caption}}, sheet.caption);
  put_headings(out, sheet);
  put_rows(out, sheet);
  out.close();
  out.close();
  if (sheet.rows.size() > most_rows)
    out.element("p", {{"class", "more"}},
                fmt::format("{} more are not shown here. The file that --report FILE writes has all of them.",
                            grouped(sheet.rows.size() - most_rows)));
}

void put(Markup& out, const Table& table, Numbers& numbers) {
  const Sheet sheet = sheet_of(table);
  if (sheet.rows.empty() && !table.empty.empty()) out.element("p", {{"class", "none"}}, table.empty);
  put_sheet(out, sheet, numbers);
  put_sheet(out, details_of(table), numbers);
}

void put(Markup& out, const TimeChart& chart, Numbers& numbers) { draw(out, chart, ++numbers.charts); }
void put(Markup& out, const BarChart& chart, Numbers& numbers) { draw(out, chart, ++numbers.charts); }

// Whether a block leaves anything on the page.
bool has_words(const Block& block) {
  const auto* table = std::get_if<Table>(&block);
  return !table || !table->empty.empty() ||
         std::any_of(table->rows.begin(), table->rows.end(), [](const Row& row) { return row.shown; });
}

// --- The page ---

// In order, and the run at the end.
std::vector<Section> sections_of(const ResultDocument& document, const RunFacts& run) {
  std::vector<Section> sections;
  for (const Section* section : document.sections_in_order(true))
    if (std::any_of(section->blocks.begin(), section->blocks.end(), has_words)) sections.push_back(*section);
  sections.push_back({"The run", {facts_of(run)}});
  return sections;
}

void put_head(Markup& out, const ResultDocument& document) {
  out.open("head");
  out.empty("meta", {{"charset", "utf-8"}});
  out.empty("meta", {{"http-equiv", "Content-Security-Policy"},
                     {"content", fmt::format("default-src 'none'; style-src '{}'; script-src '{}'; base-uri "
                                             "'none'; form-action 'none'",
                                             page_style_hash, page_script_hash)}});
  out.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  out.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  out.empty("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  out.empty("meta", {{"name", "generator"}, {"content", "jobferry " JOBFERRY_VERSION}});
  out.element("title", {}, document.title);
  out.verbatim("style", page_style);
  out.close();
  out.line_break();
}

void put_ending(Markup& out, const Ending& ending) {
  const Sign& sign = sign_of(ending.tone);
  out.open("div", {{"class", fmt::format("outcome {}", sign.css_class)}});
  put_tone(out, ending.tone);
  out.open("div");
  out.open("p", {{"class", "line"}});
  out.element("span", {{"class", "unseen"}}, fmt::format("{}: ", sign.word));
  out.text(ending.outcome);
  out.close();
  if (!ending.next.empty()) out.element("p", {{"class", "next"}}, ending.next);
  out.close();
  out.close();
}

void put_contents(Markup& out, const std::vector<Section>& sections) {
  out.open("nav", {{"aria-label", "Contents"}});
  out.open("ul");
  for (std::size_t i = 0; i < sections.size(); ++i) {
    out.open("li");
    out.element("a", {{"href", '#' + id_of(i)}}, sections[i].heading);
    out.close();
  }
  out.close();
  out.close();
}

void put_section(Markup& out, const Section& section, std::size_t index, Numbers& numbers) {
  const std::string id = id_of(index), heading = id + "-heading";
  out.line_break();
  out.open("section", {{"id", id}, {"aria-labelledby", heading}});
  out.element("h2", {{"id", heading}}, section.heading);
  for (const Block& block : section.blocks)
    std::visit([&](const auto& each) { put(out, each, numbers); }, block);
  out.close();
}

}  // namespace

std::string to_html(const ResultDocument& document, const RunFacts& run) {
  const std::vector<Section> sections = sections_of(document, run);
  Markup out;
  Numbers numbers;
  out.open("html", {{"lang", "en"}});
  put_head(out, document);
  out.open("body");
  out.element("a", {{"class", "skip"}, {"href", "#content"}}, "Skip to the content");
  out.open("header");
  out.element("p", {{"class", "program"}}, "jobferry " JOBFERRY_VERSION);
  out.element("h1", {}, document.title);
  put_ending(out, document.ending);
  put_facts(out, document.figures, "figures");
  put_contents(out, sections);
  out.close();
  out.open("main", {{"id", "content"}, {"tabindex", "-1"}});
  for (std::size_t i = 0; i < sections.size(); ++i) put_section(out, sections[i], i, numbers);
  out.close();
  out.verbatim("script", page_script);
  return out.take();
}

}  // namespace jobferry
