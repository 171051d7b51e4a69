// Descriptors or memory that cannot be had say nothing about an archive: they are no finding.
#pragma once

#include <utility>

#include "jobferry/error.h"

namespace jobferry::proof {

// Thrown where a call could not be made for want of them. Ends the look at a job.
struct Starved {
  Error error;
};

// The answer of a call to the disk. Throws Starved where there is none for want of resources.
template <class T>
Result<T> answer(Result<T> result) {
  if (!result && result.error().kind == Kind::out_of_resources) throw Starved{std::move(result.error())};
  return result;
}

}  // namespace jobferry::proof
