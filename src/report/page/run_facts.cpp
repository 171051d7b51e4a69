#include "report/page/run_facts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string_view>

#include "base/text.h"
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

std::string command_line(std::span<const char* const> arguments) {
  std::string line;
  for (const char* word : arguments) line += (line.empty() ? "" : " ") + shell_quoted(word);
  return line;
}

std::string host_name() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "unknown";
}

}  // namespace

RunFacts facts_of_run(std::span<const char* const> arguments, unsigned threads) {
  return {command_line(arguments), utc_text(std::time(nullptr)), host_name(),
          fmt::format("jobferry {}, {}, {}", JOBFERRY_VERSION, compiler, kind_of_build),
          threads_or_default(threads)};
}

Facts facts_of(const RunFacts& run) {
  return {{"Command", "", Literal{run.command}},
          {"Started", "", run.started},
          {"Host", "", run.host},
          {"Build", "", run.build},
          {"Threads", "", std::uint64_t{run.threads}}};
}

}  // namespace jobferry
