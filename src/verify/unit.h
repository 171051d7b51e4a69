// Rule U, stated once more.
#pragma once

#include <string>
#include <string_view>

namespace jobferry::proof {

// The JSON text of the object that a unit of version 0 (a string token) becomes.
std::string unit_object(std::string_view token);

// C3: what jobs count in this base adds up over nodes.
bool adds_up(std::string_view base);

}  // namespace jobferry::proof
