#include "fuzz.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "engine/run.h"
#include "flat.h"
#include "jobferry/step.h"
#include "memory_files.h"
#include "tree.h"
#include "verify/rules/sets.h"

namespace jobferry::test {

namespace {

// The path must be one where a target could be made. The fuzzer makes nothing there.
const std::string source = "/tmp/jobferry-fuzz/source", target = "/tmp/jobferry-fuzz/target";

// Whether RapidJSON accepts a text. It rejects lone surrogates in escapes and numbers beyond a double, which
// RFC 8259 allows, so the answer is unknown for them.
enum class Answer { valid, invalid, unknown };
Answer ask_rapidjson(std::string_view text) {
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag |
                             rapidjson::kParseIterativeFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> ignore;
  const rapidjson::ParseResult result = reader.Parse<flags>(stream, ignore);
  if (!result.IsError()) return Answer::valid;
  const bool legal = result.Code() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid ||
                     result.Code() == rapidjson::kParseErrorNumberTooBig;
  return legal ? Answer::unknown : Answer::invalid;
}

bool is_json(std::string_view path) { return path.ends_with(".json"); }

// Whether a rule of any step changes a member of meta.json, as the tables of verify say.
bool touched_in_meta(const std::string& pointer) {
  const std::string name = pointer.substr(1, pointer.find('/', 1) - 1);
  const auto change_it = [&](std::span<const proof::Rule> rules) {
    return std::ranges::any_of(rules, [&](const proof::Rule& rule) {
      return rule.file == names::meta && rule.effect.change != proof::Change::checked &&
             rule.where.steps[0].leads_to(name);
    });
  };
  if (change_it(proof::every_step)) return true;
  for (const ArchiveVersion& version : std::span(archive_versions).subspan(1))
    if (change_it(version.rules->up) || change_it(version.rules->down)) return true;
  return false;
}

bool must_stay(const std::string& path, const std::string& pointer) {
  if (path.ends_with("data.json"))
    return pointer.find("/data/") != pointer.npos || pointer.find("/statisticsSeries/") != pointer.npos;
  return path.ends_with("meta.json") && !pointer.empty() && !touched_in_meta(pointer);
}

// Pointers count elements, and rules may drop elements before others. So only data points have a fixed place.
void compare(const std::string& path, const std::string& before, const std::string& after) {
  const auto old_flat = flatten(before), new_flat = flatten(after);
  for (const auto& [pointer, text] : old_flat) {
    if (!must_stay(path, pointer)) continue;
    const auto found = new_flat.find(pointer);
    expect(found != new_flat.end() && found->second == text, "a token is lost or changed");
  }
}

void migrate_one(int from, int to, const std::string& name, const std::string& content) {
  Tree tree = plain_archive(from);
  const std::string path = name == "version.txt"    ? name
                           : name == "cluster.json" ? "c/" + name
                                                    : "c/0/001/100/" + name;
  tree[path] = content;
  MemoryFiles files;
  files.add(source, tree);
  Options options;
  options.source = source;
  options.target = target;
  options.to = to;
  options.debug = true;
  options.keep_state = false;
  options.repair = true;
  options.check_data = true;
  options.max_file_size = 1U << 22;
  const Summary summary = migrate_with(files, options, {});
  for (const auto* errors : {&summary.errors, &summary.bad})
    for (const Error& error : *errors) expect(error.kind != Kind::internal, error.what.c_str());
  const Tree written = files.tree(target);
  for (const auto& [file, text] : written) {
    if (!is_json(file)) continue;
    const Answer answer = ask_rapidjson(tree[file]);
    expect(answer != Answer::invalid, "accepted what is no JSON");
    expect(answer == Answer::unknown || ask_rapidjson(text) == Answer::valid, "wrote what is no JSON");
    if (answer == Answer::valid) compare(file, tree[file], text);
  }
  const bool complete = summary.outcome == Outcome::complete;
  expect(written.contains("version.txt") == complete, "version.txt and the outcome disagree");
  expect(!complete || !written.contains("jobferry.unfinished"), "complete and unfinished at once");
}

}  // namespace

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void migrate_with_content(const std::string& name, const std::string& content) {
  for (int from = 0; from <= newest_version; ++from) migrate_one(from, newest_version, name, content);
  for (int to = 0; to < newest_version; ++to)
    if (find_chain(newest_version, to)) migrate_one(newest_version, to, name, content);
}

}  // namespace jobferry::test
