// An archive with a bad job of every class.
#pragma once

#include "trial.h"

namespace jobferry::test {

inline constexpr std::uint64_t largest_allowed = 100'000;

struct BadJob {
  std::string kind, file;
  Tree files;  // in its directory; gets a meta.json if it has none
};

// One job of each class that a step up can have, except `read-failed`.
inline std::vector<BadJob> bad_jobs() {
  const auto data = [](const std::string& text) { return Tree{{"data.json", text}}; };
  const auto meta = [](const std::string& text) {
    return Tree{{"meta.json", text}, {"data.json", plain_data(0)}};
  };
  const std::string sound = plain_data(0), deep = std::string(1100, '[') + std::string(1100, ']');
  const std::string uncounted = replaced(sound, R"("statistics":{"min":1,"avg":1,"max":1},)", "");
  return {
      {"json-syntax", "data.json", data(sound + "x")},
      {"utf8-invalid", "data.json", data(replaced(sound, "n1", "n\xff"))},
      {"nesting-too-deep", "data.json",
       data(replaced(sound, R"("timestep":60)", R"("timestep":60,"more":)" + deep))},
      {"data-element", "data.json", data(data_with(0, R"([1,"n/a"])"))},
      {"duplicate-member", "data.json",
       data(replaced(sound, R"("timestep":60)", R"("timestep":60,"timestep":60)"))},
      {"missing-member", "meta.json", meta(replaced(meta_of(0, 2), R"("cluster":"c",)", ""))},
      {"wrong-type", "data.json", data(replaced(sound, R"("timestep":60)", R"("timestep":"60")"))},
      {"number-range", "data.json", data(replaced(uncounted, "[1,null,1.0]", "[1e308,1e308]"))},
      {"identity-mismatch", "meta.json", meta(meta_of(0, 1))},
      {"no-meta-file", "meta.json", {{"data.json", sound}, {"meta.json", "(none)"}}},
      {"not-a-regular-file", "data.json", data("-> ../../001/100/data.json")},
      {"gzip-truncated", "data.json.gz", {{"data.json.gz", sound_gz.substr(0, 30)}}},
      {"gzip-corrupt", "data.json.gz", {{"data.json.gz", "not gzip"}}},
      {"gzip-trailing", "data.json.gz", {{"data.json.gz", sound_gz + "x"}}},
      {"file-too-large", "data.json", data(padded(sound, largest_allowed + 1))},
      {"exclusive-invalid", "meta.json",
       meta(replaced(meta_of(0, 2), R"("exclusive":1)", R"("exclusive":3)"))},
      {"timestep-unknown", "data.json", data(R"({"other":{"node":{"unit":"W","series":[]}}})")},
  };
}

inline int bad_job_id(std::size_t index) { return static_cast<int>(index) + 2; }

// An archive of a sound job, a skipped one, and all bad ones.
inline Tree archive_of_bad_jobs() {
  Tree tree = plain_archive(0) + Tree{{in_job(900, "meta.json"), ""}};
  const std::vector<BadJob> jobs = bad_jobs();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const int id = bad_job_id(i);
    tree[in_job(id, "meta.json")] = meta_of(0, id);
    for (const auto& [name, content] : jobs[i].files)
      tree[in_job(id, name)] = jobs[i].kind == "identity-mismatch"
                                   ? content
                                   : replaced(content, R"("jobId":2)", fmt::format(R"("jobId":{})", id));
    if (jobs[i].kind == "no-meta-file") tree.erase(in_job(id, "meta.json"));
  }
  return tree;
}

inline Options with_limit() {
  Options options;
  options.max_file_size = largest_allowed;
  return options;
}

}  // namespace jobferry::test
