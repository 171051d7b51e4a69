// What a person can do about what went wrong, in a sentence.
#pragma once

#include <string_view>

#include "jobferry/error.h"

namespace jobferry {

std::string_view advice_on(Kind kind);

}  // namespace jobferry
