// Measures each stage alone, and beside it a memcpy or memchr of the same bytes. Compare the ratios, not the
// seconds. All benchmarks use the same generated archive, and each checks its result.
#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "archive/data_file.h"
#include "archive/job.h"
#include "archive/walk.h"
#include "corpus/corpus.h"
#include "io/codec.h"
#include "jobferry/step.h"
#include "steps/repairs.h"

namespace {

using namespace jobferry;
namespace fs = boost::filesystem;

[[noreturn]] void wrong(const std::string& what) {
  std::cerr << "stages_bench: " << what << '\n';
  std::exit(1);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path.string(), std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// An archive of version 0. The benchmarks use the parts of it that are in memory.
struct Sample {
  Sample() : root(fs::temp_directory_path() / fs::unique_path("jobferry-bench-%%%%%%%%")) {
    corpus::Shape shape;
    shape.jobs = 400;
    shape.gzip_share = 0;
    shape.pretty_share = 0;
    shape.quirks = false;
    corpus::make_archive(root, shape);
    for (fs::recursive_directory_iterator at(root), end; at != end; ++at) {
      if (at->path().filename() == "data.json") data.push_back(read_file(at->path()));
      if (at->path().filename() == "meta.json") metas.push_back(read_file(at->path()));
    }
    const auto files = real_files(false);
    const auto archive = open_archive(*files, root.string());
    const std::string name = archive->clusters.at(0);
    ClusterFile file;
    file.name = name;
    cluster_text = read_file(root / name / "cluster.json");
    if (!file.document.parse(cluster_text)) wrong("cluster.json");
    repair_cluster(file, 0);
    cluster.emplace(file.document);
    if (data.empty() || metas.empty()) wrong("the sample is empty");
  }
  ~Sample() { fs::remove_all(root); }

  std::size_t data_bytes() const { return total(data); }
  std::size_t meta_bytes() const { return total(metas); }

  fs::path root;
  std::vector<std::string> data, metas;
  std::string cluster_text;
  std::optional<Cluster> cluster;

 private:
  static std::size_t total(const std::vector<std::string>& texts) {
    std::size_t bytes = 0;
    for (const std::string& text : texts) bytes += text.size();
    return bytes;
  }
};

const Sample& sample() {
  static const Sample made;
  return made;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * static_cast<std::int64_t>(state.iterations()));
}

void data_memcpy(benchmark::State& state) {
  Buffer out;
  for (auto _ : state)
    for (const std::string& text : sample().data) {
      out.resize(text.size());
      std::memcpy(out.data(), text.data(), text.size());
      benchmark::DoNotOptimize(out.data());
    }
  count_bytes(state, sample().data_bytes());
}

// Long arrays of numbers from the sample, as the scan gets them.
std::vector<std::string> number_arrays() {
  std::vector<std::string> arrays;
  for (const std::string& text : sample().data) {
    const std::size_t begin = text.find("\"data\":[");
    const std::size_t end = text.find(']', begin);
    if (begin != text.npos && end - begin > 1000) arrays.push_back(text.substr(begin + 7, end - begin - 6));
  }
  if (arrays.empty()) wrong("the sample has no long arrays");
  return arrays;
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  return std::accumulate(texts.begin(), texts.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& text) { return sum + text.size(); });
}

// Checks every token of the arrays of numbers (X3).
void numbers_check(benchmark::State& state) {
  const std::vector<std::string> arrays = number_arrays();
  for (auto _ : state)
    for (const std::string& array : arrays) {
      json::Reader reader(array);
      json::Value whole;
      if (!reader.numbers(whole) || !reader.finish()) wrong("an array is not sound");
    }
  count_bytes(state, bytes_of(arrays));
}

void numbers_memchr(benchmark::State& state) {
  const std::vector<std::string> arrays = number_arrays();
  for (auto _ : state)
    for (const std::string& array : arrays)
      benchmark::DoNotOptimize(std::memchr(array.data(), 'x', array.size()));
  count_bytes(state, bytes_of(arrays));
}

// Checks every token (X3) and finds the places that steps edit, but edits nothing.
void data_check(benchmark::State& state) {
  DataReader reader;
  for (auto _ : state)
    for (const std::string& text : sample().data)
      if (!reader.read(text, [](MetricPlace&) { return Result<void>(); })) wrong("a data file is not sound");
  count_bytes(state, sample().data_bytes());
}

// Finds the same places with simdjson On-Demand, which skips arrays without checking them.
void data_on_demand(benchmark::State& state) {
  namespace od = simdjson::ondemand;
  od::parser parser;
  Buffer in;
  for (const std::string& text : sample().data) in.resize(std::max(in.size(), text.size()));
  for (auto _ : state)
    for (const std::string& text : sample().data) {
      in.resize(text.size());
      std::memcpy(in.data(), text.data(), text.size());  // On-Demand needs padding behind the text
      od::document document;
      if (parser.iterate(in.data(), text.size(), text.size() + Buffer::padding).get(document))
        wrong("On-Demand");
      std::size_t members = 0;
      for (auto metric : document.get_object())
        for (auto scope : metric.value().get_object())
          for (auto member : scope.value().get_object()) {
            if (member.key() != "series") continue;
            for (auto series : member.value().get_array())
              for (auto value : series.get_object()) members += value.error() == simdjson::SUCCESS;
          }
      if (members == 0) wrong("On-Demand found nothing");
    }
  count_bytes(state, sample().data_bytes());
}

void data_step_0_to_1(benchmark::State& state) {
  const Leg leg = find_chain(0, 1)->front();
  DataReader reader;
  Edits edits;
  Buffer out;
  Job job;
  job.cluster = &*sample().cluster;
  if (!job.meta.parse(sample().metas.front())) wrong("a meta.json is not sound");
  for (auto _ : state)
    for (const std::string& text : sample().data) {
      edits.reset(text);
      DataPass pass{text, edits, job};
      if (!reader.read(text, [&](MetricPlace& metric) { return leg.data(metric, pass); }))
        wrong("a data file is bad");
      edits.splice(reader.spaced(), out);
      job.notes.clear();
      benchmark::DoNotOptimize(out.data());
    }
  if (!reader.read(out.view(), [](MetricPlace&) { return Result<void>(); })) wrong("the output is not sound");
  count_bytes(state, sample().data_bytes());
}

// Applies the edits that the step recorded for one file, again and again.
void data_splice(benchmark::State& state) {
  const Leg leg = find_chain(0, 1)->front();
  DataReader reader;
  Edits edits;
  Buffer out;
  Job job;
  job.cluster = &*sample().cluster;
  if (!job.meta.parse(sample().metas.front())) wrong("a meta.json is not sound");
  const std::string& text =
      *std::max_element(sample().data.begin(), sample().data.end(),
                        [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  edits.reset(text);
  DataPass pass{text, edits, job};
  if (!reader.read(text, [&](MetricPlace& metric) { return leg.data(metric, pass); }))
    wrong("a bad data file");
  for (auto _ : state) {
    edits.splice(false, out);
    benchmark::DoNotOptimize(out.data());
  }
  if (!reader.read(out.view(), [](MetricPlace&) { return Result<void>(); })) wrong("the output is not sound");
  count_bytes(state, text.size());
}

void meta_memcpy(benchmark::State& state) {
  Buffer out;
  for (auto _ : state)
    for (const std::string& text : sample().metas) {
      out.resize(text.size());
      std::memcpy(out.data(), text.data(), text.size());
      benchmark::DoNotOptimize(out.data());
    }
  count_bytes(state, sample().meta_bytes());
}

void meta_step_0_to_3(benchmark::State& state) {
  const auto chain = find_chain(0, 3);
  Job job;
  job.cluster = &*sample().cluster;
  Buffer out;
  for (auto _ : state)
    for (const std::string& text : sample().metas) {
      if (!job.meta.parse(text)) wrong("a meta.json is not sound");
      for (const Leg& leg : *chain) {
        repair_meta(job);
        leg.job(job);
      }
      if (job.meta.failure()) wrong("a meta.json is bad: " + job.meta.failure()->what);
      benchmark::DoNotOptimize(job.meta.text(out));
      job.notes.clear();
    }
  count_bytes(state, sample().meta_bytes());
  state.SetItemsProcessed(static_cast<std::int64_t>(sample().metas.size()) *
                          static_cast<std::int64_t>(state.iterations()));
}

// The size of the sample as zlib compresses it at level 6, which servers use.
std::size_t zlib_size() {
  std::size_t size = 0;
  for (const std::string& text : sample().data) {
    z_stream stream{};
    if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) wrong("zlib");
    std::vector<unsigned char> packed(deflateBound(&stream, text.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) wrong("zlib");
    size += stream.total_out;
    deflateEnd(&stream);
  }
  return size;
}

void gzip_deflate(benchmark::State& state, CompressLevel level) {
  Codec codec;
  Buffer packed, again;
  std::size_t size = 0;
  for (const std::string& text : sample().data) {
    codec.deflate(text, level, packed);
    if (!codec.inflate(packed.view(), 0xFFFFFFFF, again) || again.view() != text) wrong("deflate");
    size += packed.size();
  }
  for (auto _ : state)
    for (const std::string& text : sample().data) codec.deflate(text, level, packed);
  count_bytes(state, sample().data_bytes());
  state.counters["size/zlib6"] = static_cast<double>(size) / static_cast<double>(zlib_size());
}

void gzip_inflate(benchmark::State& state) {
  Codec codec;
  std::vector<Buffer> packed(sample().data.size());
  for (std::size_t i = 0; i < packed.size(); ++i)
    codec.deflate(sample().data[i], CompressLevel::normal, packed[i]);
  Buffer out;
  for (auto _ : state)
    for (std::size_t i = 0; i < packed.size(); ++i)
      if (!codec.inflate(packed[i].view(), 0xFFFFFFFF, out) || out.view() != sample().data[i])
        wrong("inflate");
  count_bytes(state, sample().data_bytes());
}

void walk(benchmark::State& state) {
  const auto files = real_files(false);
  const auto archive = open_archive(*files, sample().root.string());
  std::size_t found = 0;
  for (auto _ : state) {
    Walk jobs(*files, *archive, false);
    for (found = 0; jobs.next(); ++found) {
    }
  }
  if (found != sample().metas.size()) wrong("the walk lost jobs");
  state.SetItemsProcessed(static_cast<std::int64_t>(found) * static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK(numbers_memchr)->Unit(benchmark::kMicrosecond);
BENCHMARK(numbers_check)->Unit(benchmark::kMicrosecond);
BENCHMARK(data_memcpy)->Unit(benchmark::kMillisecond);
BENCHMARK(data_check)->Unit(benchmark::kMillisecond);
BENCHMARK(data_on_demand)->Unit(benchmark::kMillisecond);
BENCHMARK(data_step_0_to_1)->Unit(benchmark::kMillisecond);
BENCHMARK(data_splice)->Unit(benchmark::kMillisecond);
BENCHMARK(meta_memcpy)->Unit(benchmark::kMillisecond);
BENCHMARK(meta_step_0_to_3)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gzip_deflate, normal, CompressLevel::normal)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gzip_deflate, fast, CompressLevel::fast)->Unit(benchmark::kMillisecond);
BENCHMARK(gzip_inflate)->Unit(benchmark::kMillisecond);
BENCHMARK(walk)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
