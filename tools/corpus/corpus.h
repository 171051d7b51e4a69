// Generates job archives of every version for tests and benches: realistic in shape and size, the same bytes
// for the same shape on every machine, and with defects on request.
//
// A job depends only on the shape and on its own number. An archive of more jobs therefore begins with the
// same ones (unless `total_bytes` scales them), and the generator never holds more than one job in memory.
//
// Each file is written directly in the version of the archive. To write the newest version and age it by one
// function per step would read better, but the versions draw different random numbers from the same stream,
// so ageing would change the bytes of every older archive.
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

// What an archive looks like.
struct Shape {
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

  // Legal oddities that a migration must keep or repair: jobs with two data files (the .gz of some is
  // cut short, so X7 falls back to data.json) or none, foreign files and directories, values that need a
  // repair, unknown members, integers beyond 2^53, escapes. About one job in ten has one. Without them every
  // file of the archive satisfies the schemas of its version.
  bool quirks = true;
};

// A defect, as a report must name it.
struct Planted {
  std::string job;      // CLUSTER/1403/244/1608923076
  std::string kind;     // a class of bad jobs, or `empty-file`
  std::string file;     // meta.json, data.json, data.json.gz; empty if the directory is at fault
  std::string pointer;  // JSON pointer; empty if there is none or if a report may name any
};

// The classes of defects that an archive of that version can have. A migration from version 1 or later rarely
// reads data files (X11), so only meta.json and the directory get defects there. `exclusive-invalid` is an
// error only in a step up to version 3, `shared-invalid` only in a step down from it.
std::vector<std::string_view> plantable(int version);

struct Made {
  std::size_t jobs = 0;
  std::size_t files = 0;
  std::uint64_t bytes = 0;       // on disk
  std::uint64_t data_bytes = 0;  // of all data files, uncompressed
};

using Sink = std::function<void(const Planted&)>;

// Makes the archive in `root`, which must be empty or must not exist yet. Throws std::invalid_argument if the
// shape makes no sense and std::system_error if the disk fails.
Made make_archive(const boost::filesystem::path& root, const Shape& shape, const Sink& sink);

std::vector<Planted> make_archive(const boost::filesystem::path& root, const Shape& shape);

}  // namespace jobferry::corpus
