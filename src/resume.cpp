#include "resume.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>
#include <fstream>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "command.h"

namespace jobferry {

namespace {

constexpr std::string_view running = "running", complete = "complete";

using Values = std::vector<std::pair<std::string_view, std::string>>;

std::string options_text(const Options& options) {
  std::string text;
  for (const std::string& word : deciding_words(options)) text += (text.empty() ? "" : " ") + word;
  return text;
}

// A run may go on from another one only if all of these are the same.
Values identity_of(const Archive& source, const Options& options) {
  return {{"formatVersion", "1"},
          {"build", "jobferry " JOBFERRY_VERSION},
          {"source", resolved_path(source.root)},
          {"from", std::to_string(source.version)},
          {"options", options_text(options)}};
}

std::string now() { return fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))); }

std::string inode_text(const FileInfo& info) { return fmt::format("{}:{}", info.device, info.inode); }

Error refused(const std::string& target, std::string what) {
  Error error{Kind::state_unusable, std::move(what)};
  error.file = target;
  return error;
}

std::string nanoseconds(const timespec& time) {
  return std::to_string(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

timespec time_of(std::string_view nanoseconds) {
  std::int64_t value = 0;
  std::from_chars(nanoseconds.data(), nanoseconds.data() + nanoseconds.size(), value);
  return {value / 1'000'000'000, value % 1'000'000'000};
}

// What a state says, whether it is ours or only looked at.
using Remembered = std::function<std::optional<std::string>(std::string_view name)>;

Result<void> check_identity(const Remembered& value, const Archive& source, const Options& options) {
  for (const auto& [name, ours] : identity_of(source, options)) {
    const std::string theirs = value(name).value_or("");
    if (theirs == ours) continue;
    return refused(
        options.target,
        fmt::format("the {} of this run and of the one that began the target differ: then `{}`, now `{}`; "
                    "--restart throws it away and starts over",
                    name, theirs, ours));
  }
  return {};
}

Result<void> check_unchanged(Files& files, const Remembered& value, const Options& options) {
  const auto changed = changed_since(files, options.target, time_of(value("finished").value_or("0")));
  if (changed.empty()) return {};
  std::string names;
  for (const std::string& path : changed) names += (names.empty() ? "" : ", ") + path;
  return refused(
      options.target,
      fmt::format("the target was complete and has been changed since, perhaps by a server that runs "
                  "on it: {}; --restart would throw that away",
                  names));
}

Result<void> begin(Files& files, State& state, const Archive& source, const Options& options) {
  if (auto empty = check_empty(files, options.target); !empty) return empty;
  if (auto cleared = state.clear(); !cleared) return cleared;
  Values values = identity_of(source, options);
  values.emplace_back("target", resolved_path(options.target));
  values.emplace_back("to", std::to_string(options.to));
  values.emplace_back("phase", running);
  values.emplace_back("started", now());
  return state.set(values);
}

// Nothing but the marker: a run that was killed before it could remember its target.
bool holds_only_the_marker(Files& files, const std::string& target) {
  const auto entries = files.list(target);
  return entries && entries->size() == 1 && (*entries)[0].name == names::unfinished;
}

Result<Standing> judge(Files& files, const Remembered& value, const Archive& source, const Options& options) {
  const auto phase = value("phase");
  const auto target = files.info(options.target + "/.");
  const auto entries = files.list(options.target);
  // A state whose target is gone says nothing.
  if (!phase || !target || (entries && entries->empty())) return Standing::fresh;
  if (auto same = check_identity(value, source, options); !same) return std::move(same.error());
  const auto remembered = value("target-inode");
  if (remembered ? *remembered != inode_text(*target) : !holds_only_the_marker(files, options.target))
    return refused(options.target, "the target is not the one that the state beside it is of");
  const bool finished = *phase == complete && !files.info(join(options.target, names::unfinished));
  if (!finished) return Standing::interrupted;
  if (auto unchanged = check_unchanged(files, value, options); !unchanged)
    return std::move(unchanged.error());
  return Standing::complete;
}

bool is_ours(Files& files, const Remembered& value, const Options& options) {
  const auto target = files.info(options.target + "/.");
  const auto remembered = value("target-inode");
  return target && remembered && *remembered == inode_text(*target);
}

Result<void> discard(Files& files, State& state, const Remembered& value, const Options& options) {
  if (auto gone = discard_target(files, options.target, is_ours(files, value, options)); !gone) return gone;
  return state.clear();
}

// Whether State::open() could make or open it there.
Result<void> check_place(const std::string& directory) {
  const std::string place = standing_place(directory);
  struct stat s;
  if (::stat(place.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))
    return refused(directory, fmt::format("cannot make the directory: {} is no directory", place));
  for (const std::string& path : {place, join(directory, "lock"), join(directory, "state.db")}) {
    if (::access(path.c_str(), path == place ? W_OK | X_OK : W_OK) == 0 || errno == ENOENT) continue;
    return refused(directory, fmt::format("cannot write {}: {}", path == place ? "in " + path : path,
                                          std::generic_category().message(errno)));
  }
  constexpr std::string_view magic = "SQLite format 3";
  std::string head(magic.size(), '\0');
  std::ifstream file(join(directory, "state.db"), std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (file.gcount() == 0 || head == magic) return {};
  return refused(directory, "state.db is no state of a migration");
}

}  // namespace

std::string state_directory(const Options& options) {
  return options.state.empty() ? resolved_path(options.target) + ".jobferry" : options.state;
}

bool is_begun(const Options& options) {
  return !options.dry_run && options.keep_state && look_at_state(state_directory(options));
}

Result<Earlier> take_up(Files& files, const Archive& source, const Options& options) {
  Earlier earlier;
  if (options.dry_run || !options.keep_state) {
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
    return earlier;
  }
  // A target that is refused gets no state beside it.
  if (!is_begun(options) && !options.restart)
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
  const std::string directory = state_directory(options);
  for (const std::string& archive : {source.root, options.target})
    if (lies_in(files, directory, archive)) return refused(directory, "--state: it lies in an archive");
  auto state = State::open(directory);
  if (!state) return std::move(state.error());
  earlier.state = std::move(*state);
  State& state_of_target = *earlier.state;
  const Remembered value = [&](std::string_view name) { return state_of_target.value(name); };
  if (options.restart)
    if (auto gone = discard(files, state_of_target, value, options); !gone) return std::move(gone.error());
  const auto standing = judge(files, value, source, options);
  if (!standing) return Error(standing.error());
  earlier.standing = *standing;
  if (*standing == Standing::fresh)
    if (auto begun = begin(files, state_of_target, source, options); !begun) return std::move(begun.error());
  return earlier;
}

Result<Standing> look_ahead(Files& files, const Archive& source, const Options& options) {
  const auto when_empty = [&]() -> Result<Standing> {
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
    return Standing::fresh;
  };
  if (!options.keep_state) return when_empty();
  const std::string directory = state_directory(options);
  for (const std::string& archive : {source.root, options.target})
    if (lies_in(files, directory, archive)) return refused(directory, "--state: it lies in an archive");
  if (auto usable = check_place(directory); !usable) return std::move(usable.error());
  const auto state = look_at_state(directory);
  if (state && !state->holder.empty()) return in_use(options.target, state->holder);
  const Remembered value = [&](std::string_view name) -> std::optional<std::string> {
    if (!state) return {};
    const auto found = state->values.find(std::string(name));
    return found == state->values.end() ? std::nullopt : std::optional(found->second);
  };
  if (options.restart) {
    auto allowed = check_discard(files, options.target, is_ours(files, value, options));
    return allowed ? Result<Standing>(Standing::fresh) : Result<Standing>(std::move(allowed.error()));
  }
  if (!state) return when_empty();
  auto standing = judge(files, value, source, options);
  if (standing && *standing == Standing::fresh) return when_empty();
  return standing;
}

Result<void> remember_target(Files& files, const Options& options, State& state) {
  const auto target = files.info(options.target + "/.");
  if (!target) return Error(target.error());
  return state.set({{"target-inode", inode_text(*target)}, {"phase", std::string(running)}});
}

Result<void> remember_bad_jobs(State& state) {
  return state.set({{"phase", std::string(phase_bad_jobs)}, {"ended", now()}});
}

Result<void> remember_end(Files& files, const Options& options, State& state) {
  const auto target = files.info(options.target + "/.");
  if (!target) return Error(target.error());
  return state.set(
      {{"phase", std::string(complete)}, {"finished", nanoseconds(target->ctime)}, {"ended", now()}});
}

}  // namespace jobferry
