#include "report/page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/migrate_report.h"
#include "report/page/chart.h"
#include "report/page/markup.h"
#include "report/page/page_assets.h"

namespace jobferry {

namespace {

struct Sign {
  const char* css_class;
  const char* mark;
  const char* word;  // for who hears the page
};

const Sign& sign_of(Tone tone) {
  static constexpr std::array<Sign, 3> signs = {
      {{"good", "✓", "Good"}, {"attention", "!", "Attention"}, {"bad", "✕", "Bad"}}};
  return signs[static_cast<std::size_t>(tone)];
}

const char* class_of(ColumnKind kind) {
  constexpr std::array<const char*, 3> names = {"text", "name", "number"};
  return names[static_cast<std::size_t>(kind)];
}

std::string id_of(std::size_t section) { return fmt::format("section-{}", section + 1); }

// Counts what must have a name of its own on the page.
struct Numbers {
  std::size_t charts = 0, tables = 0;
};

// --- Blocks ---

// A line ends between words, not after the dashes of an option.
void put_words(Markup& out, std::string_view text) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (at > 0) out.text(" ");
    out.element("span", {{"class", "word"}}, text.substr(at, end - at));
    at = end + 1;
  }
}

void put(Markup& out, const Facts& facts, Numbers&) {
  out.open("dl", {{"class", "facts"}});
  for (const Fact& fact : facts) {
    out.open("div");
    out.element("dt", {}, fact.label);
    out.open("dd", {{"class", fact.literal ? "literal" : ""}});
    if (fact.literal)
      put_words(out, fact.value);
    else
      out.text(fact.value);
    out.close();
    out.close();
  }
  out.close();
}

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

// What is short stays on one line, so that the column is wide enough for it; what is long is broken anywhere.
std::string class_of(const Cell& cell, ColumnKind kind) {
  constexpr std::size_t longest_name = 36, longest_text = 20;
  const std::size_t longest = kind == ColumnKind::name ? longest_name : longest_text;
  return std::string(class_of(kind)) + (cell.text.size() <= longest ? " short" : "");
}

void put_cell(Markup& out, const char* element, const Cell& cell, ColumnKind kind) {
  const bool heads = std::string_view(element) == "th";
  out.open(element, {{"class", class_of(cell, kind)},
                     {"scope", heads ? "row" : ""},
                     {"data-sort", cell.number ? std::to_string(*cell.number) : ""}});
  if (cell.tone) put_tone(out, *cell.tone);
  out.text(shortened(cell.text));
  out.close();
}

void put_row(Markup& out, const Table& table, const Row& row) {
  out.open("tr");
  for (std::size_t i = 0; i < row.size() && i < table.columns.size(); ++i)
    put_cell(out, i == 0 ? "th" : "td", row[i], table.columns[i].kind);
  out.close();
  out.line_break();
}

void put_headings(Markup& out, const Table& table) {
  out.open("thead");
  out.open("tr");
  for (const Column& column : table.columns)
    out.element("th", {{"scope", "col"}, {"class", class_of(column.kind)}}, column.heading);
  out.close();
  out.close();
}

void put_rows(Markup& out, const Table& table) {
  out.open("tbody");
  const std::size_t shown = std::min(table.rows.size(), most_rows);
  for (std::size_t i = 0; i < shown; ++i) put_row(out, table, table.rows[i]);
  out.close();
  if (table.total.empty()) return;
  out.open("tfoot");
  put_row(out, table, table.total);
  out.close();
}

void put(Markup& out, const Table& table, Numbers& numbers) {
  if (table.rows.empty() && table.total.empty()) return out.element("p", {{"class", "none"}}, table.empty);
  const std::string caption = fmt::format("table-{}", ++numbers.tables);
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-labelledby", caption}});
  out.open("table", {{"class", "sortable"}});
  out.element("caption", {{"id", caption}}, table.caption);
  put_headings(out, table);
  put_rows(out, table);
  out.close();
  out.close();
  if (table.rows.size() > most_rows)
    out.element("p", {{"class", "more"}},
                fmt::format("{} more are not shown here: the file that --report FILE writes has all of them.",
                            grouped(table.rows.size() - most_rows)));
}

void put(Markup& out, const TimeChart& chart, Numbers& numbers) { draw(out, chart, ++numbers.charts); }
void put(Markup& out, const BarChart& chart, Numbers& numbers) { draw(out, chart, ++numbers.charts); }

// --- The page ---

void put_head(Markup& out, const Page& page) {
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
  out.element("title", {}, page.title);
  out.verbatim("style", page_style);
  out.close();
  out.line_break();
}

void put_outcome(Markup& out, const Page& page) {
  const Sign& sign = sign_of(page.tone);
  out.open("div", {{"class", fmt::format("outcome {}", sign.css_class)}});
  put_tone(out, page.tone);
  out.open("div");
  out.open("p", {{"class", "line"}});
  out.element("span", {{"class", "unseen"}}, fmt::format("{}: ", sign.word));
  out.text(page.outcome);
  out.close();
  if (!page.next.empty()) out.element("p", {{"class", "next"}}, page.next);
  out.close();
  out.close();
}

void put_figures(Markup& out, const Facts& figures) {
  if (figures.empty()) return;
  out.open("dl", {{"class", "figures"}});
  for (const Fact& figure : figures) {
    out.open("div");
    out.element("dt", {}, figure.label);
    out.element("dd", {}, figure.value);
    out.close();
  }
  out.close();
}

void put_contents(Markup& out, const Page& page) {
  out.open("nav", {{"aria-label", "Contents"}});
  out.open("ul");
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    out.open("li");
    out.element("a", {{"href", '#' + id_of(i)}}, page.sections[i].heading);
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

Cell count_cell(std::uint64_t n) { return {grouped(n), n}; }

Cell bytes_cell(std::uint64_t bytes) { return {bytes_text(static_cast<double>(bytes)), bytes}; }

std::string html(const Page& page) {
  Markup out;
  Numbers numbers;
  out.open("html", {{"lang", "en"}});
  put_head(out, page);
  out.open("body");
  out.element("a", {{"class", "skip"}, {"href", "#content"}}, "Skip to the content");
  out.open("header");
  out.element("p", {{"class", "program"}}, "jobferry " JOBFERRY_VERSION);
  out.element("h1", {}, page.title);
  put_outcome(out, page);
  put_figures(out, page.figures);
  put_contents(out, page);
  out.close();
  out.open("main", {{"id", "content"}, {"tabindex", "-1"}});
  for (std::size_t i = 0; i < page.sections.size(); ++i) put_section(out, page.sections[i], i, numbers);
  out.close();
  out.verbatim("script", page_script);
  return out.take();
}

}  // namespace jobferry
