// Makes up job archives of every version, for tests and benches: realistic in shape and size, the same bytes
// for the same plan on every machine, and with defects planted on request.
//
// A job follows from the plan and its own number alone, so an archive of more jobs begins with the same ones
// (unless `total_bytes` scales them), and no more than one job is ever held in memory.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace jobferry::corpus {

constexpr int newest_version = 3;

struct Plan {
  int version = 0;
  std::uint64_t seed = 1;
  std::size_t jobs = 100;

  // Sizes are those of the uncompressed data file, log-normal with a tail of a few hundred times the median.
  std::size_t median_bytes = 25'000;
  std::uint64_t total_bytes = 0;  // if set: scales the jobs so that their data files add up to about this

  double gzip_share = 0.25;
  double pretty_share = 0.02;  // of the jobs; meta.json and data file alike

  // Share of the jobs that get a defect, by class (see plantable); "all" is spread evenly over all classes.
  // No job has more than one.
  std::map<std::string, double> bad;

  int clusters = 2;

  // Legal oddities that a migration must carry along: jobs with two data files (the .gz of some is cut short,
  // so X7 falls back to data.json) or none, foreign files and directories, values that the repairs mend,
  // unknown members, integers beyond 2^53, escapes. About one job in ten has one. Without them every file of
  // the archive satisfies the schemas of its version.
  bool quirks = true;
};

// A defect: what a report must say about the job.
struct Planted {
  std::string job;      // CLUSTER/1403/244/1608923076
  std::string kind;     // a class of bad jobs, or `empty-file`
  std::string file;     // meta.json, data.json, data.json.gz; empty if the directory is at fault
  std::string pointer;  // JSON pointer; empty if there is none or it is open which one is named
};

// What can be planted in an archive of that version. From version 1 on data files are mostly not read (X11),
// so only meta.json and the directory get defects. `exclusive-invalid` is bad on the way to version 3 only,
// `shared-invalid` on the way down from it.
std::vector<std::string_view> plantable(int version);

struct Made {
  std::size_t jobs = 0;
  std::size_t files = 0;
  std::uint64_t bytes = 0;       // on disk
  std::uint64_t data_bytes = 0;  // of all data files, uncompressed
};

// Makes the archive in `root`, which must be empty or not there yet. Throws std::invalid_argument where the
// plan makes no sense and std::system_error where the disk fails.
using Sink = std::function<void(const Planted&)>;
Made make_archive(const boost::filesystem::path& root, const Plan& plan, const Sink& sink);

std::vector<Planted> make_archive(const boost::filesystem::path& root, const Plan& plan);

}  // namespace jobferry::corpus
