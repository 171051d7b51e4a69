// data.json: an object of metrics, each an object of scopes, each an object with series of numbers.
//
// Problem: these files hold nearly all bytes of an archive. Nearly all of these bytes are numbers that no
// rule changes and whose text must stay as it is (X1).
// Idea: do not build a tree and do not write the document anew. One pass checks every token and records where
// the members are that rules look at. The rules record edits: cuts and insertions. Splicing copies the rest
// unchanged.
// Cost: one pass to read and one copy to write. Only the members and series of one metric at a time are in
// memory, besides the text itself.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "io/files.h"
#include "jobferry/error.h"
#include "json/reader.h"

namespace jobferry {

// Where a member is in the text: from the first byte of its name to the last byte of its value.
struct MemberPlace {
  std::string_view name_token;
  json::Value value;
  bool dropped = false;

  const char* begin() const { return name_token.data(); }
  const char* end() const { return value.text.data() + value.text.size(); }
  bool named(std::string_view name) const;
};

// Where a value is in the text and, if it is an object, where its members are.
struct ObjectPlace {
  json::Value whole;
  std::vector<MemberPlace> members;

  bool is_object() const { return whole.is(json::Type::object); }
};

// One metric at one scope.
struct ScopePlace {
  std::string scope;  // its name, unescaped
  ObjectPlace object;
  std::vector<ObjectPlace> series;  // the elements of `series`, where that is an array
  std::size_t series_count = 0;     // how many of `series` are in use; the others keep their memory
};

// One metric. It is kept and filled again for each metric.
struct MetricPlace {
  std::string metric;           // its name, unescaped
  std::string_view name_token;  // its name in the text, with quotes
  ObjectPlace object;           // its members are the scopes, in the order of `scopes`
  std::vector<ScopePlace> scopes;
  std::size_t scope_count = 0;

  std::span<ScopePlace> all_scopes() { return {scopes.data(), scope_count}; }
};

// The changes that a step makes to a text: cuts and insertions, applied in one pass.
class Edits {
 public:
  // Forgets all edits and begins with another text.
  void reset(std::string_view source);

  void replace(std::string_view place, std::string_view text);
  void insert(const char* at, std::string_view text) { replace({at, 0}, text); }

  // Cuts out the dropped members of an object, inserts `appended` (members, without a comma before the first)
  // at its end, and keeps the commas right.
  void rewrite(const ObjectPlace& object, std::string_view appended = {});

  bool empty() const { return edits_.empty(); }
  // The memory that the edits take, with the spare room in which they grow.
  std::size_t bytes() const { return 2 * (edits_.size() * sizeof(Edit) + pool_.size()); }

  // Frees the memory if it is more than `limit` bytes.
  void trim(std::size_t limit);

  // The edited text. With `compact`, white space between tokens is removed (X2).
  void splice(bool compact, Buffer& out);
  // The length of the edited text if it is not made compact.
  std::size_t spliced_size() const;

 private:
  friend class Spliced;
  struct Edit {
    std::size_t begin, end;    // in the source
    std::size_t text, length;  // in pool_
  };
  void sort_edits();
  void copy(std::size_t begin, std::size_t end, bool compact, Buffer& out) const;

  std::string_view source_;
  std::vector<Edit> edits_;
  std::string pool_;
};

// The edited text, with its white space, in pieces: a large file can be written without a second copy of it
// in memory.
class Spliced : public Pieces {
 public:
  // `chunk` belongs to the caller, so that its memory can be kept from file to file.
  Spliced(Edits& edits, Buffer& chunk);
  std::string_view next() override;

 private:
  void put(std::string_view& rest);

  const Edits& edits_;
  Buffer& chunk_;
  std::size_t edit_ = 0;        // the next one
  std::string_view source_;     // the rest of the source before that edit
  std::string_view insertion_;  // the rest of the text that the edit before it inserts
};

// An error at a place in the source.
Error error_at(std::string_view source, std::string_view at, Kind kind, std::string what);

// The member of that name; null if there is none. Two members of that name are an error (X3).
Result<const MemberPlace*> find(std::string_view source, const ObjectPlace& object, std::string_view name);

// Reads a whole data file, checks everything that X3 demands, and hands each metric to `visit`, which may
// fail.
class DataReader {
 public:
  template <class Visit>  // Result<void> visit(MetricPlace&)
  Result<void> read(std::string_view text, Visit&& visit);

  // The last text had white space between its tokens, so it is not compact (X2).
  bool spaced() const { return spaced_; }

  // From now on a metric whose members and series take more than this many bytes is refused (file-too-large).
  // A metric of nothing but `{},{},...` takes fifty times the size of its text.
  void limit_places(std::uint64_t bytes) {
    most_places_ = bytes / place_bytes;
    exceeded_limit_ = false;
  }
  // A text was refused for that reason since limit_places() was called.
  bool exceeded_limit() const { return exceeded_limit_; }
  // Frees the memory if the last text took more than `limit` bytes.
  void trim(std::size_t limit);

 private:
  // The memory for one member or series: 48 bytes, in a vector that has room for more than it holds.
  static constexpr std::uint64_t place_bytes = 80;

  bool count_place(json::Reader& reader);
  bool read_metric(json::Reader& reader, std::string_view name);
  bool read_scope(json::Reader& reader, ScopePlace& scope);
  bool read_series(json::Reader& reader, ScopePlace& scope, json::Value& whole);
  bool read_one_series(json::Reader& reader, ObjectPlace& series);
  bool read_statistics_series(json::Reader& reader, json::Value& whole);
  bool unique(json::Reader& reader, const std::vector<std::string_view>& names);
  Result<void> begin(std::string_view text, json::Reader& reader);

  MetricPlace metric_;
  std::vector<std::string_view> metric_names_;
  std::vector<std::string_view> scope_names_;
  std::vector<std::string_view> member_names_;
  bool spaced_ = false;
  bool exceeded_limit_ = false;
  std::uint64_t places_ = 0;       // of this metric
  std::uint64_t metric_peak_ = 0;  // of the metric with the most
  std::uint64_t most_places_ = std::numeric_limits<std::uint64_t>::max();
};

template <class Visit>
Result<void> DataReader::read(std::string_view text, Visit&& visit) {
  json::Reader reader(text);
  if (auto valid = begin(text, reader); !valid) return valid;
  Result<void> visited;
  json::Value whole;
  const bool valid = reader.object(whole, [&](std::string_view name) {
    if (!read_metric(reader, name)) return false;
    visited = visit(metric_);
    return static_cast<bool>(visited);
  });
  if (!visited) return visited;
  if (!valid || !unique(reader, metric_names_) || !reader.finish()) return reader.error();
  spaced_ = reader.spaced();
  return {};
}

}  // namespace jobferry
