// Migrates small archives with the library: a tree, a run, and the fate of each job. Every run is also
// checked for changes of its source.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "archive/layout.h"
#include "io/codec.h"
#include "reports.h"
#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

inline const std::string fifo = "(fifo)";
inline const std::string link_to = "-> ";  // the target of the link follows
inline const std::string marker(names::unfinished);

// Like write_tree, but also makes links and FIFOs.
inline void place(const std::string& root, const Tree& tree) {
  for (const auto& [path, content] : tree) {
    const fs::path full = fs::path(root) / path;
    fs::create_directories(full.parent_path());
    if (content == fifo) {
      ASSERT_EQ(::mkfifo(full.c_str(), 0644), 0);
    } else if (content.starts_with(link_to))
      fs::create_symlink(content.substr(link_to.size()), full);
    else
      write_tree(root, {{path, content}});
  }
}

inline Tree operator+(Tree left, const Tree& right) {
  for (const auto& [path, content] : right) left[path] = content;
  return left;
}

inline std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

// Jobs of cluster `c` that differ only in their jobId.
inline std::string subject_of(int id) { return fmt::format("c/{}/{:03}/100", id / 1000, id % 1000); }
inline std::string in_job(int id, const std::string& name) { return subject_of(id) + '/' + name; }
inline std::string meta_of(int version, int id) {
  return replaced(plain_meta(version), R"("jobId":1)", fmt::format(R"("jobId":{})", id));
}

inline std::string plain_data(int version) { return plain_archive(version).at(in_job(1, "data.json")); }
inline std::string data_with(int version, const std::string& data) {
  return replaced(plain_data(version), "[1,null,1.0]", data);
}
inline std::string long_data(int version) {
  std::string values = "[1";
  while (values.size() < 4000) values += ",2.50";
  return data_with(version, values + ']');
}
inline std::string padded(const std::string& text, std::size_t size) {
  return text + std::string(size - text.size(), ' ');
}

inline std::string inflated(const std::string& packed) {
  Codec codec;
  Buffer content;
  const auto done = codec.inflate(packed, 1U << 30, content);
  return done ? std::string(content.view()) : "(damaged)";
}

// A data.json.gz of version 0.
inline const std::string sound_gz = gzipped(plain_data(0));

// The same member with optional fields in its header.
inline std::string with_header(char flags, const std::string& fields) {
  std::string packed = sound_gz;
  packed[3] = flags;
  return packed.insert(10, fields);
}

class Trial {
 public:
  explicit Trial(const Tree& tree) { place(source(), tree); }

  std::string source(const std::string& path = "") const {
    return temp_.path(path.empty() ? "source" : "source/" + path);
  }
  std::string target(const std::string& path = "") const {
    return temp_.path(path.empty() ? "target" : "target/" + path);
  }
  std::string beside(const std::string& path) const { return temp_.path(path); }
  bool has(const std::string& path) const { return fs::exists(fs::symlink_status(target(path))); }
  Tree result() const { return read_tree(target()); }

  Summary run(int to, Options options = {}, Listener listener = {}) {
    options.source = source();
    options.target = target();
    options.to = to;
    listener.note = [this](const std::string& subject, const Note& note) {
      notes_[subject].emplace(note.code);
    };
    const Tree before = snapshot(source());
    Summary summary = migrate(options, listener);
    EXPECT_EQ(difference(before, snapshot(source())), "") << "the source was changed";
    return summary;
  }

  bool noted(const std::string& subject, const std::string& code) const {
    const auto found = notes_.find(subject);
    return found != notes_.end() && found->second.contains(code);
  }

 private:
  TempDir temp_;
  std::map<std::string, std::set<std::string>> notes_;
};

// `migrated`, `skipped`, `left behind` or the class of the bad job. If a job that is not migrated has files
// in the target, the fate says that too.
inline std::string fate_of(const Trial& trial, const Summary& summary, const std::string& subject) {
  const auto listed = [&](const std::vector<Error>& errors) {
    return std::find_if(errors.begin(), errors.end(),
                        [&](const Error& error) { return error.subject == subject; });
  };
  const auto bad = listed(summary.bad), skipped = listed(summary.skipped);
  if (bad == summary.bad.end() && skipped == summary.skipped.end())
    return trial.has(subject + "/meta.json") ? "migrated"
           : trial.has(subject)              ? "written without meta.json"
                                             : "left behind";
  const std::string word = bad == summary.bad.end() ? "skipped" : std::string(name_of(bad->kind));
  return trial.has(subject) ? word + ", but written" : word;
}

// `a|b`: either is right.
inline bool is_one_of(const std::string& fate, const std::string& expected) {
  return ("|" + expected + "|").find("|" + fate + "|") != std::string::npos;
}

inline std::string text_of(const Summary& summary) { return summary_text({}, summary); }

inline void expect_failed(const Trial& trial, const Summary& summary, Kind kind) {
  EXPECT_EQ(summary.outcome, Outcome::failed) << text_of(summary);
  ASSERT_FALSE(summary.errors.empty());
  EXPECT_EQ(name_of(summary.errors[0].kind), name_of(kind)) << text_of(summary);
  EXPECT_FALSE(trial.has("")) << "something was written";
}

inline void expect_complete(const Trial& trial, const Summary& summary, int version) {
  EXPECT_EQ(summary.outcome, Outcome::complete) << text_of(summary);
  EXPECT_TRUE(summary.finalized);
  EXPECT_EQ(read_file(trial.target("version.txt")), fmt::format("{}\n", version));
  EXPECT_FALSE(trial.has(marker));
}

inline void expect_unfinished(const Trial& trial, const Summary& summary, Outcome outcome) {
  EXPECT_EQ(name_of(summary.outcome), name_of(outcome)) << text_of(summary);
  EXPECT_FALSE(summary.finalized);
  EXPECT_FALSE(trial.has("version.txt"));
  EXPECT_TRUE(trial.has(marker));
}

}  // namespace jobferry::test
