#include "validate/findings.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "archive/walk.h"
#include "json/reader.h"

namespace jobferry {

std::string_view name_of(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

void Findings::set_subject(std::string subject) {
  subject_ = std::move(subject);
  errors_ = 0;
  groups_.clear();
  starved_.reset();
  set_file({}, {});
}

void Findings::set_file(std::string_view file, std::string_view text) {
  file_ = file;
  text_ = text;
  errors_at_.clear();
  seconds_at_.clear();
}

void Findings::put(Key key, Finding finding) {
  errors_ += key.kind.kind().severity == Severity::error;
  Group& group = groups_[std::move(key)];
  if (++group.count > most_examples_) return;
  // The byte is found by reading the text, so it is looked up for the examples only.
  if (!finding.byte && !text_.empty())
    if (const auto byte = json::byte_of(text_, finding.pointer)) finding.byte = *byte;
  group.examples.push_back(std::move(finding));
}

void Findings::add(KindWord kind, std::string pointer, std::string text, std::optional<std::uint64_t> byte) {
  if (kind.kind().severity == Severity::error) errors_at_.insert(pointer);
  if (kind == KindWord("duplicate-member")) seconds_at_.insert(pointer);
  put({kind}, {subject_, file_, std::move(pointer), byte, std::move(text)});
}

void Findings::add_second(const std::string& pointer, std::string_view name) {
  if (seconds_at_.contains(pointer)) return;
  add("duplicate-member", pointer, json::second_member(name),
      json::byte_of(text_, pointer, json::ByteOf::name));
}

void Findings::add(const Error& error) {
  if (error.kind == Kind::out_of_resources) {
    starved_ = error;
    starved_->subject = subject_;
    starved_->file = file_;
    return;
  }
  add(KindWord::of(error.kind), error.pointer, error.what, error.byte);
}

void Findings::add_schema(std::string rule, std::string pointer, std::string text) {
  if (explained(pointer)) return;
  put({"schema", std::move(rule)}, {subject_, file_, std::move(pointer), {}, std::move(text)});
}

// Both are in path order, and all findings of one subject are in the same one.
void AllFindings::keep_first(std::vector<Finding>& examples, std::vector<Finding>& more) const {
  std::vector<Finding> both;
  std::merge(std::make_move_iterator(examples.begin()), std::make_move_iterator(examples.end()),
             std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
             std::back_inserter(both),
             [](const Finding& a, const Finding& b) { return path_order(a.subject, b.subject); });
  if (both.size() > most_examples_) both.resize(most_examples_);
  examples = std::move(both);
}

void AllFindings::add(Findings& one) {
  for (auto& [key, group] : one.groups_) {
    Group& all = groups_[key];
    all.count += group.count;
    ++all.subjects;
    keep_first(all.examples, group.examples);
  }
}

void AllFindings::add(AllFindings& others) {
  for (auto& [key, group] : others.groups_) {
    Group& all = groups_[key];
    all.count += group.count;
    all.subjects += group.subjects;
    keep_first(all.examples, group.examples);
  }
}

std::vector<FindingGroup> AllFindings::groups() {
  std::vector<FindingGroup> groups;
  for (auto& [key, group] : groups_)
    groups.push_back({&key.kind.kind(), key.rule, group.count, group.subjects, std::move(group.examples)});
  return groups;
}

}  // namespace jobferry
