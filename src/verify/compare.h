// What stands in the target against what has to stand there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/verify.h"
#include "verify/text.h"

namespace jobferry::proof {

// What is found in one file. All are counted; the first few say what they found.
class Findings {
 public:
  void add(Difference finding);
  void add(std::string_view kind, std::string pointer, std::string_view source, std::string_view target);
  bool empty() const { return counts_.empty(); }
  // Hands them on with the place that only the caller knows.
  std::vector<Difference> in_file(const std::string& subject, std::string_view file) const;
  const std::map<std::string, std::uint64_t, std::less<>>& counts() const { return counts_; }

 private:
  std::vector<Difference> first_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

// A member or element that has to be there.
struct Wanted {
  std::string_view name{};    // its token
  std::string_view source{};  // its value in the source; empty: it is new
  std::string made{};         // what a rule makes of it; empty: it stays
  std::string_view rule{};
  // Statistics that D4 computes: min, avg, max.
  bool computed = false;
  double statistics[3] = {0, 0, 0};
};

// A member that a rule takes away.
struct Gone {
  std::string name, source;
  std::string_view rule;
};

// Where each name of one object is found in another, and what that has beside.
struct Pairs {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> found;  // for each wanted one
  std::vector<std::size_t> beside;
  bool in_order = true;
};
Pairs pair_up(const std::vector<std::string>& wanted, const std::vector<std::string>& found);

// A document against what the rules make of the source.
void compare_tree(const Node& wanted, const Node& found, const std::string& pointer, Findings& findings);

// Two values token by token, as no rule names them.
void compare_values(std::string_view source, std::string_view target, const std::string& pointer,
                    Findings& findings);

// A value that a rule changes, or that D4 computes.
void compare_made(const Wanted& wanted, std::string_view target, const std::string& pointer,
                  Findings& findings);

}  // namespace jobferry::proof
