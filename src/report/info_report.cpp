#include "report/info_report.h"

#include <fmt/format.h>

#include "base/text.h"
#include "json/json_writer.h"
#include "report/migrate_report.h"

namespace jobferry {

namespace {

// Of the JSON document. Grows when a member changes its meaning or goes; new members do not count.
constexpr std::uint64_t format_version = 1;

std::string start_text(std::optional<std::int64_t> seconds) { return seconds ? utc_text(*seconds) : "-"; }

std::string size_text(std::uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

std::string jobs_table(const InfoResult& result) {
  std::vector<std::vector<std::string>> rows = {
      {"cluster", "jobs", "empty", "no meta", "no data", "first start", "last start", "highest ID"}};
  const auto add = [&](const std::string& name, const ClusterInfo& c) {
    rows.push_back({printable(name), std::to_string(c.jobs), std::to_string(c.empty),
                    std::to_string(c.without_meta), std::to_string(c.without_data), start_text(c.first_start),
                    start_text(c.last_start), c.highest_job_id ? std::to_string(*c.highest_job_id) : "-"});
  };
  for (const auto& [name, info] : result.clusters) add(name, info);
  add("total", result.total());
  return table(rows, "lrrrrllr");
}

std::string bytes_table(const InfoResult& result) {
  std::vector<std::vector<std::string>> rows = {
      {"cluster", "files", "bytes", "meta.json", "data.json", "data.json.gz", "other", "largest job", ""}};
  const auto add = [&](const std::string& name, const ClusterInfo& c) {
    rows.push_back({printable(name), std::to_string(c.files), size_text(c.bytes()), size_text(c.meta_bytes),
                    size_text(c.plain_bytes), size_text(c.gzip_bytes), size_text(c.other_bytes),
                    c.jobs ? size_text(c.largest_bytes) : "-", printable(c.largest_job)});
  };
  for (const auto& [name, info] : result.clusters) add(name, info);
  add("total", result.total());
  return table(rows, "lrrrrrrrl");
}

std::string remarks(const InfoResult& result) {
  std::string out;
  if (result.unfinished) out += "Unfinished: the migration that makes this archive did not end.\n";
  if (result.left_behind > 0)
    out += fmt::format("{} of no job: a migration leaves them behind.\n",
                       result.left_behind == 1 ? "1 entry" : fmt::format("{} entries", result.left_behind));
  for (const Error& error : result.unreadable) out += describe(error) + '\n';
  if (!result.complete) out += "Not all was looked at: the counts above are not of all jobs.\n";
  return out;
}

void put_start(Writer& json, const char* key, std::optional<std::int64_t> start) {
  if (start) put(json, key, static_cast<std::uint64_t>(*start));
}

void put_info(Writer& json, const ClusterInfo& info) {
  json.StartObject();
  put(json, "jobs", info.jobs);
  put(json, "empty", info.empty);
  put(json, "withoutMeta", info.without_meta);
  put(json, "withoutData", info.without_data);
  put(json, "files", info.files);
  put(json, "bytes", info.bytes());
  put(json, "metaBytes", info.meta_bytes);
  put(json, "dataBytes", info.plain_bytes);
  put(json, "gzipBytes", info.gzip_bytes);
  put(json, "otherBytes", info.other_bytes);
  put_start(json, "firstStart", info.first_start);
  put_start(json, "lastStart", info.last_start);
  if (info.highest_job_id) put(json, "highestJobId", *info.highest_job_id);
  if (info.jobs > 0) {
    json.Key("largestJob");
    json.StartObject();
    put(json, "job", info.largest_job);
    put(json, "bytes", info.largest_bytes);
    json.EndObject();
  }
  json.EndObject();
}

void put_clusters(Writer& json, const InfoResult& result) {
  json.Key("clusters");
  json.StartObject();
  for (const auto& [name, info] : result.clusters) {
    json.Key(printable(name).c_str());
    put_info(json, info);
  }
  json.EndObject();
  json.Key("total");
  put_info(json, result.total());
}

}  // namespace

std::string info_text(const InfoOptions& options, const InfoResult& result) {
  if (!result.errors.empty()) return "Failed: stderr says why.\n";
  const ClusterInfo total = result.total();
  return fmt::format("{}: {}, {} in {}, {} in {}\n", printable(options.archive),
                     result.version ? fmt::format("version {}", *result.version) : "version not yet known",
                     plural(total.jobs, "job"), plural(result.clusters.size(), "cluster"),
                     size_text(total.bytes() + result.root_bytes),
                     plural(total.files + result.root_files, "file")) +
         jobs_table(result) + bytes_table(result) + remarks(result);
}

std::string info_json(const InfoOptions& options, const InfoResult& result) {
  JsonBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 2);
  json.StartObject();
  put(json, "format", "jobferry-info");
  put(json, "formatVersion", format_version);
  put(json, "jobferry", JOBFERRY_VERSION);
  put(json, "archive", options.archive);
  if (result.version) put(json, "version", static_cast<std::uint64_t>(*result.version));
  json.Key("unfinished");
  json.Bool(result.unfinished);
  json.Key("complete");
  json.Bool(result.complete);
  json.Key("seconds");
  json.Double(result.seconds);
  json.Key("root");
  json.StartObject();
  put(json, "files", result.root_files);
  put(json, "bytes", result.root_bytes);
  json.EndObject();
  put_clusters(json, result);
  put(json, "leftBehind", result.left_behind);
  put_errors(json, "unreadable", result.unreadable);
  put_errors(json, "errors", result.errors);
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace jobferry
