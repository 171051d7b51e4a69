// Errors are values that know where they happened. Each layer fills in the field that it knows and passes the
// value on. Only the report makes text of it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace jobferry {

// What went wrong. The first group are the classes of bad jobs of the contract; the second end a run.
enum class Kind : std::uint8_t {
  json_syntax,
  utf8_invalid,
  nesting_too_deep,
  data_element,
  duplicate_member,
  missing_member,
  wrong_type,
  number_range,
  identity_mismatch,
  no_meta_file,
  not_a_regular_file,
  gzip_truncated,
  gzip_corrupt,
  gzip_trailing,
  file_too_large,
  exclusive_invalid,
  shared_invalid,
  timestep_unknown,
  read_failed,
  internal,  // a defect of jobferry, which must not become a defect of the archive; not in the contract

  empty_file,  // not bad: the job is skipped (X6)

  cluster_bad,       // stops the run before any job is touched (X12)
  not_an_archive,    // no version.txt and no cluster, or an unfinished target (X13)
  version_unknown,   // version.txt is no number, or newer than this build; or there are no steps to --to
  target_unusable,   // same as or inside the source, not empty, no space, not permitted
  state_unusable,    // of another migration, or it cannot be read or written
  option_invalid,    // names a cluster or metric that the archive does not have, or is not possible here
  write_failed,      // the target cannot be written: full, read-only, broken
  in_use,            // another jobferry works on the target
  no_state,          // there is no state of a migration
  output_failed,     // a report, page or metrics file, or stdout, cannot be written
  out_of_resources,  // no memory, descriptor or thread is available; says nothing about the archive
};

inline constexpr int kind_count = static_cast<int>(Kind::out_of_resources) + 1;

// The word for a kind in summary and report: `json-syntax`, `cluster-bad`, ...
std::string_view name_of(Kind kind);

struct Error {
  Kind kind;
  std::string what;                     // a sentence without the position: `expected a number, found "n/a"`
  std::string pointer{};                // RFC 6901, in the source document; empty is its root
  std::optional<std::uint64_t> byte{};  // in the decompressed source document; none for values a step made
  std::string file{};                   // meta.json, data.json, data.json.gz, cluster.json, or a path
  std::string subject{};                // CLUSTER/JOB/PATH/START, or CLUSTER
  std::string step{};                   // `0->1`; empty outside a step
};

// A value, or the error why there is none. The error lives behind a pointer, so a result is small.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  explicit operator bool() const { return !error_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<T> value_;
  std::unique_ptr<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  explicit operator bool() const { return !error_; }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::unique_ptr<Error> error_;
};

// An exception as an error: a lack of memory or threads (out-of-resources), or a defect (internal).
Error error_of(const std::exception_ptr& thrown);

// Throws if a condition does not hold that only a defect of jobferry can break. The stages of a job catch the
// exception, and the job is bad (`internal`) instead of written wrongly. Nothing else throws on purpose.
inline void ensure(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace jobferry
