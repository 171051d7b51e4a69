// Runs the built program as a user does.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tree.h"

namespace jobferry::test {

namespace fs = boost::filesystem;

inline constexpr int complete = 0, failed = 1, usage = 2, bad_jobs = 3, interrupted = 130;
inline constexpr int cannot_execute = 127;
inline const std::string marker = "jobferry.unfinished";

using Words = std::vector<std::string>;
using Prepare = std::function<void()>;  // runs in the child before it executes the program

inline Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Tree operator+(Tree left, const Tree& right) {
  for (const auto& [path, content] : right) left[path] = content;
  return left;
}

struct Ran {
  int code = -1;  // negative: the signal that ended it
  std::string out, err;

  std::string text() const { return fmt::format("exit code {}\n{}{}", code, out, err); }
};

// A process that writes its output to two files.
class Child {
 public:
  Child(const std::string& program, const Words& arguments, const std::string& directory,
        const std::string& output, const Prepare& prepare)
      : output_(output), process_(::fork()) {
    if (process_ == 0) execute(program, arguments, directory, prepare);
  }

  void signal(int number) const { ::kill(process_, number); }

  bool ended() {
    int status = 0;
    if (!status_ && ::waitpid(process_, &status, WNOHANG) == process_) status_ = status;
    return status_.has_value();
  }

  Ran wait() {
    int status = 0;
    if (!status_ && ::waitpid(process_, &status, 0) == process_) status_ = status;
    const int code = WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -WTERMSIG(*status_);
    return {code, read_file(output_ + ".out"), read_file(output_ + ".err")};
  }

 private:
  [[noreturn]] void execute(const std::string& program, const Words& arguments, const std::string& directory,
                            const Prepare& prepare) const {
    std::vector<char*> words = {const_cast<char*>(program.c_str())};
    for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    const int out = ::open((output_ + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int err = ::open((output_ + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const bool ready = ::chdir(directory.c_str()) == 0 && ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2;
    if (ready && prepare) prepare();
    if (ready) ::execv(program.c_str(), words.data());
    ::_exit(cannot_execute);
  }

  std::string output_;
  pid_t process_;
  std::optional<int> status_;
};

// A working directory. It contains the archive `a` and the target `b`, unless a test names others.
class Scene {
 public:
  explicit Scene(const Tree& archive = {}, const std::string& name = "a") {
    fs::create_directories(path());
    if (!archive.empty()) write_tree(path(name), archive);
  }

  std::string path(const std::string& name = "") const {
    return temp_->path(name.empty() ? "here" : "here/" + name);
  }
  bool has(const std::string& name) const { return fs::exists(fs::symlink_status(path(name))); }
  Tree all() const { return snapshot(path()); }
  std::string version() const { return read_file(path("b/version.txt")); }

  Child start(const Words& arguments, const Prepare& prepare = {}) const {
    return {JOBFERRY_PROGRAM, arguments, path(), temp_->path("output"), prepare};
  }
  Ran run(const Words& arguments, const Prepare& prepare = {}) const {
    return start(arguments, prepare).wait();
  }
  Ran migrate(int to, const Words& more = {}, const Prepare& prepare = {}) const {
    return run(Words{"--src", "a", "--dst", "b", "--to", std::to_string(to)} + more, prepare);
  }

 private:
  std::unique_ptr<TempDir> temp_ = std::make_unique<TempDir>();
};

inline Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline Words words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

// The first line that contains all these parts; empty if there is none.
inline std::string line_with(const std::string& text, const Words& parts) {
  for (const std::string& line : lines_of(text))
    if (std::all_of(parts.begin(), parts.end(),
                    [&](const auto& part) { return line.find(part) != line.npos; }))
      return line;
  return {};
}

inline std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

// A job without data, `c/0/001/100` for jobId 1.
inline std::string subject_of(int id) { return fmt::format("c/{}/{:03}/100", id / 1000, id % 1000); }
inline Tree job(int version, int id) {
  return {{subject_of(id) + "/meta.json",
           replaced(plain_meta(version), R"("jobId":1)", fmt::format(R"("jobId":{})", id))}};
}

// An archive of different jobs: 1 and 5 are sound, 2 to 4 are bad, 6 is skipped.
inline Tree mixed_archive() {
  const std::string data = plain_archive(0).at("c/0/001/100/data.json");
  Tree tree = plain_archive(0) + job(0, 2) + job(0, 3) + job(0, 5) + job(0, 6);
  return tree + Tree{{"c/0/002/100/data.json", replaced(data, "null", "\"n/a\"")},
                     {"c/0/003/100/data.json.gz", gzipped(data) + "x"},
                     {"c/0/004/100/data.json", data},
                     {"c/0/006/100/data.json", ""},
                     {"c/0/007/100/foreign", "x"},
                     {"c/0/001/100/sub/meta.json", "x"},
                     {"c/README", "x"},
                     {"compress.txt", "x"}};
}

}  // namespace jobferry::test
