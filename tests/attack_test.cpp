// Root migrates an archive for its owner, who also owns the directory of the target. Here the owner is an
// attacker: before the n-th call of the program, for every n, the attacker puts a link, a pipe or something
// else in the way. The test runs the program itself, with attack_shim.cpp in front of libc. An unprivileged
// process acts between the calls.
//
// Nothing outside the target may change, the attacker must not read what only root may read, and the program
// must not hang. A target that is reported complete is complete and is at the requested place. While the
// target is closed (a fresh run, its resume, --restart), that includes every byte. A complete target belongs
// to the attacker: during a catch-up the attacker may change it, as at any later time.
//
// CI tries some of the calls with each attack; JOBFERRY_LARGE=1 tries all.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "program.h"
#include "tree.h"

namespace jobferry::test {

namespace {

using namespace std::chrono_literals;

constexpr uid_t attacker_id = 12345;
const std::string secret = "only-root-may-read-this";

// Where the attacker acts: at the path of the call, above it, or at a fixed place.
enum class Where { itself, parent, target, above_target, state, source };
// What the attacker puts there. The old entry is moved aside or exchanged; `entries` are put into it.
enum class What {
  link,
  exchange,
  hard_link,
  fifo,
  directory,
  file,
  gone,
  forged_state,
  entries,
  stray_entries
};

struct Attack {
  std::string name;
  Where where;
  What what;
  bool then_links = false;  // later also replaces a job's directory by a link while its files are copied
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

const std::vector<Attack> attacks = {
    {"LinkInItsPlace", Where::itself, What::link},
    {"ExchangedWithALink", Where::itself, What::exchange},
    {"HardLinkInItsPlace", Where::itself, What::hard_link},
    {"FifoInItsPlace", Where::itself, What::fifo},
    {"DirectoryInItsPlace", Where::itself, What::directory},
    {"FileInItsPlace", Where::itself, What::file},
    {"Gone", Where::itself, What::gone},
    {"LinkAbove", Where::parent, What::link},
    {"ExchangedAbove", Where::parent, What::exchange},
    {"FifoAbove", Where::parent, What::fifo},
    {"GoneAbove", Where::parent, What::gone},
    {"TargetIsALink", Where::target, What::link},
    {"TargetExchanged", Where::target, What::exchange},
    {"TargetIsADirectory", Where::target, What::directory},
    {"TargetIsAFifo", Where::target, What::fifo},
    {"TargetGone", Where::target, What::gone},
    {"EntriesInTheTarget", Where::target, What::entries},
    {"StrayEntriesInTheTarget", Where::target, What::stray_entries},
    {"LinkAboveTheTarget", Where::above_target, What::link},
    {"ExchangedAboveTheTarget", Where::above_target, What::exchange},
    {"StateIsALink", Where::state, What::link},
    {"StateExchanged", Where::state, What::exchange},
    {"StateIsADirectory", Where::state, What::directory},
    {"StateIsForged", Where::state, What::forged_state},
    {"StateGone", Where::state, What::gone},
    {"SourceIsALink", Where::source, What::link},
    {"SourceGone", Where::source, What::gone},
    {"SourceGoneThenLinks", Where::source, What::gone, true},
};

// The run that is attacked, and what precedes it.
struct Mode {
  std::string name;
  Words arguments;  // of every run
  enum Before { nothing, killed, bad, complete, empty_directory } before = nothing;
  Words more = {};     // of the attacked run
  int version = 1;     // of the source
  bool closed = true;  // the target is closed to the attacker while it is written
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

const std::vector<Mode> modes = {
    {"Fresh", {}},
    {"Rewritten", {}, Mode::nothing, {}, 0},
    {"Linked", {"--data", "link"}},
    {"Copied", {"--data", "copy"}},
    {"InAnEmptyDirectory", {}, Mode::empty_directory},
    {"Resumed", {}, Mode::killed},
    {"AfterBadJobs", {}, Mode::bad},
    {"OnlyBad", {}, Mode::bad, {"--only-bad"}},
    {"CatchUp", {}, Mode::complete, {}, 1, false},
    {"RestartOfUnfinished", {}, Mode::killed, {"--restart", "--yes"}},
    {"RestartOfComplete", {}, Mode::complete, {"--restart", "--yes"}},
};

Tree source_tree(int version) {
  const auto meta = [&](int id) {
    return replaced(plain_meta(version), "\"jobId\":1", fmt::format("\"jobId\":{}", id));
  };
  const Tree plain = plain_archive(version);
  const std::string& data = plain.at("c/0/001/100/data.json");
  return plain + Tree{{"c/0/001/100/extra", "x"},
                      {"c/0/002/100/meta.json", meta(2)},
                      {"c/0/002/100/data.json.gz", gzipped(data)},
                      {"c/1/003/100/meta.json", meta(1003)},
                      {"c/README", "x"},
                      {"compress.txt", "x"}};
}

// Adds the secret and keeps the content valid for a migration.
std::string with_secret(const std::string& content) {
  for (const std::string place : {"\"u\"", "\"n1\"", "\"nodes\":\"*\""})
    if (content.starts_with('{') && content.find(place) != content.npos)
      return replaced(content, place, place.substr(0, place.size() - 2) + secret + '"');
  return content + ' ' + secret;
}

// What the attacker's links lead to. It has every file that the program may look for, from any directory.
Tree victim_tree() {
  Tree victim;
  for (const auto& [path, content] : source_tree(1)) {
    std::string rest = path;
    for (std::size_t slash = 0; slash != rest.npos; slash = rest.find('/'), rest.erase(0, slash + 1)) {
      victim[rest] = with_secret(content);
      if (rest.find('/') == rest.npos) break;
    }
  }
  for (const std::string name :
       {"lock", "state.db", "state.db-wal", "state.db-shm", "state.db-journal", "target"})
    victim[name] = secret;
  victim["version.txt"] = "1\n";
  victim["jobferry.unfinished"] = secret;
  victim["empty/"] = "";
  return victim;
}

// Everything that the kernel reports about a tree, except for access times.
Tree everything(const std::string& root) {
  Tree found;
  const auto add = [&](const fs::path& path) {
    struct stat s {};
    ASSERT_EQ(::lstat(path.c_str(), &s), 0);
    std::vector<char> names(4096);
    const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    found[path.lexically_relative(root).string()] = fmt::format(
        "{:o} {}:{} {} links, inode {}, changed {}.{:09} and {}.{:09}, attributes {}: {}", s.st_mode,
        s.st_uid, s.st_gid, s.st_nlink, s.st_ino, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ctim.tv_sec,
        s.st_ctim.tv_nsec, std::string(names.data(), length > 0 ? static_cast<std::size_t>(length) : 0),
        S_ISREG(s.st_mode) ? read_file(path.string()) : "");
  };
  add(root);
  for (fs::recursive_directory_iterator at(root), end; at != end; ++at) add(at->path());
  return found;
}

// The bytes, modes and owners of a finished target.
Tree described(const std::string& root) {
  Tree found;
  const auto add = [&](const fs::path& path) {
    struct stat s {};
    if (::lstat(path.c_str(), &s) != 0) return;
    found[path.lexically_relative(root).string()] = fmt::format(
        "{:o} {}:{} {}", s.st_mode, s.st_uid, s.st_gid, S_ISREG(s.st_mode) ? read_file(path.string()) : "");
  };
  add(root);
  if (fs::is_directory(fs::symlink_status(root)))
    for (fs::recursive_directory_iterator at(root), end; at != end; ++at) add(at->path());
  return found;
}

bool lies_below(const std::string& path, const std::string& root) {
  return path == root || path.starts_with(root + '/');
}

// The places of a scene. `yard` and its contents belong to the attacker, `victim` and `shared` to root.
struct Places {
  std::string yard, source, home, target, state, victim, shared;

  explicit Places(const TempDir& temp)
      : yard(temp.path("yard")),
        source(yard + "/source"),
        home(yard + "/home"),
        target(home + "/target"),
        state(target + ".jobferry"),
        victim(temp.path("victim")),
        shared(temp.path("shared")) {}

  bool is_attacked(Where where, const std::string& path) const {
    return (where == Where::target && path == target) || (where == Where::above_target && path == home) ||
           (where == Where::state && path == state) || (where == Where::source && path == source);
  }
};

// Makes a directory that looks like a state. Its journal makes SQLite roll back a transaction over several
// files and then delete the list of these files. That list is a file of the victim.
void forge_state(const std::string& directory, const std::string& to_be_deleted) {
  ::mkdir(directory.c_str(), 0755);
  const std::string file = directory + "/state.db";
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) == SQLITE_OK)
    sqlite3_exec(db, "CREATE TABLE anything(x)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const auto big_endian = [](std::size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const std::string magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  constexpr std::size_t sector = 512, page = 4096, page_of_locks = 0x40000000 / page + 1;
  std::string journal = magic + big_endian(0) + big_endian(0) + big_endian(read_file(file).size() / page) +
                        big_endian(sector) + big_endian(page);
  journal.resize(sector);
  std::size_t sum = 0;
  for (const char c : to_be_deleted) sum += static_cast<unsigned char>(c);
  journal +=
      big_endian(page_of_locks) + to_be_deleted + big_endian(to_be_deleted.size()) + big_endian(sum) + magic;
  std::ofstream(file + "-journal", std::ios::binary) << journal;
}

// Runs in a separate process as the user attacker_id. Writes a diary with a line for each call, each act, and
// each thing that it should not have found.
class Attacker {
 public:
  // Acts before this call; 0: before every second call. If not `lasts`, undoes the act before the next call.
  struct When {
    int nth = 0;
    bool lasts = false;
  };

  Attacker(const Places& places, const Attack& attack, When when, bool closed, int diary)
      : places_(places), attack_(attack), when_(when), closed_(closed), diary_(diary) {}

  void serve(int socket) {
    char words[8192];
    for (int number = 1;; ++number) {
      const ssize_t length = ::recv(socket, words, sizeof words, 0);
      if (length <= 0) break;
      const std::string said(words, static_cast<std::size_t>(length));
      const std::string path = said.substr(said.find(' ') + 1);
      if (!when_.lasts) take_back();
      if (when_.nth > 0 ? number == when_.nth : number % 2 == 1)
        act(place_of(path, attack_.where), attack_.what);
      const bool copies =
          said.starts_with("open") && lies_below(path, places_.source) && path.ends_with("/extra");
      if (attack_.then_links && number > when_.nth && copies)
        act(place_of(path, Where::parent), What::exchange);
      if (number >= when_.nth && said.starts_with("syncfs ")) tell("synced\n");
      if (closed_) look_into_target();
      if (::send(socket, "", 1, MSG_NOSIGNAL) < 0) break;
      tell("call: " + said + '\n');
    }
    if (!when_.lasts) take_back();
    look_for_secrets();
  }

 private:
  struct Moved {
    std::string place, aside;
  };

  void tell(const std::string& line) const { (void)!::write(diary_, line.data(), line.size()); }
  void found(const std::string& what) const { tell("found: " + what + '\n'); }

  std::string place_of(const std::string& path, Where where) const {
    switch (where) {
      case Where::itself:
        return path;
      case Where::parent:
        return fs::path(path).parent_path().string();
      case Where::target:
        return places_.target;
      case Where::above_target:
        return places_.home;
      case Where::state:
        return places_.state;
      case Where::source:
        return places_.source;
    }
    return {};
  }

  // The victim's file of the same name, or the whole directory of the victim.
  std::string victim_of(const std::string& place) const {
    const std::string name = fs::path(place).filename().string();
    static const std::set<std::string> files = {
        "meta.json",    "data.json",       "data.json.gz", "extra", "README",   "cluster.json",
        "compress.txt", "version.txt",     marker,         "lock",  "state.db", "state.db-wal",
        "state.db-shm", "state.db-journal"};
    return files.contains(name) ? places_.victim + '/' + name : places_.victim;
  }

  void act(const std::string& place, What what) {
    if (!place.starts_with(places_.yard + '/')) return;
    tell("acted: " + place + '\n');
    replaced_target_ |= place == places_.target || place == places_.home;
    if (what == What::entries || what == What::stray_entries) {
      const bool handed_over = ::access((place + "/version.txt").c_str(), F_OK) == 0;
      return handed_over ? void() : put(place, what);
    }
    const std::string aside = fmt::format("{}.{}", place, ++number_of_acts_);
    if (what == What::exchange) {
      if (::symlink(victim_of(place).c_str(), aside.c_str()) != 0) return;
      if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0)
        moved_.push_back({place, aside});
      else
        ::unlink(aside.c_str());
      return;
    }
    if (::rename(place.c_str(), aside.c_str()) == 0)
      moved_.push_back({place, aside});
    else if (errno != ENOENT)
      return;
    put(place, what);
  }

  void put(const std::string& place, What what) const {
    switch (what) {
      case What::link:
        (void)!::symlink(victim_of(place).c_str(), place.c_str());
        break;
      case What::hard_link:  // to a file that everyone may write, because the kernel allows no other
        (void)!::link(places_.shared.c_str(), place.c_str());
        break;
      case What::fifo:
        ::mkfifo(place.c_str(), 0666);
        break;
      case What::directory:
        ::mkdir(place.c_str(), 0777);
        [[fallthrough]];
      case What::entries:
        for (const std::string name : {"meta.json", "state.db", "lock", "compress.txt"})
          ::mkfifo((place + '/' + name).c_str(), 0666);
        (void)!::symlink(places_.victim.c_str(), (place + "/c").c_str());
        break;
      case What::stray_entries:  // entries that the source does not have
        ::mkfifo((place + "/stray").c_str(), 0666);
        (void)!::symlink(places_.victim.c_str(), (place + "/cluster").c_str());
        break;
      case What::file:
        std::ofstream(place) << "{\"not\":\"what was here\"}";
        break;
      case What::forged_state:
        forge_state(place, places_.victim + "/meta.json");
        break;
      case What::exchange:
      case What::gone:
        break;
    }
  }

  void take_back() {
    while (!moved_.empty()) {
      const auto& [place, aside] = moved_.back();
      boost::system::error_code ignored;
      fs::remove_all(place, ignored);
      (void)::rename(aside.c_str(), place.c_str());
      moved_.pop_back();
    }
  }

  // A closed target cannot be listed before it is complete.
  void look_into_target() const {
    if (replaced_target_) return;
    struct stat root {};
    if (::lstat(places_.target.c_str(), &root) != 0 || !S_ISDIR(root.st_mode)) return;
    if (::access((places_.target + "/version.txt").c_str(), F_OK) == 0) return;
    boost::system::error_code closed;
    const fs::directory_iterator first(places_.target, closed);
    if (!closed && first != fs::directory_iterator()) found("the target is open while it is unfinished");
  }

  // Searches everything that this user can read after the run.
  void look_for_secrets() const {
    std::vector<std::string> directories = {places_.yard};
    while (!directories.empty()) {
      const std::string directory = directories.back();
      directories.pop_back();
      boost::system::error_code closed;
      for (fs::directory_iterator at(directory, closed), end; !closed && at != end; at.increment(closed)) {
        const std::string path = at->path().string();
        struct stat s {};
        if (::lstat(path.c_str(), &s) != 0) continue;
        if (S_ISDIR(s.st_mode)) directories.push_back(path);
        if (!S_ISREG(s.st_mode)) continue;
        if (read_file(path).find(secret) != std::string::npos) found("the secret is in " + path);
      }
    }
  }

  const Places& places_;
  const Attack& attack_;
  const When when_;
  const bool closed_;
  const int diary_;
  int number_of_acts_ = 0;
  bool replaced_target_ = false;  // something of the attacker may be at its path
  std::vector<Moved> moved_;
};

class AttackedScene {
 public:
  explicit AttackedScene(Mode mode) : mode_(std::move(mode)) {
    fs::permissions(temp_.path(), fs::perms(0755));
    write_tree(places_.victim, victim_tree());
    const std::vector<std::pair<std::string, mode_t>> modes_of = {
        {"", 0700},          {"/meta.json", 0644}, {"/data.json", 0600}, {"/lock", 0640},
        {"/state.db", 0666}, {"/c", 0750},         {"/extra", 04755},    {"/100", 01777}};
    for (const auto& [path, bits] : modes_of) ::chmod((places_.victim + path).c_str(), bits);
    write_file(places_.shared, "everybody may write this");
    ::chmod(places_.shared.c_str(), 0666);
  }

  // Makes everything new and runs what precedes the attacked run.
  void prepare(int call_to_die_at) {
    boost::system::error_code ignored;
    fs::remove_all(places_.yard, ignored);
    write_tree(places_.source, source_tree(mode_.version));
    fs::create_directories(places_.home);
    const std::string job = places_.source + "/c/0/002/100/meta.json", sound = read_file(job);
    if (mode_.before == Mode::bad) write_file(job, "{bad");
    if (mode_.before == Mode::empty_directory) fs::create_directories(places_.target);
    give_to_attacker(places_.yard);
    switch (mode_.before) {
      case Mode::nothing:
      case Mode::empty_directory:
        return;
      case Mode::killed:
        EXPECT_EQ(run({}, "ATTACK_KILL", call_to_die_at).code, -SIGKILL);
        return;
      case Mode::bad:
        EXPECT_EQ(run({}).code, bad_jobs);
        write_file(job, sound);
        return;
      case Mode::complete:
        EXPECT_EQ(run({}).code, complete);
        // One job is changed and one is new.
        write_file(job, sound + ' ');
        write_tree(places_.source,
                   {{"c/1/004/100/meta.json", replaced(sound, "\"jobId\":2", "\"jobId\":1004")}});
        give_to_attacker(places_.source);
        return;
    }
  }

  // Runs without an attack. Returns the calls, each as `NAME PATH`.
  Words calls() { return attacked(nobody, {1 << 30, false}).calls; }

  struct Result {
    Ran ran;
    bool ended = false;   // in time
    Words calls;          // as the shim reported them
    Words acted;          // where the attacker acted
    bool synced = false;  // after the attack
    Words found;          // what the attacker should not have found
  };

  Result attacked(const Attack& attack, Attacker::When when) {
    int ends[2];
    Result result;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return result;
    const std::string diary = temp_.path("diary");
    const pid_t attacker = ::fork();
    if (attacker == 0) {
      ::close(ends[0]);
      ::umask(0);
      const int fd = ::open(diary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
      const bool dropped = ::setgroups(0, nullptr) == 0 &&
                           ::setresgid(attacker_id, attacker_id, attacker_id) == 0 &&
                           ::setresuid(attacker_id, attacker_id, attacker_id) == 0;
      if (!dropped) ::_exit(1);
      const bool closed = mode_.closed && mode_.before != Mode::complete;
      Attacker(places_, attack, when, closed, fd).serve(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    result.ran = run(mode_.more, "ATTACK_SOCKET", ends[0], &result.ended);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(attacker, &status, 0);
    EXPECT_EQ(status, 0) << "the attacker failed";
    for (const std::string& line : lines_of(read_file(diary))) {
      if (line.starts_with("call: ")) result.calls.push_back(line.substr(6));
      result.synced |= line == "synced";
      if (line.starts_with("acted: ")) result.acted.push_back(line.substr(7));
      if (line.starts_with("found: ")) result.found.push_back(line.substr(7));
    }
    return result;
  }

  const Places& places() const { return places_; }
  static inline const Attack nobody = {"Nobody", Where::source, What::gone};

 private:
  void give_to_attacker(const std::string& root) const {
    const auto give = [](const std::string& path) {
      EXPECT_EQ(::lchown(path.c_str(), attacker_id, attacker_id), 0);
    };
    give(root);
    for (fs::recursive_directory_iterator at(root), end; at != end; ++at)
      if (!at->path().string().starts_with(places_.state) &&
          !at->path().string().starts_with(places_.target + '/'))
        give(at->path().string());
  }

  // Runs the program with the shim and one setting for it.
  Ran run(const Words& more, const std::string& setting = "ATTACK_KILL", int value = 0,
          bool* ended = nullptr) {
    const Words words =
        Words{"--src", places_.source, "--dst", places_.target, "--to", "3", "--debug", "--quiet"} +
        mode_.arguments + more;
    Child child(JOBFERRY_PROGRAM, words, temp_.path(), temp_.path("output"), [&] {
      if (setting == "ATTACK_SOCKET") ::fcntl(value, F_SETFD, 0);
      ::setenv("LD_PRELOAD", ATTACK_SHIM, 1);
      ::setenv("ATTACK_UNDER", (places_.yard + '/').c_str(), 1);
      ::setenv(setting.c_str(), std::to_string(value).c_str(), 1);
    });
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!child.ended() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
    if (ended) *ended = child.ended();
    if (!child.ended()) child.signal(SIGKILL);
    return child.wait();
  }

  const Mode mode_;
  TempDir temp_;
  Places places_{temp_};
};

}  // namespace

class Attacked : public testing::TestWithParam<std::tuple<Mode, Attack>> {};

TEST_P(Attacked, LosesNothingAndLeavesNothingElsewhere) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library to load";
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Mode& mode = std::get<0>(GetParam());
  const Attack& attack = std::get<1>(GetParam());
  AttackedScene scene(mode);
  const Places& places = scene.places();

  // Two runs without an attack: one shows where a run can be killed, the other gives the expected target.
  int call_to_die_at = 0;
  if (mode.before == Mode::killed) {
    AttackedScene fresh({mode.name, mode.arguments});
    fresh.prepare(0);
    call_to_die_at = static_cast<int>(fresh.calls().size()) * 6 / 10;
  }
  scene.prepare(call_to_die_at);
  const Words all_calls = scene.calls();
  const int calls = static_cast<int>(all_calls.size());
  ASSERT_GT(calls, 100);
  const Tree whole = described(places.target);
  ASSERT_TRUE(whole.contains("version.txt"));
  ASSERT_FALSE(whole.contains(marker));
  const Tree victim = everything(places.victim), shared = described(places.shared);

  const bool all = std::getenv("JOBFERRY_LARGE") != nullptr;
  const int stride = all ? 1 : 113;
  const std::size_t most = all ? all_calls.size() : 16;
  // Each test tries other calls.
  const int shift =
      static_cast<int>(std::hash<std::string>()(mode.name + attack.name) % static_cast<unsigned>(stride));
  int acts = 0, runs = 0;
  const auto attack_at = [&](Attacker::When when) {
    scene.prepare(call_to_die_at);
    const auto result = scene.attacked(attack, when);
    ++runs;
    const Ran& ran = result.ran;
    const std::string place = result.acted.empty() ? "nowhere" : result.acted[0];
    SCOPED_TRACE(fmt::format("{} of {} calls, {}, at {}\n{}", when.nth, calls,
                             when.lasts ? "for good" : "for a moment", place, ran.text()));
    acts += static_cast<int>(result.acted.size());
    EXPECT_TRUE(result.ended) << "it hangs";
    EXPECT_TRUE(ran.code == complete || ran.code == failed || ran.code == bad_jobs);
    EXPECT_TRUE(ran.code != failed || !ran.err.empty()) << "it failed without a message";
    EXPECT_EQ(difference(victim, everything(places.victim)), "");
    EXPECT_EQ(difference(shared, described(places.shared)), "");
    for (const std::string& finding : result.found) ADD_FAILURE() << finding;
    if (ran.code != complete) return;
    // The program did not sync after the attack, so it was complete before.
    if (when.nth > 0 && when.lasts && !result.synced) return;
    const auto happened_below = [&](const std::string& root) {
      return std::any_of(result.acted.begin(), result.acted.end(),
                         [&](const std::string& path) { return lies_below(path, root); });
    };
    if (happened_below(places.source) || (!mode.closed && happened_below(places.target)))
      EXPECT_TRUE(fs::is_directory(fs::symlink_status(places.target)));
    else
      EXPECT_EQ(difference(whole, described(places.target)), "");
  };
  // Some of all calls, then the calls on the attacked place, first those that open or change it.
  std::set<int> chosen;
  for (int n = 1 + shift; n <= calls; n += stride) chosen.insert(n);
  const auto choose = [&](const Words& names) {
    for (int n = 1; n <= calls && chosen.size() < most; ++n) {
      const Words call = words_of(all_calls[static_cast<std::size_t>(n - 1)]);
      const bool named = std::any_of(names.begin(), names.end(),
                                     [&](const std::string& name) { return call[0].starts_with(name); });
      if (named && places.is_attacked(attack.where, call[1])) chosen.insert(n);
    }
  };
  choose({"open", "fch", "mkdir"});
  choose({""});
  for (const int n : chosen) {
    if (HasFailure()) break;
    attack_at({n, true});
    attack_at({n, false});
  }
  for (const bool lasts : {true, false})
    if (!HasFailure()) attack_at({0, lasts});
  if (!HasFailure()) EXPECT_GT(acts, 0) << "the attacker did nothing";
  RecordProperty("runs", runs);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Attacked,
                         testing::Combine(testing::ValuesIn(modes), testing::ValuesIn(attacks)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param).name;
                         });

}  // namespace jobferry::test
