// A lack of descriptors or memory says nothing about an archive, so it is not a finding.
#pragma once

#include <utility>

#include "jobferry/error.h"

namespace jobferry::proof {

// Thrown where a call failed for lack of them. Ends the check of a job.
struct Starved {
  Error error;
};

// The answer of a call to the disk. Throws Starved where there is none for lack of resources.
template <class T>
Result<T> answer(Result<T> result) {
  if (!result && result.error().kind == Kind::out_of_resources) throw Starved{std::move(result.error())};
  return result;
}

}  // namespace jobferry::proof
