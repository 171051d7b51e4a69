// The comparison of a document of the target with what the rules make of the source. It walks the draft and
// the text of the target at the same time, and looks closer only where their texts differ.
#pragma once

#include <optional>
#include <string_view>

#include "verify/findings.h"
#include "verify/rule.h"

namespace jobferry::proof {

// Text that is known to be sound JSON; none: the target has nothing there, and the source is only judged.
using Target = std::optional<std::string_view>;

// `rules` are those that have not been applied to the draft yet. They are applied on the way; where they find
// the source bad, the comparison ends.
void compare(Draft& draft, Target target, const Pending& rules, Findings& findings);

}  // namespace jobferry::proof
