// Collects findings, first those of one subject, then those of all. Only a few examples are kept, so that
// neither a broken job with a million problems nor an archive of a million broken jobs takes much memory.
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

// A word of the table of kinds. A word that is not in the table does not compile.
class KindWord {
 public:
  consteval KindWord(const char* word) : index_(index_of(word)) {}
  // The kind for an error: every class of bad jobs is also a kind of finding.
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

  void set_subject(std::string subject);
  // Sets the file that the next findings are about, and its text, which is needed to find the byte of a
  // pointer.
  void set_file(std::string_view file, std::string_view text);

  void add(KindWord kind, std::string pointer, std::string text, std::optional<std::uint64_t> byte = {});
  void add(const Error& error);
  // The resource that was missing to check the subject. That is not a finding.
  const std::optional<Error>& starved() const { return starved_; }
  // Adds a finding by a rule of the schema, unless another finding explains the same place better.
  void add_schema(std::string rule, std::string pointer, std::string text);

  // There is an error at that place of the file already, so a further one would not help. A warning does not
  // count.
  bool explained(const std::string& pointer) const { return errors_at_.contains(pointer); }
  // Adds the second of two members of the same name. Several checks may find it; it is added once.
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
  std::uint64_t errors_ = 0;  // findings that are errors
  std::map<Key, Group> groups_;
  std::optional<Error> starved_;
  std::unordered_set<std::string> errors_at_, seconds_at_;  // pointers into this file
};

// The findings of all subjects. Which examples are kept does not depend on the order in which they come.
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
