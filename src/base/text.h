// Numbers, times, names and tables as people read them.
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

// `2020-12-25T19:04:36Z`, of a Unix time. A number beyond the year 9999 stays a number.
std::string utc_text(std::int64_t seconds);

// Rows of cells, each column as wide as its widest cell. `align` has a letter for each column: l or r.
std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view align);

// A name from an archive, made safe to show on a terminal or a page. Bytes are written as \xNN if they are
// not UTF-8, or if they belong to control characters, line separators, or characters that are invisible or
// change the order of the text (bidirectional controls, zero width, byte order marks, tags).
std::string printable(std::string_view name);

// The same, at most about 200 bytes of it: a pointer into a thousand levels or a text of a megabyte is of no
// use on a line. The JSON report has the whole text.
std::string shortened(std::string_view text);

}  // namespace jobferry
