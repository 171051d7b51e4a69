// A program that uses the library to migrate an archive: example SOURCE TARGET
#include <jobferry/migrate.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  jobferry::Options options;
  options.source = argv[1];
  options.target = argv[2];
  jobferry::Listener listener;
  listener.bad = [](const jobferry::Error& error) {
    std::printf("bad: %s: %s\n", error.subject.c_str(), error.what.c_str());
  };
  const jobferry::Summary summary = jobferry::migrate(options, listener);
  for (const jobferry::Error& error : summary.errors) std::printf("error: %s\n", error.what.c_str());
  std::printf("%llu jobs, version %d\n", static_cast<unsigned long long>(summary.total().migrated), summary.to);
  return summary.outcome == jobferry::Outcome::complete ? 0 : 1;
}
