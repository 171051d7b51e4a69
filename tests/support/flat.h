// A document as a list of its scalars, read by RapidJSON, which is the independent reader of the tests.
// Numbers keep their text, so a comparison also notices a rounding that gives the same double.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace jobferry::test {

// Maps JSON pointers to scalars: numbers as written, unescaped strings in quotes, true, false, null. Empty
// objects and arrays are {} and []. A text that RapidJSON rejects gives an empty list.
std::map<std::string, std::string> flatten(std::string_view json);

}  // namespace jobferry::test
