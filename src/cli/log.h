// What a command says on stderr while it works: lines for people, or one JSON object a line for programs.
//
// Not spdlog: its sinks and levels would be used once, and its patterns cannot write the members of an error
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

// Where stderr goes.
struct Terminal {
  bool is_one = false;  // and can move its cursor: TERM is not `dumb`
  bool colours = false;

  // NO_COLOR (no-color.org) takes the colours away.
  static Terminal of_stderr();
  // Characters in a line at present.
  static std::size_t width();
};

// May be used from any thread.
class Log {
 public:
  struct Style {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    bool dates = false;  // of lines for people; objects always have theirs
  };
  explicit Log(Style style) : style_(style), terminal_(Terminal::of_stderr()) {}

  bool says(LogLevel level) const { return level <= style_.level; }
  // A line that updates in place is for people in front of a terminal.
  bool is_live() const { return terminal_.is_one && style_.format == LogFormat::text; }

  // What ends a command: also what to do about it.
  void failed(const Error& error);
  void bad_job(const Error& error);
  void unlisted(const Error& directory);
  void note(const std::string& subject, const Note& note);
  void say(LogLevel level, std::string_view text);
  // On a terminal in the place of the one before, else a line of its own.
  void progress(const Snapshot& now);
  // A line of its own in any case.
  void place(const Snapshot& now);
  // Takes the line that updates away.
  void clear();

 private:
  void write(LogLevel level, std::string_view text, const Error* error, std::string_view advice);
  void put(const std::string& line);

  const Style style_;
  const Terminal terminal_;
  Mutex mutex_;                           // held while a line is written, so that lines do not mix
  bool live_ GUARDED_BY(mutex_) = false;  // a line that updates stands there
};

// The time as RFC 3339 has it, in UTC.
std::string timestamp();

}  // namespace jobferry
