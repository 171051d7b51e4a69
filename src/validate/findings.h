// Gathers findings: first those of one subject, then of all. Only so many examples are kept, so that neither
// a broken job of a million places nor an archive of a million broken jobs takes memory.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "jobferry/validate.h"

namespace jobferry {

// A word of the table of kinds. One that is not in it does not compile.
class KindWord {
 public:
  consteval KindWord(const char* word) : index_(index_of(word)) {}
  // The kind that speaks of a failure: every class of bad jobs is one.
  static KindWord of(Kind kind) { return KindWord(index_of(name_of(kind)), 0); }

  const FindingKind& kind() const { return finding_kinds[index_]; }
  auto operator<=>(const KindWord&) const = default;

 private:
  constexpr KindWord(std::size_t index, int) : index_(index) {}
  static constexpr std::size_t index_of(std::string_view word) {
    for (std::size_t i = 0; i < finding_kinds.size(); ++i)
      if (finding_kinds[i].word == word) return i;
    throw std::logic_error("no such kind of finding");
  }

  std::size_t index_;
};

// The findings of one subject.
class Findings {
 public:
  explicit Findings(std::size_t examples) : most_examples_(examples) {}

  void begin(std::string subject);
  // The file that the next findings are about, and its text, in which a pointer has a byte.
  void look_at(std::string_view file, std::string_view text);

  void add(KindWord kind, std::string pointer, std::string text, std::optional<std::uint64_t> byte = {});
  void add(const Error& error);
  // What could not be had to look at the subject: that is no finding.
  const std::optional<Error>& starved() const { return starved_; }
  // By a rule of the schema; unless another finding at that place says it better.
  void add_schema(std::string rule, std::string pointer, std::string text);

  // An error was found at that place of the file: what else is wrong there need not be said. A warning is no
  // reason to be silent.
  bool explained(const std::string& pointer) const { return errors_at_.contains(pointer); }
  // The name of a member stands there for the second time. Said once, whoever finds it.
  void add_second(const std::string& pointer, std::string_view name);
  std::uint64_t errors() const { return errors_; }

 private:
  friend class AllFindings;
  struct Key {
    KindWord kind;
    std::string rule{};
    auto operator<=>(const Key&) const = default;
  };
  struct Group {
    std::uint64_t count = 0;
    std::vector<Finding> examples;
  };
  void put(Key key, Finding finding);

  std::size_t most_examples_;
  std::string subject_, file_;
  std::string_view text_;
  std::uint64_t errors_ = 0;  // findings that are some
  std::map<Key, Group> groups_;
  std::optional<Error> starved_;
  std::unordered_set<std::string> errors_at_, seconds_at_;  // pointers into this file
};

// The findings of all subjects. Whatever the order in which they come, the same remain.
class AllFindings {
 public:
  explicit AllFindings(std::size_t examples) : most_examples_(examples) {}
  void add(Findings& one);
  void add(AllFindings& others);
  std::vector<FindingGroup> groups();

 private:
  struct Group {
    std::uint64_t count = 0, subjects = 0;
    std::vector<Finding> examples;
  };
  void keep_first(std::vector<Finding>& examples, std::vector<Finding>& more) const;

  std::size_t most_examples_;
  std::map<Findings::Key, Group> groups_;
};

}  // namespace jobferry
