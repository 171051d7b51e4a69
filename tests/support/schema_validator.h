// An independent check of documents against the schemas: RapidJSON's validator, where the program walks the
// schemas itself (validate/schema_walk.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "archive/schema.h"

namespace jobferry {

struct SchemaViolation {
  std::string pointer;         // JSON Pointer to the value in the document; to the object for "required"
  std::string keyword;         // of the schema, such as "type"; "json" if the text is not JSON
  std::string schema_pointer;  // JSON Pointer to the part of the schema that holds the keyword
};

// The first violation; none if the text satisfies the schema. May be called from any thread.
//
// Two things are "json" violations here although they are legal in an archive, because RapidJSON's reader
// refuses them: an escaped lone surrogate (\ud800) and a number beyond the range of double (1e999). It does
// not notice members that occur twice in an object.
std::optional<SchemaViolation> find_violation(int version, DocumentKind kind, std::string_view json);

}  // namespace jobferry
