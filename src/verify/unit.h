// Rule U and the node lists of R1, stated once more.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jobferry::proof {

// Rule U: the JSON text of the object that a unit of version 0 (a string token) becomes.
std::string unit_object(std::string_view token);

// C3: what jobs count in this base adds up over nodes.
bool adds_up(std::string_view base);

// R1: whether the node list names the host; none: it is no node list. "" and "*" name every host.
std::optional<bool> names_host(std::string_view list, std::string_view host);

}  // namespace jobferry::proof
