#pragma once

#include <string_view>

namespace jobferry {

bool is_utf8(std::string_view text);

}  // namespace jobferry
