// The steps between archive versions. Each is defined in the file of its name.
#pragma once

#include "jobferry/step.h"

namespace jobferry {

namespace v0_to_v1 {
extern const Step step;
}
namespace v1_to_v2 {
extern const Step step;
}
namespace v2_to_v3 {
extern const Step step;
}

}  // namespace jobferry
