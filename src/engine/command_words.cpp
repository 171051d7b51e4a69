#include "engine/command_words.h"
#include "io/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/filesystem/path.hpp>
#include <string_view>

#include "base/text.h"
#include "engine/target.h"

namespace jobferry {

namespace {

std::string word(DataMode mode) {
  constexpr std::array<std::string_view, 4> words = {"auto", "link", "reflink", "copy"};
  return std::string(words[static_cast<std::size_t>(mode)]);
}

std::string word(Compression compression) {
  constexpr std::array<std::string_view, 3> words = {"keep", "gzip", "none"};
  return std::string(words[static_cast<std::size_t>(compression)]);
}

using Words = std::vector<std::string>;

void add(Words& words, std::string_view option, std::string value) {
  words.emplace_back(option);
  words.push_back(std::move(value));
}

void add_flag(Words& words, std::string_view option, bool given) {
  if (given) words.emplace_back(option);
}

// Options that say how to run and change no byte.
void add_manner(Words& words, const Options& options) {
  const Options usual;
  if (options.threads != usual.threads) add(words, "--threads", std::to_string(options.threads));
  if (options.io_depth != usual.io_depth) add(words, "--io-depth", std::to_string(options.io_depth));
  if (options.memory != usual.memory) add(words, "--memory", std::to_string(options.memory));
  if (!options.state.empty()) add(words, "--state", options.state);
  add_flag(words, "--no-state", !options.keep_state);
  add_flag(words, "--debug", options.debug);
  add_flag(words, "--accept-bad", options.accept_bad);
  for (const JobName& job : options.jobs)
    add(words, "--job",
        fmt::format("{}/{}{}{}", job.cluster, job.id, job.start.empty() ? "" : "/", job.start));
  add_flag(words, "--only-bad", options.only_bad);
  add_flag(words, "--restart", options.restart);
}

}  // namespace

std::vector<std::string> deciding_words(const Options& options) {
  const Options usual;
  Words words;
  add(words, "--to", std::to_string(options.to));
  if (options.data != usual.data) add(words, "--data", word(options.data));
  if (options.compress != usual.compress) add(words, "--compress", word(options.compress));
  if (options.compress_level != usual.compress_level) add(words, "--compress-level", "fast");
  if (options.max_file_size != usual.max_file_size)
    add(words, "--max-file-size", std::to_string(options.max_file_size));
  add_flag(words, "--repair", options.repair);
  add_flag(words, "--check-data", options.check_data);
  add_flag(words, "--follow-symlinks", options.follow_symlinks);
  for (const Override& each : options.overrides)
    add(words, "--aggregation",
        fmt::format("{}{}{}={}", each.cluster, each.cluster.empty() ? "" : ":", each.metric,
                    each.aggregation));
  return words;
}

std::string shell_quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  const auto with = [&](std::string_view quote, std::string_view backslash) {
    std::string text;
    for (const char c : word) text += c == '\'' ? quote : c == '\\' ? backslash : std::string_view(&c, 1);
    return text;
  };
  if (printable(word) == word) return '\'' + with("'\\''", "\\") + '\'';
  // printable() writes \xNN. Bash reads it the same way, because it never takes a third digit.
  return "$'" + printable(with("\\'", "\\\\")) + '\'';
}

std::string by_name(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto last = boost::filesystem::path(path).filename();
  if (last == "." || last == "..") return resolved_path(path);
  return path.starts_with('-') ? "./" + path : path;
}

std::string command_for(const Options& options) {
  Words words = {"jobferry", "migrate"};
  add(words, "--src", options.source);
  add(words, "--dst", options.target);
  const Words deciding = deciding_words(options);
  words.insert(words.end(), deciding.begin(), deciding.end());
  add_manner(words, options);
  std::string command;
  for (const std::string& each : words) command += (command.empty() ? "" : " ") + shell_quoted(each);
  return command;
}

}  // namespace jobferry
