// Runs readers and stages on plain threads instead of the flow graph. Without TBB, ThreadSanitizer sees every
// access and gives no false reports.
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "archive/each_job.h"
#include "archive/walk.h"
#include "corpus/corpus.h"
#include "engine/readers.h"
#include "engine/run.h"
#include "tree.h"

namespace jobferry::test {

namespace {

// Does the work of the flow graph for the jobs that are read.
class BareThreads {
 public:
  explicit BareThreads(const Run& run) : readers_(run, [this](Slot* slot) { put(slot); }), run_(run) {}

  void run() {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < run_.threads; ++i) threads.emplace_back([this] { work(); });
    EXPECT_TRUE(readers_.start([this] { put(nullptr); }, [] { return false; }));
    readers_.join();
  }

 private:
  void put(Slot* slot) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(slot);
    filled_.notify_one();
  }

  // Null ends all threads.
  Slot* take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !queue_.empty(); });
    Slot* slot = queue_.front();
    if (slot) queue_.pop_front();
    filled_.notify_one();
    return slot;
  }

  void work() {
    while (Slot* slot = take()) {
      for (const auto stage : {&Stages::transform, &Stages::encode, &Stages::write})
        run_.stages.run(stage, *slot);
      const std::lock_guard turn(retire_);
      readers_.retire(*slot);
    }
  }

  std::mutex mutex_, retire_;
  std::condition_variable filled_;
  std::deque<Slot*> queue_;
  Readers readers_;
  const Run& run_;
};

Migration migration_for(Files& files, const Options& options, const Archive& archive) {
  Migration migration{options, archive, std::move(*find_chain(archive.version, options.to)), {}};
  for (const std::string& name : archive.clusters) {
    ClusterFile file;
    file.name = name;
    Buffer text;
    EXPECT_TRUE(static_cast<bool>(files.read(join(join(archive.root, name), names::cluster), 1 << 20, text)));
    EXPECT_TRUE(static_cast<bool>(file.document.parse(text.view())));
    repair_cluster(file, archive.version);
    migration.clusters.emplace(name, Cluster(file.document));
  }
  return migration;
}

}  // namespace

class Threads : public testing::TestWithParam<std::tuple<int, std::uint64_t>> {};

TEST_P(Threads, ShareOnlyConstantData) {
  const TempDir temp;
  corpus::Shape made;
  made.version = std::get<0>(GetParam());
  made.jobs = 120;
  made.median_bytes = 4'000;
  made.gzip_share = 0.5;
  made.bad["all"] = 0.1;
  corpus::make_archive(temp.path("source"), made);

  Options options;
  options.source = temp.path("source");
  options.target = temp.path("threads");
  const auto files = real_files(false);
  const auto archive = open_archive(*files, options.source);
  ASSERT_TRUE(static_cast<bool>(archive));
  const Migration migration = migration_for(*files, options, *archive);
  // The first pass migrates all jobs. The second finds them in the state and migrates none.
  Summary summaries[2];
  for (Summary& summary : summaries) {
    const bool first = &summary == summaries;
    const auto state = State::open(temp.path("state"));
    ASSERT_TRUE(static_cast<bool>(state));
    Target target(*files, *archive, options,
                  {first ? TargetState::fresh : TargetState::interrupted, "id", false}, nullptr);
    ASSERT_TRUE(static_cast<bool>(target.create()));
    const Listener listener;
    Ledger ledger(summary, listener);
    Checkpoints checkpoints(*files, **state, options.target, std::chrono::milliseconds(1));
    ledger.record_in(&checkpoints);
    Walk walk(*files, *archive, false);
    const Stages stages(*files, migration, target, state->get());
    const jobferry::Run shared{walk, stages, ledger, listener, std::get<1>(GetParam()), 4, 5};
    BareThreads(shared).run();
    ASSERT_TRUE(static_cast<bool>(checkpoints.finish()));
    EXPECT_EQ(summary.unchanged, first ? 0 : summary.total().migrated + summary.total().skipped);
  }
  const Summary& summary = summaries[1];

  Options loop;
  loop.debug = true;
  const Summary expected = run(temp.path("source"), temp.path("loop"), newest_version, loop);
  EXPECT_EQ(summary.total().migrated, expected.total().migrated);
  EXPECT_EQ(summary.bad.size(), expected.bad.size());
  Tree jobs = read_tree(temp.path("threads"));
  for (const auto& [path, content] : read_tree(temp.path("loop")))
    if (path.find("/meta.json") != path.npos || path.find("/data.json") != path.npos)
      EXPECT_EQ(jobs[path], content) << path;
}

// Without memory, each job runs alone. With 2 MB, some jobs are tried again. With 1 GB, no job waits.
INSTANTIATE_TEST_SUITE_P(VersionsAndMemory, Threads,
                         testing::Combine(testing::Values(0, 1, 2),
                                          testing::Values(0U, 2'000'000U, 1'000'000'000U)));

// each_job() is stopped after any number of jobs and continues from the returned place until all jobs are
// visited.
TEST(ThreadsEachJob, ContinuesWhereItStopped) {
  const TempDir temp;
  corpus::Shape made;
  made.version = 3;
  made.jobs = 60;
  made.median_bytes = 100;
  corpus::make_archive(temp.path("source"), made);
  const auto files = real_files(false);
  const auto archive = open_archive(*files, temp.path("source"));
  ASSERT_TRUE(static_cast<bool>(archive));
  std::set<std::string> all;
  Walk whole(*files, *archive, false);
  while (const auto job = whole.next()) all.insert(job->text());

  for (const unsigned threads : {1U, 4U}) {
    for (std::size_t most = 1; most < all.size(); most += 7) {
      std::multiset<std::string> seen;
      std::string from;
      int rounds = 0;
      do {
        std::atomic<bool> stop{false};
        std::mutex mutex;
        std::size_t visited = 0;
        Walk walk(*files, *archive, false);
        from = each_job(walk, {threads, &stop, from}, [&](const JobPath& job, unsigned worker) {
          EXPECT_LT(worker, threads);
          const std::lock_guard lock(mutex);
          seen.insert(job.text());
          // It must finish some folders, otherwise it would begin with the same ones every time.
          if (++visited >= most + 3 * threads) stop = true;
        });
        ASSERT_LT(++rounds, 1000);
      } while (!from.empty());
      EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), all);
    }
  }
}

TEST(ThreadsEachJob, ThrowsWhatTheVisitorThrows) {
  const TempDir temp;
  write_tree(temp.path("source"), plain_archive(3));
  const auto files = real_files(false);
  const auto archive = open_archive(*files, temp.path("source"));
  ASSERT_TRUE(static_cast<bool>(archive));
  Walk walk(*files, *archive, false);
  EXPECT_THROW(each_job(walk, {4, nullptr, {}}, [](const JobPath&, unsigned) { throw std::bad_alloc(); }),
               std::bad_alloc);
}

}  // namespace jobferry::test
