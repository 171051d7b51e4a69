#include "archive/schema.h"

#include <cassert>

namespace jobferry {

std::string_view schema_text(int version, DocumentKind kind) {
  assert(version >= 0 && version < schema_versions);
  return embedded_schemas[version][static_cast<std::size_t>(kind)];
}

}  // namespace jobferry
