#include "engine/sqlite.h"

#include <fmt/format.h>

#include <cstdio>
#include <new>
#include <system_error>

namespace jobferry {

namespace {

// Called when another program has locked the database: whether to try again. What was done is worth a short
// wait even to a user who stops the run.
int retry_when_locked(void* stop, int tries) {
  constexpr int most = 500, most_when_stopped = 20;
  const auto* stopped = static_cast<const std::atomic<bool>*>(stop);
  if (tries >= (stopped && *stopped ? most_when_stopped : most)) return 0;
  sqlite3_sleep(20);
  return 1;
}

// SQLite opens files by path, and first resolves the links in it. Here the path leads through the descriptor
// of the state's directory and must not be resolved: the path that results could lead elsewhere by the time
// that it is used.
const char* unresolving_vfs() {
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

}  // namespace

int open_database(const StateDirectory& directory, int flags, std::string_view parameters,
                  sqlite3** connection) {
  const bool uri = (flags & SQLITE_OPEN_URI) != 0;
  const std::string path = fmt::format("{}{}{}", uri ? "file:" : "", directory.database_path(), parameters);
  return sqlite3_open_v2(path.c_str(), connection, flags, unresolving_vfs());
}

Error sqlite_failure(const std::string& file, sqlite3* connection) {
  const int code = connection ? sqlite3_errcode(connection) : SQLITE_NOMEM;
  std::string words = connection ? sqlite3_errmsg(connection) : "out of memory";
  const bool from_system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
  if (const int system = from_system ? sqlite3_system_errno(connection) : 0; system)
    words += fmt::format(" ({})", std::generic_category().message(system));
  const Kind kind = code == SQLITE_NOMEM  ? Kind::out_of_resources
                    : code == SQLITE_BUSY ? Kind::in_use
                                          : Kind::state_unusable;
  return {.kind = kind, .what = "SQLite: " + words, .file = file};
}

void wait_for_others(sqlite3* connection, const std::atomic<bool>* stop) {
  sqlite3_busy_handler(connection, retry_when_locked, const_cast<std::atomic<bool>*>(stop));
}

Statement::Statement(sqlite3* connection, const char* sql) : owned_(true) {
  if (sqlite3_prepare_v2(connection, sql, -1, &statement_, nullptr) != SQLITE_OK) statement_ = nullptr;
}

Statement::~Statement() {
  if (owned_)
    sqlite3_finalize(statement_);
  else
    sqlite3_reset(statement_);
}

Statement& Statement::bind(std::string_view text) {
  return note(sqlite3_bind_text64(statement_, ++at_, text.data() ? text.data() : "", text.size(),
                                  SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::bind(std::uint64_t number) {
  return note(sqlite3_bind_int64(statement_, ++at_, static_cast<sqlite3_int64>(number)));
}

Statement& Statement::bind_null() { return note(sqlite3_bind_null(statement_, ++at_)); }

std::string text_at(sqlite3_stmt* row, int column) {
  if (sqlite3_column_type(row, column) == SQLITE_NULL) return "";
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  if (!text) throw std::bad_alloc();
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

std::uint64_t number_at(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}

std::optional<Kind> kind_of(std::string_view word) {
  for (int kind = 0; kind < kind_count; ++kind)
    if (name_of(static_cast<Kind>(kind)) == word) return static_cast<Kind>(kind);
  return {};
}

}  // namespace jobferry
