// A document as a list of its scalars, read by RapidJSON: the independent reader of the tests. Numbers keep
// their text, so that nobody's rounding can hide behind an equal double.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace jobferry::test {

// JSON pointer to the scalar: numbers as written, strings unescaped in quotes, true, false, null. Empty
// objects and arrays are {} and []. A text that RapidJSON does not accept gives an empty list.
std::map<std::string, std::string> flatten(std::string_view json);

}  // namespace jobferry::test
