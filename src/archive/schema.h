// What each archive version promises of its documents: the JSON Schemas in schemas/v0, v1, ..., as text.
//
// The schemas are built so that every step keeps them: a document that satisfies version n satisfies version
// n + 1 once it is migrated, and the same holds on the way down. So a constraint of a later version that no
// rule and no repair can establish is part of every earlier version, too.
#pragma once

#include <cstdint>
#include <string_view>

#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace jobferry {

inline constexpr int schema_versions = newest_version + 1;
inline constexpr int document_kinds = 3;

enum class DocumentKind : std::uint8_t { cluster, job_meta, job_data };

// Filled by cmake/EmbedSchemas.cmake; indexed by version and DocumentKind.
extern const std::string_view embedded_schemas[schema_versions][document_kinds];

// `version` is 0 to newest_version.
std::string_view schema_text(int version, DocumentKind kind);

}  // namespace jobferry
