// The node list of a subCluster, in cc-backend's grammar (R1):
//
//   list  = "" | "*" | term *("," term)       the first two are the catch-all
//   term  = *(name | range)                   an empty term matches nothing
//   name  = (letter | digit) *(letter | digit | "-")
//   range = "[" bounds *("," bounds) "]"
//   bounds = 1*digit "-" 1*digit              both of one width
//
// Where the ranges of one bracket differ in width all are tried, as R1 asks: `n[1-9,10-20]` contains n15.
// Bounds of any length compare as text of fixed width, so nothing overflows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry {

class NodeList {
 public:
  // None if the text is no node list: `problem` then tells a person what is wrong and at which character,
  // counted from 1.
  static std::optional<NodeList> parse(std::string_view text, std::string& problem);

  bool catch_all() const { return catch_all_; }

  // The catch-all contains every name. Takes time in proportion to the length of the list times the length of
  // the name at worst, so that no list, however hostile, can stall a run.
  bool contains(std::string_view hostname) const;

  // A range whose first lies above its last matches nothing.
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
