#include "cli/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "json/json_memory.h"
#include "report/error_advice.h"
#include "report/parts.h"

namespace jobferry {

namespace {

constexpr std::string_view to_line_start = "\r\x1b[K";
constexpr std::array<std::string_view, 4> level_names = {"error", "warn", "info", "debug"};

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

using Object = JsonLine;

void put(Object& json, const char* key, std::string_view text) {
  if (text.empty()) return;
  json.Key(key);
  const std::string safe = printable(text);
  json.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
}

void put_place(Object& json, const Error& error) {
  put(json, "class", name_of(error.kind));
  put(json, "subject", error.subject);
  put(json, "file", error.file);
  put(json, "pointer", error.pointer);
  if (error.byte) {
    json.Key("byte");
    json.Uint64(*error.byte);
  }
  put(json, "step", error.step);
}

void put_counts(Object& json, const Snapshot& now) {
  const auto put_number = [&](const char* key, std::uint64_t number) {
    json.Key(key);
    json.Uint64(number);
  };
  put_number("jobs", now.jobs);
  if (now.all_jobs) put_number("allJobs", *now.all_jobs);
  if (now.trying) put_number("trying", *now.trying);
  put_number("skipped", now.skipped);
  put_number("bad", now.bad);
  put_number("bytesIn", now.bytes_in);
  put_number("bytesOut", now.bytes_out);
  if (now.left) put_number("secondsLeft", static_cast<std::uint64_t>(*now.left));
  put(json, "last", now.last);
}

// One JSON object with time, level, message, and what `members` adds.
template <class Members>
std::string object(LogLevel level, std::string_view message, Members&& members) {
  JsonBuffer buffer;
  Object json(buffer);
  json.StartObject();
  put(json, "time", timestamp());
  put(json, "level", name_of(level));
  put(json, "message", message);
  members(json);
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + '\n';
}

}  // namespace

std::string_view name_of(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

std::string timestamp() {
  using namespace std::chrono;
  const auto now = time_point_cast<milliseconds>(system_clock::now());
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(system_clock::to_time_t(now)),
                     now.time_since_epoch().count() % 1000);
}

Terminal Terminal::of_stderr() {
  const char* kind = std::getenv("TERM");
  const bool is_one = ::isatty(STDERR_FILENO) == 1 && kind && std::string_view(kind) != "dumb";
  return {is_one, is_one && !is_set("NO_COLOR")};
}

std::size_t Terminal::width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

void Log::failed(const Error& error) {
  write(LogLevel::error, describe(error), &error, advice_on(error.kind));
}

void Log::bad_job(const Error& error) {
  if (says(LogLevel::warn)) write(LogLevel::warn, "bad job " + describe(error), &error, {});
}

void Log::unlisted(const Error& directory) {
  if (says(LogLevel::warn)) write(LogLevel::warn, "hidden jobs in " + describe(directory), &directory, {});
}

void Log::note(const std::string& subject, const Note& note) {
  if (!says(LogLevel::debug)) return;
  if (style_.format == LogFormat::text)
    return write(LogLevel::debug, "note " + describe(subject, note), nullptr, {});
  put(object(LogLevel::debug, "note " + describe(subject, note), [&](Object& json) {
    jobferry::put(json, "code", note.code);
    jobferry::put(json, "subject", subject);
    jobferry::put(json, "file", note.file);
    jobferry::put(json, "pointer", note.pointer);
    json.Key("count");
    json.Uint64(note.count);
  }));
}

void Log::say(LogLevel level, std::string_view text) {
  if (says(level)) write(level, text, nullptr, {});
}

void Log::write(LogLevel level, std::string_view text, const Error* error, std::string_view advice) {
  if (style_.format == LogFormat::json)
    return put(object(level, text, [&](Object& json) {
      if (error) put_place(json, *error);
      jobferry::put(json, "advice", advice);
    }));
  const bool loud = terminal_.colours && level <= LogLevel::warn;
  const std::string_view colour = !loud ? "" : level == LogLevel::error ? "\x1b[31m" : "\x1b[33m";
  std::string line = fmt::format("{}{}jobferry:{} {}\n", style_.dates ? timestamp() + ' ' : "", colour,
                                 loud ? "\x1b[m" : "", text);
  if (!advice.empty()) line += fmt::format("  What to do: {}\n", advice);
  put(line);
}

void Log::progress(const Snapshot& now) {
  if (style_.format == LogFormat::json)
    return put(object(LogLevel::info, "progress", [&](Object& json) { put_counts(json, now); }));
  if (!terminal_.is_one) return put(progress_text(now, 200) + '\n');
  // A line as wide as the terminal would wrap and could not be replaced.
  const std::string line = progress_text(now, std::max<std::size_t>(Terminal::width(), 2) - 1);
  const MutexLock lock(mutex_);
  std::fputs(fmt::format("{}{}", to_line_start, line).c_str(), stderr);
  std::fflush(stderr);
  live_ = true;
}

void Log::requested_progress(const Snapshot& now) {
  if (style_.format == LogFormat::json)
    return put(object(LogLevel::info, "asked", [&](Object& json) { put_counts(json, now); }));
  put(fmt::format("jobferry: {}{}{}\n", progress_text(now, 200), now.last.empty() ? "" : ", last ",
                  printable(now.last)));
}

void Log::clear() {
  const MutexLock lock(mutex_);
  if (live_) std::fputs(std::string(to_line_start).c_str(), stderr);
  live_ = false;
}

void Log::put(const std::string& line) {
  const MutexLock lock(mutex_);
  std::fputs((live_ ? std::string(to_line_start) + line : line).c_str(), stderr);
  std::fflush(stderr);
  live_ = false;
}

}  // namespace jobferry
