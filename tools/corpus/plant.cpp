#include "corpus/plant.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "corpus/json_text.h"

namespace jobferry::corpus {

namespace {

std::string_view non_utf8(std::uint64_t variant) {
  constexpr std::array<std::string_view, 4> strings = {"\"\xFF\xFE\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"",
                                                       "\"caf\xE9\""};
  return strings[variant % strings.size()];
}

// Plants a defect in the members of meta.json.
class MetaDefect {
 public:
  MetaDefect(Defect& defect, const Job& job, Members& members)
      : defect_(defect), job_(job), members_(members) {}

  void plant() {
    if (defect_.is("json-syntax")) syntax();
    if (defect_.is("utf8-invalid")) put("comment", std::string(non_utf8(defect_.variant)));
    if (defect_.is("nesting-too-deep"))  // 1024 levels are allowed, and the document itself is one of them
      members_.push_back({"nested", nested_arrays(defect_.variant % 2 == 0 ? 1024 : 1100)});
    if (defect_.is("duplicate-member")) duplicate();
    if (defect_.is("missing-member")) missing();
    if (defect_.is("wrong-type")) wrong_type();
    if (defect_.is("number-range")) defect_.pointer = "/jobId";  // which prepare() has set
    if (defect_.is("identity-mismatch")) mismatch();
    if (defect_.is("exclusive-invalid")) put("exclusive", "7");
    if (defect_.is("shared-invalid")) put("shared", "\"foo\"");
  }

 private:
  void put(std::string_view name, std::string json) {
    set(members_, name, std::move(json));
    defect_.pointer = fmt::format("/{}", name);
  }

  void syntax() {
    const std::uint64_t variant = defect_.variant % 6;
    if (variant == 0) put("quality", "NaN");
    if (variant == 1) put("quality", "01");
    if (variant == 2) members_.push_back({"quality", "[1,]"});
  }

  void duplicate() {
    const std::string_view name = defect_.variant % 2 == 0 ? "jobId" : "startTime";
    members_.push_back({std::string(name), "4711"});
    defect_.pointer = fmt::format("/{}", name);
  }

  void missing() {
    constexpr std::array<std::string_view, 3> names = {"jobId", "startTime", "cluster"};
    const std::string_view name = names[defect_.variant % names.size()];
    put(name, "null");
    if (defect_.variant % 2 == 0) remove(members_, name);
  }

  void wrong_type() {
    switch (defect_.variant % 5) {
      case 0:
        return put("jobId", quoted(std::to_string(job_.id)));
      case 1:
        return put("resources", "{}");
      case 2:
        return put("statistics", "[]");
      case 3:
        return put("startTime", std::to_string(job_.start) + ".5");
      case 4:
        return put("metaData", "\"none\"");
      default:
        return;
    }
  }

  void mismatch() {
    switch (defect_.variant % 3) {
      case 0:
        return put("jobId", std::to_string(job_.id + 1));
      case 1:
        return put("startTime", std::to_string(job_.start + 1));
      default:
        return put("cluster", "\"elsewhere\"");
    }
  }

  Defect& defect_;
  const Job& job_;
  Members& members_;
};

}  // namespace

void plant_in_data(Defect& defect, const Anchor& anchor, std::string& text) {
  constexpr std::array<std::string_view, 4> no_numbers = {"\"n/a\",", "true,", "{},", "[],"};
  const std::string series = anchor.series();
  const auto element = [&](std::string_view json) {
    text.insert(anchor.element_at, json);
    defect.pointer = series + "/data/0";
  };
  const auto member = [&](std::string_view name, std::string_view json) {
    text.insert(anchor.member_at, fmt::format("\"{}\":{},", name, json));
    defect.pointer = fmt::format("{}/{}", series, name);
  };
  const std::uint64_t syntax = defect.variant % 6;
  if (defect.is("data-element")) element(no_numbers[defect.variant % no_numbers.size()]);
  if (defect.is("number-range")) element("1e999,");
  if (defect.is("json-syntax") && syntax < 2) element(syntax == 0 ? "NaN," : "01,");
  if (defect.is("json-syntax") && syntax == 2) text.insert(anchor.end_at, ",");
  if (defect.is("duplicate-member")) member("data", "[]");
  if (defect.is("utf8-invalid")) member("comment", non_utf8(defect.variant));
  if (defect.is("nesting-too-deep")) {
    // The series is five levels below the top, so these are 1025 levels or more.
    member("nested", nested_arrays(defect.variant % 2 == 0 ? 1020 : 1100));
    defect.pointer.clear();
  }
  if (defect.is("wrong-type") || defect.is("timestep-unknown")) defect.pointer = anchor.pointer + "/timestep";
}

void plant_in_meta(Defect& defect, const Job& job, Members& members) {
  MetaDefect(defect, job, members).plant();
}

void plant_in_text(const Defect& defect, std::string& text) {
  if (!defect.is("json-syntax")) return;
  const std::uint64_t variant = defect.variant % 6;
  if (variant == 3) {
    std::size_t end = text.size() * (50 + defect.variant * 4) / 100;
    while (static_cast<unsigned char>(text[end - 1]) >= 0x80) --end;  // so that the text remains UTF-8
    text.resize(end);
  }
  if (variant == 4) text += defect.variant == 4 ? "{}" : "\nx";
  if (variant == 5) text.insert(0, "\xEF\xBB\xBF");
}

void plant_in_gzip(const Defect& defect, std::string& gz) {
  const std::size_t trailer = gz.size() - 8;  // CRC32, ISIZE
  if (defect.is("gzip-truncated")) gz.resize(defect.variant % 3 == 0 ? gz.size() - 4 : trailer / 2 + 6);
  if (defect.is("gzip-corrupt")) {
    char& byte = gz[trailer + (defect.variant % 2) * 4];
    byte = static_cast<char>(byte ^ 1);
  }
  if (defect.is("gzip-trailing"))
    gz += defect.variant % 2 == 0 ? std::string("garbage") : std::string(16, '\0');
}

}  // namespace jobferry::corpus
