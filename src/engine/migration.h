// What every job of a run needs, decided before the first one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "archive/cluster.h"
#include "archive/layout.h"
#include "jobferry/options.h"
#include "jobferry/step.h"

namespace jobferry {

// Constant from the first job on, and shared by all threads.
struct Migration {
  const Options& options;
  const Archive& archive;
  std::vector<Leg> chain;
  std::map<std::string, Cluster, std::less<>> clusters;

  // X11: a step of the chain changes data files, or the options ask to check them.
  bool reads_data() const;
  // Whether --compress turns this file into another kind.
  bool converts(std::string_view data_name, std::uint64_t size) const;
};

}  // namespace jobferry
