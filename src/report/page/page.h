// A report as a page: one HTML file that needs nothing beside it, for mail and paper.
//
// Callers say what there is to say; how it looks is decided here. All of it reads without the script, which
// only sorts and filters tables. The same page is the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "report/page/chart.h"

namespace jobferry {

enum class Tone : std::uint8_t { good, attention, bad };

struct Fact {
  std::string label, value;
  bool literal = false;  // a path or a command: in a face of fixed width
};
using Facts = std::vector<Fact>;

struct Paragraph {
  std::string text;
};

// To be copied into a shell.
struct ShellLines {
  std::vector<std::string> lines;
};

// A name stands in a face of fixed width, and is as long as an archive likes; a number stands to the right.
enum class ColumnKind : std::uint8_t { text, name, number };

struct Column {
  std::string heading;
  ColumnKind kind = ColumnKind::text;
};

struct Cell {
  std::string text;
  std::optional<std::uint64_t> number{};  // what a column of numbers is sorted by
  std::optional<Tone> tone{};             // marks the cell, with a sign beside the colour
};

Cell count_cell(std::uint64_t n);      // `1,234`
Cell bytes_cell(std::uint64_t bytes);  // `33.9 MB`

using Row = std::vector<Cell>;  // the first cell names the row

struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<Row> rows;
  Row total{};          // below, wherever the rows go; may be empty
  std::string empty{};  // what to say instead of a table without rows
};

// More than that nobody reads on a page: the rest is counted, and left to --report.
inline constexpr std::size_t most_rows = 2000;

using Block = std::variant<Facts, Paragraph, ShellLines, Table, TimeChart, BarChart>;

struct Section {
  std::string heading;
  std::vector<Block> blocks;
};

struct Page {
  std::string title;
  Tone tone = Tone::good;
  std::string outcome;  // in one line
  std::string next{};   // what to do now; may be empty
  Facts figures{};      // the few numbers that one wants first
  std::vector<Section> sections;
};

std::string html(const Page& page);

}  // namespace jobferry
