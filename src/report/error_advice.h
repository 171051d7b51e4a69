// What to do about an error of each kind, in a sentence for the user.
#pragma once

#include <string_view>

#include "jobferry/error.h"

namespace jobferry {

std::string_view advice_on(Kind kind);

}  // namespace jobferry
