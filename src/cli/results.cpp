#include "cli/results.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <utility>

#include "cli/signals.h"
#include "cli/watch.h"
#include "io/paths.h"
#include "io/replace_file.h"
#include "report/document_json.h"
#include "report/page/page.h"
#include "report/text_writer.h"

namespace jobferry {

namespace {

bool cannot_write(Log& log, std::string_view what, const std::string& path, Error error) {
  error.what = fmt::format("cannot write the {}: {}", what, error.what);
  error.file = path;
  log.failed(error);
  return false;
}

// This is checked before the work, because hours later would be too late. A pipe or a device is not opened
// until there is something to write. A file that is to be replaced must be a regular file.
bool can_write(const std::vector<std::string>& archives, Log& log, std::string_view what,
               const std::string& path, Streams streams) {
  if (path.empty()) return true;
  const auto place = follow_links(path);
  if (!place) return cannot_write(log, what, path, place.error());
  for (const std::string& archive : archives) {
    const auto inside = lies_in(*place, archive);
    if (!inside) return cannot_write(log, what, path, inside.error());
    if (*inside) return cannot_write(log, what, path, {Kind::output_failed, "it is inside an archive"});
  }
  const auto writable = check_writable(path, streams);
  return writable || cannot_write(log, what, path, writable.error());
}

bool can_write_results(const Output& output, const std::vector<std::string>& archives, Log& log) {
  if (!output.report_file.empty() && output.report_file == output.html_file)
    return cannot_write(log, "page", output.html_file,
                        {Kind::output_failed, "the report goes to the same file"});
  return can_write(archives, log, "report", output.report_file, Streams::written) &&
         can_write(archives, log, "page", output.html_file, Streams::written) &&
         can_write(archives, log, "metrics", output.metrics_file, Streams::refused);
}

bool write_result(Log& log, std::string_view what, const std::string& path, const std::string& content) {
  const auto written = write_file(path, content, Streams::written, &stop_requested);
  return written || cannot_write(log, what, path, written.error());
}

}  // namespace

ExitCode run_and_report(const Context& context, const RunSetup& setup,
                        const std::function<Ended(Listener&)>& work) {
  const Output& output = context.output;
  Log& log = context.log;
  catch_signals();
  if (!can_write_results(output, setup.archives, log)) return ExitCode::failed;
  const RunFacts run = facts_of_run(context.arguments, setup.threads);
  Progress progress;
  progress.counts_ahead = setup.shows_progress || !output.metrics_file.empty();
  Listener listener;
  listener.stop = &stop_requested;
  listener.progress = &progress;
  listener.bad = [&](const Error& error) { log.bad_job(error); };
  listener.unlisted = [&](const Error& directory) { log.unlisted(directory); };
  if (log.says(LogLevel::debug))
    listener.note = [&](const std::string& subject, const Note& note) { log.note(subject, note); };
  Watch watch(progress, log,
              {std::string(context.command), setup.shows_progress, output.metrics_file, &progress_requested});

  const auto [result, exit_code] = work(listener);

  ExitCode ended = exit_code;
  if (const auto watched = watch.end(ended == ExitCode::complete); !watched) {
    cannot_write(log, "metrics", output.metrics_file, watched.error());
    if (ended == ExitCode::complete) ended = ExitCode::failed;
  }
  if (output.json || !output.quiet)
    std::cout << (output.json ? to_json(result) : to_text(result)) << std::flush;
  bool written =
      output.report_file.empty() || write_result(log, "report", output.report_file, to_json(result));
  if (!output.html_file.empty()) written &= write_result(log, "page", output.html_file, to_html(result, run));
  return written || ended != ExitCode::complete ? ended : ExitCode::failed;
}

ExitCode flush_output(ExitCode ended, Log& log) {
  if (std::cout.flush()) return ended;
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  const bool reader_left = ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
  if (!reader_left) log.failed({Kind::output_failed, "cannot write to standard output"});
  return ended == ExitCode::complete ? ExitCode::failed : ended;
}

}  // namespace jobferry
