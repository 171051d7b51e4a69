#include "engine/state_overview.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "engine/sqlite.h"

namespace jobferry {

namespace {

Error no_state(const std::string& file) {
  return {.kind = Kind::no_state, .what = "no state of a migration", .file = file};
}

// Whether there is a database. As root only a directory of root's is looked at.
Result<bool> has_sound_database(const StateDirectory& directory) {
  if (::geteuid() == 0)
    if (auto ours = directory.check_owner(); !ours) return std::move(ours.error());
  if (auto sound = directory.check_files(); !sound) return std::move(sound.error());
  return directory.has_database();
}

bool read_jobs(sqlite3* database, StateOverview& seen) {
  Statement jobs(database,
                 "SELECT outcome, count(*), sum(bytes_in), sum(bytes_out) FROM jobs GROUP BY outcome");
  return jobs.each_row([&](sqlite3_stmt* row) {
    seen.outcomes[text_at(row, 0)] = number_at(row, 1);
    seen.bytes_in += number_at(row, 2);
    seen.bytes_out += number_at(row, 3);
  });
}

bool read_finished(sqlite3* database, StateOverview& seen) {
  Statement finished(database, "SELECT file, text FROM finished");
  return finished.each_row([&](sqlite3_stmt* row) { seen.finished[text_at(row, 0)] = text_at(row, 1); });
}

bool read_unlisted(sqlite3* database, StateOverview& seen) {
  Statement unlisted(database, "SELECT directory, class, message FROM unlisted ORDER BY directory");
  return unlisted.each_row([&](sqlite3_stmt* row) {
    const Kind kind = kind_of(text_at(row, 1)).value_or(Kind::read_failed);
    seen.unlisted.push_back({.kind = kind, .what = text_at(row, 2), .subject = text_at(row, 0)});
  });
}

int find_table(sqlite3* database, std::string_view name) {
  Statement found(database, "SELECT 1 FROM sqlite_master WHERE name = ?");
  return found ? found.bind(name).step() : SQLITE_ERROR;
}

}  // namespace

Result<StateOverview> read_state_overview(const std::string& path, const std::atomic<bool>* stop) {
  StateOverview seen;
  const auto directory = StateDirectory::open_existing(path);
  if (!directory) return Error(directory.error());
  const std::string file = path + "/state.db";
  if (!*directory) return no_state(file);
  const auto there = has_sound_database(*directory);
  if (!there) return Error(there.error());
  auto holder = directory->lock_holder();
  if (!holder) return std::move(holder.error());
  seen.holder = std::move(*holder);
  if (!*there) return no_state(file);

  // SQLite would create a write-ahead log if there is none, even to read. `immutable` keeps it from that. If
  // there is a log, what is in it counts.
  sqlite3* opened = nullptr;
  const int status = open_database(*directory, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                   directory->has_write_ahead_log() ? "" : "?immutable=1", &opened);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, sqlite3_close);
  if (status != SQLITE_OK) return sqlite_failure(file, opened);
  wait_for_others(opened, stop);
  // A run that was killed before it made its tables has recorded nothing. `unlisted` is the last of them.
  const int begun = find_table(opened, "unlisted");
  if (begun == SQLITE_DONE && find_table(opened, "migration") == SQLITE_DONE) return no_state(file);
  if (begun != SQLITE_ROW && begun != SQLITE_DONE) return sqlite_failure(file, opened);
  Statement values(opened, "SELECT name, value FROM migration");
  bool whole = values.each_row([&](sqlite3_stmt* row) { seen.values[text_at(row, 0)] = text_at(row, 1); });
  whole = whole && read_jobs(opened, seen);
  if (begun == SQLITE_ROW) whole = whole && read_finished(opened, seen) && read_unlisted(opened, seen);
  if (!whole) return sqlite_failure(file, opened);
  if (seen.values.empty()) return no_state(file);
  return seen;
}

}  // namespace jobferry
