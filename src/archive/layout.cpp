#include "archive/layout.h"
#include "jobferry/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "jobferry/limits.h"
#include "jobferry/types.h"
#include "json/reader.h"

namespace jobferry {

namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";

Error not_an_archive(const std::string& root, std::string what) {
  return {.kind = Kind::not_an_archive, .what = std::move(what), .file = root};
}

// A lack of resources says nothing about the archive.
Error cannot_open(const std::string& root, const Error& why) {
  return why.kind == Kind::out_of_resources ? why : not_an_archive(root, "not a job archive: " + why.what);
}

Error bad_version(std::string what) { return {Kind::version_unknown, std::move(what)}; }

Result<int> parse_version(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  const std::size_t end = text.find_last_not_of(blanks) + 1;
  const std::string_view number = text.substr(begin, end > begin ? end - begin : 0);
  if (number.empty() || number.find_first_not_of("0123456789") != number.npos)
    return bad_version(fmt::format("`{}` is not a version number", json::excerpt(number)));
  int version = newest_version + 1;  // stays if the number is too large for an int
  std::from_chars(number.data(), number.data() + number.size(), version);
  if (version > newest_version)
    return bad_version(
        fmt::format("archive version {} is newer than {}, the newest version that this "
                    "jobferry knows",
                    json::excerpt(number), newest_version));
  return version;
}

Result<void> read_version(Files& files, Archive& archive) {
  Buffer text;
  auto info = files.read(join(archive.root, names::version), limits::version_text, text);
  if (!info) {
    Error error = std::move(info.error());
    if (error.kind != Kind::out_of_resources) error.kind = Kind::version_unknown;
    error.file = join(archive.root, names::version);
    return error;
  }
  auto version = parse_version(text.view());
  if (!version) {
    version.error().file = join(archive.root, names::version);
    return std::move(version.error());
  }
  archive.version = *version;
  archive.version_info = *info;
  return {};
}

// An unfinished target has no version.txt yet, but its marker says what it will contain.
Result<void> read_unfinished(Files& files, Archive& archive) {
  const auto seen = read_marker(files, archive.root);
  if (!seen) return Error(seen.error());
  archive.version_known = seen->marked == Marked::yes && seen->marker.version <= newest_version;
  archive.version = archive.version_known ? seen->marker.version : 0;
  return {};
}

std::string marker_text_of_0_1(int version) {
  return fmt::format(
      "This job archive is unfinished: jobferry has not completed its migration to version {}. "
      "It must not be served or migrated.\n",
      version);
}

// A followed link to the root itself.
bool is_root(Files& files, const Archive& archive, const std::string& name) {
  const auto info = files.info(join(archive.root, name));
  return info && is_same_file(*info, archive.root_info);
}

void leave_behind(Files& files, Archive& archive, const Entry& entry) {
  ++archive.left_behind;
  if (entry.type == FileType::directory && holds_meta(files, join(archive.root, entry.name)))
    archive.left_behind_jobs.push_back(entry.name);
}

bool has_cluster_file(Files& files, const Archive& archive) {
  const auto has = [&](const std::string& cluster) {
    return static_cast<bool>(files.info(join(join(archive.root, cluster), names::cluster)));
  };
  return std::any_of(archive.clusters.begin(), archive.clusters.end(), has);
}

}  // namespace

std::string join(const std::string& directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + 1 + name.size());
  return path.append(directory).append("/").append(name);
}

std::string cluster_of(const std::string& path) { return path.substr(0, path.find('/')); }

std::string marker_text(const Marker& marker) {
  return fmt::format(
      "jobferry 1 version={} id={}\n"
      "This job archive is unfinished: jobferry has not completed its migration to version {}. "
      "Do not serve or migrate it.\n",
      marker.version, marker.id, marker.version);
}

std::optional<Marker> parse_marker(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return {};
  const std::string_view line = text.substr(0, end + 1);
  for (int version = 0; version <= newest_version; ++version)
    if (line == marker_text_of_0_1(version)) return Marker{version, {}};
  constexpr std::string_view format = "jobferry 1 ";
  if (!line.starts_with(format)) return {};
  std::string_view members = line.substr(format.size(), end - format.size());
  Marker marker;
  bool has_version = false;
  while (!members.empty()) {
    const std::string_view member = members.substr(0, members.find(' '));
    members.remove_prefix(std::min(member.size() + 1, members.size()));
    const std::size_t equals = member.find('=');
    if (equals == member.npos) continue;
    const std::string_view name = member.substr(0, equals), value = member.substr(equals + 1);
    if (name == "id") marker.id = value;
    if (name != "version") continue;
    const auto [rest, code] = std::from_chars(value.data(), value.data() + value.size(), marker.version);
    has_version = code == std::errc() && rest == value.data() + value.size() && marker.version >= 0;
  }
  if (!has_version || marker.id.empty()) return {};
  return marker;
}

Result<MarkerSeen> read_marker(Files& files, const std::string& root) {
  const std::string path = join(root, names::unfinished);
  const auto there = files.exists(path);
  if (!there) return Error(there.error());
  if (!*there) return MarkerSeen{};
  Buffer text;
  const auto info = files.read(path, limits::version_text, text);
  const bool other =
      !info && (info.error().kind == Kind::not_a_regular_file || info.error().kind == Kind::file_too_large);
  if (!info && !other) return Error(info.error());
  const auto marker = info ? parse_marker(text.view()) : std::nullopt;
  return marker ? MarkerSeen{Marked::yes, *marker} : MarkerSeen{Marked::unreadable, {}};
}

bool is_hidden_or_lost(std::string_view name) { return name.starts_with('.') || name == "lost+found"; }

Result<Archive> open_archive(Files& files, const std::string& root, Unfinished unfinished) {
  Archive archive;
  archive.root = root;
  auto info = files.info(root + "/.");
  if (!info) return cannot_open(root, info.error());
  archive.root_info = *info;
  auto entries = files.list(root);
  if (!entries) return cannot_open(root, entries.error());

  bool has_version = false;
  for (const Entry& entry : *entries) {
    if (entry.name == names::unfinished && unfinished == Unfinished::refuse)
      return not_an_archive(root,
                            fmt::format("this is an unfinished target: it holds {}, because its migration "
                                        "did not end",
                                        names::unfinished));
    if (entry.name == names::unfinished)
      archive.unfinished = true;
    else if (entry.name == names::version)
      has_version = true;
    else if (entry.type == FileType::directory && !is_hidden_or_lost(entry.name) &&
             !is_root(files, archive, entry.name))
      archive.clusters.push_back(entry.name);
    else if (entry.type == FileType::regular)
      archive.carried.push_back(entry.name);
    else
      leave_behind(files, archive, entry);
  }
  if (!has_version && !archive.unfinished && !has_cluster_file(files, archive))
    return not_an_archive(root,
                          "not a job archive: it has neither version.txt nor a directory with a "
                          "cluster.json");
  if (archive.unfinished && !has_version)
    if (auto read = read_unfinished(files, archive); !read) return std::move(read.error());
  if (has_version)
    if (auto read = read_version(files, archive); !read) return std::move(read.error());
  return archive;
}

bool holds_meta(Files& files, const std::string& directory) {
  return static_cast<bool>(files.info(join(directory, names::meta)));
}

}  // namespace jobferry
