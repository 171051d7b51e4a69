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

class Comparison {
 public:
  // `rules` are those that have not been applied to the draft yet. They are applied on the way; where they
  // find the source bad, the comparison ends.
  Comparison(Draft& draft, Findings& findings) : draft_(draft), findings_(findings) {}

  void run(Target target, const Pending& rules);

 private:
  void value(Node& wanted, Target target, const Pointer& at, const Pending& rules);
  void members(Node& wanted, Target target, const Pointer& at, const Pending& rules);
  void elements(Node& wanted, Target target, const Pointer& at, const Pending& below);
  void lost(const Node& member, const Pointer& at);
  void beside(const Node& object, const Place& place, const Pointer& at);
  void other_value(const Node& wanted, std::string_view target, const Pointer& at);
  void other_length(const Node& wanted, std::string_view target, const Pointer& at);

  Draft& draft_;
  Findings& findings_;
};

}  // namespace jobferry::proof
