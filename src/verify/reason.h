// Why a job does not belong in the target: a class of the contract, and an explanation for people.
#pragma once

#include <string>

#include "jobferry/error.h"

namespace jobferry::proof {

struct Reason {
  Kind kind;
  std::string what;
  std::string file{};  // the checker fills it in: it knows which file was read
};

}  // namespace jobferry::proof
