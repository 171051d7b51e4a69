// Compares one job, one cluster or the root on both sides. Each thread has a checker of its own; what they
// know about the archives is constant and shared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/cluster_facts.h"
#include "verify/findings.h"
#include "verify/reason.h"
#include "verify/rules/sets.h"
#include "verify/side.h"
#include "verify/tally.h"

namespace jobferry {
struct Archive;
}

namespace jobferry::proof {

struct DataOf;
struct DataVerdict;

// What all threads share.
struct Ground {
  const VerifyOptions& options;
  Side source, target;
  Chain chain;
  bool finished;  // the target: its directories have their final modes
  bool as_root;
  std::map<std::string, ClusterFacts, std::less<>> clusters;  // those whose cluster.json is sound
};

// The data file that is used: data.json.gz before data.json; null: there is none.
const Seen* data_of(const Listing& job);

class Checker {
 public:
  Checker(const Ground& ground, FindingList& findings) : ground_(ground), findings_(findings) {}

  void root(const Archive& source, const Listing& target);
  // What its jobs need to know; none if cluster.json is bad.
  std::optional<ClusterFacts> cluster(const std::string& name);
  // A job of the source.
  void job(const JobPath& path);
  // A job of the target: the source has one at the same path.
  void origin(const JobPath& path);

  Listing list(const Side& side, const std::string& place);
  void found(FindingKind kind, const std::string& subject, std::string_view file, std::string_view source,
             std::string_view target) {
    findings_.add(kind, subject, file, source, target);
  }
  void unreadable(const Side& side, const std::string& subject, std::string_view file, std::string_view what);
  // Mode, time and owner of a file that must not be a link to that of the source.
  void compare_own_file(const std::string& subject, const std::string& file, const FileInfo& ours,
                        const FileInfo& theirs);

  Tally& tally() { return tally_; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  // A file that has been read.
  struct Content {
    Buffer raw, unpacked;
    bool packed = false;
    std::string_view text() const { return packed ? unpacked.view() : raw.view(); }
  };

  // Names in a directory that are not carried files.
  struct Known {
    std::vector<std::string_view> ours, theirs;
    bool counts_strays;  // the walk counts directories and links that are in no job
  };

  std::optional<Reason> read(const Side& side, const std::string& place, std::string_view name, Buffer& into);
  std::optional<Reason> load(const Side& side, const std::string& place, std::string_view name,
                             Content& into);
  void broken(const std::string& subject, std::string_view file, const Reason& reason);

  std::optional<Reason> judge_listing(const Listing& ours) const;
  std::optional<Reason> judge_meta(const JobPath& path, const ClusterFacts& cluster, Draft& meta);
  std::optional<Reason> judge_file(const Seen& file, const std::string& subject, const DataOf& job,
                                   DataVerdict& verdict);
  std::optional<Reason> judge_data_files(const Listing& ours, const std::string& subject, const DataOf& job,
                                         const Seen*& used, DataVerdict& verdict);
  void load_target_data(const Listing& theirs, const std::string& subject);
  void leave_out(const std::string& subject, const Listing& ours, const Reason& reason);

  void compare_job(const std::string& subject, const Listing& ours, const Listing& theirs, Draft& meta,
                   const Seen* data, const DataVerdict& verdict);
  void compare_document(const std::string& subject, const Seen* ours, const Seen* theirs, Draft& wanted,
                        std::string_view name);
  void compare_data(const std::string& subject, const Seen& ours, const Listing& theirs,
                    const DataVerdict& verdict);
  void compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs);
  void compare_carried(const std::string& subject, const Listing& ours, const Listing& theirs,
                       const Known& known);
  void compare_folders(const JobPath& path);
  void compare_attributes(const std::string& subject, const std::string& file, const FileInfo& ours,
                          const FileInfo& theirs);
  void count_source(const Seen& file);
  void count_target(const Listing& theirs);

  const Ground& ground_;
  FindingList& findings_;
  Tally tally_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::string last_folder_;
  Content source_document_, target_document_, source_data_, target_data_;
  bool has_target_data_ = false;  // target_data_ is the data file of the job that is compared
};

}  // namespace jobferry::proof
