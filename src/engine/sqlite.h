// SQLite as the state uses it: statements that are closed whatever ends a function, and errors as values.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/state_directory.h"
#include "jobferry/error.h"

namespace jobferry {

// Opens a connection to the database of this directory. The database has a connection even if that fails: it
// holds the reason. `parameters` follow the path in a URI; then the path is one.
int open_database(const StateDirectory& directory, int flags, std::string_view parameters,
                  sqlite3** connection);

// What SQLite, and the system below it, says of the last call. `file` is the database, for the message.
Error sqlite_failure(const std::string& file, sqlite3* connection);

// Waits some seconds for another program that has locked the database, a backup for example, but only a short
// time once `stop` is true.
void wait_for_others(sqlite3* connection, const std::atomic<bool>* stop);

// One statement, made for this use or prepared before and reset after it.
class Statement {
 public:
  Statement(sqlite3* connection, const char* sql);
  explicit Statement(sqlite3_stmt* prepared) : statement_(prepared), owned_(false) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  explicit operator bool() const { return statement_ != nullptr; }
  sqlite3_stmt* get() const { return statement_; }

  // Binds the next parameter. A text must live until step().
  Statement& bind(std::string_view text);
  Statement& bind(std::uint64_t number);
  Statement& bind_null();

  // SQLITE_ROW or SQLITE_DONE; all else is an error.
  int step() { return statement_ && bound_ ? sqlite3_step(statement_) : SQLITE_ERROR; }
  bool done() { return step() == SQLITE_DONE; }
  // Passes every row to the visitor. False: an error, and not all rows were visited.
  template <class Visit>
  bool each_row(Visit&& visit) {
    int answer = step();
    for (; answer == SQLITE_ROW; answer = step()) visit(statement_);
    return answer == SQLITE_DONE;
  }

 private:
  Statement& note(int status) {
    bound_ &= status == SQLITE_OK;
    return *this;
  }

  sqlite3_stmt* statement_ = nullptr;
  bool owned_;
  bool bound_ = true;  // false: a parameter would be null, and the statement would find nothing
  int at_ = 0;
};

// Empty for a null. SQLite also gives null for a text that it has no memory for: that is thrown.
std::string text_at(sqlite3_stmt* row, int column);
std::uint64_t number_at(sqlite3_stmt* row, int column);
// A kind of error by its word in a row.
std::optional<Kind> kind_of(std::string_view word);

}  // namespace jobferry
