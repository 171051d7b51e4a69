// A document on its way from the source to what must be in the target. The rules change it, and every value
// that is not the source's says which rule gave it. Only what a rule reads or changes becomes a tree; the
// rest stays text of the source.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/types.h"
#include "json/decimal.h"
#include "verify/findings.h"
#include "verify/text.h"

namespace jobferry::proof {

struct ClusterFacts;

// A value. It does not move in memory, so that a rule may hold one while it adds another.
struct Node {
  struct Dropped {
    std::string name, before;
    std::string_view rule;
  };

  explicit Node(std::string_view json = "null") : text(json) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::string_view text;          // JSON; of an opened value as it was before its parts were changed
  std::string made{};             // owns the text that a rule gave it
  std::string name{};             // of a member, unescaped
  std::string_view name_token{};  // as the source writes it; empty: plainly quoted
  std::string_view rule{};        // which gave it its value or its name; empty: it is as in the source
  std::string_view before{};      // what the source has in its place; empty: nothing
  bool renamed = false;           // by a rule
  bool computed = false;          // numbers below it are compared by value (D4)
  bool opened = false;            // `children` are what counts, and not the text
  std::list<Node> children{};
  std::vector<Dropped> dropped{};  // members that rules removed

  bool is(Type type) const { return type_of(text) == type; }
  // Without a fraction and an exponent.
  bool is_integer() const { return is(Type::number) && is_plain_integer(text); }
  // "" for anything but a string.
  std::string content() const { return is(Type::string) ? json::unescape(text) : std::string(); }
};

// What the contract calls missing.
inline bool is_missing(const Node* value) { return !value || value->is(Type::null); }

// What a rule demands of a value. Null is no value: it fits every shape.
enum class Shape : std::uint8_t {
  object,
  distinct,  // if it is an object, each member occurs once
  array,
  objects,  // an array of objects
  numbers,  // an array of numbers and nulls
  string,
  number,
};

// What rules look up outside of the document.
struct Context {
  std::string_view cluster{};                        // of cluster.json: its directory
  const JobPath* job = nullptr;                      // of meta.json
  const ClusterFacts* facts = nullptr;               // of meta.json and data.json
  std::string sub_cluster{};                         // of data.json: the one of the job
  const std::vector<Override>* overrides = nullptr;  // of cluster.json
  int from = 0;                                      // the version that the step begins with
};

class Draft {
 public:
  Draft(std::string_view name, Context about) : file(name), context(std::move(about)) {}

  std::string_view file;
  Node root;  // at first a document of the source
  Context context;
  Counts changes;        // by rule
  Result<void> sound;    // else the first reason why the document is bad
  std::list<Node> none;  // what objects() returns for any other value

  // Makes a tree of the value, one level deep.
  void open(Node& value);
  // The member of that name; null if there is none. Twice makes the document bad (X3).
  Node* find(Node& object, std::string_view name);
  // The same, and null where the value is missing.
  Node* present(Node& object, std::string_view name);
  // The content of a string member, else "".
  std::string content(Node& object, std::string_view name);
  // The elements of a member that is an array of objects; any other value makes the document bad.
  std::list<Node>& objects(Node& object, std::string_view name);

  void put(Node& value, std::string_view json, std::string_view rule);
  // Replaces the member's value, or adds the member at the end: in front of the member `next`, if there is
  // one.
  Node& set(Node& object, std::string_view name, std::string_view json, std::string_view rule,
            std::string_view next = {});
  // Gives a member another name and value in its place.
  void replace(Node& object, Node& member, std::string_view name, std::string_view json,
               std::string_view rule);
  void drop(Node& object, Node& child, std::string_view rule);

  void refuse(Kind kind, std::string what);
  void expect(Node* value, Shape shape, std::string_view name);
};

}  // namespace jobferry::proof
