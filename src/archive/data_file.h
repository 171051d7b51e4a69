// data.json: object of metric -> object of scope -> metric object. These files hold nearly all bytes of an
// archive, so they are edited and not re-serialised: one pass checks every token and notes where the things
// stand that rules look at, the rules record edits, and splice() copies the rest as it is (X1).
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

// A member where it stands: from the first byte of its name to the last of its value.
struct MemberPlace {
  std::string_view name_token;
  json::Piece value;
  bool dropped = false;

  const char* begin() const { return name_token.data(); }
  const char* end() const { return value.text.data() + value.text.size(); }
  bool named(std::string_view name) const;
};

// An object (or what stands in its place) with its members, if it is one.
struct ObjectPlace {
  json::Piece whole;
  std::vector<MemberPlace> members;

  bool is_object() const { return whole.is(json::Type::object); }
};

// One metric at one scope.
struct ScopePlace {
  std::string scope;  // its name, unescaped
  ObjectPlace object;
  std::vector<ObjectPlace> series;  // the elements of `series`, where that is an array
  std::size_t series_count = 0;     // how many of `series` are in use: the rest keeps its memory
};

// One metric. Kept and refilled from metric to metric.
struct MetricPlace {
  std::string metric;           // its name, unescaped
  std::string_view name_token;  // and as it stands
  ObjectPlace object;           // its members are the scopes, in the order of `scopes`
  std::vector<ScopePlace> scopes;
  std::size_t scope_count = 0;

  std::span<ScopePlace> all_scopes() { return {scopes.data(), scope_count}; }
};

// What a step makes of a text: cuts and insertions, applied in one go.
class Edits {
 public:
  // Starts over, for a text.
  void reset(std::string_view source);

  void replace(std::string_view place, std::string_view text);
  void insert(const char* at, std::string_view text) { replace({at, 0}, text); }

  // Cuts the dropped members of an object out and puts `appended` (members without the comma before the
  // first) at its end, minding the commas.
  void rewrite(const ObjectPlace& object, std::string_view appended = {});

  bool empty() const { return edits_.empty(); }
  // What the edits so far take, with the room in which they grow.
  std::size_t bytes() const { return 2 * (edits_.size() * sizeof(Edit) + pool_.size()); }

  // Gives memory of more than `limit` bytes back.
  void trim(std::size_t limit);

  // The edited text. With `compact` white space between tokens goes (X2).
  void splice(bool compact, Buffer& out);
  // How long it is without that.
  std::size_t spliced_size() const;

 private:
  friend class Spliced;
  struct Edit {
    std::size_t begin, end;    // in the source
    std::size_t text, length;  // in pool_
  };
  void settle_order();
  void copy(std::size_t begin, std::size_t end, bool compact, Buffer& out) const;

  std::string_view source_;
  std::vector<Edit> edits_;
  std::string pool_;
};

// The edited text, white space and all, in pieces: a large file is written without ever being in memory
// twice.
class Spliced : public Pieces {
 public:
  // `chunk` keeps its memory from file to file.
  Spliced(Edits& edits, Buffer& chunk);
  std::string_view next() override;

 private:
  void put(std::string_view& rest);

  const Edits& edits_;
  Buffer& chunk_;
  std::size_t edit_ = 0;        // the next one
  std::string_view source_;     // what is left of the source before it
  std::string_view insertion_;  // what is left of the text of the one before it
};

// A rule's view of a data file that went wrong or not: `at` is where in the source.
Error error_at(std::string_view source, std::string_view at, Kind kind, std::string what);

// The member of that name, null if there is none; a second one is an error (X3).
Result<const MemberPlace*> find(std::string_view source, const ObjectPlace& object, std::string_view name);

// Reads a whole data file and checks all that X3 demands of it. Each metric goes to `visit`, which may fail.
class DataReader {
 public:
  template <class Visit>  // Result<void> visit(MetricPlace&)
  Result<void> read(std::string_view text, Visit&& visit);

  // The last text had white space between its tokens.
  bool spaced() const { return spaced_; }

  // A metric whose places take more than this many bytes is refused (file-too-large): one of
  // nothing but `{},{},...` takes fifty times its size.
  void allow(std::uint64_t bytes) {
    most_places_ = bytes / place_bytes;
    starved_ = false;
  }
  // A text was refused for that since allow() was called.
  bool starved() const { return starved_; }
  // Gives memory back if the last text took more than `limit` bytes.
  void trim(std::size_t limit);

 private:
  // A member or series takes 48 bytes, in a vector that is larger than what is in it.
  static constexpr std::uint64_t place_bytes = 80;

  bool count_place(json::Reader& reader);
  bool read_metric(json::Reader& reader, std::string_view name);
  bool read_scope(json::Reader& reader, ScopePlace& scope);
  bool read_series(json::Reader& reader, ScopePlace& scope, json::Piece& whole);
  bool read_one_series(json::Reader& reader, ObjectPlace& series);
  bool read_statistics_series(json::Reader& reader, json::Piece& whole);
  bool unique(json::Reader& reader, const std::vector<std::string_view>& names);
  Result<void> begin(std::string_view text, json::Reader& reader);

  MetricPlace metric_;
  std::vector<std::string_view> metric_names_;
  std::vector<std::string_view> scope_names_;
  std::vector<std::string_view> member_names_;
  bool spaced_ = false;
  bool starved_ = false;
  std::uint64_t places_ = 0;       // of this metric
  std::uint64_t metric_peak_ = 0;  // places of the metric that had most
  std::uint64_t most_places_ = std::numeric_limits<std::uint64_t>::max();
};

template <class Visit>
Result<void> DataReader::read(std::string_view text, Visit&& visit) {
  json::Reader reader(text);
  if (auto sound = begin(text, reader); !sound) return sound;
  Result<void> visited;
  json::Piece whole;
  const bool sound = reader.object(whole, [&](std::string_view name) {
    if (!read_metric(reader, name)) return false;
    visited = visit(metric_);
    return static_cast<bool>(visited);
  });
  if (!visited) return visited;
  if (!sound || !unique(reader, metric_names_) || !reader.finish()) return reader.error();
  spaced_ = reader.spaced();
  return {};
}

}  // namespace jobferry
