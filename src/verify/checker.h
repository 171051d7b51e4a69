// One job, cluster or root on both sides. A checker belongs to one thread; what it knows of the archives is
// constant and shared.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/layout.h"
#include "io/files.h"
#include "verify/data_rules.h"
#include "verify/tally.h"

namespace jobferry::proof {

// What all threads share.
struct Ground {
  const VerifyOptions& options;
  Files& source_files;
  Files& target_files;
  std::string source, target;  // the roots
  Chain chain;
  bool finished;  // the target: directories have their final modes
  bool as_root;
  std::map<std::string, ClusterFacts, std::less<>> clusters;  // those whose cluster.json is sound
};

// A directory entry with what is kept of it.
struct Seen {
  std::string name;
  FileInfo info;

  bool is_regular() const { return info.type == FileType::regular; }
};

// A directory on one side.
struct Listing {
  bool there = false;
  FileInfo info;
  std::vector<Seen> entries;

  const Seen* find(std::string_view name) const;
};

class Checker {
 public:
  Checker(const Ground& ground, FindingList& findings) : ground_(ground), findings_(findings) {}

  void job(const JobPath& path);
  void root(const Archive& source, const Listing& target);
  // The facts that its jobs need; none if cluster.json is bad.
  std::optional<ClusterFacts> cluster(const std::string& name);
  // A job of the target: where does it come from?
  void origin(const JobPath& path);

  Listing list_source(const std::string& path) { return list(ground_.source_files, ground_.source, path); }
  Listing list_target(const std::string& path) { return list(ground_.target_files, ground_.target, path); }
  void found(std::string_view kind, const std::string& subject, std::string_view file,
             std::string_view source, std::string_view target);

  void compare_attributes(const std::string& subject, const std::string& file, const FileInfo& ours,
                          const FileInfo& theirs, bool is_directory);
  // The same for a file of which a server may write into either: they are two.
  void compare_own_file(const std::string& subject, const std::string& file, const FileInfo& ours,
                        const FileInfo& theirs);

  Tally& tally() { return tally_; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  // A data file of the source, as far as it has been looked into.
  struct Content {
    std::string name;
    Buffer raw, unpacked;
    std::string_view text(bool packed) const { return packed ? unpacked.view() : raw.view(); }
    std::string_view text() const { return text(name == names::data_gz); }
  };

  // Names of a directory that are no carried files, on both sides.
  struct Known {
    std::vector<std::string_view> ours, theirs;
    bool counts_strays;  // of directories and links the walk counts those that lie in no job
  };

  Listing list(Files& files, const std::string& root, const std::string& path);
  std::optional<Reason> read(Files& files, const std::string& path, std::string_view name, Buffer& into);
  std::optional<Reason> load(Files& files, const std::string& directory, const Seen& file, Content& into);
  std::optional<Reason> judge_listing(const Listing& ours) const;
  std::optional<Reason> judge_meta(const JobPath& path, const ClusterFacts& cluster, Draft& draft);
  std::optional<Reason> judge_one(const Seen& file, const std::string& subject, const DataOf& job,
                                  DataVerdict& verdict);
  // Which data file counts (X7), and what was found in it.
  std::optional<Reason> judge_all(const Listing& ours, const std::string& subject, const DataOf& job,
                                  const Seen*& used, DataVerdict& verdict);
  void load_target_data(const Listing& theirs, const std::string& subject);
  void compare_job(const std::string& subject, const Listing& ours, const Listing& theirs, Draft& meta,
                   const Seen* data, const DataVerdict& verdict);
  void compare_document(const std::string& subject, std::string_view file, std::string_view source,
                        const Draft& wanted);
  void compare_data(const std::string& subject, const Seen& ours, const Listing& theirs,
                    const DataVerdict& verdict);
  void compare_bytes(const std::string& subject, const Seen& ours, const Seen& theirs);
  void compare_directories(const JobPath& path);
  void compare_carried(const std::string& subject, const Listing& ours, const Listing& theirs,
                       const Known& known);
  void count_target(const Listing& theirs);
  void leave_out(const std::string& subject, const Reason& why);

  const Ground& ground_;
  FindingList& findings_;
  Tally tally_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::string last_folder_;
  Buffer source_text_, target_text_;
  Content source_data_, target_data_;
  const Seen* target_file_ = nullptr;  // the data file of the target that is loaded; null: none is
};

}  // namespace jobferry::proof
