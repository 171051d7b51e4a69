#include "pages.h"

#include <fmt/format.h>

#include <cmath>
#include <random>

#include "base/utf8.h"
#include "corpus/corpus.h"
#include "jobferry/forecast.h"
#include "jobferry/validate.h"
#include "jobferry/verify.h"
#include "json/reader.h"
#include "report/documents.h"
#include "report/page/page.h"
#include "tree.h"

namespace jobferry::test {

const std::string hostile_markup =
    R"("><img src=x onerror="window.injected=1"><script>window.injected=1</script>)";

namespace {

std::string job_name(const std::string& cluster, int job) {
  return fmt::format("{}/{}/{:03}/{}", cluster, 1000 + job / 1000, job % 1000, 1608923076 + job * 61);
}

// Throughput as of a real disk: cached at first, with a pause, and always varying.
Timeline busy_timeline() {
  std::mt19937 random(7);
  Timeline timeline;
  for (double at = 0; at < 2931; at += 0.25) {
    const double pause = at > 1500 && at < 1580 ? 0.1 : 1,
                 speed = pause * (1 + 1.4 * std::exp(-at / 300) + 0.15 * std::sin(at / 90));
    const auto some = static_cast<double>(random() % 1000) / 1000;
    const auto bytes = static_cast<std::uint64_t>(speed * (0.6 + 0.8 * some) * 21e6);
    timeline.add(at, {static_cast<std::uint64_t>(speed * (5 + 8 * some)), bytes, bytes * 19 / 20});
  }
  return timeline;
}

SizeCounts busy_sizes() {
  SizeCounts sizes{};
  for (std::size_t i = 9; i < 31; ++i) {
    const double away = (static_cast<double>(i) - 16) / (i < 16 ? 2.2 : 3.4);
    sizes[i] = static_cast<std::uint64_t>(21'000 * std::exp(-away * away));
  }
  return sizes;
}

void add_busy_clusters(Summary& summary) {
  summary.clusters[""] = {0, 0, 0, 0, 3, 1, 4711, 4711};
  std::uint64_t jobs = 61'234;
  for (const std::string name : {"alex", "emmy", "fritz", "helma", "meggie", "woody"}) {
    const std::uint64_t bad = name == "emmy" ? 1173 : name == "fritz" ? 1172 : 0;
    summary.clusters[name] = {
        jobs, jobs / 900, bad, jobs / 3, 2, jobs / 7000, jobs * 2'430'000, jobs * 2'310'000};
    jobs = jobs * 2 / 3;
    for (const std::string metric :
         {"acc_power", "cpu_load", "cpu_power", "flops_any", "ib_recv", "mem_bw", "mem_used"})
      summary.aggregations[name].push_back({metric, metric == "cpu_load" ? "load" : "GB/s", "node",
                                            metric == "cpu_load" ? "sum" : "avg",
                                            metric == "cpu_load"  ? Verdict::suspicious
                                            : metric == "ib_recv" ? Verdict::invalid
                                                                  : Verdict::inferred});
  }
}

void add_busy_errors(Summary& summary) {
  for (int i = 0; i < 2345; ++i) {
    Error error{i % 3 ? Kind::data_element : Kind::gzip_truncated,
                i % 3 ? "expected a number or null, found \"n/a\"" : "the end of the file is missing"};
    error.subject = job_name(i % 2 ? "fritz" : "emmy", i * 7);
    error.file = "data.json.gz";
    if (i % 3) error.pointer = fmt::format("/flops_any/node/series/{}/data/17", i % 64);
    if (i % 3) error.step = "0->1";
    error.byte = static_cast<std::uint64_t>(i) * 7919 % 100'000;
    summary.bad.push_back(error);
  }
  for (int i = 0; i < 8; ++i) {
    Error error{Kind::empty_file, "the file is empty"};
    error.subject = job_name("alex", i * 13);
    error.file = "meta.json";
    summary.skipped.push_back(error);
  }
}

void add_busy_notes(Summary& summary) {
  const auto note = [&](const char* code, std::uint64_t count, const char* file, const char* pointer,
                        const char* detail) {
    summary.notes[code] = {count, count / 4 + 1, job_name("emmy", 244), file, pointer, detail};
  };
  note("aggregation-inferred", 24, "cluster.json", "/metricConfig/1/aggregation", "mem_used: sum");
  note("energy-defaulted", 4, "cluster.json", "/metricConfig/13/energy", "acc_power: power");
  note("exclusive-defaulted", 25'123, "meta.json", "/exclusive", "1");
  note("footprint-kept", 4, "meta.json", "/mem_used_max", "footprint has 1.25, dropped 2.5");
  note("statistics-computed", 1'803'311, "data.json", "/ipc/node/series", "");
  note("subcluster-assigned", 13'017, "meta.json", "/subCluster", "fat");
  note("two-data-files", 6, "data.json", "", "used data.json, data.json.gz is gzip-truncated");
  note("unit-unrecognised", 653, "cluster.json", "/metricConfig/9/unit", "\"bit/s\"");
}

std::string hostile_cluster(const std::string& name) {
  std::string cluster = plain_cluster(1);
  for (const auto& [what, by] :
       {std::pair<std::string, std::string>{R"("name":"c")", "\"name\":" + json::quote(name)},
        {R"("cpu_load")", json::quote(name + hostile_markup)},
        {R"("avg")", json::quote(hostile_markup)},
        {R"({"base":"load"})", R"({"base":)" + json::quote(hostile_markup) + "}"}})
    cluster.replace(cluster.find(what), what.size(), by);
  return cluster;
}

// Dangerous names of every kind, in every place of a name.
Tree hostile_archive() {
  const std::string image = "<img src=x onerror=window.injected=1>", turned = "left\u202eright\u2066",
                    bytes = "x\xff\xfe\x1b[31m\n", entity = "&lt;b&gt;&#x3c;",
                    quote = "' onfocus='window.injected=1", comment = "-->]]><!--",
                    length = std::string(200, 'w');
  Tree tree = plain_archive(1);
  for (const std::string& name : {image, turned, bytes, entity, quote, comment, length}) {
    tree["c/0/" + name + "/100/meta.json"] = plain_meta(1);
    tree["c/0/001/" + name + "/data.json"] = "";
    tree["c/0/001/100/" + name + "/meta.json"] = "";
    if (!is_utf8(name)) continue;  // JSON can name a cluster only in UTF-8
    tree[name + "/cluster.json"] = hostile_cluster(name);
    tree[name + "/0/001/100/meta.json"] = "{";
  }
  return tree;
}

Options into(const std::string& source, const std::string& target) {
  Options options;
  options.source = source;
  options.target = target;
  options.accept_bad = true;
  return options;
}

std::string migrated_page(const std::string& source, const std::string& target) {
  const Options options = into(source, target);
  return to_html(migrate_document(options, migrate(options, {})), some_run());
}

std::string corpus_page() {
  const TempDir temp;
  corpus::Shape shape;
  shape.jobs = 300;
  shape.bad["all"] = 0.1;
  corpus::make_archive(temp.path("job-archive"), shape);
  return migrated_page(temp.path("job-archive"), temp.path("job-archive-new"));
}

std::string page_of(const Tree& archive) {
  const TempDir temp;
  write_tree(temp.path("a"), archive);
  return migrated_page(temp.path("a"), temp.path("b"));
}

std::string page_of(const Summary& summary) { return to_html(migrate_document({}, summary), some_run()); }

Summary stopped_summary() {
  Summary summary;
  summary.to = newest_version;
  Error error{Kind::target_unusable, "there are 12.3 GB free, and 41.0 GB are needed: " + hostile_markup};
  error.file = "/srv/cluster-cockpit/var/job-archive-new";
  summary.errors = {error};
  return summary;
}

Summary idle_summary() {
  Summary summary;
  summary.outcome = Outcome::nothing_to_do;
  summary.from = summary.to = newest_version;
  return summary;
}

std::string plan_page(const Tree& archive) {
  const TempDir temp;
  write_tree(temp.path("a"), archive);
  ForecastOptions options;
  options.migration.source = temp.path("a");
  options.migration.target = temp.path("b");
  Forecast seen = forecast(options, {});
  options.migration.source = "/srv/job-archive";
  options.migration.target = "/srv/job-archive-new";
  seen.command = "jobferry migrate --src /srv/job-archive --dst /srv/job-archive-new --to 3";
  seen.room.place = "/srv";
  seen.room.free_bytes = 12'300'000'000;
  seen.room.free_inodes = 4'000'000;
  seen.counting_seconds = 61;
  seen.duration = {7200, 11'000, 60};
  return to_html(forecast_document(options, seen), some_run());
}

std::string validation_page(const Tree& archive) {
  const TempDir temp;
  write_tree(temp.path("a"), archive);
  ValidateOptions options;
  options.archive = temp.path("a");
  ValidateResult result = validate(options, {});
  options.archive = "/srv/job-archive";
  result.seconds = 12;
  return to_html(validate_document(options, result), some_run());
}

std::string verification_page(const Tree& archive) {
  const TempDir temp;
  write_tree(temp.path("a"), archive);
  Options migration;
  migration.accept_bad = true;
  (void)run(temp.path("a"), temp.path("b"), newest_version, migration);
  write_tree(temp.path("b"), {{hostile_markup.substr(0, 5) + "/cluster.json", hostile_markup},
                              {"c/0/001/100/meta.json", "{\"jobId\":\"" + std::string("<b>") + "\"}"},
                              {"c/9/999/1/meta.json", "{}"}});
  VerifyOptions options;
  options.source = temp.path("a");
  options.target = temp.path("b");
  VerifyResult result = verify(options, {});
  options.source = "/srv/job-archive";
  options.target = "/srv/job-archive-new";
  result.seconds = 12;
  return to_html(verify_document(options, result), some_run());
}

// Every kind of block, even in forms that no result has.
ResultDocument document_of_blocks() {
  ResultDocument document{
      "jobferry-blocks", "Every kind of block", {Tone::good, "This is a page of samples."}};
  document.figures = {{"Blocks", "", std::uint64_t{7}}};
  Table verdicts{
      "Verdicts", "", {{"Subject", "", ColumnKind::name}, {"Verdict"}, {"Size", "", ColumnKind::number}}};
  verdicts.rows = {
      {{"first", {"sound", Tone::good}, Bytes{1'234'567}}},
      {{"second", {"doubtful", Tone::attention}, Bytes{89'000}}},
      {{std::string(90, 'x'), {"a verdict of more words than fit beside it", Tone::bad}, Cell()}}};
  Table none{"None", "", {{"Subject"}}};
  none.empty = "There is none.";
  TimeChart chart{"Three series", "Three lines.", "jobs/s", false, 30'000, {0, 9000, 21'000, 30'000}, {}};
  chart.series = {
      {"one", {0.4, 0.1, 0.2, 0.3}}, {"two", {0.3, 0.3, 0.1, 0.2}}, {"three", {0, 0.05, 0.02, 0}}};
  BarChart bars{
      "Bad jobs by class", "Two classes.", "class", "jobs", {{"data-element", 3}, {"wrong-type", 1}}, {}};
  bars.ticks = {{0.5, "data-element"}, {1.5, "wrong-type"}};
  document.sections = {
      {"Words",
       {Paragraph{"To resume:"},
        ShellLines{{"jobferry --src /srv/cluster-cockpit/var/job-archive --dst "
                    "/srv/cluster-cockpit/var/job-archive-new --accept-bad --report report.json",
                    "systemctl start cc-backend"}},
        Facts{{"Fact", "", "value"}, {"Empty", "", ""}, {"Literal", "", Literal{"two  spaces"}}}}},
      {"Table", {verdicts, none}},
      {"Charts", {chart, bars}}};
  return document;
}

}  // namespace

RunFacts some_run() {
  return {"jobferry --src /srv/job-archive --dst /srv/job-archive-new --html report.html --threads 16",
          "2026-11-21T09:36:19Z", "cockpit.example.org", "jobferry, g++ 12.2.0, release", 16};
}

Options busy_options() {
  Options options;
  options.source = "/srv/cluster-cockpit/var/job-archive";
  options.target = "/srv/cluster-cockpit/var/job-archive-new";
  return options;
}

Summary busy_summary() {
  Summary summary;
  summary.outcome = Outcome::bad_jobs;
  summary.from = 0, summary.to = newest_version;
  summary.seconds = 2947.3, summary.sync_seconds = 12.8;
  summary.resumed = summary.resumable = true;
  summary.unchanged = 57'325;
  summary.timeline = busy_timeline();
  summary.sizes = busy_sizes();
  summary.left_behind = {"emmy/1403/244/1608923076/backup", "fritz/old"};
  summary.vanished = {job_name("woody", 17)};
  add_busy_clusters(summary);
  add_busy_errors(summary);
  add_busy_notes(summary);
  return summary;
}

std::map<std::string, std::string> sample_pages() {
  return {{"blocks", to_html(document_of_blocks(), some_run())},
          {"busy", to_html(migrate_document(busy_options(), busy_summary()), some_run())},
          {"corpus", corpus_page()},
          {"hostile", page_of(hostile_archive())},
          {"plan", plan_page(hostile_archive())},
          {"validation", validation_page(hostile_archive())},
          {"verification", verification_page(hostile_archive())},
          {"one_job", page_of(plain_archive(0))},
          {"no_jobs", page_of(Tree{{"c/cluster.json", plain_cluster(0)}})},
          {"stopped", page_of(stopped_summary())},
          {"idle", page_of(idle_summary())},
          {"nothing", to_html(ResultDocument{}, some_run())}};
}

}  // namespace jobferry::test
