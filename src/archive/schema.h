// What each archive version promises of its documents, as JSON Schemas (schemas/v0 .. v3), and a check
// against them.
//
// The schemas are built so that a step keeps them: what satisfies version n satisfies version n + 1 once it
// is migrated, and the same one version down. So a constraint of a later version that no rule and no repair
// can establish stands in every earlier version too.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry {

inline constexpr int schema_versions = newest_version + 1;
inline constexpr int document_kinds = 3;

enum class DocumentKind : std::uint8_t { cluster, job_meta, job_data };

struct SchemaViolation {
  std::string pointer;         // JSON Pointer to the value in the document; of the object for "required"
  std::string keyword;         // of the schema, such as "type"; "json" when the text is no JSON
  std::string schema_pointer;  // JSON Pointer to the part of the schema that holds the keyword
};

// Filled by cmake/EmbedSchemas.cmake; indexed by version and DocumentKind.
extern const std::string_view embedded_schemas[schema_versions][document_kinds];

// `version` is 0 to newest_version, here and below.
std::string_view schema_text(int version, DocumentKind kind);

// The first violation; empty if the text satisfies the schema. Streams, so it costs memory for the depth of
// the document, not for its size. May be called from any thread.
//
// Two things are "json" violations here and yet legal in an archive, because RapidJSON's reader refuses them:
// an escaped lone surrogate (\ud800) and a number beyond the range of double (1e999). Names that stand twice
// in an object it does not see. So this confirms what a schema can say and does not replace the checks of the
// document.
std::optional<SchemaViolation> validate(int version, DocumentKind kind, std::string_view json);

}  // namespace jobferry
