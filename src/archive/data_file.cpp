#include "archive/data_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace jobferry {

using json::Type;
using json::Value;

namespace {

// Compares without copying, unless the token has escapes. The names that rules look for have none.
bool same_name(std::string_view token, std::string_view name) {
  if (token.substr(1, token.size() - 2) == name) return true;
  return token.find('\\') != token.npos && json::unescape(token) == name;
}

std::string expected_found(std::string_view expected, Type found) {
  return fmt::format("expected {}, found {}", expected, json::name_of(found));
}

// The implementation of minify for AVX-512 uses compressed stores, which makes it several times slower here
// than the one for AVX2.
const simdjson::implementation& minifier() {
  static const simdjson::implementation& chosen = []() -> const simdjson::implementation& {
    const auto* haswell = simdjson::get_available_implementations()["haswell"];
    const bool usable = haswell && haswell->supported_by_runtime_system();
    return usable ? *haswell : *simdjson::get_active_implementation();
  }();
  return chosen;
}

// An array of numbers and nulls, or null (X3).
bool read_numbers(json::Reader& reader, Value& whole) {
  if (!reader.peek(whole.type)) return false;
  if (whole.is(Type::array)) return reader.numbers(whole);
  if (whole.is(Type::null)) return reader.value(whole);
  return reader.fail(Kind::wrong_type, reader.at(), expected_found("an array or null", whole.type));
}

}  // namespace

bool MemberPlace::named(std::string_view name) const { return same_name(name_token, name); }

Error error_at(std::string_view source, std::string_view at, Kind kind, std::string what) {
  return json::error_at(source, static_cast<std::size_t>(at.data() - source.data()), kind, std::move(what));
}

Result<const MemberPlace*> find(std::string_view source, const ObjectPlace& object, std::string_view name) {
  const MemberPlace* found = nullptr;
  for (const MemberPlace& member : object.members) {
    if (!member.named(name)) continue;
    if (found) return error_at(source, member.name_token, Kind::duplicate_member, json::second_member(name));
    found = &member;
  }
  return found;
}

void Edits::reset(std::string_view source) {
  source_ = source;
  edits_.clear();
  pool_.clear();
}

void Edits::trim(std::size_t limit) {
  if (edits_.capacity() * sizeof(Edit) + pool_.capacity() <= limit) return;
  edits_ = {};
  pool_ = {};
}

void Edits::replace(std::string_view place, std::string_view text) {
  const auto begin = static_cast<std::size_t>(place.data() - source_.data());
  edits_.push_back({begin, begin + place.size(), pool_.size(), text.size()});
  pool_ += text;
}

void Edits::rewrite(const ObjectPlace& object, std::string_view appended) {
  const char* kept_end = nullptr;  // of the last member that stays
  const auto& members = object.members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i].dropped) {
      kept_end = members[i].end();
      continue;
    }
    // The comma before the member is cut as well if a member before it stays, else the comma after it.
    const bool last = i + 1 == members.size();
    const char* begin = kept_end ? members[i - 1].end() : members[i].begin();
    const char* end = kept_end || last ? members[i].end() : members[i + 1].begin();
    replace({begin, static_cast<std::size_t>(end - begin)}, {});
  }
  if (appended.empty()) return;
  const char* end = members.empty() ? object.whole.text.data() + 1 : members.back().end();
  insert(end, kept_end ? "," + std::string(appended) : std::string(appended));
}

void Edits::copy(std::size_t begin, std::size_t end, bool compact, Buffer& out) const {
  const std::string_view range = source_.substr(begin, end - begin);
  if (!compact) return out.append(range);
  const std::size_t at = out.size();
  out.reserve(at + range.size());
  std::size_t written = 0;
  // minify() takes the range for a whole text. It fails only if a string is open at the end, and ranges begin
  // and end between tokens.
  const auto failed = minifier().minify(reinterpret_cast<const std::uint8_t*>(range.data()), range.size(),
                                        reinterpret_cast<std::uint8_t*>(out.data() + at), written);
  ensure(!failed, "an edit ends inside a string");
  out.resize(at + written);
}

// Rules record edits object by object, not strictly from left to right. Insertions at one place keep the
// order in which they were recorded.
void Edits::sort_edits() {
  const auto before = [](const Edit& a, const Edit& b) { return a.begin < b.begin; };
  if (!std::is_sorted(edits_.begin(), edits_.end(), before))
    std::stable_sort(edits_.begin(), edits_.end(), before);
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    ensure(edit.begin >= at, "two edits overlap");
    at = edit.end;
  }
}

void Edits::splice(bool compact, Buffer& out) {
  sort_edits();
  out.clear();
  out.reserve(spliced_size());
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    copy(at, edit.begin, compact, out);
    out.append(std::string_view(pool_).substr(edit.text, edit.length));
    at = edit.end;
  }
  copy(at, source_.size(), compact, out);
}

std::size_t Edits::spliced_size() const {
  std::size_t size = source_.size();
  for (const Edit& edit : edits_) size = size - (edit.end - edit.begin) + edit.length;
  return size;
}

Spliced::Spliced(Edits& edits, Buffer& chunk) : edits_(edits), chunk_(chunk) {
  edits.sort_edits();
  source_ = edits.source_.substr(0, edits.edits_.empty() ? edits.source_.npos : edits.edits_[0].begin);
}

std::string_view Spliced::next() {
  // Small enough for the cache, and large enough for nearly every file to be written with one call.
  constexpr std::size_t chunk_size = 512U << 10;
  chunk_.clear();
  chunk_.reserve(chunk_size);
  while (chunk_.size() < chunk_size) {
    put(insertion_);
    if (!insertion_.empty()) break;
    put(source_);
    if (!source_.empty() || edit_ == edits_.edits_.size()) break;
    const Edits::Edit& edit = edits_.edits_[edit_++];
    const std::size_t end =
        edit_ == edits_.edits_.size() ? edits_.source_.size() : edits_.edits_[edit_].begin;
    insertion_ = std::string_view(edits_.pool_).substr(edit.text, edit.length);
    source_ = edits_.source_.substr(edit.end, end - edit.end);
  }
  return chunk_.view();
}

// Appends as much as fits into the chunk.
void Spliced::put(std::string_view& rest) {
  const std::string_view piece = rest.substr(0, chunk_.capacity() - chunk_.size());
  chunk_.append(piece);
  rest.remove_prefix(piece.size());
}

Result<void> DataReader::begin(std::string_view text, json::Reader& reader) {
  metric_names_.clear();
  metric_peak_ = 0;
  if (auto valid = json::check_encoding(text); !valid) return valid;
  Type type;
  if (!reader.peek(type)) return reader.error();
  if (type == Type::object) return {};
  reader.fail(Kind::wrong_type, reader.at(), expected_found("an object of metrics", type));
  return reader.error();
}

bool DataReader::count_place(json::Reader& reader) {
  metric_peak_ = std::max(metric_peak_, ++places_);
  if (places_ <= most_places_) return true;
  exceeded_limit_ = true;
  return reader.fail(Kind::file_too_large, reader.at(),
                     "one metric has more members and series than fit into memory");
}

void DataReader::trim(std::size_t limit) {
  if ((metric_peak_ + metric_names_.size()) * place_bytes <= limit) return;
  metric_ = {};
  metric_names_ = scope_names_ = member_names_ = {};
}

// Compares the names once all are known, so that the error is at the second of a pair.
bool DataReader::unique(json::Reader& reader, const std::vector<std::string_view>& names) {
  const auto escaped = [](std::string_view name) { return name.find('\\') != name.npos; };
  constexpr std::size_t few = 24;  // up to so many, comparing each with each is cheaper than a set
  if (names.size() <= few && std::none_of(names.begin(), names.end(), escaped)) {
    bool twice = false;
    for (auto at = names.begin(); at != names.end(); ++at) twice |= std::find(names.begin(), at, *at) != at;
    if (!twice) return true;
  }
  std::unordered_set<std::string> seen;
  for (const std::string_view name : names)
    if (!seen.insert(json::unescape(name)).second)
      return reader.fail(Kind::duplicate_member, name.data(), json::second_member(json::unescape(name)));
  return true;
}

bool DataReader::read_metric(json::Reader& reader, std::string_view name) {
  metric_.metric = json::unescape(name);
  metric_.name_token = name;
  metric_.scope_count = 0;
  ObjectPlace& object = metric_.object;
  object.members.clear();
  metric_names_.push_back(name);
  scope_names_.clear();
  places_ = 0;
  if (!reader.peek(object.whole.type)) return false;
  if (!object.is_object()) return reader.value(object.whole);
  return reader.object(object.whole, [&](std::string_view scope_name) {
    if (metric_.scope_count == metric_.scopes.size()) metric_.scopes.emplace_back();
    ScopePlace& scope = metric_.scopes[metric_.scope_count++];
    scope.scope = json::unescape(scope_name);
    scope_names_.push_back(scope_name);
    if (!count_place(reader) || !read_scope(reader, scope)) return false;
    object.members.push_back({scope_name, scope.object.whole});
    return true;
  }) && unique(reader, scope_names_);
}

bool DataReader::read_scope(json::Reader& reader, ScopePlace& scope) {
  scope.series_count = 0;
  scope.object.members.clear();
  if (!reader.peek(scope.object.whole.type)) return false;
  if (!scope.object.is_object()) return reader.value(scope.object.whole);
  member_names_.clear();
  const auto member = [&](std::string_view name) {
    Value value;
    member_names_.push_back(name);
    const bool valid = same_name(name, "series")             ? read_series(reader, scope, value)
                       : same_name(name, "statisticsSeries") ? read_statistics_series(reader, value)
                                                             : reader.value(value);
    scope.object.members.push_back({name, value});
    return valid && count_place(reader);
  };
  return reader.object(scope.object.whole, member) && unique(reader, member_names_);
}

bool DataReader::read_series(json::Reader& reader, ScopePlace& scope, Value& whole) {
  if (!reader.peek(whole.type)) return false;
  if (!whole.is(Type::array)) return reader.value(whole);
  return reader.array(whole, [&](std::size_t) {
    if (scope.series_count == scope.series.size()) scope.series.emplace_back();
    return count_place(reader) && read_one_series(reader, scope.series[scope.series_count++]);
  });
}

bool DataReader::read_one_series(json::Reader& reader, ObjectPlace& series) {
  series.members.clear();
  if (!reader.peek(series.whole.type)) return false;
  if (!series.is_object()) return reader.value(series.whole);
  bool data = false;
  return reader.object(series.whole, [&](std::string_view name) {
    Value value;
    if (!same_name(name, "data")) {
      if (!reader.value(value)) return false;
    } else if (std::exchange(data, true)) {
      return reader.fail(Kind::duplicate_member, name.data(), json::second_member("data"));
    } else if (!read_numbers(reader, value)) {
      return false;
    }
    series.members.push_back({name, value});
    return count_place(reader);
  });
}

bool DataReader::read_statistics_series(json::Reader& reader, Value& whole) {
  if (!reader.peek(whole.type)) return false;
  if (whole.is(Type::null)) return reader.value(whole);
  if (!whole.is(Type::object))
    return reader.fail(Kind::wrong_type, reader.at(), expected_found("an object or null", whole.type));
  std::vector<std::string_view> seen;
  const auto each_percentile = [&](std::string_view) {
    Value values;
    return read_numbers(reader, values);
  };
  return reader.object(whole, [&](std::string_view name) {
    constexpr std::string_view arrays[] = {"mean", "min", "max", "median"};
    const auto same = [&](std::string_view known) { return same_name(name, known); };
    const bool numbers = std::any_of(std::begin(arrays), std::end(arrays), same);
    const bool percentiles = same("percentiles");
    Value value;
    if (!numbers && !percentiles) return reader.value(value);
    seen.push_back(name);
    if (!unique(reader, seen)) return false;
    if (numbers) return read_numbers(reader, value);
    if (!reader.peek(value.type)) return false;
    if (value.is(Type::object)) return reader.object(value, each_percentile);
    if (value.is(Type::null)) return reader.value(value);
    return reader.fail(Kind::wrong_type, reader.at(), expected_found("an object or null", value.type));
  });
}

}  // namespace jobferry
