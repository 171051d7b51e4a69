#include "report/page/run_facts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string_view>
#include <thread>

#include "base/threads.h"
#include "engine/command_words.h"

namespace jobferry {

namespace {

#ifdef __clang__
constexpr std::string_view compiler = "clang " __clang_version__;
#else
constexpr std::string_view compiler = "g++ " __VERSION__;
#endif
#ifdef NDEBUG
constexpr std::string_view kind_of_build = "release";
#else
constexpr std::string_view kind_of_build = "with assertions";
#endif

std::string command_line(int argc, const char* const* argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i ? " " : "") + shell_quoted(argv[i]);
  return line;
}

std::string host_name() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "unknown";
}

}  // namespace

RunFacts facts_of_run(int argc, const char* const* argv, unsigned threads) {
  return {command_line(argc, argv), fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))), host_name(),
          fmt::format("jobferry {}, {}, {}", JOBFERRY_VERSION, compiler, kind_of_build),
          threads_or_default(threads)};
}

Facts page_facts(const RunFacts& run) {
  return {{"Command", run.command, true},
          {"Started", run.started},
          {"Host", run.host},
          {"Build", run.build},
          {"Threads", std::to_string(run.threads)}};
}

}  // namespace jobferry
