#include "engine/state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <random>
#include <utility>

#include "base/text.h"
#include "engine/sqlite.h"
#include "json/json_memory.h"

namespace jobferry {

namespace {

constexpr const char* tables =
    "CREATE TABLE IF NOT EXISTS migration(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS clusters(cluster TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS jobs(job TEXT PRIMARY KEY, files TEXT NOT NULL, outcome TEXT NOT NULL,"
    " class TEXT, file TEXT, pointer TEXT, byte INTEGER, step TEXT, message TEXT, bytes_in INTEGER NOT NULL,"
    " bytes_out INTEGER NOT NULL, carried_unread INTEGER NOT NULL, notes TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS finished(file TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS directories(path TEXT PRIMARY KEY, mode INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS unlisted(directory TEXT PRIMARY KEY, class TEXT NOT NULL, message TEXT NOT "
    "NULL)"
    " WITHOUT ROWID;";

std::string notes_json(const std::vector<Note>& notes) {
  JsonBuffer buffer;
  JsonLine json(buffer);
  const auto put = [&](std::string_view text) {
    json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  };
  json.StartObject();
  for (const Note& note : notes) {
    json.Key(note.code.data(), static_cast<rapidjson::SizeType>(note.code.size()));
    json.StartArray();
    json.Uint64(note.count);
    put(note.file);
    put(note.pointer);
    put(note.detail);
    json.EndArray();
  }
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

// `host HOST, pid PID, since 2026-01-02T03:04:05Z`
std::string lock_words() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("host {}, pid {}, since {}", host.data(), ::getpid(), utc_text(std::time(nullptr)));
}

constexpr const char* columns =
    "job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread, "
    "notes";

}  // namespace

Result<std::unique_ptr<State>> State::open(const std::string& path, const std::atomic<bool>* stop) {
  std::unique_ptr<State> state(new State);
  auto directory = StateDirectory::open_or_make(path);
  if (!directory) return std::move(directory.error());
  state->directory_ = std::move(*directory);
  if (auto ours = state->directory_.check_owner(); !ours) return std::move(ours.error());
  if (auto locked = state->directory_.lock(lock_words()); !locked) return std::move(locked.error());
  if (auto ready = state->prepare(stop); !ready) return std::move(ready.error());
  return state;
}

// The last connection that is closed folds the write-ahead log into the database. The lock goes after that,
// with directory_.
State::~State() {
  sqlite3_finalize(insert_);
  sqlite3_finalize(find_);
  sqlite3_close(reader_);
  sqlite3_close(writer_);
}

Result<void> State::prepare(const std::atomic<bool>* stop) {
  file_ = directory_.database_name();
  if (auto sound = directory_.check_files(); !sound) return sound;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
  for (sqlite3** connection : {&writer_, &reader_}) {
    if (open_database(directory_, flags, "", connection) != SQLITE_OK)
      return sqlite_failure(file_, *connection);
    wait_for_others(*connection, stop);
    if (connection != &writer_) break;
    // Readers see what was committed while the writer is at work; a commit is on disk when it returns.
    if (auto done = run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"); !done) return done;
    // In one transaction: a state with some of its tables would not say whether a run has begun.
    if (auto done = transaction([&] { return run(tables); }); !done) return done;
  }
  if (auto done = prepare_statements(); !done) return done;
  Statement count(writer_, "SELECT count(*) FROM jobs");
  if (count.step() != SQLITE_ROW) return failure();
  known_jobs_ = number_at(count.get(), 0);
  return load_values();
}

Result<void> State::prepare_statements() {
  const std::string insert =
      fmt::format("INSERT OR REPLACE INTO jobs({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", columns);
  const std::string find = fmt::format("SELECT {} FROM jobs WHERE job = ?", columns);
  const MutexLock write(writing_), read(reading_);
  if (sqlite3_prepare_v2(writer_, insert.c_str(), -1, &insert_, nullptr) != SQLITE_OK) return failure();
  if (sqlite3_prepare_v2(reader_, find.c_str(), -1, &find_, nullptr) != SQLITE_OK)
    return sqlite_failure(file_, reader_);
  return {};
}

Result<void> State::load_values() {
  values_.clear();
  Statement all(writer_, "SELECT name, value FROM migration");
  const bool whole = all.each_row([&](sqlite3_stmt* row) { values_[text_at(row, 0)] = text_at(row, 1); });
  return whole ? Result<void>() : failure();
}

Error State::failure() const { return sqlite_failure(file_, writer_); }

Result<void> State::run(const char* sql) {
  if (sqlite3_exec(writer_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Result<void> State::transaction(const std::function<Result<void>()>& changes, bool synced) {
  const MutexLock alone(writing_);
  if (!synced)
    if (auto done = run("PRAGMA synchronous=NORMAL"); !done) return done;
  auto done = all_or_nothing(changes);
  if (!synced)
    if (auto restored = run("PRAGMA synchronous=FULL"); !restored) return restored;
  return done;
}

Result<void> State::all_or_nothing(const std::function<Result<void>()>& changes) {
  if (auto begun = run("BEGIN"); !begun) return begun;
  const auto roll_back = [this] { sqlite3_exec(writer_, "ROLLBACK", nullptr, nullptr, nullptr); };
  try {
    auto done = changes();
    if (done) done = run("COMMIT");
    if (!done) roll_back();
    return done;
  } catch (...) {
    roll_back();
    throw;
  }
}

std::optional<std::string> State::value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> State::put(const Values& values) {
  for (const auto& [name, value] : values) {
    Statement insert(writer_, "INSERT OR REPLACE INTO migration(name, value) VALUES(?, ?)");
    if (!insert || !insert.bind(name).bind(value).done()) return failure();
  }
  return {};
}

Result<void> State::set(const Values& values) {
  if (auto done = transaction([&] { return put(values); }); !done) return done;
  return load_values();
}

Result<void> State::reset(const Values& values) {
  auto done = transaction([&]() -> Result<void> {
    auto forgotten =
        run("DELETE FROM migration; DELETE FROM clusters; DELETE FROM jobs; DELETE FROM finished;"
            "DELETE FROM directories; DELETE FROM unlisted");
    return forgotten ? put(values) : std::move(forgotten);
  });
  if (!done) return done;
  known_jobs_ = 0;
  return load_values();
}

Result<void> State::add_directory(const Directory& directory) {
  const auto insert_row = [&]() -> Result<void> {
    Statement insert(writer_, directory.mode ? "INSERT OR IGNORE INTO directories(path, mode) VALUES(?, ?)"
                                             : "INSERT OR REPLACE INTO directories(path, mode) VALUES(?, ?)");
    if (!insert) return failure();
    insert.bind(directory.path);
    directory.mode ? insert.bind(std::uint64_t{*directory.mode}) : insert.bind_null();
    if (!insert.done()) return failure();
    return {};
  };
  return transaction(insert_row, false);
}

Result<std::vector<State::Directory>> State::directories() {
  std::vector<Directory> found;
  Statement all(writer_, "SELECT path, mode FROM directories ORDER BY path DESC");
  const bool whole = all.each_row([&](sqlite3_stmt* row) {
    const bool has_mode = sqlite3_column_type(row, 1) != SQLITE_NULL;
    const auto mode = static_cast<mode_t>(number_at(row, 1) & 07777);
    found.push_back({text_at(row, 0), has_mode ? std::optional(mode) : std::nullopt});
  });
  if (!whole) return failure();
  return found;
}

Result<void> State::complete(const Values& values) {
  auto done = transaction([&]() -> Result<void> {
    auto forgotten = run("DELETE FROM directories");
    return forgotten ? put(values) : std::move(forgotten);
  });
  return done ? load_values() : std::move(done);
}

Result<State::Finished> State::finished() {
  Finished files;
  Statement all(writer_, "SELECT file, text FROM finished");
  if (!all.each_row([&](sqlite3_stmt* row) { files[text_at(row, 0)] = text_at(row, 1); })) return failure();
  return files;
}

Result<void> State::set_finished(const Finished& files, const Values& values) {
  auto done = transaction([&]() -> Result<void> {
    if (auto forgotten = run("DELETE FROM finished"); !forgotten) return forgotten;
    for (const auto& [file, text] : files) {
      Statement insert(writer_, "INSERT INTO finished(file, text) VALUES(?, ?)");
      if (!insert || !insert.bind(file).bind(text).done()) return failure();
    }
    return put(values);
  });
  return done ? load_values() : std::move(done);
}

Result<void> State::set_unlisted(const std::vector<Error>& directories) {
  return transaction([&]() -> Result<void> {
    if (auto forgotten = run("DELETE FROM unlisted"); !forgotten) return forgotten;
    for (const Error& each : directories) {
      Statement insert(writer_, "INSERT OR REPLACE INTO unlisted(directory, class, message) VALUES(?, ?, ?)");
      if (!insert || !insert.bind(each.subject).bind(name_of(each.kind)).bind(each.what).done())
        return failure();
    }
    return {};
  });
}

Result<void> State::record_cluster(const std::string& cluster, std::string_view source) {
  Statement select(writer_, "SELECT source FROM clusters WHERE cluster = ?");
  const int answer = select ? select.bind(cluster).step() : SQLITE_ERROR;
  const bool known = answer == SQLITE_ROW;
  if (!known && answer != SQLITE_DONE) return failure();
  if (known && text_at(select.get(), 0) == source) return {};
  return transaction([&]() -> Result<void> {
    if (known) {
      // '0' is the character after '/': this range holds all jobs of the cluster and no others.
      Statement forget(writer_, "DELETE FROM jobs WHERE job >= ? AND job < ?");
      const std::string first = cluster + '/', last = cluster + '0';
      if (!forget || !forget.bind(first).bind(last).done()) return failure();
      known_jobs_ -= static_cast<std::uint64_t>(sqlite3_changes64(writer_));
    }
    Statement insert(writer_, "INSERT OR REPLACE INTO clusters(cluster, source) VALUES(?, ?)");
    if (!insert || !insert.bind(cluster).bind(source).done()) return failure();
    return {};
  });
}

// Notes do not own their words. Those of a record live as long as the state.
std::string_view State::intern(std::string_view word) {
  const auto found = words_.find(word);
  return found != words_.end() ? *found : *words_.emplace(word).first;
}

Result<JobRecord> State::record_of(sqlite3_stmt* row) {
  JobRecord record{text_at(row, 0),   text_at(row, 1),    text_at(row, 2),         {},
                   number_at(row, 9), number_at(row, 10), number_at(row, 11) != 0, {}};
  const auto damaged = [&] {
    return Error{
        .kind = Kind::state_unusable, .what = "the row of job " + record.job + " is damaged", .file = file_};
  };
  if (sqlite3_column_type(row, 3) != SQLITE_NULL) {
    const auto kind = kind_of(text_at(row, 3));
    if (!kind) return damaged();
    Error error{*kind, text_at(row, 8), text_at(row, 5), {}, text_at(row, 4), record.job, text_at(row, 7)};
    if (sqlite3_column_type(row, 6) != SQLITE_NULL) error.byte = number_at(row, 6);
    record.error = std::move(error);
  }
  const bool has_reason = record.outcome == outcome_skipped || record.outcome == outcome_bad;
  const bool known_outcome =
      has_reason || record.outcome == outcome_migrated || record.outcome == outcome_begun;
  if (!known_outcome || has_reason != record.error.has_value()) return damaged();
  JsonDocument notes;
  const std::string text = text_at(row, 12);
  if (notes.Parse(text.data(), text.size()).HasParseError() || !notes.IsObject()) return damaged();
  const auto word = [](const JsonValue& value) {
    return std::string_view(value.GetString(), value.GetStringLength());
  };
  for (rapidjson::SizeType i = 0; i < notes.MemberCount(); ++i) {
    const auto& note = *(notes.MemberBegin() + i);
    const auto& parts = note.value;
    if (!parts.IsArray() || parts.Size() != 4 || !parts[0].IsUint64() || !parts[1].IsString() ||
        !parts[2].IsString() || !parts[3].IsString())
      return damaged();
    record.notes.push_back({intern(word(note.name)), intern(word(parts[1])), std::string(word(parts[2])),
                            std::string(word(parts[3])), parts[0].GetUint64()});
  }
  return record;
}

Result<std::optional<JobRecord>> State::find(const std::string& job) {
  const MutexLock alone(reading_);
  Statement select(find_);
  const int answer = select.bind(job).step();
  if (answer == SQLITE_DONE) return std::optional<JobRecord>();
  if (answer != SQLITE_ROW) return sqlite_failure(file_, reader_);
  auto record = record_of(select.get());
  if (!record) return std::move(record.error());
  return std::optional(std::move(*record));
}

Result<void> State::commit(const std::vector<JobRecord>& records) {
  if (records.empty()) return {};
  return transaction([&]() REQUIRES(writing_) -> Result<void> {
    for (const JobRecord& record : records) {
      Statement insert(insert_);
      const std::string notes = notes_json(record.notes);
      insert.bind(record.job).bind(record.files).bind(record.outcome);
      if (record.error) {
        const Error& error = *record.error;
        insert.bind(name_of(error.kind)).bind(error.file).bind(error.pointer);
        error.byte ? insert.bind(*error.byte) : insert.bind_null();
        insert.bind(error.step).bind(error.what);
      } else {
        for (int i = 0; i < 6; ++i) insert.bind_null();
      }
      insert.bind(record.bytes_in)
          .bind(record.bytes_out)
          .bind(std::uint64_t{record.carried_unread})
          .bind(notes);
      if (!insert.done()) return failure();
    }
    return {};
  });
}

Result<void> State::begin_job(const std::string& job, bool was_whole) {
  const auto insert_row = [&]() -> Result<void> {
    Statement insert(writer_,
                     "INSERT OR REPLACE INTO jobs(job, files, outcome, bytes_in, bytes_out, carried_unread, "
                     "notes) VALUES(?, '', ?, 0, 0, 0, '{}')");
    if (!insert || !insert.bind(job).bind(outcome_begun).done()) return failure();
    return {};
  };
  return transaction(insert_row, was_whole);
}

Result<void> State::forget(const std::vector<std::string>& jobs) {
  if (jobs.empty()) return {};
  return transaction([&]() -> Result<void> {
    for (const std::string& job : jobs) {
      Statement remove(writer_, "DELETE FROM jobs WHERE job = ?");
      if (!remove || !remove.bind(job).done()) return failure();
    }
    return {};
  });
}

Result<void> State::each(const std::function<Result<void>(const JobRecord&)>& visit) {
  const MutexLock alone(reading_);
  Statement select(reader_, fmt::format("SELECT {} FROM jobs ORDER BY job", columns).c_str());
  Result<void> done;
  int answer = SQLITE_ROW;
  while (done && (answer = select.step()) == SQLITE_ROW) {
    const auto record = record_of(select.get());
    done = record ? visit(*record) : Result<void>(Error(record.error()));
  }
  if (done && answer != SQLITE_DONE) return sqlite_failure(file_, reader_);
  return done;
}

std::string new_id() {
  std::array<unsigned char, 16> bytes{};
  std::random_device source;
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(source());
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

}  // namespace jobferry
