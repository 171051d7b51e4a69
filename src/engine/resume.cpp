// How a run finds out what an earlier one left, and what the phases of a state mean:
//
//   (none)       nothing was begun, or all was forgotten
//   beginning    the target is made; nothing but a marker can be in it, perhaps a half-written one
//   running      the marker with the id of the state is in the target, on disk
//   bad-jobs     the same; all jobs were tried, and some are bad
//   hidden-jobs  the same; directories of the source could not be listed
//   finishing    version.txt is on disk; the marker goes, or has gone, or is back after a failed sync
//   complete     the marker has gone; the target is known by the table `finished`
//   discarding   --restart is deleting the target, which still holds the marker with this id
//
// The id is a new one for every run, so that an older copy of the target or of the state that somebody puts
// back is told from the one that belongs to the other: a state that knows of jobs that are not there would
// make a target complete without them. First the state gets the new one as `next`, then the marker has it,
// then it is the id of the state; until then either is taken. A complete target has no marker: there it is
// the time of version.txt, which every run writes anew.
//
// Whatever is refused stays as it is. An error while asking is never taken for an answer.
#include "engine/resume.h"
#include "io/paths.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "engine/command_words.h"
#include "io/codec.h"
#include "io/descriptor.h"

namespace jobferry {

namespace {

constexpr std::string_view beginning = "beginning", running = "running", finishing = "finishing",
                           complete = "complete", discarding = "discarding";

using Values = State::Values;

std::string options_text(const Options& options) {
  std::string text;
  for (const std::string& word : deciding_words(options)) text += (text.empty() ? "" : " ") + word;
  return text;
}

// A run may go on from another one only if all of these are the same.
Values identity_of(const Archive& source, const Options& options) {
  return {{"formatVersion", "2"},
          {"build", "jobferry " JOBFERRY_VERSION},
          {"source", resolved_path(source.root)},
          {"from", std::to_string(source.version)},
          {"options", options_text(options)}};
}

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
struct Remembered {
  std::map<std::string, std::string, std::less<>> values;
  State::Finished finished;

  std::string value(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  }
};

Result<Remembered> remembered_by(State& state) {
  auto finished = state.finished();
  if (!finished) return std::move(finished.error());
  return Remembered{state.values(), std::move(*finished)};
}

Result<void> check_identity(const Remembered& state, const Archive& source, const Options& options) {
  for (const auto& [name, ours] : identity_of(source, options)) {
    const std::string theirs = state.value(name);
    if (theirs == ours) continue;
    return refused(
        options.target,
        fmt::format("the {} of this run and of the one that began the target differ: then `{}`, now `{}`; "
                    "--restart throws it away and starts over",
                    name, theirs, ours));
  }
  return {};
}

Result<void> check_unchanged(Files& files, const Remembered& state, const Options& options,
                             const std::atomic<bool>* stop) {
  const auto changed = changed_since(files, options.target, time_of(state.value("finished")), stop);
  if (!changed) return Error(changed.error());
  if (changed->empty()) return {};
  std::string names;
  for (const std::string& path : *changed) names += (names.empty() ? "" : ", ") + path;
  return refused(
      options.target,
      fmt::format("the target was complete and has been changed since, perhaps by a server that runs "
                  "on it: {}; --restart would throw that away",
                  names));
}

// `SIZE CRC32 MTIME` of a file of the target; empty if there is none. One that is longer than expected is
// another one, whatever is in it: it is not read.
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

// Whether the target is the one that was finished, since the marker has gone: by version.txt, or where a
// failed sync has withdrawn that, by all of its cluster files. What it says once `stop` is true means
// nothing.
struct Recognised {
  bool target = false, has_version = false;
};
Result<Recognised> recognise(Files& files, const Remembered& state, const std::string& target,
                             const std::atomic<bool>* stop = nullptr) {
  bool same_version = false, same_clusters = state.finished.size() > 1, has_version = false;
  for (const auto& [file, text] : state.finished) {
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

// The id of the state, or the one that a run was about to give it.
bool is_known(const MarkerSeen& seen, const Remembered& state) {
  const std::string& id = seen.marker.id;
  if (seen.marked != Marked::yes || id.empty()) return false;
  return id == state.value("id") || id == state.value("next");
}

Error another_target(const Options& options) {
  return refused(
      options.target,
      "the target is not the one that the state beside it is of: one of them is another one, or an "
      "older copy");
}

Result<Standing> judge(Files& files, const Remembered& state, const Archive& source, const Options& options,
                       const std::atomic<bool>* stop) {
  const std::string phase = state.value("phase");
  const auto entries = entries_of_target(files, options.target);
  if (!entries) return Error(entries.error());
  // A state whose target is gone says nothing.
  if (phase.empty() || !*entries || (*entries)->empty()) return Standing::fresh;
  if (auto same = check_identity(state, source, options); !same) return std::move(same.error());
  const auto marker = read_marker(files, options.target);
  if (!marker) return Error(marker.error());
  const bool ours = is_known(*marker, state);
  if (marker->marked == Marked::yes && !ours) return another_target(options);
  if (phase == discarding) return ours ? Result<Standing>(Standing::discarding) : another_target(options);
  const bool only_a_marker = (*entries)->size() == 1 && marker->marked != Marked::no;
  if (phase == beginning && only_a_marker) return Standing::fresh;
  if (ours) return Standing::interrupted;
  if (phase != finishing && phase != complete) return another_target(options);

  const auto seen = recognise(files, state, options.target, stop);
  if (!seen) return Error(seen.error());
  if (!seen->target) return another_target(options);
  // A marker that could not be written whole, or a version.txt that was withdrawn: a run that failed.
  if (marker->marked == Marked::unreadable || !seen->has_version) return Standing::interrupted;
  if (auto unchanged = check_unchanged(files, state, options, stop); !unchanged)
    return std::move(unchanged.error());
  return Standing::complete;
}

bool holds_a_marker_only(Files& files, const std::string& target) {
  const auto entries = files.list(target);
  return entries && entries->size() == 1 && (*entries)[0].name == names::unfinished;
}

Values beginning_of(const Archive& source, const Options& options, std::string id, std::string_view phase) {
  Values values = identity_of(source, options);
  values.emplace_back("target", resolved_path(options.target));
  values.emplace_back("to", std::to_string(options.to));
  values.emplace_back("id", std::move(id));
  values.emplace_back("phase", phase);
  values.emplace_back("started", utc_text(std::time(nullptr)));
  return values;
}

Result<void> begin(Files& files, State& state, const Archive& source, const Options& options,
                   const std::string& id) {
  // Of a run that was killed before there was more.
  const bool begun = state.value("phase") == beginning && holds_a_marker_only(files, options.target);
  if (!begun)
    if (auto empty = check_empty(files, options.target); !empty) return empty;
  return state.begin_anew(beginning_of(source, options, id, beginning));
}

// The marker is about to get this id. The one that it has is then that of the state: of the two that may be
// there none is lost.
Result<void> expect_id(State& state, const MarkerSeen& marker, const std::string& next) {
  Values values = {{"next", next}};
  if (marker.marked == Marked::yes) values.emplace_back("id", marker.marker.id);
  return state.set(values);
}

// --- --restart ---

// The target may be thrown away: it is unfinished, or the state is of it. Whether it is.
Result<bool> may_discard(Files& files, const Remembered& state, const MarkerSeen& marker,
                         const Options& options) {
  if (marker.marked == Marked::yes) return is_known(marker, state);
  const auto seen = recognise(files, state, options.target);
  if (!seen) return Error(seen.error());
  const bool is_begun = state.value("phase") == beginning && holds_a_marker_only(files, options.target);
  if (seen->target || is_begun) return true;
  if (marker.marked == Marked::unreadable) return false;
  Error error{Kind::target_unusable, "--restart: the target is not of an unfinished migration"};
  error.file = options.target;
  return error;
}

// Whatever ends this, the same command without --restart goes on with it: first the target is unfinished for
// all to see, then no server accepts it, then that is on disk, then its jobs are forgotten, and only then
// deleted. Were they deleted first, the next run would take their rows for jobs that are done. A state that
// is not of this target never gets its id: its rows are those of another one.
Result<void> prepare_discard(Files& files, State& state, const Archive& source, const Options& options) {
  const auto entries = entries_of_target(files, options.target);
  if (!entries) return Error(entries.error());
  if (!*entries || (*entries)->empty()) return state.begin_anew({});
  const auto marker = read_marker(files, options.target);
  if (!marker) return Error(marker.error());
  const auto remembered = remembered_by(state);
  if (!remembered) return Error(remembered.error());
  const auto known = may_discard(files, *remembered, *marker, options);
  if (!known) return Error(known.error());
  const std::string id = new_id();
  const bool is_whole = marker->marked == Marked::yes;
  if (*known)
    if (auto done = expect_id(state, *marker, id); !done) return done;
  if (auto done = (is_whole ? renew_marker : write_marker)(files, options.target, {options.to, id}); !done)
    return done;
  const std::string version = join(options.target, names::version);
  const auto there = files.exists(version);
  if (!there) return Error(there.error());
  if (*there)
    if (auto gone = files.remove(version); !gone) return gone;
  if (auto kept = files.sync(options.target); !kept) return kept;
  return state.begin_anew(beginning_of(source, options, id, discarding));
}

// False: it was stopped.
Result<bool> discard(Files& files, const Options& options, const std::atomic<bool>* stop) {
  auto gone = empty_target(files, options.target, stop);
  if (!gone || !*gone) return gone;
  // The marker goes last, once nothing else can come back.
  auto done = files.sync(options.target);
  if (done) done = files.remove(join(options.target, names::unfinished));
  return done ? Result<bool>(true) : Result<bool>(std::move(done.error()));
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
  const Descriptor file(::open(join(directory, "state.db").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const ssize_t size = file ? ::read(file.get(), head.data(), head.size()) : 0;
  if (size == 0 || head == magic) return {};
  return refused(directory, "state.db is no state of a migration");
}

}  // namespace

std::string state_directory(const Options& options) {
  return options.state.empty() ? path_without_links(options.target) + ".jobferry" : options.state;
}

Result<bool> is_begun(const Options& options, const std::atomic<bool>* stop) {
  if (options.dry_run || !options.keep_state) return false;
  const auto seen = look_at_state(state_directory(options), stop);
  if (!seen && seen.error().kind == Kind::no_state) return false;
  if (!seen) return Error(seen.error());
  return true;
}

namespace {

Result<void> check_state_place(const std::string& directory, const Archive& source, const Options& options) {
  for (const std::string& archive : {source.root, options.target}) {
    const auto inside = lies_in(directory, archive);
    if (!inside) return Error(inside.error());
    if (*inside) return refused(directory, "--state: it lies in an archive");
  }
  return {};
}

}  // namespace

Result<Earlier> take_up(Files& files, const Archive& source, const Options& options,
                        const std::atomic<bool>* stop) {
  Earlier earlier;
  earlier.target.id = new_id();
  if (options.dry_run || !options.keep_state) {
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
    return earlier;
  }
  // A target that is refused gets no state beside it.
  const auto begun = is_begun(options, stop);
  if (!begun) return Error(begun.error());
  if (!*begun && !options.restart)
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
  const std::string directory = state_directory(options);
  if (auto outside = check_state_place(directory, source, options); !outside)
    return std::move(outside.error());
  auto opened = State::open(directory, stop);
  if (!opened) return std::move(opened.error());
  earlier.state = std::move(*opened);
  State& state = *earlier.state;
  const auto stopped = [&] { return earlier.stopped = stop && *stop; };
  if (stopped()) return earlier;
  if (options.restart)
    if (auto ready = prepare_discard(files, state, source, options); !ready) return std::move(ready.error());
  const auto remembered = remembered_by(state);
  if (!remembered) return Error(remembered.error());
  const auto standing = judge(files, *remembered, source, options, stop);
  // Stopped while it was judged, it was not looked at in full.
  if (stopped()) return earlier;
  if (!standing) return Error(standing.error());
  earlier.target.standing = *standing;
  earlier.target.was_complete = !remembered->value("completed").empty();
  if (*standing == Standing::discarding) {
    const auto gone = discard(files, options, stop);
    if (!gone) return Error(gone.error());
    earlier.stopped = !*gone;
    if (earlier.stopped) return earlier;
    earlier.target.standing = Standing::fresh;
  }
  if (earlier.target.standing != Standing::fresh) {
    const auto marker = read_marker(files, options.target);
    if (!marker) return Error(marker.error());
    if (auto done = expect_id(state, *marker, earlier.target.id); !done) return std::move(done.error());
    return earlier;
  }
  earlier.target.was_complete = false;
  // A marker of a run that came no further may be there: it keeps its id.
  const std::string begun_id = remembered->value("id");
  if (remembered->value("phase") == beginning && !begun_id.empty()) earlier.target.id = begun_id;
  if (auto done = begin(files, state, source, options, earlier.target.id); !done)
    return std::move(done.error());
  return earlier;
}

Result<Standing> look_ahead(Files& files, const Archive& source, const Options& options,
                            const std::atomic<bool>* stop) {
  const auto when_empty = [&]() -> Result<Standing> {
    if (auto empty = check_empty(files, options.target); !empty) return std::move(empty.error());
    return Standing::fresh;
  };
  if (!options.keep_state) return when_empty();
  const std::string directory = state_directory(options);
  if (auto outside = check_state_place(directory, source, options); !outside)
    return std::move(outside.error());
  if (auto usable = check_place(directory); !usable) return std::move(usable.error());
  const auto state = look_at_state(directory, stop);
  if (!state && state.error().kind != Kind::no_state) return Error(state.error());
  if (state && !state->holder.empty()) return in_use(options.target, state->holder);
  const Remembered remembered = state ? Remembered{state->values, state->finished} : Remembered{};
  if (options.restart) {
    const auto entries = entries_of_target(files, options.target);
    if (!entries) return Error(entries.error());
    if (!*entries || (*entries)->empty()) return Standing::fresh;
    const auto marker = read_marker(files, options.target);
    if (!marker) return Error(marker.error());
    const auto known = may_discard(files, remembered, *marker, options);
    return known ? Result<Standing>(Standing::fresh) : Result<Standing>(Error(known.error()));
  }
  if (!state) return when_empty();
  auto standing = judge(files, remembered, source, options, stop);
  if (standing && *standing == Standing::discarding) return Standing::fresh;
  const bool begun = standing && *standing == Standing::fresh && remembered.value("phase") == beginning;
  if (standing && *standing == Standing::fresh && !(begun && holds_a_marker_only(files, options.target)))
    return when_empty();
  return standing;
}

Result<void> remember_target(State& state, const std::string& id) {
  return state.set({{"phase", std::string(running)}, {"id", id}, {"next", ""}});
}

Result<void> remember_files(Files& files, const Archive& source, const Options& options, State& state) {
  State::Finished finished;
  std::vector<std::string> paths = {std::string(names::version)};
  for (const std::string& cluster : source.clusters) paths.push_back(join(cluster, names::cluster));
  for (const std::string& path : paths) {
    auto text = fingerprint(files, join(options.target, path), std::numeric_limits<std::uint32_t>::max());
    if (!text) return std::move(text.error());
    finished[path] = std::move(*text);
  }
  // Nothing of ours is written after version.txt.
  const auto version = files.info(join(options.target, names::version));
  if (!version) return Error(version.error());
  return state.finish(finished,
                      {{"phase", std::string(finishing)}, {"finished", nanoseconds(version->ctime)}});
}

Result<void> remember_phase(State& state, std::string_view phase) {
  return state.set({{"phase", std::string(phase)}, {"ended", utc_text(std::time(nullptr))}});
}

Result<void> remember_end(State& state) {
  return state.end(
      {{"phase", std::string(complete)}, {"ended", utc_text(std::time(nullptr))}, {"completed", "yes"}});
}

}  // namespace jobferry
