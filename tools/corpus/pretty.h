#pragma once

#include <string>
#include <string_view>

namespace jobferry::corpus {

// Puts every element on a line of its own, indented by four, as the common tools do. It looks at tokens only,
// so it also formats text that is not valid JSON.
std::string pretty(std::string_view text);

}  // namespace jobferry::corpus
