// Options that several commands have, and helpers for the kinds of values that options take.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "jobferry/options.h"

namespace jobferry {

// The group of the options that only --help-all and the manual show.
inline constexpr const char* more_options = "More options";

// --sample N|P%
struct SampleSize {
  std::optional<std::uint64_t> jobs;
  std::optional<double> percent;
};

std::optional<std::uint64_t> parse_number(std::string_view text);

CLI::Option* add_directory(CLI::App& app, const char* name, std::string& value, const char* help);
CLI::Option* add_file(CLI::App& app, const char* name, std::string& value, const char* help);

// Adds an option that takes one of a few words.
template <class T>
CLI::Option* add_choice(CLI::App& app, const char* name, T& value,
                        std::vector<std::pair<std::string, T>> words, const char* help) {
  std::vector<std::string> names;
  std::string shown;
  for (const auto& [word, meaning] : words) {
    names.push_back(word);
    shown += (shown.empty() ? "" : "|") + word;
  }
  return app
      .add_option_function<std::string>(
          name,
          [&value, words](const std::string& chosen) {
            for (const auto& [word, meaning] : words)
              if (word == chosen) value = meaning;
          },
          help)
      ->check(CLI::IsMember(names).description(""))
      ->type_name(shown);
}

// Adds an option that may be given several times.
template <class Parse, class T>
CLI::Option* add_repeatable(CLI::App& app, const char* name, std::vector<T>& values, Parse parse,
                            const char* help) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [&values, parse](const std::vector<std::string>& all) {
            for (const std::string& each : all) values.push_back(parse(each));
          },
          help)
      ->take_all()
      ->allow_extra_args(false);
}

// --to. `Version` is int, or optional<int> if there is no default. The limit only keeps the number within an
// int.
template <class Version>
CLI::Option* add_version(CLI::App& app, Version& value, const char* help) {
  return app.add_option("--to", value, help)->check(CLI::Range(0, 1'000'000).description(""))->type_name("N");
}

// --src, --dst, --to
void add_source_and_target(CLI::App& app, Options& options);
void add_threads(CLI::App& app, unsigned& threads);
void add_follow_symlinks(CLI::App& app, bool& follow_symlinks);
void add_max_file_size(CLI::App& app, std::uint64_t& max_file_size);
void add_overrides(CLI::App& app, std::vector<Override>& overrides, const char* help);
// The options that determine the content of the target: --compress, --data, --repair, ...
void add_changes(CLI::App& app, Options& options);
// The options that determine how a migration runs: --threads, --io-depth, --memory, ...
void add_engine(CLI::App& app, Options& options);
// --sample and --seed. With `only_shares`, a number of jobs is refused.
CLI::Option* add_sample(CLI::App& app, SampleSize& sample, std::uint64_t& seed, bool only_shares,
                        const char* help);
void add_json(CLI::App& app, Output& output);
void add_log(CLI::App& app, Output& output);
// --json, --report, --html, and the options of add_log()
void add_output(CLI::App& app, Output& output);

}  // namespace jobferry
