// Arrays of numbers are nearly all bytes of an archive. This passes over the plain part of one 64 bytes at a
// time; everything else (exponents, what is malformed, the end) it leaves to the strict reader.
#pragma once

namespace jobferry::json {

// Where a scan came to.
struct Scanned {
  const char* at;  // the start of an element: all before it are sound numbers and nulls, each with its comma
  bool spaced;     // white space was passed over
};

// From the start of an element, in a text that ends at `end`. May stop anywhere, even at once: on processors
// without AVX2 it always does.
Scanned skip_plain_numbers(const char* at, const char* end);

}  // namespace jobferry::json
