// Rule U, for a member of a document.
#pragma once

#include <string>
#include <string_view>

#include "json/document.h"

namespace jobferry {

// Rule U for a unit of version 0, a string token with its quotes: the JSON text of the unit object.
struct UnitText {
  std::string json;
  bool recognised;
};
UnitText unit_object(std::string_view token);

// Applies rule U to the member `unit` of an object. True if the unit was not recognised; then the caller
// notes it.
bool migrate_unit(Document& document, Node& object);

}  // namespace jobferry
