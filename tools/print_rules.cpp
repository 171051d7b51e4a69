// Writes docs/rules.md from the tables of rules in src/verify/rules and from rule_texts.h:
//
//   print_rules docs/rules.md            rewrites it
//   print_rules --check docs/rules.md    fails if it is not what the tables say; a test runs this
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "jobferry/versions.h"
#include "rule_texts.h"
#include "verify/rules/sets.h"

namespace {

using namespace jobferry;
using namespace jobferry::proof;

constexpr std::string_view head = R"(# Rules

<!-- Written by tools/print_rules.cpp from the tables in src/verify/rules. Edit those, then run
     `print_rules docs/rules.md`. -->

Reports, `verify`, `validate` and the manual name the rules below. Their numbers are stable; a number that is missing belongs to no
rule. *Missing* means absent or null. *Notes* are decisions that you may want to review. [bad-jobs.md](bad-jobs.md) has the classes
of bad jobs. `verify` counts all changes of units (M1, D1, C1) as `U`.

In the column *members*, `*` is any name and `[]` each element of a list. In data.json the first `*` is the metric and the second
one the scope.

## The whole archive

| rule | what holds | notes |
|---|---|---|
| X1 | Nothing is lost. Members that no rule names stay, in their order; a number or string that no rule changes keeps its exact text. New members go to the end of their object, in the order of the rules (except in D4). | |
| X2 | A file in which a rule changes something is written compactly, without a newline at its end. Every other file keeps its bytes. | |
| X3 | What is read is JSON (RFC 8259) in valid UTF-8, with at most 1024 levels. A member that a rule reads occurs once in its object, and so does any member of data.json, of a metric and of meta.json's `statistics`. Otherwise the job is bad. | |
| X4 | A .gz may have several members. Its checksums and lengths are right and nothing follows it, otherwise the job is bad. `--max-file-size` limits its content, and plain files too. | |
| X5 | meta.json names the cluster, jobId and startTime of its directory, otherwise the job is bad. | |
| X6 | A job whose meta.json is empty, or whose data files are all empty, is skipped, whatever else is wrong with it. A sound .gz with no content counts as empty where it is read. | |
| X7 | Of data.json and data.json.gz, the .gz is used if the job is sound with it, else data.json if the job is sound with that, else the job is bad. Only the file that is used is written. Without a data file, meta.json is migrated alone. | `two-data-files`, `no-data-file` |
| X8 | A job is a directory three levels below a cluster that holds meta.json, data.json or data.json.gz; without meta.json it is bad. Other regular files directly in the root, in a cluster or in a migrated job are copied byte for byte. Everything else is left behind and counted: links, special files, stray files and directories, what is in a bad or skipped job, hidden directories and `lost+found` in the root. Any other directory in the root is a cluster, and bad without cluster.json. A link or special file in the place of meta.json, data.json, data.json.gz or cluster.json makes the job or cluster bad. `--follow-symlinks` follows links. | |
| X9 | A decision that you may want to review is noted with code, job or cluster, file, place in the input and count. A note never stops anything. | |
| X10 | 0 to 3 gives the same bytes as 0 to 1, 1 to 2 and 2 to 3. The same source gives the same bytes, whatever the number of threads. | |
| X11 | Data files that no step changes are not read, unless `--check-data`, `--compress` or X7 requires it. cluster.json and meta.json are always read. | |
| X12 | A bad job is reported with class, file, JSON pointer and byte, and is not written; the other jobs are migrated. With bad jobs, version.txt is not written, unless you give `--accept-bad`. A bad cluster stops the run before any job is written. | |
| X13 | The root of the target holds `jobferry.unfinished` until the target is complete and its version.txt is on disk. An archive with that file is refused as a source, and the file is never copied. | |
| X14 | In each step the repairs come first, then the rules of the step in their order. `--repair` with equal versions applies the repairs alone (not to version 0); without it there is nothing to do. | |
| U | A unit string of version 0 becomes an object of `base` and `prefix`: `GB/s` is `{"base":"B/s","prefix":"G"}`. A unit that is not known is kept whole as `base`. A missing unit becomes `{"base":""}`, an object with a string `base` stays; any other type makes the job bad. | `unit-unrecognised` |
)";

// `resources[].hwthreads`, `resources[].accelerators`
std::string members_text(std::string_view pattern) {
  const std::size_t last = pattern.rfind('.') == pattern.npos ? 0 : pattern.rfind('.') + 1;
  const std::string_view above = pattern.substr(0, last);
  std::string out;
  for (std::string_view rest = pattern.substr(last); !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('|'));
    out += fmt::format("{}`{}{}`", out.empty() ? "" : ", ", above, name);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return out;
}

// ` if null, 0 or empty`
std::string condition(int when) {
  if (when & anything) return {};
  std::string out = when & absent ? "missing" : "null";
  const auto add = [&](std::string_view word, bool is_last) {
    out += fmt::format("{}{}", is_last ? " or " : ", ", word);
  };
  if (when & zero) add("0", !(when & empty));
  if (when & empty) add("empty", true);
  return " if " + out;
}

std::string_view shape_text(Shape shape) {
  constexpr std::string_view texts[] = {"an object",
                                        "an object in which each name occurs once",
                                        "a list",
                                        "a list of objects",
                                        "a list of numbers and nulls",
                                        "a string",
                                        "a number"};
  return texts[static_cast<std::size_t>(shape)];
}

std::string change_text(const Effect& effect) {
  switch (effect.change) {
    case Change::checked:
      return effect.compute ? "checked" : fmt::format("must be {}, or null", shape_text(effect.shape));
    case Change::renamed:
      return fmt::format("renamed to `{}`", effect.value);
    case Change::dropped:
      return fmt::format("removed{}", condition(effect.when));
    case Change::defaulted:
      return fmt::format("becomes `{}`{}", effect.value, condition(effect.when));
    case Change::mapped: {
      std::string out;
      for (const auto& [from, to] : effect.words)
        out += fmt::format("{}`{}` becomes `{}`", out.empty() ? "" : ", ", from, to);
      return out;
    }
    case Change::computed:
      return "computed";
  }
  return {};
}

struct Section {
  std::string step;  // as in rule_texts.h
  std::string heading;
  std::span<const Rule> rules;
};

std::vector<Section> sections() {
  std::vector<Section> all = {{"every step", "Every step, up or down: repairs and checks", every_step}};
  const auto add = [&](int from, int to, std::span<const Rule> rules) {
    const std::string step = fmt::format("{} to {}", from, to);
    all.push_back({step, "Version " + step, rules});
  };
  for (int version = 1; version <= newest_version; ++version) {
    const RuleSet& set = rules_to(version);
    add(version - 1, version, set.up);
    if (set.reversible) add(version, version - 1, set.down);
  }
  return all;
}

// A check of a shape says enough by itself, so it has no text.
bool is_about(const RuleText& text, const Section& section, const Rule& rule) {
  const bool is_shape = rule.effect.change == Change::checked && !rule.effect.compute;
  return !is_shape && text.step == section.step && text.rule == rule.name && text.members == rule.where.text;
}

std::string row(const Section& section, const Rule& rule) {
  const auto text = std::find_if(std::begin(rule_texts), std::end(rule_texts),
                                 [&](const RuleText& each) { return is_about(each, section, rule); });
  const bool found = text != std::end(rule_texts);
  return fmt::format("| {} | {} | {} | {} | {} |\n", rule.name, members_text(rule.where.text),
                     change_text(rule.effect), found ? text->says : "", found ? text->notes : "");
}

std::string section_text(const Section& section) {
  std::string out = fmt::format("\n## {}\n", section.heading);
  for (const std::string_view file : {names::meta, names::data, names::cluster}) {
    std::string rows;
    for (const Rule& rule : section.rules)
      if (rule.file == file) rows += row(section, rule);
    if (!rows.empty())
      out += fmt::format(
          "\n### {}\n\n| rule | members | change | details | notes |\n|---|---|---|---|---|\n{}", file, rows);
  }
  if (section.rules.empty()) out += "\nOnly version.txt changes, and what the repairs change.\n";
  return out;
}

std::string page() {
  std::string out(head);
  for (const Section& section : sections()) out += section_text(section);
  return out;
}

// How many rows of the tables a text is about.
std::size_t rows_of(const RuleText& text) {
  std::size_t rows = 0;
  for (const Section& section : sections())
    for (const Rule& rule : section.rules) rows += is_about(text, section, rule);
  return rows;
}

int fail(std::string_view file, std::string_view what) {
  fmt::print(stderr, "{}: {}\n", file, what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool check = words.size() == 2 && words[0] == "--check";
  if (!check && words.size() != 1) return fail("print_rules", "usage: print_rules [--check] FILE");
  for (const RuleText& text : rule_texts)
    if (const std::size_t rows = rows_of(text); rows != 1)
      return fail("tools/rule_texts.h",
                  fmt::format("the text for {} {} of step {} is about {} rows of the tables, not about one",
                              text.rule, text.members, text.step, rows));
  const std::string& file = words.back();
  if (!check) return std::ofstream(file) << page() << std::flush ? 0 : fail(file, "cannot be written");
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str() == page() ? 0
                                 : fail(file, "is not what the rules say. Run `print_rules docs/rules.md`.");
}
