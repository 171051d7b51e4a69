// Reading JSON for the proof: RapidJSON says whether a text is sound, and what it refuses although RFC 8259
// allows it (numbers beyond a double, escaped lone surrogates) it sees behind a mask. Texts of tokens always
// come from the source.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry::proof {

// Why a job is not to be in the target, in a word of the contract (`wrong-type`) and in words for people.
struct Reason {
  std::string word;
  std::string file;
  std::string what;
};

enum class Type : std::uint8_t { object, array, string, number, boolean, null };

// By the first byte of a sound value.
Type type_of(std::string_view value);

// A value as a tree that the rules of meta.json and cluster.json change. Members do not move in memory.
struct Node {
  struct Dropped {
    std::string name, before;
    std::string_view rule;
  };

  Type type = Type::null;
  std::string text{};        // of a scalar: its token
  std::string name{};        // of a member: unescaped, to compare
  std::string name_token{};  // of a member: as it stands in the source
  std::string_view rule{};   // which rule gave it its value; empty: it is as in the source
  std::string before{};      // what the rule found, compact; empty: nothing
  std::list<Node> children{};
  std::vector<Dropped> dropped{};  // members that rules took away

  bool is(Type t) const { return type == t; }
  bool is_missing() const { return is(Type::null); }
};

// Nothing if the text is sound (X3). Its tree, if one is asked for.
std::optional<Reason> read_json(std::string_view text, Node* tree = nullptr);

// No insignificant white space in a sound text.
bool is_compact(std::string_view text);

// The value without insignificant white space.
std::string compact(const Node& value);

// The content of a string token. A lone surrogate becomes the three bytes that UTF-8 would give it.
std::string content_of(std::string_view token);
std::string quoted(std::string_view content);

// A step of a JSON pointer, with its slash.
std::string pointer_step(std::string_view name);

// As much of a value as a finding shows.
std::string excerpt(std::string_view text);

// --- Walking over text that is known to be sound, without a tree ---

// A member (name: its token) or an element (no name) where it stands.
struct Place {
  std::string_view name;
  std::string_view value;

  std::string unescaped() const { return content_of(name); }
};

// The members of an object or the elements of an array, one after the other.
class Places {
 public:
  explicit Places(std::string_view value);
  bool next(Place& place);

 private:
  const char* at_;
  const char* end_;
  bool named_;
};

std::vector<Place> places_in(std::string_view value);

// Without white space around it.
std::string_view trimmed(std::string_view text);

}  // namespace jobferry::proof
