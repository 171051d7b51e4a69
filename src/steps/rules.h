// What the steps share: rule U on a member of a document.
#pragma once

#include <string>
#include <string_view>

#include "json/document.h"

namespace jobferry {

// Rule U for a source token of version 0 (with its quotes): the JSON text of the unit object.
struct UnitText {
  std::string json;
  bool recognised;
};
UnitText unit_object(std::string_view token);

// Rule U for the member `unit` of an object. True if it was there and not recognised: the caller notes it.
bool migrate_unit(Document& document, Node& object);

}  // namespace jobferry
