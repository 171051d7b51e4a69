// The peer of a migration of .gz files: inflates and deflates the same bytes in memory, with the same codec,
// level and number of threads, and does nothing else. Prints the seconds that this took.
//
//   codec_alone ARCHIVE THREADS
#include <atomic>
#include <boost/filesystem.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/codec.h"
#include "io/files.h"

namespace fs = boost::filesystem;
using namespace jobferry;

namespace {

constexpr std::uint64_t no_limit = 0xFFFFFFFF;

std::vector<std::unique_ptr<Buffer>> packed_files(const std::string& archive) {
  const auto files = real_files(false);
  std::vector<std::unique_ptr<Buffer>> all;
  for (fs::recursive_directory_iterator at(archive), end; at != end; ++at) {
    if (at->path().filename() != "data.json.gz") continue;
    all.push_back(std::make_unique<Buffer>());
    if (!files->read(at->path().native(), no_limit, *all.back())) all.pop_back();
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: codec_alone ARCHIVE THREADS\n";
    return 2;
  }
  const auto files = packed_files(argv[1]);
  std::atomic<std::size_t> next{0}, failed{0};
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < std::atoi(argv[2]); ++i)
      threads.emplace_back([&] {
        Codec codec;
        Buffer content, packed;
        for (std::size_t at = next++; at < files.size(); at = next++) {
          failed += !codec.inflate(files[at]->view(), no_limit, content);
          codec.deflate(content.view(), CompressLevel::normal, packed);
        }
      });
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (failed > 0 || files.empty()) {
    std::cerr << "codec_alone: " << failed << " of " << files.size() << " files are damaged\n";
    return 1;
  }
  std::cout << seconds.count() << '\n';
}
