// Checks a document against the schema of its version.
//
// Problem: JSON Schema validators stop at the first violation, name no byte, and refuse numbers that JSON
// allows.
// Idea: walk the tree of the document and the schema side by side and report every violation. A walk that
// knows only the keywords of the schemas in schemas/ is short. A schema with another keyword ends the program
// at its first use.
// Cost: the tree is visited once; at each object the members are looked up in the schema.
#pragma once

#include <functional>
#include <string>

#include "archive/schema.h"
#include "json/document.h"

namespace jobferry {

struct SchemaBreach {
  std::string_view keyword;
  std::string place;    // in the schema: the pointer, with `*` for indexes and for names of the user
  std::string pointer;  // to the value, or to the required member that is missing
  std::string text;     // expected a string, found a number `1`
};

// Reports every violation. Of members with the same name each is checked. May be called from any thread.
void walk_schema(int version, DocumentKind kind, const Node& root,
                 const std::function<void(SchemaBreach breach)>& report);

}  // namespace jobferry
