#include "engine/recorded_target.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "engine/command_words.h"
#include "engine/target_checks.h"
#include "io/codec.h"
#include "io/paths.h"

namespace jobferry {

namespace {

std::string options_text(const Options& options) {
  std::string text;
  for (const std::string& word : deciding_words(options)) text += (text.empty() ? "" : " ") + word;
  return text;
}

// A run resumes another one only if all of these are equal.
State::Values identity_of(const Archive& source, const Options& options) {
  return {{"formatVersion", "2"},
          {"build", "jobferry " JOBFERRY_VERSION},
          {"source", resolved_path(source.root)},
          {"from", std::to_string(source.version)},
          {"options", options_text(options)}};
}

std::string now() { return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))); }

std::string nanoseconds(const timespec& time) {
  return std::to_string(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

timespec time_of(std::string_view nanoseconds) {
  std::int64_t value = 0;
  std::from_chars(nanoseconds.data(), nanoseconds.data() + nanoseconds.size(), value);
  return {value / 1'000'000'000, value % 1'000'000'000};
}

// `SIZE CRC32 MTIME` of a file of the target; empty if there is none. A file that is longer than expected is
// another one and is not read.
Result<std::string> fingerprint(Files& files, const std::string& path, std::uint64_t longest) {
  const auto there = files.exists(path);
  if (!there) return Error(there.error());
  if (!*there) return std::string();
  Buffer content;
  const auto info = files.read(path, longest, content);
  if (!info && info.error().kind == Kind::file_too_large) return std::string("longer");
  if (!info) return Error(info.error());
  return fmt::format("{} {:08x} {}", content.size(), crc32_of(content.view()), nanoseconds(info->mtime));
}

}  // namespace

Error refused(const std::string& target, std::string what) {
  return {.kind = Kind::state_unusable, .what = std::move(what), .file = target};
}

Result<RecordedTarget> RecordedTarget::of(State& state) {
  auto finished = state.finished();
  if (!finished) return std::move(finished.error());
  return RecordedTarget{state.values(), std::move(*finished)};
}

std::string RecordedTarget::value(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

bool RecordedTarget::knows(const MarkerSeen& seen) const {
  const std::string& id = seen.marker.id;
  if (seen.marked != Marked::yes || id.empty()) return false;
  return id == value("id") || id == value("next");
}

bool RecordedTarget::has_only_begun(Files& files, const std::string& target) const {
  if (value("phase") != phases::beginning) return false;
  const auto entries = files.list(target);
  return entries && entries->size() == 1 && (*entries)[0].name == names::unfinished;
}

State::Values values_of(const Archive& source, const Options& options, std::string id,
                        std::string_view phase) {
  State::Values values = identity_of(source, options);
  values.emplace_back("target", resolved_path(options.target));
  values.emplace_back("to", std::to_string(options.to));
  values.emplace_back("id", std::move(id));
  values.emplace_back("phase", phase);
  values.emplace_back("started", now());
  return values;
}

Result<void> check_identity(const RecordedTarget& recorded, const Archive& source, const Options& options) {
  for (const auto& [name, ours] : identity_of(source, options)) {
    const std::string theirs = recorded.value(name);
    if (theirs == ours) continue;
    return refused(
        options.target,
        fmt::format("the {} of this run and of the one that began the target differ: then `{}`, now `{}`; "
                    "--restart deletes it and starts over",
                    name, theirs, ours));
  }
  return {};
}

Result<void> check_unchanged(Files& files, const RecordedTarget& recorded, const Options& options,
                             const std::atomic<bool>* stop) {
  const auto changed = changed_since(files, options.target, time_of(recorded.value("finished")), stop);
  if (!changed) return Error(changed.error());
  if (changed->empty()) return {};
  std::string names;
  for (const std::string& path : *changed) names += (names.empty() ? "" : ", ") + path;
  return refused(
      options.target,
      fmt::format("the target was complete and has been changed since, perhaps by a server that runs "
                  "on it: {}; --restart would delete these changes",
                  names));
}

Result<Recognised> recognise(Files& files, const RecordedTarget& recorded, const std::string& target,
                             const std::atomic<bool>* stop) {
  bool same_version = false, same_clusters = recorded.finished.size() > 1, has_version = false;
  for (const auto& [file, text] : recorded.finished) {
    if (stop && *stop) break;
    std::uint64_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    const auto now = fingerprint(files, join(target, file), size);
    if (!now) return Error(now.error());
    if (file == names::version)
      same_version = *now == text, has_version = !now->empty();
    else
      same_clusters &= *now == text;
  }
  return Recognised{has_version ? same_version : same_clusters, has_version};
}

Result<void> announce_id(State& state, const MarkerSeen& marker, const std::string& next) {
  State::Values values = {{"next", next}};
  if (marker.marked == Marked::yes) values.emplace_back("id", marker.marker.id);
  return state.set(values);
}

Result<void> record_marker(State& state, const std::string& id) {
  return state.set({{"phase", std::string(phases::running)}, {"id", id}, {"next", ""}});
}

Result<void> record_files(Files& files, const Archive& source, const Options& options, State& state) {
  State::Finished finished;
  std::vector<std::string> paths = {std::string(names::version)};
  for (const std::string& cluster : source.clusters) paths.push_back(join(cluster, names::cluster));
  for (const std::string& path : paths) {
    auto text = fingerprint(files, join(options.target, path), std::numeric_limits<std::uint32_t>::max());
    if (!text) return std::move(text.error());
    finished[path] = std::move(*text);
  }
  // A run writes version.txt last.
  const auto version = files.info(join(options.target, names::version));
  if (!version) return Error(version.error());
  return state.set_finished(
      finished, {{"phase", std::string(phases::finishing)}, {"finished", nanoseconds(version->ctime)}});
}

Result<void> record_phase(State& state, std::string_view phase) {
  return state.set({{"phase", std::string(phase)}, {"ended", now()}});
}

Result<void> record_completion(State& state) {
  return state.complete({{"phase", std::string(phases::complete)}, {"ended", now()}, {"completed", "yes"}});
}

}  // namespace jobferry
