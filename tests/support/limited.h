// Runs the program with a time limit.
#pragma once

#include <chrono>
#include <thread>

#include "program.h"

namespace jobferry::test {

inline constexpr int hung = -1000;  // the exit code of a run that had to be killed

inline Ran run_for(std::chrono::seconds limit, const Words& arguments, const std::string& directory,
                   const std::string& output, const Prepare& prepare) {
  Child child(JOBFERRY_PROGRAM, arguments, directory, output, prepare);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!child.ended() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  const bool in_time = child.ended();
  if (!in_time) child.signal(SIGKILL);
  Ran ran = child.wait();
  if (!in_time) ran.code = hung;
  return ran;
}

}  // namespace jobferry::test
