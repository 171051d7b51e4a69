#include "report/advice.h"

namespace jobferry {

std::string_view advice_on(Kind kind) {
  constexpr std::string_view mend =
      "mend the file in the source, or restore it from a backup, and run the same command again; "
      "--accept-bad "
      "completes without the job";
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
      return mend;
    case Kind::identity_mismatch:
      return "find out which is right, the directory or its meta.json, and mend the other; then run the same "
             "command again";
    case Kind::no_meta_file:
      return "restore meta.json from a backup, or move the directory out of the archive; nothing can be said "
             "of the job without it";
    case Kind::not_a_regular_file:
      return "put the file itself in its place; --follow-symlinks takes links for what they point to";
    case Kind::gzip_truncated:
    case Kind::gzip_corrupt:
    case Kind::gzip_trailing:
      return "restore the file from a backup; if a data.json of the job still exists, put it beside the .gz: "
             "it "
             "is used when the .gz is broken";
    case Kind::file_too_large:
      return "raise --max-file-size (or --memory) if the file is what it should be";
    case Kind::timestep_unknown:
      return "add the metric with its timestep to cluster.json of the source, and run the same command again";
    case Kind::read_failed:
      return "check the permissions of the source and the disk it is on (dmesg), and run the same command "
             "again";
    case Kind::internal:
      return "this is a defect of jobferry: please report it with the line above and the job's files";
    case Kind::empty_file:
      return "nothing: the job holds no data; restore its files from a backup if it should";
    case Kind::cluster_bad:
      return "mend cluster.json of that cluster in the source, or its permissions; no job is touched before "
             "all of them are sound";
    case Kind::not_an_archive:
      return "name the directory that holds version.txt or the clusters' directories, and may be read";
    case Kind::version_unknown:
      return "`jobferry --help` shows the versions and the steps between them; version.txt says what the "
             "archive "
             "is";
    case Kind::target_unusable:
      return "name another place (--dst): a directory that is empty or does not exist, beside the source, "
             "with "
             "room enough";
    case Kind::state_unusable:
      return "nothing was changed; mend what stands above and run the same command again. `jobferry status` "
             "shows what the state belongs to. Where it is damaged for good, remove the target and its "
             "state, and start over";
    case Kind::option_invalid:
      return "correct the command; `jobferry info` tells what is in the archive";
    case Kind::write_failed:
      return "make room at the target, or mend it, and run the same command again: it goes on from there";
    case Kind::in_use:
      return "wait until the other one has ended, or end it with SIGTERM: it finishes the jobs at hand, and "
             "the same command goes on from there";
    case Kind::no_state:
      return "name the target of a migration, or its state (--state); a run with --no-state leaves none";
    case Kind::out_of_resources:
      return "raise the limit (`ulimit -a`, the limits of the container or service), end what else takes "
             "memory, or "
             "run it with --threads 1 --io-depth 1; the same command continues from there";
    case Kind::output_failed:
      return "name a file in a directory that exists, may be written in, has room and lies in no archive; a "
             "link to it must belong to root or to you";
  }
  return {};
}

}  // namespace jobferry
