// A result as data. A *_document.cpp builds it once from what a command found, and three writers write it:
// text_writer for terminals, document_json for programs, page/ for browsers.
//
// Values keep their types until a writer formats them, so no writer has to read a text to know a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "report/chart_data.h"

namespace jobferry {

struct Bytes {
  std::uint64_t bytes = 0;
};
struct Seconds {
  double seconds = 0;
};
// How long something may take, in the largest unit of which the upper end has two: `about 3 to 5 h`.
struct SecondsRange {
  double low = 0, high = 0;
};
// Seconds since 1970.
struct UnixTime {
  std::int64_t seconds = 0;
};
// A number that names something, as versions and job IDs do. It has no thousands.
struct Identifier {
  std::uint64_t number = 0;
};
// A path or a command, to be copied as it is.
struct Literal {
  std::string text;
};
// A number of things or bytes, known up to an interval. Exact where low and high are the same.
struct Estimated {
  double value = 0, low = 0, high = 0;
  bool of_bytes = false;
};

// A number is a count, nothing at all is left out of JSON.
using Value = std::variant<std::monostate, bool, std::uint64_t, double, std::string, Bytes, Seconds,
                           SecondsRange, UnixTime, Identifier, Literal, Estimated>;

// As people read it, in a text and on a page: `1,234`, `33.9 MB`, `about 12 (8 to 20)`.
std::string shown(const Value& value);
std::string grouped(std::uint64_t number);
// `1 job`, `2,345 jobs`.
std::string counted(std::uint64_t number, std::string_view one, std::string_view many = {});
// JSON has no member for an empty text where that says nothing.
Value unless_empty(std::string_view text);

enum class Tone : std::uint8_t { good, attention, bad };

// The place of a value in JSON is a path of members, `room.freeBytes`. A fact without a path is left out of
// JSON, one without a label is only there.
struct Fact {
  std::string label, json;
  Value value;
};
using Facts = std::vector<Fact>;

struct Paragraph {
  std::string text;
  bool page_only = false;  // a terminal has no room for explanations
};

// To be copied into a shell.
struct ShellLines {
  std::vector<std::string> lines;
};

// A name comes from an archive and may be long; advice is written by this program and always shown whole.
enum class ColumnKind : std::uint8_t { text, name, number, advice };

// As a Fact: without a path it is not in JSON, without a heading it is only there.
//
// A table with a path of its own is an array of objects, and the paths of its columns begin in the object; if
// it has one column, it is an array of values. In a table without one, the paths begin in the document, and
// `*` is the name of the row: `clusters.*.jobs`.
//
// `before` sets off the values of a column in a text: they are written behind the value of the column before
// it, in one cell. So a table in which all columns but the first have it is a list of lines.
struct Column {
  std::string heading, json{};
  ColumnKind kind = ColumnKind::text;
  std::string before{};
};
using Columns = std::vector<Column>;

struct Cell {
  Value value;
  std::optional<Tone> tone;  // marks the cell, with a sign beside the colour

  Cell() = default;
  template <class T>
  requires std::constructible_from<Value, const T&> Cell(const T& of, std::optional<Tone> marked = {})
      : value(of), tone(marked) {}
  Cell(std::string_view text, std::optional<Tone> marked = {}) : value(std::string(text)), tone(marked) {}
  template <class T>
  Cell(const std::optional<T>& known) {
    if (known) value = *known;
  }
};
using Cells = std::vector<Cell>;  // one for each column; the first names the row

struct Row {
  Cells cells;
  std::string json{};  // instead of the path up to `*`
  bool shown = true;   // outside JSON
  std::vector<Cells> details{};
};

// What each row of a table has below it: examples, say. On a page it is a table of its own.
struct Details {
  std::string caption, json;
  Columns columns;
};

struct Table {
  std::string caption, json;
  Columns columns;
  std::vector<Row> rows{};
  std::optional<Row> total{};  // below, however the rows are sorted
  std::string empty{};         // what a page has instead of a table without rows
  Details details{};
};

using Block = std::variant<Facts, Paragraph, ShellLines, Table, TimeChart, BarChart>;

// A page begins with the ending, and a text closes with it. Urgent sections are those to look at first: they
// come behind it on a page and before it in a text. A section without a heading is only in JSON.
struct Section {
  std::string heading;
  std::vector<Block> blocks;
  bool urgent = false;
  bool page_only = false;  // a text would be too long with it; errors are on stderr
};

struct Ending {
  Tone tone = Tone::good;
  std::string outcome{};  // in one line
  std::string next{};     // what to do now; may be empty
};

struct ResultDocument {
  std::string format;  // of the JSON: `jobferry-plan`
  std::string title;
  Ending ending{};
  Facts figures{};  // the few that one wants first
  std::vector<Section> sections{};

  // In the order in which a reader should see them, with the urgent ones first or last.
  std::vector<const Section*> sections_in_order(bool urgent_first) const;
  // Leaves the other sections to JSON: a command that failed found nothing that is worth reading.
  void hide_all_but_errors();
};

}  // namespace jobferry
