// What a command prints on stderr while it works: lines for people, or one JSON object on each line for
// programs.
//
// spdlog is not used: its sinks would be used once, and its patterns cannot write the members of an error
// (subject, file, pointer, byte) as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "cli/progress.h"
#include "jobferry/error.h"
#include "jobferry/types.h"

namespace jobferry {

enum class LogLevel : std::uint8_t { error, warn, info, debug };
enum class LogFormat : std::uint8_t { text, json };
std::string_view name_of(LogLevel level);

// What kind of terminal stderr is.
struct Terminal {
  bool is_one = false;  // a terminal that can move its cursor: TERM is not `dumb`
  bool colours = false;

  // NO_COLOR (no-color.org) turns the colours off.
  static Terminal of_stderr();
  // The present number of characters in a line.
  static std::size_t width();
};

// May be used from any thread.
class Log {
 public:
  struct Style {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    bool dates = false;  // begin each line with the time; JSON objects always have it
  };
  explicit Log(Style style) : style_(style), terminal_(Terminal::of_stderr()) {}

  bool says(LogLevel level) const { return level <= style_.level; }
  // The progress is a line that updates in place, for people at a terminal.
  bool is_live() const { return terminal_.is_one && style_.format == LogFormat::text; }

  // An error that ends the command, with what to do about it.
  void failed(const Error& error);
  void bad_job(const Error& error);
  void unlisted(const Error& directory);
  void note(const std::string& subject, const Note& note);
  void say(LogLevel level, std::string_view text);
  // On a terminal it replaces the line before, otherwise it prints a new line.
  void progress(const Snapshot& now);
  // Always prints a new line: the user has asked for it (SIGUSR1).
  void requested_progress(const Snapshot& now);
  // Removes the line that updates in place.
  void clear();

 private:
  void write(LogLevel level, std::string_view text, const Error* error, std::string_view advice);
  void put(const std::string& line);

  const Style style_;
  const Terminal terminal_;
  Mutex mutex_;                           // held while a line is written, so that lines do not mix
  bool live_ GUARDED_BY(mutex_) = false;  // the last line is one that updates
};

// The current time in the format of RFC 3339, in UTC with milliseconds.
std::string timestamp();

}  // namespace jobferry
