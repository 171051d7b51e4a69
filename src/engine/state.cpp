#include "engine/state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <new>
#include <random>
#include <system_error>
#include <utility>

#include "base/text.h"
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

Error unusable(const std::string& file, std::string what, Kind kind = Kind::state_unusable) {
  Error error{kind, std::move(what)};
  error.file = file;
  return error;
}

Error cannot(std::string_view verb, const std::string& file) {
  const bool starved = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EAGAIN;
  if (errno == ELOOP)
    return unusable(file,
                    fmt::format("cannot {}: it is, or is reached through, a link of another user", verb));
  return unusable(file, fmt::format("cannot {}: {}", verb, std::generic_category().message(errno)),
                  starved ? Kind::out_of_resources : Kind::state_unusable);
}

// What SQLite says of the last call, and the system of it. Its own memory may be what is missing.
Error sqlite_failure(const std::string& file, sqlite3* db) {
  const int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
  std::string words = db ? sqlite3_errmsg(db) : "out of memory";
  if (const int system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? sqlite3_system_errno(db) : 0;
      system)
    words += fmt::format(" ({})", std::generic_category().message(system));
  return unusable(file, "SQLite: " + words,
                  code == SQLITE_NOMEM  ? Kind::out_of_resources
                  : code == SQLITE_BUSY ? Kind::in_use
                                        : Kind::state_unusable);
}

// Whether to try again when another program has the state locked. Somebody who wants to end the run waits
// for a short while only: what was done is worth that.
int waits_for_others(void* stop, int tries) {
  constexpr int most = 500, most_when_stopped = 20;
  const auto* stopped = static_cast<const std::atomic<bool>*>(stop);
  if (tries >= (stopped && *stopped ? most_when_stopped : most)) return 0;
  sqlite3_sleep(20);
  return 1;
}

void wait_for_others(sqlite3* db, const std::atomic<bool>* stop) {
  sqlite3_busy_handler(db, waits_for_others, const_cast<std::atomic<bool>*>(stop));
}

// A statement for one call, or the one that is kept.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : owned_(true) {
    if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) statement_ = nullptr;
  }
  explicit Statement(sqlite3_stmt* kept) : statement_(kept), owned_(false) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    if (owned_)
      sqlite3_finalize(statement_);
    else
      sqlite3_reset(statement_);
  }
  explicit operator bool() const { return statement_ != nullptr; }
  sqlite3_stmt* get() const { return statement_; }

  // In the order of the parameters. Texts must live until step().
  Statement& bind(std::string_view text) {
    return note(sqlite3_bind_text64(statement_, ++at_, text.data() ? text.data() : "", text.size(),
                                    SQLITE_STATIC, SQLITE_UTF8));
  }
  Statement& bind(std::uint64_t number) {
    return note(sqlite3_bind_int64(statement_, ++at_, static_cast<sqlite3_int64>(number)));
  }
  Statement& bind_null() { return note(sqlite3_bind_null(statement_, ++at_)); }
  // A row, or the end: SQLITE_ROW, SQLITE_DONE. Anything else is an error.
  int step() { return statement_ && bound_ ? sqlite3_step(statement_) : SQLITE_ERROR; }
  bool done() { return step() == SQLITE_DONE; }
  // Takes every row to the visitor. False: an error, and not all rows were seen.
  template <class Visit>
  bool each_row(Visit&& visit) {
    int answer = step();
    for (; answer == SQLITE_ROW; answer = step()) visit(statement_);
    return answer == SQLITE_DONE;
  }

 private:
  Statement& note(int bound) {
    bound_ &= bound == SQLITE_OK;
    return *this;
  }

  sqlite3_stmt* statement_ = nullptr;
  bool owned_;
  bool bound_ = true;  // what was not bound would be null, and nothing is found by that
  int at_ = 0;
};

// SQLite gives null for a null, and for a text that it has no memory for.
std::string text_at(sqlite3_stmt* row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_NULL) return "";
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  if (!text) throw std::bad_alloc();
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

std::uint64_t number_at(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}

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

std::optional<Kind> kind_of(std::string_view word) {
  for (int kind = 0; kind < kind_count; ++kind)
    if (name_of(static_cast<Kind>(kind)) == word) return static_cast<Kind>(kind);
  return {};
}

// `host HOST, pid PID, since 2026-01-02T03:04:05Z`
std::string myself() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("host {}, pid {}, since {}", host.data(), ::getpid(), utc_text(std::time(nullptr)));
}

// Makes a call of a lock again that a signal has interrupted. EAGAIN is an answer here.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  for (int again = 0; result < 0 && errno == EINTR && again < 100; ++again) result = call();
  return result;
}

std::string text_of_lock(int fd) {
  std::array<char, 400> text{};
  const ssize_t size = uninterrupted([&] { return ::pread(fd, text.data(), text.size() - 1, 0); });
  std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(line.substr(0, line.find('\n')));
}

constexpr const char* columns =
    "job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread, "
    "notes";

// A file that SQLite reads as it were its own memory is not taken from everybody: a forged journal has it
// delete files anywhere, a forged view never ends, and who can write in the directory can put links there.
Result<void> check_owner(int directory, const std::string& path) {
  struct stat s {};
  if (patiently([&] { return ::fstat(directory, &s); }) != 0) return cannot("look at it", path);
  const uid_t self = ::geteuid();
  if (s.st_uid != self && s.st_uid != 0)
    return unusable(
        path, fmt::format("it belongs to user {}, and {}: run as that user, or, if you trust what is in "
                          "it, `chown -R {}` it",
                          s.st_uid,
                          self == 0 ? "root takes only a state of its own"
                                    : "only a state of your own or of root is taken",
                          self));
  const bool of_others = (s.st_mode & S_IWOTH) || (self == 0 && (s.st_mode & S_IWGRP) && s.st_gid != 0);
  if (of_others) return unusable(path, "others may write in this directory: take that away (`chmod go-w`)");
  return {};
}

// SQLite reaches its files by their path. It gets one that leads through the descriptor of their directory,
// and that it does not resolve: what it found there could be replaced before it is used.
const char* vfs_through_descriptors() {
  static sqlite3_vfs vfs{};
  static const bool ready = [] {
    const sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
    if (!usual) return false;
    vfs = *usual;
    vfs.pNext = nullptr;
    vfs.zName = "jobferry";
    vfs.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* whole) {
      if (std::snprintf(whole, static_cast<std::size_t>(size), "%s", path) < size) return SQLITE_OK;
      return SQLITE_CANTOPEN;
    };
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return ready ? vfs.zName : nullptr;
}

// SQLite would wait for somebody at the other end of a FIFO.
Result<void> check_files(const Descriptor& directory, const std::string& file) {
  for (const std::string_view suffix : {"", "-journal", "-wal", "-shm"}) {
    const std::string name = "state.db" + std::string(suffix);
    struct stat s {};
    const auto look = [&] { return ::fstatat(directory.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW); };
    if (patiently(look) != 0) {
      if (errno == ENOENT) continue;
      return cannot("look at it", file + std::string(suffix));
    }
    if (!S_ISREG(s.st_mode)) return unusable(file + std::string(suffix), "it is no regular file");
  }
  return {};
}

std::string path_through(const Descriptor& directory, std::string_view name) {
  return fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
}

}  // namespace

Result<std::unique_ptr<State>> State::open(const std::string& directory, const std::atomic<bool>* stop) {
  std::unique_ptr<State> state(new State);
  state->directory_ = open_directory(directory, O_RDONLY, [](int at, const std::string& name, bool) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int made = patiently([&] { return ::mkdirat(at, name.c_str(), 0755); });
    if (made != 0 && errno != EEXIST) return Descriptor(-1);
    return Descriptor(patiently([&] { return ::openat(at, name.c_str(), flags); }));
  });
  if (!state->directory_) return cannot("open the directory", directory);
  if (auto ours = check_owner(state->directory_.get(), directory); !ours) return std::move(ours.error());
  if (auto locked = state->lock(directory + "/lock"); !locked) return std::move(locked.error());
  if (auto ready = state->prepare(directory + "/state.db", stop); !ready) return std::move(ready.error());
  return state;
}

State::~State() {
  sqlite3_finalize(insert_);
  sqlite3_finalize(find_);
  sqlite3_close(reader_);
  sqlite3_close(writer_);  // the last one: it folds the write-ahead log into the file
  if (lock_ >= 0) ::close(lock_);
}

// The kernel gives the lock back when its process ends, however it ends: what a dead one wrote into the file
// means nothing. A link in its place, of whatever kind, would have us write into a file of somebody's choice.
Result<void> State::lock(const std::string& file) {
  constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  lock_ = patiently([&] { return ::openat(directory_.get(), "lock", flags, 0644); });
  if (lock_ < 0) return cannot("open it", file);
  struct stat s;
  if (patiently([&] { return ::fstat(lock_, &s); }) != 0) return cannot("look at it", file);
  if (!S_ISREG(s.st_mode) || s.st_nlink > 1)
    return unusable(file, "it is not the lock of a state, but a link");
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (uninterrupted([&] { return ::fcntl(lock_, F_OFD_SETLK, &whole); }) != 0) {
    if (errno != EAGAIN && errno != EACCES) return cannot("lock it", file);
    return in_use(file, text_of_lock(lock_));
  }
  const std::string text = myself() + '\n';
  if (uninterrupted([&] { return ::ftruncate(lock_, 0); }) != 0 ||
      uninterrupted([&] { return ::pwrite(lock_, text.data(), text.size(), 0); }) < 0)
    return cannot("write it", file);
  return {};
}

Result<void> State::prepare(const std::string& file, const std::atomic<bool>* stop) {
  file_ = file;
  if (auto sound = check_files(directory_, file); !sound) return sound;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
  const std::string path = path_through(directory_, "state.db");
  for (sqlite3** connection : {&writer_, &reader_}) {
    if (sqlite3_open_v2(path.c_str(), connection, flags, vfs_through_descriptors()) != SQLITE_OK)
      return sqlite_failure(file_, *connection);
    wait_for_others(*connection, stop);
    if (connection != &writer_) break;
    // Readers see what was committed while the writer is at work; a commit is on disk when it returns.
    if (auto done = run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"); !done) return done;
    // All of them or none: a state with some says neither that something was begun nor that nothing was.
    if (auto done = transaction([&] { return run(tables); }); !done) return done;
  }
  const std::string insert =
      fmt::format("INSERT OR REPLACE INTO jobs({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", columns);
  const std::string find = fmt::format("SELECT {} FROM jobs WHERE job = ?", columns);
  if (sqlite3_prepare_v2(writer_, insert.c_str(), -1, &insert_, nullptr) != SQLITE_OK) return failure();
  if (sqlite3_prepare_v2(reader_, find.c_str(), -1, &find_, nullptr) != SQLITE_OK)
    return sqlite_failure(file_, reader_);
  Statement count(writer_, "SELECT count(*) FROM jobs");
  if (count.step() != SQLITE_ROW) return failure();
  known_jobs_ = number_at(count.get(), 0);
  return load_values();
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
  const std::lock_guard alone(writing_);
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

Result<void> State::begin_anew(const Values& values) {
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

Result<void> State::end(const Values& values) {
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

Result<void> State::finish(const Finished& files, const Values& values) {
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

Result<void> State::settle_cluster(const std::string& cluster, std::string_view source) {
  Statement select(writer_, "SELECT source FROM clusters WHERE cluster = ?");
  const int answer = select ? select.bind(cluster).step() : SQLITE_ERROR;
  const bool known = answer == SQLITE_ROW;
  if (!known && answer != SQLITE_DONE) return failure();
  if (known && text_at(select.get(), 0) == source) return {};
  return transaction([&]() -> Result<void> {
    if (known) {
      // '0' follows '/': all jobs of the cluster and no others.
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

// A word that lives as long as the state: notes do not own theirs.
std::string_view State::keep(std::string_view word) {
  const auto found = words_.find(word);
  return found != words_.end() ? *found : *words_.emplace(word).first;
}

Result<JobRecord> State::record_of(sqlite3_stmt* row) {
  JobRecord record{text_at(row, 0),   text_at(row, 1),    text_at(row, 2),         {},
                   number_at(row, 9), number_at(row, 10), number_at(row, 11) != 0, {}};
  const auto damaged = [&] { return unusable(file_, "the row of job " + record.job + " is damaged"); };
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
    record.notes.push_back({keep(word(note.name)), keep(word(parts[1])), std::string(word(parts[2])),
                            std::string(word(parts[3])), parts[0].GetUint64()});
  }
  return record;
}

Result<std::optional<JobRecord>> State::find(const std::string& job) {
  const std::lock_guard alone(reading_);
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
  return transaction([&]() -> Result<void> {
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
  const std::lock_guard alone(reading_);
  Statement select(reader_, fmt::format("SELECT {} FROM jobs ORDER BY job", columns).c_str());
  Result<void> done;
  const bool whole = select.each_row([&](sqlite3_stmt* row) {
    if (!done) return;
    auto record = record_of(row);
    done = record ? visit(*record) : Result<void>(std::move(record.error()));
  });
  if (done && !whole) return sqlite_failure(file_, reader_);
  return done;
}

namespace {

// SQLite would lay a write-ahead log beside a file that has none, even to read it. `immutable` keeps it from
// that; where there is a log its content counts, too.
std::string uri_to_read(const Descriptor& directory) {
  const bool has_log = ::faccessat(directory.get(), "state.db-wal", F_OK, 0) == 0;
  return "file:" + path_through(directory, "state.db") + (has_log ? "" : "?immutable=1");
}

Error nothing_known(const std::string& file) {
  Error error{Kind::no_state, "no state of a migration"};
  error.file = file;
  return error;
}

// Who holds the lock; empty if nobody does.
Result<std::string> holder_of(const Descriptor& directory, const std::string& lock) {
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  const Descriptor file(patiently([&] { return ::openat(directory.get(), "lock", flags); }));
  if (!file) {
    // Who may only read the state cannot ask; that is no reason not to tell what is in it.
    if (errno == ENOENT || errno == EACCES || errno == EROFS) return std::string();
    return cannot("open it", lock);
  }
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (uninterrupted([&] { return ::fcntl(file.get(), F_OFD_GETLK, &whole); }) != 0)
    return cannot("ask for its lock", lock);
  return whole.l_type == F_UNLCK ? std::string() : text_of_lock(file.get());
}

// Whether there is a file of a state. As root only one of root's is looked at.
Result<bool> has_state(const Descriptor& directory, const std::string& path) {
  const std::string file = path + "/state.db";
  if (::geteuid() == 0)
    if (auto ours = check_owner(directory.get(), path); !ours) return std::move(ours.error());
  if (auto sound = check_files(directory, file); !sound) return std::move(sound.error());
  if (::faccessat(directory.get(), "state.db", R_OK, 0) == 0) return true;
  if (errno == ENOENT) return false;
  return cannot("open it", file);
}

}  // namespace

Error in_use(const std::string& target, const std::string& holder) {
  Error error{Kind::in_use, fmt::format("another jobferry is at work on this target ({})", holder)};
  error.file = target;
  return error;
}

std::string new_id() {
  std::array<unsigned char, 16> bytes{};
  std::random_device source;  // the kernel's
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(source());
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

Result<StateOverview> look_at_state(const std::string& directory, const std::atomic<bool>* stop) {
  StateOverview seen;
  const std::string file = directory + "/state.db";
  const Descriptor place = open_directory(directory);
  if (!place && (errno == ENOENT || errno == ENOTDIR)) return nothing_known(file);
  if (!place) return cannot("open the directory", directory);
  const auto there = has_state(place, directory);
  if (!there) return Error(there.error());
  auto holder = holder_of(place, directory + "/lock");
  if (!holder) return std::move(holder.error());
  seen.holder = std::move(*holder);
  if (!*there) return nothing_known(file);
  sqlite3* opened = nullptr;
  constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  const int status = sqlite3_open_v2(uri_to_read(place).c_str(), &opened, flags, vfs_through_descriptors());
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> db(opened, sqlite3_close);
  if (status != SQLITE_OK) return sqlite_failure(file, opened);
  wait_for_others(opened, stop);
  const auto has_table = [&](const char* name) {
    Statement tables_of_it(opened, "SELECT 1 FROM sqlite_master WHERE name = ?");
    return tables_of_it ? tables_of_it.bind(std::string_view(name)).step() : SQLITE_ERROR;
  };
  // A run that was killed before it could make its tables has said nothing.
  const int begun = has_table("unlisted");
  if (begun == SQLITE_DONE && has_table("migration") == SQLITE_DONE) return nothing_known(file);
  if (begun != SQLITE_ROW && begun != SQLITE_DONE) return sqlite_failure(file, opened);
  Statement values(opened, "SELECT name, value FROM migration");
  bool whole = values.each_row([&](sqlite3_stmt* row) { seen.values[text_at(row, 0)] = text_at(row, 1); });
  Statement jobs(opened,
                 "SELECT outcome, count(*), sum(bytes_in), sum(bytes_out) FROM jobs GROUP BY outcome");
  whole = whole && jobs.each_row([&](sqlite3_stmt* row) {
    seen.outcomes[text_at(row, 0)] = number_at(row, 1);
    seen.bytes_in += number_at(row, 2);
    seen.bytes_out += number_at(row, 3);
  });
  if (begun == SQLITE_ROW && whole) {
    Statement finished(opened, "SELECT file, text FROM finished");
    whole = finished.each_row([&](sqlite3_stmt* row) { seen.finished[text_at(row, 0)] = text_at(row, 1); });
    Statement unlisted(opened, "SELECT directory, class, message FROM unlisted ORDER BY directory");
    whole = whole && unlisted.each_row([&](sqlite3_stmt* row) {
      Error error{kind_of(text_at(row, 1)).value_or(Kind::read_failed), text_at(row, 2)};
      error.subject = text_at(row, 0);
      seen.unlisted.push_back(std::move(error));
    });
  }
  if (!whole) return sqlite_failure(file, opened);
  if (seen.values.empty()) return nothing_known(file);
  return seen;
}

}  // namespace jobferry
