#include "report/error_advice.h"

namespace jobferry {

std::string_view advice_on(Kind kind) {
  switch (kind) {
    case Kind::json_syntax:
    case Kind::utf8_invalid:
    case Kind::nesting_too_deep:
    case Kind::data_element:
    case Kind::duplicate_member:
    case Kind::missing_member:
    case Kind::wrong_type:
    case Kind::number_range:
    case Kind::exclusive_invalid:
    case Kind::shared_invalid:
      return "fix the file in the source, or restore it from a backup, and run the same command again; or "
             "complete the target without the job: --accept-bad";
    case Kind::identity_mismatch:
      return "find out whether the directory or its meta.json is right, fix the other one, and run the "
             "same command again";
    case Kind::no_meta_file:
      return "restore meta.json from a backup, or move the directory out of the archive; without meta.json "
             "nothing is known about the job";
    case Kind::not_a_regular_file:
      return "replace it by the file itself, or follow links: --follow-symlinks";
    case Kind::gzip_truncated:
    case Kind::gzip_corrupt:
    case Kind::gzip_trailing:
      return "restore the file from a backup; if there is still a data.json of the job, put it beside the "
             ".gz: it is used if the .gz is broken";
    case Kind::file_too_large:
      return "if the file is as it should be, raise --max-file-size or --memory";
    case Kind::timestep_unknown:
      return "add the metric with its timestep to cluster.json of the source, and run the same command again";
    case Kind::read_failed:
      return "check the permissions of the source and the disk it is on (dmesg), and run the same command "
             "again";
    case Kind::internal:
      return "this is a defect of jobferry: report it with the line above and the files of the job";
    case Kind::empty_file:
      return "do nothing, or restore the files of the job from a backup; as it is, the job holds no data";
    case Kind::cluster_bad:
      return "fix cluster.json of that cluster in the source, or its permissions; jobs are only migrated "
             "once all cluster.json are valid";
    case Kind::not_an_archive:
      return "give the directory that holds version.txt or the directories of the clusters, and make sure "
             "that you may read it";
    case Kind::version_unknown:
      return "see `jobferry --help` for the versions, and `man jobferry` for the steps between them; "
             "version.txt holds the version of the archive";
    case Kind::target_unusable:
      return "choose another target (--dst): an empty or new directory, outside the source, with enough room";
    case Kind::state_unusable:
      return "fix the problem and run the same command again; nothing was changed. `jobferry status` shows "
             "which migration the state belongs to. If the state is damaged, remove the target and its "
             "state, and start over";
    case Kind::option_invalid:
      return "correct the command; `jobferry info` shows what is in the archive";
    case Kind::write_failed:
      return "make room at the target or repair its disk, and run the same command again: it resumes";
    case Kind::in_use:
      return "wait until the other jobferry has ended, or end it with SIGTERM: it finishes its current "
             "jobs, and the same command resumes";
    case Kind::no_state:
      return "give the target of a migration, or its state (--state); a run with --no-state keeps none";
    case Kind::out_of_resources:
      return "raise the limit (`ulimit -a`, or the limits of the container or service), end other programs "
             "that take memory, or add --threads 1 --io-depth 1; the same command resumes";
    case Kind::output_failed:
      return "choose a file outside the archives, in a directory that exists, is writable and has room; a "
             "link to it must belong to root or to you";
  }
  return {};
}

}  // namespace jobferry
