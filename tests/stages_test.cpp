// The stages driven by bare threads, each with a slot of its own: what the flow graph does, without TBB, so
// that ThreadSanitizer sees every access and nothing else.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "corpus.h"
#include "discover.h"
#include "run.h"
#include "tree.h"

namespace jobferry::test {

namespace {

// A run whose walk and ledger are shared under a lock, and whose stages are not.
class BareThreads {
 public:
  BareThreads(const Run& run) : run_(run) {}

  void work() {
    Slot slot;
    while (auto path = next()) {
      slot.reset(std::move(*path));
      for (const auto stage :
           {&Stages::list, &Stages::read, &Stages::transform, &Stages::encode, &Stages::write})
        run_.stages.run(stage, slot);
      const std::scoped_lock lock(mutex_);
      run_.ledger.retire(slot);
    }
  }

 private:
  std::optional<JobPath> next() {
    const std::scoped_lock lock(mutex_);
    return run_.walk.next();
  }

  const Run& run_;
  std::mutex mutex_;
};

Plan plan_for(Files& files, const Options& options, const Archive& archive) {
  Plan plan{options, archive, std::move(*plan_chain(archive.version, options.to)), {}};
  for (const std::string& name : archive.clusters) {
    ClusterFile file;
    file.name = name;
    Buffer text;
    EXPECT_TRUE(static_cast<bool>(files.read(join(join(archive.root, name), names::cluster), 1 << 20, text)));
    EXPECT_TRUE(static_cast<bool>(file.document.parse(text.view())));
    repair_cluster(file, archive.version);
    plan.clusters.emplace(name, Cluster(file.document));
  }
  return plan;
}

}  // namespace

class Threads : public testing::TestWithParam<int> {};

TEST_P(Threads, ShareNothingButWhatIsConstant) {
  const TempDir temp;
  corpus::Plan made;
  made.version = GetParam();
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
  const Plan plan = plan_for(*files, options, *archive);
  Target target(*files, *archive, options);
  ASSERT_TRUE(static_cast<bool>(target.create()));

  Summary summary;
  const Listener listener;
  Ledger ledger(summary, listener);
  Walk walk(*files, *archive, false);
  const Stages stages(*files, plan, target);
  const jobferry::Run shared{walk, stages, ledger, listener, 0, 4, 4};
  BareThreads bare(shared);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { bare.work(); });
  }

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

INSTANTIATE_TEST_SUITE_P(Versions, Threads, testing::Values(0, 1, 2));

}  // namespace jobferry::test
