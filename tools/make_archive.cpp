// Generates a job archive from the command line: see corpus/corpus.h.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "corpus/corpus.h"
#include "jobferry/types.h"
#include "jobferry/versions.h"

namespace {

using namespace jobferry;

struct Arguments {
  corpus::Shape shape;
  std::vector<std::string> bad;
  std::string manifest;
  std::string directory;
};

std::string join(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) out += out.empty() ? std::string(word) : ", " + std::string(word);
  return out;
}

// A line for each version whose classes differ from those of the version before.
std::string classes_text() {
  std::string text = "Classes by version:";
  for (int version = 0; version <= newest_version; ++version)
    if (version == 0 || corpus::plantable(version) != corpus::plantable(version - 1))
      text += fmt::format("\n  from {}: {}", version, join(corpus::plantable(version)));
  return text;
}

void declare(CLI::App& app, Arguments& arguments) {
  corpus::Shape& shape = arguments.shape;
  const auto size = CLI::AsSizeValue(true);
  app.add_option("--version", shape.version, "Archive version")
      ->check(CLI::Range(0, newest_version))
      ->capture_default_str();
  app.add_option("--jobs", shape.jobs, "Number of jobs")->capture_default_str();
  app.add_option("--seed", shape.seed, "Seed; the same seed makes the same bytes")->capture_default_str();
  app.add_option("--total-size", shape.total_bytes,
                 "Size of all data files together, uncompressed, such as 400MB")
      ->transform(size);
  app.add_option("--median-size", shape.median_bytes, "Median size of a data file, uncompressed")
      ->transform(size)
      ->capture_default_str();
  app.add_option("--gzip-share", shape.gzip_share, "Share of jobs with data.json.gz")->capture_default_str();
  app.add_option("--pretty-share", shape.pretty_share, "Share of pretty-printed jobs")->capture_default_str();
  app.add_option("--clusters", shape.clusters, "Number of clusters")->capture_default_str();
  app.add_option(
         "--bad", arguments.bad,
         "Plant a defect in a share of the jobs; repeatable. all=SHARE spreads the share over all classes")
      ->type_name("CLASS=SHARE")
      ->allow_extra_args(false);
  app.add_flag("!--no-quirks", shape.quirks, "Leave out legal oddities");
  app.add_option("--manifest", arguments.manifest,
                 "Write the planted defects to this file, one JSON object per line");
  app.add_option("DIR", arguments.directory, "Directory of the archive; it must be empty or must not exist")
      ->required();
  app.footer(classes_text());
}

void read_bad(Arguments& arguments) {
  for (const std::string& text : arguments.bad) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const char* end = text.data() + text.size();
    const char* number = std::min(text.data() + equals + 1, end);
    double share = 0;
    const auto [rest, problem] = std::from_chars(number, end, share);
    if (problem != std::errc() || rest != end)
      throw std::invalid_argument(fmt::format("--bad needs CLASS=SHARE, not \"{}\"", text));
    arguments.shape.bad[text.substr(0, equals)] += share;
  }
}

// Needs no escapes: the generator makes all paths, words and pointers of a Planted itself.
void print(std::ostream& out, const corpus::Planted& planted) {
  out << fmt::format("{{\"job\":\"{}\",\"kind\":\"{}\",\"file\":\"{}\",\"pointer\":\"{}\"}}\n", planted.job,
                     planted.kind, planted.file, planted.pointer);
}

void run(Arguments& arguments) {
  read_bad(arguments);
  std::ofstream manifest;
  if (!arguments.manifest.empty()) {
    manifest.open(arguments.manifest, std::ios::binary);
    if (!manifest) throw std::runtime_error("cannot write " + arguments.manifest);
  }
  std::size_t planted = 0;
  const corpus::Made made = corpus::make_archive(arguments.directory, arguments.shape, [&](const auto& each) {
    ++planted;
    if (manifest.is_open()) print(manifest, each);
  });
  manifest.flush();
  if (manifest.is_open() && !manifest) throw std::runtime_error("cannot write " + arguments.manifest);
  fmt::print("{}: version {}, {} jobs ({} with defects), {} files, {} bytes ({} of data uncompressed)\n",
             arguments.directory, arguments.shape.version, made.jobs, planted, made.files, made.bytes,
             made.data_bytes);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Generates a job archive for tests and benchmarks."};
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "make_archive: {}\n", error.what());
    return 1;
  }
}
