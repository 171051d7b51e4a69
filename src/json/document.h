// A small document (meta.json, cluster.json) as a tree that rules can change. It keeps the exact text of
// every token that no rule changes (X1). data.json is too large for a tree: see data_file.h.
#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "jobferry/error.h"
#include "json/reader.h"

namespace jobferry {

// A value in the tree; as a member of an object it has a name. Nodes live in the arena of their document and
// do not move, so a rule may keep a node while it adds and removes others.
struct Node {
  json::Type type = json::Type::null;
  std::string_view text{};        // of a scalar: its token
  std::string_view name{};        // of a member: unescaped, to compare
  std::string_view name_token{};  // of a member: with quotes, as the source has it
  const char* origin = nullptr;   // where the value is in the source; null if a rule made it
  const char* name_origin = nullptr;
  Node* first = nullptr;  // of an object or array: its members or elements
  Node* last = nullptr;
  Node* next = nullptr;

  bool is(json::Type t) const { return type == t; }
};

// The children of a node, in order. The current one may be removed during the loop.
class Children {
 public:
  class Iterator {
   public:
    explicit Iterator(Node* node) : node_(node), next_(node ? node->next : nullptr) {}
    Node& operator*() const { return *node_; }
    Iterator& operator++() { return *this = Iterator(next_); }
    bool operator!=(const Iterator& other) const { return node_ != other.node_; }

   private:
    Node* node_;
    Node* next_;
  };
  explicit Children(const Node* parent) : first_(parent ? parent->first : nullptr) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }

 private:
  Node* first_;
};

inline Children children(const Node* parent) { return Children(parent); }

// The content of a string node.
std::string content(const Node& string);

// How many levels of objects and arrays a value has: 0 for a scalar.
int depth_of(const Node& value);

// The value as compact JSON text.
std::string compact_text(const Node& value);

class Document {
 public:
  Document() = default;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // Reads and checks the whole text (X3). The text must stay in memory as long as the document is used.
  // Everything from an earlier parse is lost.
  Result<void> parse(std::string_view source);

  Node& root() { return root_; }
  const Node& root() const { return root_; }

  // A rule changed a value or a text (X2).
  bool changed() const { return changed_; }

  // The source itself if nothing changed, else the tree as compact text in `buffer`.
  std::string_view text(Buffer& buffer) const;

  // The member of that name; null if there is none. Two members of that name are a failure (X3), see
  // failure().
  Node* find(const Node& object, std::string_view name);
  // The same, but null also if the value is null: the contract calls both missing.
  Node* present(const Node& object, std::string_view name);

  // Changes. `json` is valid JSON text that a rule made.
  void assign(Node& node, std::string_view json);
  Node& append(Node& object, std::string_view name, std::string_view json);
  void rename(Node& member, std::string_view name);
  void remove(Node& parent, Node& child);
  // Removes all nulls of an array in one pass, because there may be very many.
  void remove_nulls(Node& array);
  // Sets a member: it replaces the value if the member is there, else it adds the member at the end (X1).
  void set(Node& object, std::string_view name, std::string_view json);

  // The first failure stays, and later rules may continue: a document that failed is never written. So rules
  // need not return errors that hardly ever happen.
  void fail(const Node& at, Kind kind, std::string what);
  void fail_name(const Node& member, Kind kind, std::string what);
  // The pointer is that of the missing member. It has no byte.
  void fail_missing(const Node& object, std::string_view name, Kind kind = Kind::missing_member);
  void wrong_type(const Node& at, std::string_view expected);
  const std::optional<Error>& failure() const { return failure_; }

  // Forgets a document of more than `limit` bytes and frees its memory.
  void trim(std::size_t limit);

  // The JSON pointer to a node. It searches the tree, so use it for errors and notes only.
  std::string pointer_to(const Node& node) const;

 private:
  bool read(json::Reader& reader, Node& node, bool made_by_rule);
  Node& add_child(Node& parent);
  std::string_view keep(std::string_view text);
  Error error(const Node& node, const char* origin, Kind kind, std::string what) const;

  std::pmr::monotonic_buffer_resource arena_{4096};
  std::string_view source_;
  Node root_;
  bool changed_ = false;
  std::optional<Error> failure_;
};

}  // namespace jobferry
