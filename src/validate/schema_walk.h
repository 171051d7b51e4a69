// Everything in which a document breaks the schema of its version, not only the first place as validate() of
// schema.h has it. Knows the keywords that stand in our schemas and no others.
#pragma once

#include <functional>
#include <string>

#include "archive/schema.h"
#include "json/document.h"

namespace jobferry {

struct SchemaBreach {
  std::string_view keyword;
  std::string place;    // of the rule: the pointer with every index and every name of the user's own as `*`
  std::string pointer;  // to the value; where a required member is missing, where it would be
  std::string text;     // expected a string, found a number `1`
};

// Names that stand twice are each looked at. May be called from any thread.
void walk_schema(int version, DocumentKind kind, const Node& root,
                 const std::function<void(SchemaBreach breach)>& tell);

}  // namespace jobferry
