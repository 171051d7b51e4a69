// Compares one job, one cluster or the root on both sides. Each thread has a checker of its own; what they
// know about the archives is constant and shared.
//
// checker.cpp judges: it applies the rules to a job of the source and says whether the job belongs in the
// target. checker_compare.cpp compares the files of a job that belongs there.
//
// The proof shares no code with src/steps and src/engine. What decides that nothing was lost is here alone:
// the rules, the split of a text into its values, the comparison, unpacking (zlib) and the check of JSON
// (RapidJSON). Shared is what only finds or reads: the walk and the disk, the names behind escapes
// (json/reader.h), questions about number tokens such as whether two are equal (json/decimal.h), and the
// grammar of node lists (archive/node_list.h). Tests of their own cover these, and fuzzers the parsers.
#pragma once

#include <unistd.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "verify/compare.h"
#include "verify/findings.h"
#include "verify/rules/sets.h"
#include "verify/side.h"

namespace jobferry::proof {

// What all threads share.
struct Ground {
  const VerifyOptions& options;
  Progress* progress;
  const Side &source, &target;
  Chain chain;
  bool as_root = ::geteuid() == 0;
  std::map<std::string, ClusterFacts, std::less<>> clusters{};  // those whose cluster.json is sound
};

class Checker {
 public:
  explicit Checker(const Ground& ground)
      : ground_(ground), record_(ground.options.most_findings, ground.progress) {}

  void root();
  // What its jobs need to know; none if cluster.json is bad.
  std::optional<ClusterFacts> cluster(const std::string& name);
  // A job of the source.
  void job(const JobPath& path);
  // A job of the target: the source has one at the same path.
  void origin(const JobPath& path);

  Listing list(const Side& side, const std::string& place);
  void unreadable(const Side& side, const std::string& subject, std::string_view file, std::string_view what);
  // Mode, time and owner of a file that must not be a link to that of the source.
  void compare_own_file(const std::string& subject, const Seen& ours, const Seen& theirs);

  Record& record() { return record_; }

 private:
  // A file that has been read.
  struct Content {
    std::string name;
    Buffer raw, unpacked;
    bool is_unpacked = false;
    std::string_view text() const { return is_unpacked ? unpacked.view() : raw.view(); }
  };

  // The data file of a job that is used, and what the rules change in it. The findings are about that of the
  // target.
  struct Data {
    Context job;
    const Seen* file = nullptr;
    Counts changes{};
    std::optional<Findings> findings{};
  };

  Result<void> read(const Side& side, const std::string& place, std::string_view name, Content& into);
  Result<void> load(const Side& side, const std::string& place, std::string_view name, Content& into);
  void broken(const std::string& subject, std::string_view file, const Error& reason);

  Result<void> judge_document(const std::string& place, Draft& draft);
  Result<void> judge_data_file(const std::string& subject, const Seen& file, Data& data);
  Result<void> judge_data(const std::string& subject, const Listing& ours, Data& data);
  void load_target_data(const std::string& subject, const Listing& theirs);
  void leave_out(const std::string& subject, const Listing& ours, const Error& reason);

  void compare_job(const std::string& subject, Listing& ours, Listing& theirs, Draft& meta, Data& data);
  void compare_document(const std::string& subject, const Listing& ours, const Listing& theirs,
                        Draft& wanted);
  void compare_data(const std::string& subject, const Listing& theirs, Data& data);
  void compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs);
  void compare_directory(const std::string& subject, const Listing& ours, const Listing& theirs);
  void compare_folders(const JobPath& path);
  void compare_attributes(const std::string& subject, const Seen& ours, const Seen& theirs);
  void count_target(const Listing& theirs);
  static void count(ArchiveCounts& counts, const Seen& file);

  const Ground& ground_;
  Record record_;
  std::string last_folder_;
  Content source_document_, target_document_, source_data_, target_data_;
  Target target_text_;  // of target_data_, for the job that is compared
};

}  // namespace jobferry::proof
