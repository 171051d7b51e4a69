#include <fmt/format.h>

#include "jobferry/info.h"
#include "report/documents.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr ColumnKind number = ColumnKind::number;

std::optional<UnixTime> time_of(std::optional<std::int64_t> seconds) {
  return seconds ? std::optional(UnixTime{*seconds}) : std::nullopt;
}

Table jobs_table(const InfoResult& result) {
  Table table{"Jobs of each cluster",
              "",
              {{"Cluster", "", ColumnKind::name},
               {"Jobs", "clusters.*.jobs", number},
               {"Empty", "clusters.*.empty", number},
               {"No meta", "clusters.*.withoutMeta", number},
               {"No data", "clusters.*.withoutData", number},
               {"First start", "clusters.*.firstStart"},
               {"Last start", "clusters.*.lastStart"},
               {"Highest ID", "clusters.*.highestJobId", number}}};
  const auto cells = [](std::string_view name, const ClusterInfo& c) {
    const auto highest =
        c.highest_job_id ? std::optional(Identifier{*c.highest_job_id}) : std::optional<Identifier>();
    return Cells{name,
                 c.jobs,
                 c.empty,
                 c.without_meta,
                 c.without_data,
                 time_of(c.first_start),
                 time_of(c.last_start),
                 highest};
  };
  for (const auto& [name, info] : result.clusters) table.rows.push_back({cells(name, info)});
  table.total = {cells("Total", result.total()), "total"};
  return table;
}

Table bytes_table(const InfoResult& result) {
  Table table{"Bytes of each cluster",
              "",
              {{"Cluster", "", ColumnKind::name},
               {"Files", "clusters.*.files", number},
               {"Bytes", "clusters.*.bytes", number},
               {"meta.json", "clusters.*.metaBytes", number},
               {"data.json", "clusters.*.dataBytes", number},
               {"data.json.gz", "clusters.*.gzipBytes", number},
               {"Other", "clusters.*.otherBytes", number},
               {"Largest job", "clusters.*.largestJob.bytes", number},
               {"Its path", "clusters.*.largestJob.job", ColumnKind::name}}};
  const auto cells = [](std::string_view name, const ClusterInfo& c) {
    Cells row = {name,
                 c.files,
                 Bytes{c.bytes()},
                 Bytes{c.meta_bytes},
                 Bytes{c.plain_bytes},
                 Bytes{c.gzip_bytes},
                 Bytes{c.other_bytes}};
    if (c.jobs > 0) row.insert(row.end(), {Bytes{c.largest_bytes}, c.largest_job});
    row.resize(9);
    return row;
  };
  for (const auto& [name, info] : result.clusters) table.rows.push_back({cells(name, info)});
  table.total = {cells("Total", result.total()), "total"};
  return table;
}

Ending ending_of(const InfoResult& result) {
  if (!result.errors.empty()) return {Tone::bad, "Failed: the archive could not be examined."};
  return {result.complete && !result.unfinished ? Tone::good : Tone::attention,
          result.unfinished ? "Unfinished: the migration that writes this archive has not completed." : "",
          result.complete ? "" : "Interrupted: the counts above do not include all jobs."};
}

}  // namespace

ResultDocument info_document(const InfoOptions& options, const InfoResult& result) {
  const ClusterInfo total = result.total();
  ResultDocument document{
      "jobferry-info",
      fmt::format("{}: {}, {} in {}", options.archive,
                  result.version ? fmt::format("version {}", *result.version) : "version not yet known",
                  counted(total.jobs, "job"), counted(result.clusters.size(), "cluster")),
      ending_of(result)};
  document.sections = {
      {"",
       {Facts{{"", "jobferry", JOBFERRY_VERSION},
              {"", "archive", options.archive},
              {"", "version", result.version ? Value(version_of(*result.version)) : Value()},
              {"", "unfinished", result.unfinished},
              {"", "complete", result.complete},
              {"", "seconds", Seconds{result.seconds}},
              {"", "root.files", result.root_files},
              {"", "root.bytes", Bytes{result.root_bytes}}}}},
      {"Jobs", {jobs_table(result)}},
      {"Files and bytes", {bytes_table(result)}},
      {"All of it",
       {Facts{{"Files", "", total.files + result.root_files},
              {"Bytes", "", Bytes{total.bytes() + result.root_bytes}},
              {"Entries of no job, which a migration leaves behind", "leftBehind", result.left_behind}}}},
      {"Directories and files that could not be read",
       {error_table("Not counted", "unreadable", result.unreadable)}},
      error_section(result.errors)};
  if (!result.errors.empty()) {
    document.title = options.archive;
    document.hide_all_but_errors();
  }
  return document;
}

}  // namespace jobferry
