#include "state.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace jobferry {

namespace {

constexpr const char* tables =
    "CREATE TABLE IF NOT EXISTS migration(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS clusters(cluster TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS jobs(job TEXT PRIMARY KEY, files TEXT NOT NULL, outcome TEXT NOT NULL,"
    " class TEXT, file TEXT, pointer TEXT, byte INTEGER, step TEXT, message TEXT, bytes_in INTEGER NOT NULL,"
    " bytes_out INTEGER NOT NULL, carried_unread INTEGER NOT NULL, notes TEXT NOT NULL) WITHOUT ROWID;";

Error unusable(const std::string& file, std::string what) {
  Error error{Kind::state_unusable, std::move(what)};
  error.file = file;
  return error;
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
    sqlite3_bind_text64(statement_, ++at_, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
    return *this;
  }
  Statement& bind(std::uint64_t number) {
    sqlite3_bind_int64(statement_, ++at_, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& bind_null() {
    sqlite3_bind_null(statement_, ++at_);
    return *this;
  }
  bool has_row() { return statement_ && sqlite3_step(statement_) == SQLITE_ROW; }
  bool done() { return statement_ && sqlite3_step(statement_) == SQLITE_DONE; }

 private:
  sqlite3_stmt* statement_ = nullptr;
  bool owned_;
  int at_ = 0;
};

std::string text_at(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text ? std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))) : "";
}

std::uint64_t number_at(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}

std::string notes_json(const std::vector<Note>& notes) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
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
  return fmt::format("host {}, pid {}, since {:%FT%TZ}", host.data(), ::getpid(),
                     fmt::gmtime(std::time(nullptr)));
}

std::string text_of_lock(int fd) {
  std::array<char, 400> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(line.substr(0, line.find('\n')));
}

constexpr const char* columns =
    "job, files, outcome, class, file, pointer, byte, step, message, bytes_in, bytes_out, carried_unread, "
    "notes";

}  // namespace

Result<std::unique_ptr<State>> State::open(const std::string& directory) {
  std::unique_ptr<State> state(new State);
  boost::system::error_code failed;
  boost::filesystem::create_directories(directory, failed);
  if (failed) return unusable(directory, "cannot make the directory: " + failed.message());
  if (auto locked = state->lock(directory + "/lock"); !locked) return std::move(locked.error());
  if (auto ready = state->prepare(directory + "/state.db"); !ready) return std::move(ready.error());
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
// means nothing.
Result<void> State::lock(const std::string& file) {
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return unusable(file, "cannot open it: " + std::generic_category().message(errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(lock_, F_OFD_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES)
      return unusable(file, "cannot lock it: " + std::generic_category().message(errno));
    return in_use(file, text_of_lock(lock_));
  }
  const std::string text = myself() + '\n';
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, text.data(), text.size(), 0) < 0)
    return unusable(file, "cannot write it: " + std::generic_category().message(errno));
  return {};
}

Result<void> State::prepare(const std::string& file) {
  file_ = file;
  for (sqlite3** connection : {&writer_, &reader_}) {
    if (sqlite3_open(file.c_str(), connection) != SQLITE_OK) return failure();
    sqlite3_busy_timeout(*connection, 10'000);
    if (connection != &writer_) break;
    // Readers see what was committed while the writer is at work; a commit is on disk when it returns.
    if (auto done = run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"); !done) return done;
    if (auto done = run(tables); !done) return done;
  }
  const std::string insert =
      fmt::format("INSERT OR REPLACE INTO jobs({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", columns);
  const std::string find = fmt::format("SELECT {} FROM jobs WHERE job = ?", columns);
  if (sqlite3_prepare_v2(writer_, insert.c_str(), -1, &insert_, nullptr) != SQLITE_OK) return failure();
  if (sqlite3_prepare_v2(reader_, find.c_str(), -1, &find_, nullptr) != SQLITE_OK) return failure();
  Statement count(writer_, "SELECT count(*) FROM jobs");
  if (!count.has_row()) return failure();
  known_jobs_ = number_at(count.get(), 0);
  return {};
}

Error State::failure() const {
  return unusable(file_, fmt::format("SQLite: {}", writer_ ? sqlite3_errmsg(writer_) : "no memory"));
}

Result<void> State::run(const char* sql) {
  if (sqlite3_exec(writer_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

std::optional<std::string> State::value(std::string_view name) {
  Statement select(writer_, "SELECT value FROM migration WHERE name = ?");
  if (!select || !select.bind(name).has_row()) return {};
  return text_at(select.get(), 0);
}

Result<void> State::set(const std::vector<std::pair<std::string_view, std::string>>& values) {
  if (auto begun = run("BEGIN"); !begun) return begun;
  for (const auto& [name, value] : values) {
    Statement insert(writer_, "INSERT OR REPLACE INTO migration(name, value) VALUES(?, ?)");
    if (insert && insert.bind(name).bind(value).done()) continue;
    Error error = failure();
    (void)run("ROLLBACK");
    return error;
  }
  return run("COMMIT");
}

Result<void> State::clear() {
  known_jobs_ = 0;
  return run("BEGIN; DELETE FROM migration; DELETE FROM clusters; DELETE FROM jobs; COMMIT");
}

Result<void> State::settle_cluster(const std::string& cluster, std::string_view source) {
  Statement select(writer_, "SELECT source FROM clusters WHERE cluster = ?");
  const bool known = select && select.bind(cluster).has_row();
  if (known && text_at(select.get(), 0) == source) return {};
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
}

// A word that lives as long as the state: notes do not own theirs.
std::string_view State::keep(std::string_view word) {
  const auto found = words_.find(word);
  return found != words_.end() ? *found : *words_.emplace(word).first;
}

JobRecord State::record_of(sqlite3_stmt* row) {
  JobRecord record{text_at(row, 0),   text_at(row, 1),    text_at(row, 2),         {},
                   number_at(row, 9), number_at(row, 10), number_at(row, 11) != 0, {}};
  if (const auto kind = kind_of(text_at(row, 3))) {
    Error error{*kind, text_at(row, 8), text_at(row, 5), {}, text_at(row, 4), record.job, text_at(row, 7)};
    if (sqlite3_column_type(row, 6) != SQLITE_NULL) error.byte = number_at(row, 6);
    record.error = std::move(error);
  }
  rapidjson::Document notes;
  const std::string text = text_at(row, 12);
  if (notes.Parse(text.data(), text.size()).HasParseError() || !notes.IsObject()) return record;
  const auto word = [](const rapidjson::Value& value) {
    return std::string_view(value.GetString(), value.GetStringLength());
  };
  for (rapidjson::SizeType i = 0; i < notes.MemberCount(); ++i) {
    const auto& note = *(notes.MemberBegin() + i);
    const auto& parts = note.value;
    if (!parts.IsArray() || parts.Size() != 4 || !parts[0].IsUint64() || !parts[1].IsString()) continue;
    record.notes.push_back({keep(word(note.name)), keep(word(parts[1])), std::string(word(parts[2])),
                            std::string(word(parts[3])), parts[0].GetUint64()});
  }
  return record;
}

std::optional<JobRecord> State::find(const std::string& job) {
  const std::lock_guard alone(reading_);
  Statement select(find_);
  if (!select.bind(job).has_row()) return {};
  return record_of(select.get());
}

Result<void> State::commit(const std::vector<JobRecord>& records) {
  if (records.empty()) return {};
  if (auto begun = run("BEGIN"); !begun) return begun;
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
    if (insert.done()) continue;
    Error error = failure();
    (void)run("ROLLBACK");
    return error;
  }
  return run("COMMIT");
}

Result<void> State::forget(const std::vector<std::string>& jobs) {
  for (const std::string& job : jobs) {
    Statement remove(writer_, "DELETE FROM jobs WHERE job = ?");
    if (!remove || !remove.bind(job).done()) return failure();
  }
  return {};
}

void State::each(const std::function<void(const JobRecord&)>& visit) {
  const std::lock_guard alone(reading_);
  Statement select(reader_, fmt::format("SELECT {} FROM jobs ORDER BY job", columns).c_str());
  while (select.has_row()) visit(record_of(select.get()));
}

namespace {

// SQLite would lay a write-ahead log beside a file that has none, even to read it. `immutable` keeps it from
// that; where there is a log its content counts, too.
std::string uri_to_read(const std::string& file) {
  std::string uri = "file:";
  for (const char c : file)
    uri += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02x}", static_cast<unsigned>(c))
                                            : std::string(1, c);
  return ::access((file + "-wal").c_str(), F_OK) == 0 ? uri : uri + "?immutable=1";
}

// Where nothing is known, or where that cannot be told.
Error nothing_known(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0 || errno == ENOENT || errno == ENOTDIR) {
    Error error{Kind::no_state, "no state of a migration"};
    error.file = file;
    return error;
  }
  return unusable(file, "cannot open it: " + std::generic_category().message(errno));
}

}  // namespace

Error in_use(const std::string& target, const std::string& holder) {
  Error error{Kind::in_use, fmt::format("another jobferry is at work on this target ({})", holder)};
  error.file = target;
  return error;
}

Result<StateOverview> look_at_state(const std::string& directory) {
  StateOverview seen;
  const std::string lock = directory + "/lock", file = directory + "/state.db";
  if (const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC); fd >= 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK) seen.holder = text_of_lock(fd);
    ::close(fd);
  }
  sqlite3* opened = nullptr;
  const int status =
      sqlite3_open_v2(uri_to_read(file).c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> db(opened, sqlite3_close);
  if (status != SQLITE_OK) return nothing_known(file);
  sqlite3_busy_timeout(opened, 10'000);
  Statement values(opened, "SELECT name, value FROM migration");
  while (values.has_row()) seen.values[text_at(values.get(), 0)] = text_at(values.get(), 1);
  Statement jobs(opened,
                 "SELECT outcome, count(*), sum(bytes_in), sum(bytes_out) FROM jobs GROUP BY outcome");
  while (jobs.has_row()) {
    seen.outcomes[text_at(jobs.get(), 0)] = number_at(jobs.get(), 1);
    seen.bytes_in += number_at(jobs.get(), 2);
    seen.bytes_out += number_at(jobs.get(), 3);
  }
  if (seen.values.empty()) return nothing_known(file);
  return seen;
}

}  // namespace jobferry
