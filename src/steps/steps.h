// The functions of the steps, each step in a file and a namespace of its own.
#pragma once

#include "jobferry/step.h"

namespace jobferry {

namespace v0_to_v1 {
void cluster_up(ClusterFile& file);
void job_up(Job& job);
Result<void> data_up(MetricPlace& metric, DataPass& pass);
}  // namespace v0_to_v1

namespace v1_to_v2 {
void cluster_up(ClusterFile& file);
void job_up(Job& job);
}  // namespace v1_to_v2

namespace v2_to_v3 {
void job_up(Job& job);
void job_down(Job& job);
}  // namespace v2_to_v3

}  // namespace jobferry
