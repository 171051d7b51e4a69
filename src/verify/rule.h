// The vocabulary of the tables of rules in verify/rules. A row says which member of which file a rule
// changes, and how; docs/rules.md is printed from the same rows, and from tools/rule_texts.h. What a row
// cannot say is a function, named after its rule.
//
// A table is applied in its order, which is the order of the contract: new members go to the end of their
// object, so the order shows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "archive/layout.h"
#include "verify/cluster_facts.h"
#include "verify/draft.h"

namespace jobferry::proof {

// The members that a rule is about: `resources[].hwthreads|accelerators`. `|` separates alternatives, `*` is
// every member of an object, `[]` every element of an array. A value of another type has no such parts.
struct Pattern {
  struct Step {
    std::string_view names{};  // with `|` between them, or `*`
    bool elements = false;

    // Without a name: whether it leads to the elements.
    constexpr bool leads_to(std::optional<std::string_view> name) const {
      if (elements || !name) return elements && !name;
      if (names == "*") return true;
      for (std::string_view rest = names;;) {
        const std::size_t end = std::min(rest.find('|'), rest.size());
        if (rest.substr(0, end) == *name) return true;
        if (end == rest.size()) return false;
        rest.remove_prefix(end + 1);
      }
    }
  };

  consteval Pattern(const char* pattern) : text(pattern) {
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      std::string_view part = rest.substr(0, end);
      const bool elements = part.ends_with("[]");
      if (elements) part.remove_suffix(2);
      if (part.empty()) throw "a step of the pattern has no name";
      steps.at(size++) = {part, false};
      if (elements) steps.at(size++) = {{}, true};
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (size == 0) throw "the pattern is empty";
  }

  std::string_view text;
  std::array<Step, 6> steps{};
  std::size_t size = 0;  // how many steps there are
};

// A place where a rule applies: a member of an object, or an element of an array.
struct Site {
  Draft& draft;
  Node& parent;
  std::string_view name;  // of the member; empty: an element
  Node* value;            // null: the object has no such member
  const Pointer& at;      // of the parent
};

enum class Change : std::uint8_t { checked, renamed, dropped, defaulted, mapped, computed };

// The values that a change is for: a sum of these.
enum Values : int { absent = 1, null = 2, missing = absent | null, zero = 4, empty = 8, anything = 16 };

struct Words {
  std::string_view from, to;
};

using SiteFunction = void (*)(const Site&);

struct Effect {
  Change change;
  int when = anything;
  std::string_view value = {};        // renamed: the new name; defaulted: JSON
  std::span<const Words> words = {};  // mapped
  Shape shape = Shape::object;        // checked, without a function
  SiteFunction compute = nullptr;     // checked or computed
};

// Anything else makes the job or the cluster bad.
constexpr Effect checked(Shape shape) { return {.change = Change::checked, .shape = shape}; }
constexpr Effect checked(SiteFunction check) { return {.change = Change::checked, .compute = check}; }
// The value and the place stay. Where both names have a value, that of the new name wins.
constexpr Effect renamed(std::string_view to) { return {.change = Change::renamed, .value = to}; }
constexpr Effect dropped(int when) { return {Change::dropped, when}; }
constexpr Effect defaulted(int when, std::string_view json) { return {Change::defaulted, when, json}; }
constexpr Effect mapped(std::span<const Words> words) { return {.change = Change::mapped, .words = words}; }
constexpr Effect computed(SiteFunction compute) { return {.change = Change::computed, .compute = compute}; }

struct Rule {
  std::string_view name;  // in the contract
  std::string_view file;
  Pattern where;
  Effect effect;
};

// Applies the rules for the file of the draft to all of it, until one finds it bad.
void apply(std::span<const Rule> rules, Draft& draft);

// The rules that still have to be applied at a place of a document, and below it. A data file may be as large
// as memory, so its rules are applied on the way through it, and it is never a tree as a whole.
class Pending {
 public:
  Pending() = default;
  explicit Pending(std::vector<const Rule*> rules) : rules_(std::move(rules)) {}

  bool any() const { return !rules_.empty(); }
  // Rules about a member of this object.
  void apply_to_members(Draft& draft, Node& object, const Pointer& at) const;
  // Rules about an element of this array.
  void apply_to_element(Draft& draft, Node& array, Node& element, const Pointer& at) const;
  // Those for a member of that name; without a name, for the elements.
  Pending below(std::optional<std::string_view> member) const;

 private:
  std::vector<const Rule*> rules_;
  std::size_t depth_ = 0;
};

}  // namespace jobferry::proof
