// Numbers, names and tables as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {

// `33.9 MB`, in powers of ten.
std::string bytes_text(double bytes);
// `12 s`, `5 min 03 s`, `3 h 20 min`.
std::string duration_text(double seconds);
// `1 job`, `2 jobs`.
std::string plural(std::uint64_t n, std::string_view one);

// Rows of cells, each column as wide as its widest cell. `align` has a letter for each column: l or r.
std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view align);

// Names from an archive made safe to show, on a terminal or a page: each byte becomes \xNN of what is no
// UTF-8, of control characters and line separators, and of characters that show a text in another order or do
// not show at all (bidirectional controls, zero width, byte order marks, tags).
std::string printable(std::string_view name);

// The same, at most some 200 bytes of it: a pointer into a thousand levels or a text of a megabyte is of no
// use on a line; the JSON report has it whole.
std::string shortened(std::string_view text);

}  // namespace jobferry
