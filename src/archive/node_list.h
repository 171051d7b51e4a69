// The node list of a subCluster, in cc-backend's grammar (R1):
//
//   list  = "" | "*" | term *("," term)       the first two are the catch-all
//   term  = *(name | range)                   an empty term matches nothing
//   name  = (letter | digit) *(letter | digit | "-")
//   range = "[" bounds *("," bounds) "]"
//   bounds = 1*digit "-" 1*digit              both of one width
//
// If the ranges of one bracket differ in width, all of them are tried, as R1 demands: `n[1-9,10-20]` contains
// n15. Bounds are compared as text of equal width, so they may have any length and nothing overflows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {

class NodeList {
 public:
  // None if the text is no node list. `problem` then says what is wrong and at which character, counted from
  // 1.
  static std::optional<NodeList> parse(std::string_view text, std::string& problem);

  bool catch_all() const { return catch_all_; }

  // The catch-all contains every name. The time is at most proportional to the length of the list times the
  // length of the name, so no list can stall a run, not even a malicious one.
  bool contains(std::string_view hostname) const;

  // A range whose first number is above its last one matches nothing.
  struct Range {
    std::string first;
    std::string last;
  };

  // A name, or the ranges of one bracket.
  struct Part {
    std::string name;
    std::vector<Range> ranges;
  };

  using Term = std::vector<Part>;

 private:
  bool catch_all_ = false;
  std::vector<Term> terms_;
};

}  // namespace jobferry
