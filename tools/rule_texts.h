// What docs/rules.md says about a row of the tables in src/verify/rules beyond the row itself. These words
// are for administrators, and the program does not need them. print_rules fails if a text does not belong to
// exactly one row.
#pragma once

#include <string_view>

struct RuleText {
  std::string_view step;     // `every step`, or the versions that it leads from and to
  std::string_view rule;     // its number in the contract
  std::string_view members;  // the pattern of the row
  std::string_view says;
  std::string_view notes = {};  // the notes of a migration that the rule can lead to
};

constexpr RuleText rule_texts[] = {
    {"every step", "X5", "jobId|startTime", "Plain unsigned integers below 2^63."},
    {"every step", "X5", "cluster",
     "`cluster`, `jobId` and `startTime` are those of the job's directory. Otherwise the job is bad."},
    {"every step", "R1", "subCluster",
     "A missing or empty name becomes that of the first subcluster whose node list contains the job's first "
     "host, else of the first catch-all, else of the only subcluster. If there is none, it becomes `\"\"`.",
     "`subcluster-assigned`, `subcluster-unassigned`; `subcluster-unknown`: cluster.json does not know the "
     "name that the job gives"},
    {"every step", "R2", "jobState", "States get the spelling that servers know.", "`state-mapped`"},
    {"every step", "R3",
     "numNodes|duration|walltime|arrayJobId|numHwthreads|numAcc|smt|monitoringStatus|exclusive|submitTime|"
     "requestedMemory",
     "An integer that is written as a fraction or with an exponent becomes a plain integer (`86486.0`, "
     "`3e3`). Any other value stays.",
     "`integer-normalised`, `integer-expected`"},
    {"every step", "R4", "metaData.*",
     "A value that is not a string becomes a string with its JSON text; null becomes `\"\"`.",
     "`metadata-stringified`"},
    {"every step", "R6", "subClusters[].nodes", "`*` is the catch-all."},
    {"every step", "R7", "name", "The name of the cluster's directory."},
    {"every step", "R7", "subClusters|metricConfig", "At least one entry, and each has a name."},
    {"every step", "R7", "subClusters[].nodes",
     "A node list that can be read. The repairs of R6 come first."},
    {"every step", "R7", "subClusters[].topology.accelerators[].id", "An integer or a string."},
    {"every step", "R7", "metricConfig[].scope", "A scope that servers know, or none."},
    {"every step", "R7", "metricConfig[].timestep", "An integer of 1 or more."},
    {"every step", "C3", "metricConfig[].aggregation",
     "`--aggregation` sets it. Otherwise a value that is neither `sum` nor `avg`, or that does not fit the "
     "unit, is noted and kept; so is an empty one at scope node from version 1 on, without a note.",
     "`aggregation-invalid`, `aggregation-suspicious`, `aggregation-overridden`"},
    {"0 to 1", "M1", "statistics.*.unit",
     "Units follow U. A member of `statistics` that is not an object stays.", "`metric-unrecognised`"},
    {"0 to 1", "M3", "monitoringStatus|tags", "A `monitoringStatus` of 0 means disabled and stays."},
    {"0 to 1", "M4", "exclusive", "", "`exclusive-defaulted`"},
    {"0 to 1", "M6", "resources[].accelerators[]",
     "An integer becomes a string as in D3, null is removed. Any other type makes the job bad.",
     "`accelerator-unmapped`"},
    {"0 to 1", "C1", "metricConfig[].unit", "Units of metrics follow U."},
    {"0 to 1", "C2", "subClusters[].flopRateScalar|flopRateSimd|memoryBandwidth",
     "A number becomes an object with the unit GF/s or GB/s. A missing one gets the value 0, an object "
     "stays.",
     "`value-defaulted`"},
    {"0 to 1", "C3", "metricConfig[].aggregation",
     "A missing or empty one is inferred from the unit: `sum` for what adds up over nodes (B, F, Flops, W, "
     "J, packets, requests, events, cycles, also per second), `avg` for everything else.",
     "`aggregation-inferred`"},
    {"0 to 1", "C7", "subClusters[].topology.accelerators[].id",
     "An integer becomes a string with its digits."},
    {"0 to 1", "D7", "*.*", "A metric or scope of any other type than object stays.",
     "`scope-null-dropped`, `metric-unrecognised`"},
    {"0 to 1", "D1", "*.*.unit", "Units of metrics follow U."},
    {"0 to 1", "D2", "*.*.scope", "The scope is the key of the object.",
     "`scope-mismatch`: it named another scope"},
    {"0 to 1", "D5", "*.*.statisticsSeries", "Any other value is kept whole."},
    {"0 to 1", "D6", "*.*.series", "Missing series become an empty list."},
    {"0 to 1", "D6", "*.*.timestep",
     "A missing timestep comes from cluster.json. If cluster.json does not know the metric, the job is bad.",
     "`timestep-from-cluster`"},
    {"0 to 1", "D6", "*.*.series[]", "Any other type than object makes the job bad."},
    {"0 to 1", "D3", "*.*.series[].id",
     "An integer becomes a string, null is removed. At scope accelerator the integer is an index into the "
     "topology of the job's subcluster and becomes the id of that entry; elsewhere it becomes its digits.",
     "`accelerator-unmapped`: the topology has no such entry, and the digits are used"},
    {"0 to 1", "D4", "*.*.series[].statistics",
     "Missing statistics are computed from the values that are not null, in double precision; without any "
     "values they are 0. New ones go directly before `data`. A result beyond the range of doubles makes the "
     "job bad.",
     "`statistics-computed`"},
    {"1 to 2", "C8", "metricConfig",
     "If no metric has a `footprint`: `cpu_load`, `flops_any` and `mem_bw` get `avg`, `mem_used` gets `max`, "
     "also under their `subClusters`.",
     "`footprint-defaulted`"},
    {"1 to 2", "C9", "metricConfig",
     "If no metric has an `energy`: `mem_power`, `acc_power` and the first of `cpu_power`, `rapl_power`, "
     "`core_power` get `power` if their unit is W, also under their `subClusters`.",
     "`energy-defaulted`"},
    {"2 to 3", "M8", "exclusive",
     "Becomes `shared` in the same place: 0 is `multi_user`, 1 `none`, 2 `single_user`; another value makes "
     "the job bad. Of both members, `shared` wins; without either it is `none`.",
     "`shared-defaulted`"},
    {"2 to 3", "M9", "submitTime", "A missing value becomes that of `startTime`."},
    {"2 to 3", "M11",
     "mem_used_max|flops_any_avg|mem_bw_avg|load_avg|net_bw_avg|net_data_vol_total|file_bw_avg|file_data_vol_"
     "total",
     "Moves into `footprint`, `load_avg` as `cpu_load_avg`. A value that `footprint` already has stays, null "
     "is removed.",
     "`footprint-kept`: the two values differ"},
    {"2 to 3", "M13", "jobState", "A state that version 3 does not know stays.",
     "`state-mapped`, `state-unknown`"},
    {"3 to 2", "M8", "shared",
     "Becomes `exclusive` in the same place: `multi_user` is 0, `none` 1, `single_user` 2; another value "
     "makes the job bad. Of both members, `shared` wins; without either, `exclusive` is 1.",
     "`exclusive-defaulted`"},
    {"3 to 2", "M13", "jobState", "All other states stay.", "`state-mapped`"},
};
