// A fast check of arrays of numbers, which hold nearly all bytes of an archive.
//
// Problem: a check byte by byte, with a branch for each, is the slowest part of reading a data file.
// Idea: look at 64 bytes at a time, as bit masks: one bit for each byte that is a digit, a comma, and so on.
// Shifts and bit operations then say where a byte follows another that it must not follow. The scan knows
// plain numbers and nulls only. It stops before anything else (exponents, errors, the end of the array) and
// leaves that to the strict reader, which alone makes error messages.
// Cost: a fixed number of instructions for 64 bytes and no branch within them. Without AVX2 the scan stops at
// once, and the strict reader does all the work.
#pragma once

namespace jobferry::json {

// Where a scan stopped.
struct Scanned {
  const char* at;  // the start of an element; all before it are valid numbers and nulls with their commas
  bool spaced;     // there was white space before it
};

// Scans from the start of an element, in a text that ends at `end`. It may stop at any element, even at the
// first.
Scanned skip_plain_numbers(const char* at, const char* end);

}  // namespace jobferry::json
